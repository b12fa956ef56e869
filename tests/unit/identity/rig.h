// A server on a thread of the test, and the gateway's end of its socket.
#pragma once

#include "mst_test.h"

#include "identity.h"

struct rig_files {
	const char *auth;  // the inside of section auth; NULL: as it is by default
	const char *hosts; // the inside of list hosts; NULL: none
	const char *users; // text of the file
	const char *oath;  // NULL: none
	const char *radius_secret;
	const char *jwks; // of the first issuer; NULL: none
	const char *ca;	  // of its server; NULL: none
	const char *environment;
};

void rig_open(void);
void rig_close(void); // ends the server, which must end well
// The same, for cmocka.
int rig_set_up(void **state);
int rig_tear_down(void **state);
int rig_fd(void); // the gateway's end
// What the server says of it: -errno, and the text in err.
int rig_configure(const struct rig_files *files, uint64_t codes_from_s, struct mst_conf_error *err);
void rig_send(const struct mst_auth_message *m);
struct mst_auth_message rig_receive(void);
struct mst_auth_result rig_result(void);
bool rig_is_quiet(int ms); // nothing comes
// Submits and waits for the result.
struct mst_auth_result rig_sign_in(uint64_t token, const char *user, const char *password);
struct mst_auth_result rig_submit(const struct mst_auth_try *attempt);
struct mst_auth_result rig_answer(uint64_t token, const char *answer);
