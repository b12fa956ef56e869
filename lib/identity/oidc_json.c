// JSON and base64url of strangers, in bounds. Any thread of the helper.
#include <errno.h>
#include <string.h>

#include "oidc.h"

// jansson recurses once a level, to 2,048 of them.
static bool
is_shallow(const uint8_t *text, size_t len)
{
	unsigned int depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		uint8_t c = text[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '{' || c == '['))
			depth++;
		else if (!in_string && (c == '}' || c == ']') && depth > 0)
			depth--;
		if (depth > OIDC_DEPTH_MAX)
			return false;
	}
	return true;
}

json_t *
oidc_json_parse(const void *text, size_t len)
{
	json_t *json;

	if (len == 0 || len > OIDC_DOCUMENT_BYTES_MAX || !is_shallow(text, len))
		return NULL;
	json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(json))
		return json;
	json_decref(json);
	return NULL;
}

const char *
oidc_json_text(const json_t *object, const char *name, size_t cap)
{
	const json_t *member = json_object_get(object, name);
	const char *text = json_string_value(member);
	size_t len = json_string_length(member);

	if (text == NULL || len == 0 || len >= cap)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		if ((uint8_t)text[i] < 0x20 || text[i] == 0x7f)
			return NULL;
	}
	return text;
}

static bool
is_text(const json_t *value, const char *text, size_t len)
{
	return json_is_string(value) && json_string_length(value) == len &&
	       mst_ct_equal(json_string_value(value), text, len);
}

bool
oidc_json_has(const json_t *value, const char *text, size_t len)
{
	for (size_t i = 0; i < json_array_size(value); i++) {
		if (is_text(json_array_get(value, i), text, len))
			return true;
	}
	return is_text(value, text, len);
}

static int
digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-')
		return 62;
	return c == '_' ? 63 : -EINVAL;
}

int
oidc_json_base64(const char *text, size_t len, uint8_t *out, size_t cap)
{
	uint32_t bits = 0;
	unsigned int n_bits = 0;
	size_t n = 0;

	if (len % 4 == 1)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		int d = digit(text[i]);

		if (d < 0)
			return d;
		bits = (bits << 6) | (uint32_t)d;
		n_bits += 6;
		if (n_bits < 8)
			continue;
		if (n == cap)
			return -EINVAL;
		n_bits -= 8;
		out[n++] = (uint8_t)(bits >> n_bits);
		bits &= (1U << n_bits) - 1;
	}
	return bits == 0 ? (int)n : -EINVAL;
}
