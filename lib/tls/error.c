// Texts for the log out of libssl's error queue. Control lcore.
#include <string.h>

#include <openssl/err.h>

#include "tls_private.h"

void
tls_text_set(char *text, size_t cap, const char *fmt, ...)
{
	va_list ap;

	if (cap == 0)
		return;
	va_start(ap, fmt);
	if (vsnprintf(text, cap, fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
}

void
tls_error_take(char *text, size_t cap, const char *fallback)
{
	unsigned long code = ERR_get_error();
	const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);

	// The reason alone: the extra data of an entry may hold what the peer sent.
	tls_text_set(text, cap, "%s", reason != NULL ? reason : fallback);
	ERR_clear_error();
}
