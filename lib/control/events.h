// What the administrator is shown of sessions and refused sign-ins. Control lcore.
#pragma once

#include "mst_control.h"

struct control_conn;
struct control_login;

struct control_event_ring {
	struct mst_control_event of[MST_CONTROL_EVENTS]; // number 0: none yet
	uint64_t n;					 // that there have been
};

struct control_events {
	struct control_event_ring sessions, refusals;
	uint64_t next; // number of the next one; 0: there was none yet
};

// Both texts are constants.
void control_event_of(const struct control_login *l, const char *what, const char *reason);
void control_event_refused(const struct control_conn *conn, const char *user);
