// The ring of keys in memory: its text form, and which key seals and opens. Control lcore.
#include <errno.h>
#include <string.h>

#include <openssl/kdf.h>

#include "cookie.h"

#define ID_DIGITS 8
#define KEY_DIGITS (2 * COOKIE_KEY_BYTES)
#define SECONDS_DIGITS_MAX 11

int
cookie_keys_new(struct mst_cookie_keys **out)
{
	struct mst_cookie_keys *keys = calloc(1, sizeof(*keys));

	if (keys == NULL)
		return -ENOMEM;
	keys->kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	keys->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	cookie_key_make(&keys->nobody, 0);
	if (keys->kdf == NULL || keys->cipher == NULL) {
		mst_cookie_keys_destroy(keys);
		return -ENOMEM;
	}
	*out = keys;
	return 0;
}

void
mst_cookie_keys_destroy(struct mst_cookie_keys *keys)
{
	if (keys == NULL)
		return;
	EVP_KDF_free(keys->kdf);
	EVP_CIPHER_free(keys->cipher);
	mst_wipe(keys, sizeof(*keys));
	free(keys);
}

void
cookie_key_make(struct cookie_key *key, uint64_t now_unix_s)
{
	mst_random(&key->id, sizeof(key->id));
	mst_random(key->bytes, sizeof(key->bytes));
	key->created_unix_s = now_unix_s;
}

int
mst_cookie_keys_create(struct mst_cookie_keys **out, uint64_t now_unix_s)
{
	struct mst_cookie_keys *keys;

	MST_TRY(cookie_keys_new(&keys));
	cookie_key_make(&keys->keys[keys->n++], now_unix_s);
	*out = keys;
	return 0;
}

// A key whose time has not come yet was laid out ahead, for all gateways of a site to have it first. Where there is no
// other, the clock is wrong rather than the key.
const struct cookie_key *
cookie_keys_newest(const struct mst_cookie_keys *keys, uint64_t now_unix_s)
{
	const struct cookie_key *best = &keys->keys[0];

	for (uint32_t i = 1; i < keys->n; i++) {
		const struct cookie_key *k = &keys->keys[i];
		bool k_is_due = k->created_unix_s <= now_unix_s;
		bool best_is_due = best->created_unix_s <= now_unix_s;

		if (k_is_due ? !best_is_due || k->created_unix_s >= best->created_unix_s
			     : !best_is_due && k->created_unix_s < best->created_unix_s)
			best = k;
	}
	return best;
}

const struct cookie_key *
cookie_keys_find(const struct mst_cookie_keys *keys, uint32_t id, bool *found)
{
	const struct cookie_key *key = &keys->nobody;

	*found = false;
	for (uint32_t i = 0; i < keys->n; i++) {
		if (keys->keys[i].id == id) {
			key = &keys->keys[i];
			*found = true;
		}
	}
	return key;
}

void
mst_cookie_keys_info(
	const struct mst_cookie_keys *keys, uint64_t now_unix_s, struct mst_cookie_keys_info *out)
{
	const struct cookie_key *key = cookie_keys_newest(keys, now_unix_s);

	*out = (struct mst_cookie_keys_info){
		.n = keys->n, .id = key->id, .created_unix_s = key->created_unix_s};
}

// ---- the text -----------------------------------------------------------------------------------
struct parser {
	struct mst_cookie_keys *keys;
	const char *name;
	unsigned int line;
	struct mst_conf_error *err;
};

static int
reject(const struct parser *p, const char *what)
{
	*p->err = (struct mst_conf_error){.line = p->line};
	snprintf(p->err->text, sizeof(p->err->text), "%.300s:%u: %s", p->name, p->line, what);
	return -EINVAL;
}

// Zeros, one byte again and again, or bytes that count up: written down as an example, not drawn.
static bool
is_guessable(const uint8_t bytes[COOKIE_KEY_BYTES])
{
	uint8_t step = (uint8_t)(bytes[1] - bytes[0]);
	uint8_t other = 0;

	for (size_t i = 2; i < COOKIE_KEY_BYTES; i++)
		other |= (uint8_t)((uint8_t)(bytes[i] - bytes[i - 1]) ^ step);
	return other == 0;
}

// The next word of the line, which one space ends.
static size_t
take_word(struct mst_rd *line, const char **word)
{
	const void *space = memchr(line->pos, ' ', mst_rd_left(line));
	size_t len = space != NULL ? (size_t)((const uint8_t *)space - line->pos) : mst_rd_left(line);

	*word = (const char *)mst_rd_bytes(line, len);
	if (space != NULL)
		(void)mst_rd_u8(line);
	return len;
}

static int
parse_key(struct parser *p, struct mst_rd line)
{
	struct mst_cookie_keys *keys = p->keys;
	struct cookie_key *key = &keys->keys[keys->n];
	uint8_t id[ID_DIGITS / 2];
	const char *word;
	size_t len;
	bool found;

	if (keys->n == MST_COOKIE_KEYS_MAX)
		return reject(p, "expected at most 64 keys, found more");
	len = take_word(&line, &word);
	if (mst_parse_hex(word, len, id, sizeof(id)) < 0)
		return reject(p, "expected ID CREATED KEY with an ID of 8 hex digits, found something else");
	key->id = (uint32_t)id[0] << 24 | (uint32_t)id[1] << 16 | (uint32_t)id[2] << 8 | id[3];
	(void)cookie_keys_find(keys, key->id, &found);
	if (found)
		return reject(p, "expected each ID once, found one again");
	len = take_word(&line, &word);
	if (len > SECONDS_DIGITS_MAX || mst_parse_u64(word, len, 1, UINT64_MAX, &key->created_unix_s) < 0)
		return reject(p, "expected the key's time in seconds since 1970, found something else");
	len = mst_rd_left(&line);
	word = (const char *)mst_rd_bytes(&line, len);
	if (len != KEY_DIGITS || mst_parse_hex(word, len, key->bytes, sizeof(key->bytes)) < 0)
		return reject(p, "expected a key of 64 hex digits and nothing behind, found something else");
	if (is_guessable(key->bytes))
		return reject(
			p, "expected a random key (openssl rand -hex 32), found one that is an example");
	keys->n++;
	return 0;
}

static int
parse_lines(struct parser *p, struct mst_rd text)
{
	while (mst_rd_left(&text) != 0) {
		const void *end = memchr(text.pos, '\n', mst_rd_left(&text));
		size_t len = end != NULL ? (size_t)((const uint8_t *)end - text.pos) : mst_rd_left(&text);
		struct mst_rd line = mst_rd_sub(&text, len);

		if (end != NULL)
			(void)mst_rd_u8(&text);
		p->line++;
		if (len != 0 && line.pos[0] != '#')
			MST_TRY(parse_key(p, line));
	}
	return p->keys->n != 0 ? 0 : reject(p, "expected a key, found none");
}

int
mst_cookie_keys_parse(struct mst_cookie_keys **out, const char *name, const char *text, size_t len,
	struct mst_conf_error *err)
{
	struct parser p = {.name = name, .err = err};
	int ret;

	*err = (struct mst_conf_error){.text = "out of memory"};
	MST_TRY(cookie_keys_new(&p.keys));
	ret = parse_lines(&p, mst_rd_init(text, len));
	if (ret < 0)
		mst_cookie_keys_destroy(p.keys);
	else
		*out = p.keys;
	return ret;
}
