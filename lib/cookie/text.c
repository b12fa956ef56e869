// A cookie as text: base64url of one length. Control lcore.
#include <string.h>

#include "cookie.h"

#define TEXT_LEN (MST_COOKIE_TEXT_BYTES - 1)

static_assert(MST_COOKIE_BYTES % 3 == 0, "a cookie has one spelling");

void
cookie_text_write(const uint8_t raw[MST_COOKIE_BYTES], char text[MST_COOKIE_TEXT_BYTES])
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	for (size_t i = 0; i < MST_COOKIE_BYTES; i += 3) {
		uint32_t v = (uint32_t)raw[i] << 16 | (uint32_t)raw[i + 1] << 8 | raw[i + 2];

		for (unsigned int k = 0; k < 4; k++)
			*text++ = alphabet[v >> (18 - 6 * k) & 63];
	}
	*text = '\0';
}

// The value of a character; bits above the sixth: it is none of the alphabet. No branch.
static uint32_t
value_of(uint32_t c)
{
	static const struct {
		uint32_t low, high, first;
	} ranges[] = {{'A', 'Z', 0}, {'a', 'z', 26}, {'0', '9', 52}, {'-', '-', 62}, {'_', '_', 63}};
	uint32_t value = 0;
	uint32_t seen = 0;

	for (size_t i = 0; i < MST_ARRAY_SIZE(ranges); i++) {
		// The sign of either difference is set where c is outside.
		uint32_t in = (((c - ranges[i].low) | (ranges[i].high - c)) >> 31) - 1;

		value |= in & (c - ranges[i].low + ranges[i].first);
		seen |= in;
	}
	return value | ~seen << 6;
}

bool
cookie_text_read(const char *text, uint8_t raw[MST_COOKIE_BYTES])
{
	char padded[TEXT_LEN] = "";
	size_t len = strnlen(text, TEXT_LEN + 1);
	uint32_t bad = len != TEXT_LEN;

	memcpy(padded, text, len < TEXT_LEN ? len : TEXT_LEN);
	for (size_t i = 0; i < TEXT_LEN / 4; i++) {
		uint32_t v = 0;

		for (size_t k = 0; k < 4; k++) {
			uint32_t digit = value_of((uint8_t)padded[4 * i + k]);

			bad |= digit >> 6;
			v = v << 6 | (digit & 63);
		}
		raw[3 * i] = (uint8_t)(v >> 16);
		raw[3 * i + 1] = (uint8_t)(v >> 8);
		raw[3 * i + 2] = (uint8_t)v;
	}
	mst_wipe(padded, sizeof(padded));
	return bad == 0;
}
