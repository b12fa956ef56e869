// How often the keys of a TLS connection were used, and KeyUpdates of both sides (RFC 8446 4.6.3, 5.5). Control lcore.
#include "tls_private.h"

#define KEY_UPDATE 24 // RFC 8446 4
// A peer may renew as often as it has reason to: once in so many records, and some times more.
#define RECORDS_PER_UPDATE 64
#define UPDATES_AT_ONCE 16
#define PATIENCE 2 // of our renewals, until a peer that does not renew its keys by itself is asked to

// libssl answers KeyUpdates as long as there are any, and each costs a derivation of keys: a flood of them ends with the
// bytes that may still be received, which is what libssl asks for before it goes on.
static void
on_update(struct tls_use *use)
{
	bool answer = use->asked;

	use->received = 0;
	use->asked = false;
	use->alone = 0;
	if (!answer && ++use->updates > UPDATES_AT_ONCE + use->records / RECORDS_PER_UPDATE) {
		use->flood = true;
		use->sock->budget = 0;
	}
}

static void
on_message(int sent, int version, int type, const void *bytes, size_t len, SSL *ssl, void *arg)
{
	struct tls_use *use = arg;

	(void)version;
	(void)ssl;
	if (type != SSL3_RT_HANDSHAKE || len == 0 || *(const uint8_t *)bytes != KEY_UPDATE)
		return;
	if (sent)
		use->sent = 0;
	else
		on_update(use);
}

void
tls_use_watch(struct tls_use *use, SSL *ssl, struct tls_socket *sock)
{
	*use = (struct tls_use){.sock = sock, .most = MST_TLS_KEY_RECORDS};
	SSL_set_msg_callback(ssl, on_message);
	SSL_set_msg_callback_arg(ssl, use);
}

bool
tls_use_is_over(const struct tls_use *use)
{
	return use->sent >= use->most || use->received >= use->most;
}

bool
tls_use_is_long_of_peer(const struct tls_use *use)
{
	return use->received >= use->most / 2;
}

bool
tls_use_is_long(const struct tls_use *use)
{
	return !use->asked && (use->sent >= use->most / 2 || tls_use_is_long_of_peer(use));
}

bool
tls_use_is_peer_idle(struct tls_use *use)
{
	return use->alone++ >= PATIENCE;
}
