// application/x-www-form-urlencoded, as clients without XML answer a form (WHATWG URL section 5.1). Control
// lcore.
#include "login.h"

// The next character of a name or value, decoded; -1 for a '%' without two hex digits.
static int
next_char(struct mst_rd *r)
{
	uint8_t c = mst_rd_u8(r);
	const uint8_t *hex;

	if (c == '+')
		return ' ';
	if (c != '%')
		return c;
	hex = mst_rd_bytes(r, 2);
	if (hex == NULL || mst_parse_hex((const char *)hex, 2, &c, 1) != 0)
		return -1;
	return c;
}

static int
add_value(struct ac_login *l, enum ac_login_field f, struct ac_text value)
{
	struct mst_rd r = ac_text_rd(value);

	MST_TRY(ac_login_open(l, f));
	while (mst_rd_left(&r) > 0) {
		int c = next_char(&r);
		char one = (char)c;

		if (c < 0)
			return c;
		MST_TRY(ac_login_add(l, f, &one, 1));
	}
	return 0;
}

enum mst_ac_fault
ac_login_parse_form(struct ac_login *l, const uint8_t *body, size_t len)
{
	struct mst_rd r = ac_text_rd((struct ac_text){(const char *)body, len});

	while (mst_rd_left(&r) > 0) {
		struct ac_text pair, name;
		struct mst_rd in;
		enum ac_login_field f;

		ac_text_until(&r, '&', &pair);
		in = ac_text_rd(pair);
		if (!ac_text_until(&in, '=', &name))
			return MST_AC_F_LOGIN_SYNTAX;
		f = ac_login_field(name);
		if (f == AC_LOGIN_N_FIELDS)
			continue;
		if (add_value(l, f, (struct ac_text){(const char *)in.pos, mst_rd_left(&in)}) < 0)
			return MST_AC_F_LOGIN_SYNTAX;
	}
	l->kind = AC_LOGIN_REPLY;
	return ac_login_check(l) == 0 ? MST_AC_F_NONE : MST_AC_F_LOGIN_SYNTAX;
}
