// The file of one-time code secrets, and codes by time (RFC 6238) judged against it. The file: serving thread; codes: a
// thread of the pool.
#include <errno.h>
#include <liboath/oath.h>
#include <string.h>

#include "identity.h"

#define SECRET_BYTES_MIN 10 // 80 bits, what common authenticators make
#define DIGITS_MAX 8
#define WINDOW 1 // steps before and after ours: RFC 6238 section 5.2

struct parser {
	struct identity_lines lines;
	struct identity_oath *oath;
};

// Blanks and tabs separate, any number of them.
static bool
take_word(struct mst_rd *r, struct mst_rd *word)
{
	size_t n = 0;

	while (mst_rd_left(r) > 0 && (*r->pos == ' ' || *r->pos == '\t'))
		(void)mst_rd_u8(r);
	while (n < mst_rd_left(r) && r->pos[n] != ' ' && r->pos[n] != '\t')
		n++;
	*word = mst_rd_sub(r, n);
	return n > 0;
}

static bool
is_word(struct mst_rd word, const char *text)
{
	return identity_lines_compare((const char *)word.pos, mst_rd_left(&word), text, strlen(text)) == 0;
}

static bool
parse_kind(struct mst_rd word, struct identity_oath_user *out)
{
	static const struct {
		const char *text;
		uint8_t step_s, digits;
	} kinds[] = {{"HOTP/T30", 30, 6}, {"HOTP/T30/6", 30, 6}, {"HOTP/T30/7", 30, 7}, {"HOTP/T30/8", 30, 8},
		{"HOTP/T60", 60, 6}, {"HOTP/T60/6", 60, 6}, {"HOTP/T60/7", 60, 7}, {"HOTP/T60/8", 60, 8}};

	for (size_t i = 0; i < MST_ARRAY_SIZE(kinds); i++) {
		if (!is_word(word, kinds[i].text))
			continue;
		out->step_s = kinds[i].step_s;
		out->digits = kinds[i].digits;
		return true;
	}
	return false;
}

static int
parse_words(const struct parser *p, struct mst_rd line, struct identity_oath_user *out)
{
	const struct identity_lines *l = &p->lines;
	struct mst_rd kind, name, pin, secret;

	if (!take_word(&line, &kind) || !take_word(&line, &name) || !take_word(&line, &pin) ||
		!take_word(&line, &secret))
		return identity_lines_reject(
			l, "expected HOTP/T30[/DIGITS] USER - SECRET, found fewer words");
	if (!parse_kind(kind, out))
		return identity_lines_reject(
			l, "expected HOTP/T30 or HOTP/T60 with /6, /7 or /8 digits: codes by time");
	MST_TRY(identity_lines_name(l, name, out->name));
	if (!is_word(pin, "-") && !is_word(pin, "+"))
		return identity_lines_reject(
			l, "expected - in place of a PIN: passwords are the users file's");
	out->secret_len = (uint8_t)(mst_rd_left(&secret) / 2);
	// The secret itself is nobody's business, not the log's either.
	if (mst_rd_left(&secret) < 2 * SECRET_BYTES_MIN || mst_rd_left(&secret) > 2 * sizeof(out->secret) ||
		mst_parse_hex((const char *)secret.pos, mst_rd_left(&secret), out->secret, out->secret_len) <
			0)
		return identity_lines_reject(l, "expected a secret of %u to %zu bytes in hex digits",
			SECRET_BYTES_MIN, sizeof(out->secret));
	return 0;
}

static int
parse_line(struct identity_lines *lines, struct mst_rd line)
{
	struct parser *p = lines->arg;
	struct identity_oath *o = p->oath;
	struct identity_oath_user *u;

	if (!identity_lines_printable(line, '\t'))
		return identity_lines_reject(lines, "expected printable text, found a control character");
	if (o->n_users == MST_IDENTITY_USERS_MAX)
		return identity_lines_reject(
			lines, "expected at most %u users, found more", MST_IDENTITY_USERS_MAX);
	if (o->n_users == o->cap) {
		uint32_t cap = o->cap > 0 ? 2 * o->cap : 64;
		struct identity_oath_user *more = calloc(cap, sizeof(*more));

		if (more == NULL)
			return identity_lines_no_memory(lines);
		// Not realloc, which may leave the secrets where they were.
		if (o->n_users > 0) {
			memcpy(more, o->users, o->n_users * sizeof(*more));
			mst_wipe(o->users, o->n_users * sizeof(*more));
		}
		free(o->users);
		o->users = more;
		o->cap = cap;
	}
	u = &o->users[o->n_users];
	u->line = lines->line;
	MST_TRY(parse_words(p, line, u));
	o->n_users++;
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const struct identity_oath_user *x = a;
	const struct identity_oath_user *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

static int
check_names(struct parser *p)
{
	struct identity_oath *o = p->oath;

	if (o->n_users == 0)
		return 0;
	qsort(o->users, o->n_users, sizeof(*o->users), compare);
	for (uint32_t i = 1; i < o->n_users; i++) {
		p->lines.line = o->users[i].line;
		if (strcmp(o->users[i - 1].name, o->users[i].name) == 0)
			return identity_lines_reject(&p->lines,
				"expected each user once, found %s again (first in line %u)",
				o->users[i].name, o->users[i - 1].line);
	}
	return 0;
}

int
identity_oath_parse(struct identity_oath **out, const struct canonical_rules *names, const char *name,
	const char *text, size_t len, struct mst_conf_error *err)
{
	struct identity_oath *o = calloc(1, sizeof(*o));
	struct parser p = {.lines = {.name = name, .names = names, .err = err, .arg = &p}, .oath = o};
	int rc;

	if (o == NULL)
		return identity_lines_no_memory(&p.lines);
	mst_random(o->nobodys.secret, sizeof(o->nobodys.secret));
	o->nobodys.secret_len = 20;
	o->nobodys.step_s = 30;
	o->nobodys.digits = 6;
	rc = identity_lines_each(&p.lines, mst_rd_init(text, len), parse_line);
	if (rc == 0)
		rc = check_names(&p);
	if (rc < 0) {
		identity_oath_free(o);
		return rc;
	}
	*out = o;
	return 0;
}

void
identity_oath_free(struct identity_oath *o)
{
	if (o == NULL)
		return;
	if (o->users != NULL)
		mst_wipe(o->users, o->cap * sizeof(*o->users));
	free(o->users);
	mst_wipe(o, sizeof(*o));
	free(o);
}

static const struct identity_oath_user *
find(const struct identity_oath *o, const char *name)
{
	uint32_t low = 0;
	uint32_t high = o->n_users;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		int order = strcmp(name, o->users[mid].name);

		if (order == 0)
			return &o->users[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

static bool
code_is(const struct identity_oath_user *u, uint64_t step, const char *code)
{
	char want[DIGITS_MAX + 1];
	// Pointers into the secret are not const in this interface of liboath, which only reads.
	bool same = oath_totp_generate((const char *)u->secret, u->secret_len, (time_t)(step * u->step_s),
			    u->step_s, OATH_TOTP_DEFAULT_START_TIME, u->digits, want) == OATH_OK &&
		    strlen(code) == u->digits && mst_ct_equal(want, code, u->digits);

	mst_wipe(want, sizeof(want));
	return same;
}

bool
identity_oath_verify(const struct identity_oath *o, struct identity_codes *codes, const char *name,
	const char *code, uint64_t now_s, uint64_t codes_from_s, bool may_pass)
{
	const struct identity_oath_user *known = find(o, name);
	const struct identity_oath_user *u = known != NULL ? known : &o->nobodys;
	uint64_t step = now_s / u->step_s;
	uint64_t good = 0;

	// All of the window, whichever it was.
	for (uint64_t s = step - WINDOW; s <= step + WINDOW; s++) {
		if (code_is(u, s, code))
			good = s;
	}
	if (known == NULL || good == 0 || !may_pass)
		return false;
	// What was used before we began is not known: nothing is taken that could have been.
	if (good * u->step_s < codes_from_s + WINDOW * u->step_s)
		return false;
	return identity_codes_use(codes, name, good * u->step_s, now_s);
}

int
mst_identity_check_oath(const char *name, const char *text, size_t len, struct mst_conf_error *err)
{
	static const struct canonical_rules any;
	struct identity_oath *o;

	*err = (struct mst_conf_error){0};
	MST_TRY(identity_oath_parse(&o, &any, name, text, len, err));
	identity_oath_free(o);
	return 0;
}
