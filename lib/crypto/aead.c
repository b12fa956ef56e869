// The table of AEADs. Any lcore.
#include <assert.h>

#include "mst_crypto.h"

struct aead {
	uint8_t key_bytes;
	const char *name;
};

static const struct aead aeads[] = {[MST_AEAD_NONE] = {.key_bytes = 0, .name = "none"},
#define X(alg, bytes, text) [MST_AEAD_##alg] = {.key_bytes = (bytes), .name = (text)},
	MST_AEADS(X)
#undef X
};

#define X(alg, bytes, text) static_assert((bytes) <= MST_AEAD_KEY_MAX_BYTES, #alg);
MST_AEADS(X)
#undef X

static const struct aead *
row(enum mst_aead_alg alg)
{
	return &aeads[(size_t)alg < MST_ARRAY_SIZE(aeads) ? alg : MST_AEAD_NONE];
}

size_t
mst_aead_key_bytes(enum mst_aead_alg alg)
{
	return row(alg)->key_bytes;
}

const char *
mst_aead_name(enum mst_aead_alg alg)
{
	return row(alg)->name;
}
