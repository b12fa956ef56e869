// The fields of a sign-in, bounded and clean, however they were spelled. Control lcore.
#include "login.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum ac_login_field
ac_login_field(struct ac_text name)
{
#define X(field, word)                                                                                       \
	if (ac_text_is(name, word))                                                                          \
		return AC_LOGIN_##field;
	AC_LOGIN_FIELDS(X)
#undef X
	return AC_LOGIN_N_FIELDS;
}

static char *
place(struct ac_login *l, enum ac_login_field f, size_t *cap)
{
	switch (f) {
#define X(field, word)                                                                                       \
	case AC_LOGIN_##field:                                                                               \
		*cap = sizeof(l->cred.field);                                                                \
		return l->cred.field;
		AC_LOGIN_FIELDS(X)
#undef X
	case AC_LOGIN_N_FIELDS:
		break;
	}
	*cap = 0;
	return NULL;
}

int
ac_login_open(struct ac_login *l, enum ac_login_field f)
{
	if (l->have[f])
		return -EINVAL;
	l->have[f] = true;
	return 0;
}

int
ac_login_add(struct ac_login *l, enum ac_login_field f, const char *text, size_t len)
{
	size_t cap;
	char *to = place(l, f, &cap);
	size_t used = to != NULL ? strlen(to) : 0;

	if (to == NULL || (len > 0 && memchr(text, '\0', len) != NULL))
		return -EINVAL;
	if (cap - used <= len)
		return -E2BIG;
	if (len > 0)
		memcpy(to + used, text, len);
	to[used + len] = '\0';
	return 0;
}

int
ac_login_check(const struct ac_login *l)
{
	const struct ac_text user = {l->cred.user, strlen(l->cred.user)};
	const struct ac_text group = {l->cred.group, strlen(l->cred.group)};
	const struct ac_text platform = {l->cred.platform, strlen(l->cred.platform)};

	// Names end up in logs, XML and other programs: one spelling, no control characters.
	if (!ac_text_is_clean_utf8(user) || !ac_text_is_clean_utf8(group) || !ac_text_is_clean_utf8(platform))
		return -EINVAL;
	return 0;
}

static bool
is_b64token(struct ac_text t)
{
	struct mst_rd r = ac_text_rd(t);

	while (mst_rd_left(&r) > 0) {
		char c = (char)mst_rd_u8(&r);

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
			continue;
		if (c == '\0' || strchr("-._~+/=", c) == NULL)
			return false;
	}
	return t.len > 0;
}

struct ac_text
ac_bearer_find(struct ac_text authorization)
{
	static const char scheme[] = "Bearer";
	const size_t len = sizeof(scheme) - 1;
	struct ac_text token;

	if (authorization.len <= len || (authorization.p[len] != ' ' && authorization.p[len] != '=') ||
		!ac_text_is_nocase((struct ac_text){authorization.p, len}, scheme))
		return (struct ac_text){0};
	token = ac_text_trim((struct ac_text){authorization.p + len + 1, authorization.len - len - 1});
	return is_b64token(token) ? token : (struct ac_text){"", 0};
}

int
ac_login_set_bearer(struct ac_login *l, struct ac_text token)
{
	char *copy = malloc(token.len + 1);

	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, token.p, token.len);
	copy[token.len] = '\0';
	l->bearer = copy;
	l->cred.bearer = copy;
	return 0;
}

void
ac_login_wipe(struct ac_login *l)
{
	if (l->bearer != NULL)
		mst_wipe(l->bearer, strlen(l->bearer));
	free(l->bearer);
	mst_wipe(l, sizeof(*l));
}

enum mst_ac_fault
ac_login_parse(struct ac_login *l, const uint8_t *body, size_t len)
{
	struct mst_rd r = ac_text_rd((struct ac_text){(const char *)body, len});
	uint8_t c = mst_rd_u8(&r);

	while (!r.err && (c == ' ' || c == '\t' || c == '\r' || c == '\n'))
		c = mst_rd_u8(&r);
	if (r.err)
		return MST_AC_F_LOGIN_SYNTAX;
	return c == '<' ? ac_login_parse_xml(l, body, len) : ac_login_parse_form(l, body, len);
}
