// A sealed cookie: no text but one we sealed opens, each has one spelling, and so has what is sealed.
#include <errno.h>
#include <string.h>

#include "../../lib/cookie/cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW 1800000000

static void
try_text(const struct mst_cookie_keys *keys, const char *text)
{
	uint8_t raw[MST_COOKIE_BYTES];
	char again[MST_COOKIE_TEXT_BYTES];
	struct mst_cookie c;

	MST_ASSERT(mst_cookie_open(keys, NOW, text, &c) == -EBADMSG);
	if (!cookie_text_read(text, raw))
		return;
	cookie_text_write(raw, again);
	MST_ASSERT(strcmp(text, again) == 0);
}

static void
try_body(const uint8_t *data)
{
	uint8_t again[COOKIE_BODY_BYTES];
	struct mst_cookie c;

	if (cookie_body_read(data, &c) < 0)
		return;
	MST_ASSERT(memchr(c.user, '\0', sizeof(c.user)) != NULL);
	MST_ASSERT(cookie_body_write(&c, again) == 0 && memcmp(data, again, sizeof(again)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mst_cookie_keys *keys;
	char *text = malloc(size + 1);

	if (keys == NULL)
		MST_ASSERT(mst_cookie_keys_create(&keys, NOW) == 0);
	MST_ASSERT(text != NULL);
	if (size != 0)
		memcpy(text, data, size);
	text[size] = '\0';
	try_text(keys, text);
	free(text);
	if (size == COOKIE_BODY_BYTES)
		try_body(data);
	return 0;
}
