// Questions about certificates of the gateway's own, which the helper puts to their CA. Control lcore.
#include <errno.h>
#include <string.h>

#include "auth.h"

// The message is kept as it came: what it says is looked at by who has asked.
void
auth_staple_take(struct auth_staple *s, uint64_t token, const uint8_t *message, size_t len)
{
	if (s->token == 0 || token != s->token)
		return;
	s->token = 0;
	s->message = malloc(len);
	if (s->message == NULL)
		return; // as if none had come
	memcpy(s->message, message, len);
	s->len = len;
	s->seen = false;
}

int
mst_auth_staple(struct mst_auth *auth, const struct mst_auth_staple *question)
{
	struct auth_staple *s = auth_staple_of(auth);
	struct mst_auth_message m = {.kind = MST_AUTH_STAPLE, .staple = *question};

	free(s->message);
	*s = (struct auth_staple){0};
	MST_TRY(auth_send(auth, &m));
	s->token = question->token;
	return 0;
}

bool
mst_auth_stapled(struct mst_auth *auth, struct mst_auth_stapled *out)
{
	struct auth_staple *s = auth_staple_of(auth);
	struct mst_auth_message m;

	// It was a message when it came.
	if (s->message == NULL || s->seen || mst_auth_message_read(&m, s->message, s->len) < 0)
		return false;
	s->seen = true;
	*out = m.stapled;
	return true;
}
