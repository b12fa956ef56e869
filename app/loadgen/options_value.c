// Values of options that are numbers, words and texts. Main thread, at start.
#include <errno.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>

#include "options_private.h"

static void *
field_of(struct lg_taking *t)
{
	return (uint8_t *)t->out + t->option->offset;
}

int
lg_take_flag(struct lg_taking *t)
{
	*(bool *)field_of(t) = true;
	return 0;
}

int
lg_take_action(struct lg_taking *t)
{
	t->out->action = (enum lg_action)t->option->min;
	return 0;
}

// ---- numbers ------------------------------------------------------------------------------------
static int
number(struct lg_taking *t, uint64_t *out)
{
	if (mst_parse_u64(t->value, strlen(t->value), t->option->min, t->option->max, out) == 0)
		return 0;
	return lg_option_wrong(t, "expected a number from %llu to %llu", (unsigned long long)t->option->min,
		(unsigned long long)t->option->max);
}

int
lg_take_u32(struct lg_taking *t)
{
	uint64_t v;

	MST_TRY(number(t, &v));
	*(uint32_t *)field_of(t) = (uint32_t)v;
	return 0;
}

int
lg_take_u64(struct lg_taking *t)
{
	return number(t, field_of(t));
}

int
lg_take_lcore(struct lg_taking *t)
{
	uint64_t v;

	MST_TRY(number(t, &v));
	t->out->lcore = (int)v;
	return 0;
}

// "12.5" times 10 to the power of exp, which must leave no fraction.
static int
decimal(const char *text, size_t len, unsigned int exp, uint64_t max, uint64_t *out)
{
	const char *dot = memchr(text, '.', len);
	size_t whole_len = dot == NULL ? len : (size_t)(dot - text);
	size_t part_len = dot == NULL ? 0 : len - whole_len - 1;
	uint64_t scale = 1, whole, part = 0;

	for (unsigned int i = 0; i < exp; i++)
		scale *= 10;
	MST_TRY(mst_parse_u64(text, whole_len, 0, max / scale, &whole));
	if (dot != NULL && (part_len == 0 || part_len > exp))
		return -EINVAL;
	if (dot != NULL)
		MST_TRY(mst_parse_u64(dot + 1, part_len, 0, scale - 1, &part));
	for (size_t i = part_len; i < exp; i++)
		part *= 10;
	part = part_len == 0 ? 0 : part;
	if (whole * scale + part > max)
		return -EINVAL;
	*out = whole * scale + part;
	return 0;
}

int
lg_take_share(struct lg_taking *t)
{
	uint64_t ppm;

	if (decimal(t->value, strlen(t->value), 4, t->option->max, &ppm) == 0 && ppm >= t->option->min) {
		*(uint32_t *)field_of(t) = (uint32_t)ppm;
		return 0;
	}
	return lg_option_wrong(t, "expected percent, %s0 to %s%llu, with at most 4 decimals",
		t->option->min > 0 ? "above " : "", t->option->max == LG_PPM - 1 ? "below " : "",
		(unsigned long long)(t->option->max == LG_PPM - 1 ? 100 : t->option->max / (LG_PPM / 100)));
}

int
lg_take_max_loss(struct lg_taking *t)
{
	MST_TRY(lg_take_share(t));
	t->out->has_max_loss = true;
	return 0;
}

// ---- words --------------------------------------------------------------------------------------
struct word {
	const char *text;
	int value;
};

// The value, 0 and up, of the word in a table that ends with a NULL text.
static int
one_of(struct lg_taking *t, const struct word *words)
{
	for (; words->text != NULL; words++)
		if (strcasecmp(t->value, words->text) == 0)
			return words->value;
	return lg_option_wrong(t, "expected %s", t->option->arg);
}

int
lg_take_switch(struct lg_taking *t)
{
	static const struct word words[] = {{"on", 1}, {"off", 0}, {NULL, 0}};
	int v = one_of(t, words);

	MST_TRY(v);
	*(bool *)field_of(t) = v != 0;
	return 0;
}

int
lg_take_dirs(struct lg_taking *t)
{
	static const struct word words[] = {{"none", LG_DIRS_NONE}, {"up", LG_DIRS_UP},
		{"down", LG_DIRS_DOWN}, {"both", LG_DIRS_BOTH}, {NULL, 0}};
	int v = one_of(t, words);

	MST_TRY(v);
	t->out->dirs = (enum lg_dir_mask)v;
	return 0;
}

int
lg_take_search(struct lg_taking *t)
{
	static const struct word words[] = {
		{"ndr", LG_SEARCH_NDR}, {"pdr", LG_SEARCH_PDR}, {"mrr", LG_SEARCH_MRR}, {NULL, 0}};
	int v = one_of(t, words);

	MST_TRY(v);
	t->out->search = (enum lg_search_kind)v;
	return 0;
}

int
lg_take_hugepages(struct lg_taking *t)
{
	static const struct word words[] = {
		{"auto", LG_HUGEPAGES_AUTO}, {"on", LG_HUGEPAGES_ON}, {"off", LG_HUGEPAGES_OFF}, {NULL, 0}};
	int v = one_of(t, words);

	MST_TRY(v);
	t->out->hugepages = (enum lg_hugepages)v;
	return 0;
}

const char *
lg_options_cipher_name(enum mst_aead_alg alg)
{
	return alg == MST_AEAD_NONE ? "any" : mst_aead_name(alg);
}

int
lg_take_cipher(struct lg_taking *t)
{
	for (enum mst_aead_alg alg = MST_AEAD_NONE; alg < MST_AEAD_END; alg++) {
		if (strcasecmp(t->value, lg_options_cipher_name(alg)) != 0)
			continue;
		t->out->cipher = alg;
		return 0;
	}
	return lg_option_wrong(t, "expected aes-128-gcm, aes-256-gcm, chacha20-poly1305 or any");
}

int
lg_take_level(struct lg_taking *t)
{
	if (mst_log_level_parse(t->value, &t->out->log_level) == 0)
		return 0;
	return lg_option_wrong(t, "expected error, warning, notice, info or debug");
}

// ---- texts --------------------------------------------------------------------------------------
int
lg_take_text(struct lg_taking *t)
{
	size_t len = strlen(t->value);

	if (len < t->option->min || len > t->option->max)
		return lg_option_wrong(t, "expected %llu to %llu characters",
			(unsigned long long)t->option->min, (unsigned long long)t->option->max);
	*(const char **)field_of(t) = t->value;
	return 0;
}

int
lg_take_name(struct lg_taking *t)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	if (t->value[strspn(t->value, allowed)] != '\0')
		return lg_option_wrong(t, "expected letters, digits, - and _");
	return lg_take_text(t);
}

int
lg_take_user(struct lg_taking *t)
{
	const char *percent = strchr(t->value, '%');

	if (percent == NULL || percent[1] != 'u' || strchr(percent + 1, '%') != NULL)
		return lg_option_wrong(t, "expected a name with one %%u, and no other %%");
	for (const char *c = t->value; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return lg_option_wrong(t, "expected no control characters");
	return lg_take_text(t);
}

int
lg_options_user(const struct lg_options *o, uint32_t device, char *out, size_t cap)
{
	struct mst_str s = mst_str_init(out, cap);
	const char *percent = strchr(o->user, '%');

	mst_str_add(&s, o->user, (size_t)(percent - o->user));
	mst_str_fmt(&s, "%u%s", device, percent + 2);
	return s.err ? -E2BIG : 0;
}

// 32 bytes in base64 are 43 characters and one "=" (RFC 4648 section 4).
static int
pin_of_base64(const char *text, uint8_t out[LG_PIN_BYTES])
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t raw[LG_PIN_BYTES + 1];

	if (strlen(text) != 44 || text[43] != '=' || strspn(text, alphabet) != 43)
		return -EINVAL;
	if (EVP_DecodeBlock(raw, (const unsigned char *)text, 44) != (int)sizeof(raw))
		return -EINVAL;
	memcpy(out, raw, LG_PIN_BYTES);
	return 0;
}

int
lg_take_pin(struct lg_taking *t)
{
	uint8_t pin[LG_PIN_BYTES];
	int rc = -EINVAL;

	if (strncmp(t->value, "sha256:", 7) == 0)
		rc = mst_parse_hex(t->value + 7, strlen(t->value + 7), pin, sizeof(pin));
	else if (strncmp(t->value, "pin-sha256:", 11) == 0)
		rc = pin_of_base64(t->value + 11, pin);
	if (rc < 0)
		return lg_option_wrong(
			t, "expected sha256: and 64 hex digits, or pin-sha256: and 44 characters of base64");
	memcpy(t->out->pin, pin, sizeof(pin));
	t->out->has_pin = true;
	return 0;
}

// ---- traffic ------------------------------------------------------------------------------------
int
lg_take_rate(struct lg_taking *t)
{
	static const struct {
		const char *unit;
		unsigned int exp;
		bool bits;
	} units[] = {{"kpps", 3, false}, {"Mpps", 6, false}, {"pps", 0, false}, {"kbps", 3, true},
		{"Mbps", 6, true}, {"Gbps", 9, true}, {"bps", 0, true}};
	size_t len = strlen(t->value);

	for (size_t i = 0; i < MST_ARRAY_SIZE(units); i++) {
		size_t unit_len = strlen(units[i].unit);
		uint64_t v;

		if (len <= unit_len || strcmp(t->value + len - unit_len, units[i].unit) != 0)
			continue;
		if (decimal(t->value, len - unit_len, units[i].exp,
			    units[i].bits ? LG_RATE_MAX_BPS : LG_RATE_MAX_PPS, &v) < 0 ||
			v == 0)
			break;
		t->out->rate = (struct lg_rate){v, units[i].bits};
		return 0;
	}
	return lg_option_wrong(t, "expected N[k|M]pps, 1pps to 100Mpps, or N[k|M|G]bps, 1bps to 400Gbps");
}

int
lg_take_sizes(struct lg_taking *t)
{
	struct lg_sizes s = {0};
	const char *p = t->value;
	uint64_t v;

	if (strcmp(p, "imix") == 0) {
		t->out->sizes = (struct lg_sizes){.imix = true};
		return 0;
	}
	for (;;) {
		size_t len = strcspn(p, ",");

		if (s.n == LG_SIZES_MAX)
			return lg_option_wrong(t, "expected at most %d sizes", LG_SIZES_MAX);
		if (mst_parse_u64(p, len, t->option->min, t->option->max, &v) < 0)
			return lg_option_wrong(t, "expected imix, or sizes from %d to %d joined by commas",
				LG_INNER_MIN_BYTES, LG_INNER_MAX_BYTES);
		s.inner[s.n++] = (uint16_t)v;
		if (p[len] == '\0')
			break;
		p += len + 1;
	}
	t->out->sizes = s;
	return 0;
}
