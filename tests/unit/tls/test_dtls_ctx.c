// The list of suites is checked: known, not doubled, not empty.
#include <errno.h>

#include <openssl/err.h>

#include "mst_test.h"
#include "mst_tls.h"

static int
create(const uint16_t *suites, size_t n)
{
	struct mst_tls_dtls_params p = {.suites = suites, .n_suites = n};
	struct mst_tls_dtls_ctx *ctx = NULL;
	int rc = mst_tls_dtls_ctx_create(&ctx, &p);

	assert_int_equal(ERR_peek_error(), 0);
	assert_int_equal(ctx != NULL, rc == 0);
	mst_tls_dtls_ctx_put(ctx);
	return rc;
}

static void
suites(void **state)
{
	(void)state;
	static const uint16_t good[] = {0x00a9, 0xccab, 0x00a8};
	static const uint16_t doubled[] = {0x00a9, 0x00a8, 0x00a9};
	static const uint16_t cbc[] = {0x00a9, 0x008d};
	static const uint16_t ccm[] = {0xc0a5};

	assert_int_equal(create(good, 3), 0);
	assert_int_equal(create(good, 1), 0);
	assert_int_equal(create(good, 0), -EINVAL);
	assert_int_equal(create(doubled, 3), -EINVAL);
	assert_int_equal(create(cbc, 2), -EINVAL);
	assert_int_equal(create(ccm, 1), -EINVAL);
}

static void
link_mtu(void **state)
{
	(void)state;
	static const uint16_t good[] = {0x00a9};
	struct mst_tls_dtls_params p = {.suites = good, .n_suites = 1};
	uint8_t psk[MST_TLS_PSK_BYTES] = {1};
	struct mst_tls_dtls_ctx *ctx = NULL;
	struct mst_tls_dtls *h = NULL;

	assert_int_equal(mst_tls_dtls_ctx_create(&ctx, &p), 0);
	assert_int_equal(mst_tls_dtls_create(&h, ctx, psk, 575), -EINVAL);
	assert_null(h);
	assert_int_equal(mst_tls_dtls_create(&h, ctx, psk, 576), 0);
	mst_tls_dtls_destroy(h);
	mst_tls_dtls_destroy(NULL);
	mst_tls_dtls_ctx_put(ctx);
	mst_tls_dtls_ctx_put(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suites),
		cmocka_unit_test(link_mtu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
