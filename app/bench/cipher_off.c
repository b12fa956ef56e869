// The ciphers of the product as the linker's --wrap gives them to this program: without the ciphers a pipeline runs as it is
// but for them. Main lcore.
#include "bench.h"

static bool is_off;

void
bench_cipher_off(bool off)
{
	is_off = off;
}

void __real_mst_aead_open_burst(struct mst_aead_op *ops, unsigned int n, size_t aad_len);
void __wrap_mst_aead_open_burst(struct mst_aead_op *ops, unsigned int n, size_t aad_len);
void __real_mst_aead_seal_burst(struct mst_aead_op *ops, unsigned int n, size_t aad_len);
void __wrap_mst_aead_seal_burst(struct mst_aead_op *ops, unsigned int n, size_t aad_len);

void
__wrap_mst_aead_open_burst(struct mst_aead_op *ops, unsigned int n, size_t aad_len)
{
	if (!is_off)
		__real_mst_aead_open_burst(ops, n, aad_len);
	for (unsigned int i = 0; is_off && i < n; i++)
		ops[i].ok = true;
}

void
__wrap_mst_aead_seal_burst(struct mst_aead_op *ops, unsigned int n, size_t aad_len)
{
	if (!is_off)
		__real_mst_aead_seal_burst(ops, n, aad_len);
}
