// Sign-ins that the helper has a question about, until their users have answered. Control lcore.
#pragma once

#include "control.h"

#define CONTROL_QUESTIONS 512	 // sign-ins that wait for their user, half of those that the helper can have
#define CONTROL_QUESTIONS_EACH 8 // of one sign-in
#define CONTROL_HANDLE_BYTES 16
#define CONTROL_HANDLE_TEXT_BYTES (2 * CONTROL_HANDLE_BYTES + 1)

struct control_question {
	struct mst_control *c;
	struct control_conn *conn; // where it was put, or answered; NULL: closed since
	uint64_t number;	   // of the sign-in; 0: the place is free
	uint64_t asked_ns;	   // 0: it was answered, and is being judged
	uint8_t handle[CONTROL_HANDLE_BYTES];
	unsigned int n_put;
	struct mst_wheel_timer end; // of the sign-in's time
	struct mst_ip remote;	    // where the sign-in began, with what
	uint8_t certificate[MST_TLS_DIGEST_BYTES];
	char host[MST_AUTH_TEXT_BYTES];
};

struct control_questions {
	struct control_question of[CONTROL_QUESTIONS];
};

// A question to who signs in on the connection, which is being judged. -EBUSY: too many wait to be answered; -E2BIG: this
// would be one too many, or one too late.
MST_MUST_USE int control_question_put(struct control_conn *conn, char handle[CONTROL_HANDLE_TEXT_BYTES]);
// An answer has come, with that handle or, with "", none: the connection has the sign-in from now on, and its number.
// False: there is no such question, or the connection is none of its device's.
MST_MUST_USE bool control_question_take(struct control_conn *conn, const char *handle);
void control_question_leave(struct control_conn *conn); // the connection goes, the question waits on
void control_question_end(struct control_conn *conn);	// the sign-in has its result, or was given up
void control_question_end_all(struct mst_control *c);
