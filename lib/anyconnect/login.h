// What a sign-in request says, whether it came as config-auth XML or as a form. Control lcore.
#pragma once

#include "mst_anyconnect.h"

#include "text.h"

// clang-format off
// field of struct mst_ac_credentials, name in an <auth> of XML or in a form
#define AC_LOGIN_FIELDS(X)                                                                                   \
	X(user, "username")                                                                                  \
	X(password, "password")                                                                              \
	X(answer, "secondary_password")                                                                      \
	X(group, "group_list")                                                                               \
	X(platform, "device-id")
// clang-format on

enum ac_login_field {
#define X(field, name) AC_LOGIN_##field,
	AC_LOGIN_FIELDS(X)
#undef X
		AC_LOGIN_N_FIELDS
};

enum ac_login_kind {
	AC_LOGIN_NONE,
	AC_LOGIN_INIT, // the client asks for the form
	AC_LOGIN_REPLY // the client answers it
};

struct ac_login {
	enum ac_login_kind kind;
	struct mst_ac_credentials cred; // secret; what header fields say is left alone
	bool have[AC_LOGIN_N_FIELDS];
	bool cert_failed; // <client-cert-fail/>: the client has no certificate for us
	char *bearer;	  // heap; cred's
};

// The field of that name, or AC_LOGIN_N_FIELDS.
enum ac_login_field ac_login_field(struct ac_text name);
// A field starts: -EINVAL if it was there before.
MST_MUST_USE int ac_login_open(struct ac_login *l, enum ac_login_field f);
// More text of it: -E2BIG if it does not fit, -EINVAL for a NUL.
MST_MUST_USE int ac_login_add(struct ac_login *l, enum ac_login_field f, const char *text, size_t len);
// All is read: names must be clean.
MST_MUST_USE int ac_login_check(const struct ac_login *l);
// The value of an Authorization field (RFC 6750 section 2.1): the token; absent if it is of another scheme,
// empty if it is none.
struct ac_text ac_bearer_find(struct ac_text authorization);
// Keeps a copy: -ENOMEM.
MST_MUST_USE int ac_login_set_bearer(struct ac_login *l, struct ac_text token);
void ac_login_wipe(struct ac_login *l);

// Reads a body: XML if its first character is '<', as clients send XML under several content types, else a
// form. l must be zero before; it holds secrets afterwards even if the body is refused.
enum mst_ac_fault ac_login_parse(struct ac_login *l, const uint8_t *body, size_t len);
enum mst_ac_fault ac_login_parse_xml(struct ac_login *l, const uint8_t *body, size_t len);
enum mst_ac_fault ac_login_parse_form(struct ac_login *l, const uint8_t *body, size_t len);
