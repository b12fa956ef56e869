// The ciphers of the product as the linker's --wrap gives them to this program: with the stub on, a pipeline runs as it is
// but for the cipher itself. Main lcore.
#include "bench.h"

static bool stubbed;

void
bench_stub(bool on)
{
	stubbed = on;
}

void __real_mst_aead_open_burst(struct mst_aead_op *ops, unsigned int n, size_t aad_len);
void __wrap_mst_aead_open_burst(struct mst_aead_op *ops, unsigned int n, size_t aad_len);
void __real_mst_aead_seal_burst(struct mst_aead_op *ops, unsigned int n, size_t aad_len);
void __wrap_mst_aead_seal_burst(struct mst_aead_op *ops, unsigned int n, size_t aad_len);

void
__wrap_mst_aead_open_burst(struct mst_aead_op *ops, unsigned int n, size_t aad_len)
{
	if (!stubbed)
		__real_mst_aead_open_burst(ops, n, aad_len);
	for (unsigned int i = 0; stubbed && i < n; i++)
		ops[i].ok = true;
}

void
__wrap_mst_aead_seal_burst(struct mst_aead_op *ops, unsigned int n, size_t aad_len)
{
	if (!stubbed)
		__real_mst_aead_seal_burst(ops, n, aad_len);
}
