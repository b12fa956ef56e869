// The channel to mst-authd as a test wants it, in place of lib/auth's own: what was handed over is kept, and results are what
// the test says.
#pragma once

#include "mst_auth.h"

#define FAKE_ACCOUNTS 16

struct fake_account {
	enum mst_auth_account_kind kind;
	struct mst_auth_account is; // but for its texts, which stand behind
	char session[64], user[MST_AUTH_USER_BYTES], group[MST_AUTH_GROUP_BYTES],
		user_agent[MST_AUTH_TEXT_BYTES];
};

struct fake_auth {
	int says; // to the next submit and answer
	unsigned int n_submits, n_answers, n_cancels, n_accounts;
	uint64_t submitted, answered, cancelled; // the last one's token
	char user[MST_AUTH_USER_BYTES], password[MST_AUTH_PASSWORD_BYTES], answer[MST_AUTH_PASSWORD_BYTES];
	struct fake_account accounts[FAKE_ACCOUNTS];
	struct mst_auth_result *result; // that waits
};

extern struct fake_auth fake;
