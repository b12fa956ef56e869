// tests/support/issuer.py as a child of the test.
#pragma once

#include "mst_test.h"

#include "oidc.h"

struct issuer {
	char dir[64];
	char url[128];
	char bait[128];
	char proxy[128]; // with user and password
	char ca[4096];	 // PEM
	int in;
	int out;
	int pid;
};

// False: python3 or its cryptography is not here.
bool issuer_start(struct issuer *issuer);
void issuer_stop(struct issuer *issuer);
// GET /admin/...; the answer's counters.
void issuer_mode(struct issuer *issuer, const char *mode);
void issuer_rotate(struct issuer *issuer);
long issuer_count(struct issuer *issuer, const char *counter);
// A token by the newest key, until the next call.
const char *issuer_token(struct issuer *issuer, const char *user);
