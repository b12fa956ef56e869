// mst_aead_open and mst_aead_seal of the product as the linker's --wrap gives them to this program: with the stub on, a
// pipeline runs as it is but for the cipher itself. Main lcore.
#include "bench.h"

static bool stubbed;

void
bench_stub(bool on)
{
	stubbed = on;
}

bool __real_mst_aead_open(const struct mst_aead_key *k, const uint8_t *nonce, const uint8_t *aad,
	size_t aad_len, uint8_t *data, size_t len, const uint8_t *tag);
bool __wrap_mst_aead_open(const struct mst_aead_key *k, const uint8_t *nonce, const uint8_t *aad,
	size_t aad_len, uint8_t *data, size_t len, const uint8_t *tag);
void __real_mst_aead_seal(const struct mst_aead_key *k, const uint8_t *nonce, const uint8_t *aad,
	size_t aad_len, uint8_t *data, size_t len, uint8_t *tag);
void __wrap_mst_aead_seal(const struct mst_aead_key *k, const uint8_t *nonce, const uint8_t *aad,
	size_t aad_len, uint8_t *data, size_t len, uint8_t *tag);

bool
__wrap_mst_aead_open(const struct mst_aead_key *k, const uint8_t *nonce, const uint8_t *aad, size_t aad_len,
	uint8_t *data, size_t len, const uint8_t *tag)
{
	return stubbed || __real_mst_aead_open(k, nonce, aad, aad_len, data, len, tag);
}

void
__wrap_mst_aead_seal(const struct mst_aead_key *k, const uint8_t *nonce, const uint8_t *aad, size_t aad_len,
	uint8_t *data, size_t len, uint8_t *tag)
{
	if (!stubbed)
		__real_mst_aead_seal(k, nonce, aad, aad_len, data, len, tag);
}
