// The sign-in machine over arbitrary bytes: the first byte of the input cuts the rest into records and chooses
// the ways to sign in, and every event is answered. Twice the same input must give twice the same answers.
#include <string.h>

#include "mst_anyconnect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
react(struct mst_ac *ac, enum mst_ac_event ev, uint8_t seed)
{
	struct mst_ac_tunnel t = {.addr4 = {4, {10, 0, 0, 2}}, .depth4 = 24, .mtu = 1400};

	if ((ev == MST_AC_AUTHENTICATE || ev == MST_AC_ANSWER) && (seed & 16) != 0 &&
		mst_ac_auth_more(ac, mst_ac_credentials(ac)->user, true, "handle") == 0)
		return;
	if (ev == MST_AC_AUTHENTICATE || ev == MST_AC_ANSWER)
		MST_ASSERT(mst_ac_auth_done(ac, (enum mst_ac_auth)(seed % 3), "cookie") == 0);
	t.hostname = mst_ac_connect_request(ac)->hostname;
	if (ev == MST_AC_CONNECT && (seed & 1) == 0)
		MST_ASSERT(mst_ac_connect_accept(ac, &t) == 0);
	else if (ev == MST_AC_CONNECT)
		MST_ASSERT(mst_ac_connect_reject(ac, 503, t.hostname) == 0);
}

static uint64_t
run(const uint8_t *data, size_t size)
{
	const uint8_t seed = data[0];
	static const char *const groups[] = {"staff", "eng"};
	const struct mst_ac_params p = {
		.page = "page",
		.banner = "<b>",
		.methods = (seed & 64) != 0 ? seed % 32 : 0,
		.certificate = (seed & 32) != 0,
		.groups = groups,
		.n_groups = MST_ARRAY_SIZE(groups),
	};
	struct mst_ac *ac;
	uint64_t sum = 0;

	MST_ASSERT(mst_ac_create(&ac, &p) == 0);
	for (size_t off = 1; off < size;) {
		size_t n = 1 + (seed * (off + 7)) % 97, consumed, len;
		enum mst_ac_event ev;
		const uint8_t *out;
		bool end;

		n = seed == 255 || n > size - off ? size - off : n;
		ev = mst_ac_feed(ac, data + off, n, &consumed);
		MST_ASSERT(consumed <= n);
		off += consumed;
		react(ac, ev, seed);
		while (mst_ac_output(ac, &out, &len, &end)) {
			MST_ASSERT(len > 12 && memcmp(out, "HTTP/1.1 ", 9) == 0);
			for (size_t i = 0; i < len; i++)
				sum = sum * 31 + out[i];
		}
		if (ev == MST_AC_CLOSE || consumed < n)
			break;
	}
	mst_ac_destroy(ac);
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0)
		MST_ASSERT(run(data, size) == run(data, size));
	return 0;
}
