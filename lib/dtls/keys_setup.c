// Key objects, made from a key block when a handshake has ended, and wiped. Control lcore.
#include <errno.h>
#include <string.h>

#include "mst_dtls.h"

enum side { SERVER, CLIENT };

static int
init_side(struct mst_dtls_keys *k, enum side side, const struct mst_dtls_suite *s, uint16_t epoch,
	const uint8_t *key_block, size_t len)
{
	struct mst_dtls_keys made = {.suite = s, .epoch = epoch};
	const uint8_t *client_key;
	const uint8_t *server_key;
	const uint8_t *client_iv;
	const uint8_t *server_iv;
	int err;

	if (len != mst_dtls_key_block_bytes(s))
		return -EINVAL;
	client_key = key_block;
	server_key = client_key + s->key_bytes;
	client_iv = server_key + s->key_bytes;
	server_iv = client_iv + s->iv_bytes;
	err = mst_aead_key_init(&made.rx, s->aead, side == SERVER ? client_key : server_key);
	if (err == 0)
		err = mst_aead_key_init(&made.tx, s->aead, side == SERVER ? server_key : client_key);
	memcpy(made.rx.salt, side == SERVER ? client_iv : server_iv, s->iv_bytes);
	memcpy(made.tx.salt, side == SERVER ? server_iv : client_iv, s->iv_bytes);
	made.rx.id = made.tx.id = epoch;
	if (err == 0)
		*k = made;
	mst_dtls_keys_wipe(&made);
	return err;
}

int
mst_dtls_keys_init(struct mst_dtls_keys *k, const struct mst_dtls_suite *s, uint16_t epoch,
	const uint8_t *key_block, size_t len)
{
	return init_side(k, SERVER, s, epoch, key_block, len);
}

int
mst_dtls_keys_init_client(struct mst_dtls_keys *k, const struct mst_dtls_suite *s, uint16_t epoch,
	const uint8_t *key_block, size_t len)
{
	return init_side(k, CLIENT, s, epoch, key_block, len);
}

void
mst_dtls_keys_wipe(struct mst_dtls_keys *k)
{
	mst_wipe(k, sizeof(*k));
}
