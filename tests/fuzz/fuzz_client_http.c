// Answers of a gateway out of arbitrary bytes: the first byte says what was asked and how the rest is cut. However
// it is cut, the same comes of it.
#include <string.h>

#include "client_http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct lg_http whole, parts;

static void
check_texts(const struct lg_http *h)
{
	static char request[LG_HTTP_REQUEST_BYTES];
	const struct lg_http_device dev = {.host = "h", .hostname = "n", .base_mtu = 1500};
	struct mst_str out = mst_str_init(request, sizeof(request));

	MST_ASSERT(strlen(h->cookie) <= LG_HTTP_COOKIE_BYTES && strlen(h->context) <= LG_HTTP_COOKIE_BYTES);
	if (h->event == LG_HTTP_FORM) {
		MST_ASSERT(h->form.n_inputs <= LG_HTTP_INPUTS && h->form.action[0] == '/');
		MST_ASSERT(lg_http_reply_request(&out, &dev, &h->form, h->context, "u", "p") == 0);
	}
	if (h->event == LG_HTTP_TUNNEL)
		MST_ASSERT(h->tunnel.mtu >= 576 && h->tunnel.app_id_len <= LG_HTTP_APP_ID_BYTES);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum lg_http_event last = LG_HTTP_MORE;
	enum lg_http_wait wait;
	size_t consumed, taken = 0, step;

	if (size == 0)
		return 0;
	wait = (data[0] & 1) == 0 ? LG_HTTP_WAIT_SIGN_IN : LG_HTTP_WAIT_CONNECT;
	step = 1 + (data[0] >> 1);
	lg_http_begin(&whole, wait, false);
	lg_http_begin(&parts, wait, false);
	lg_http_feed(&whole, data + 1, size - 1, &consumed);
	MST_ASSERT(consumed <= size - 1);
	while (taken < size - 1 && last == LG_HTTP_MORE) {
		size_t n = size - 1 - taken < step ? size - 1 - taken : step, took;

		last = lg_http_feed(&parts, data + 1 + taken, n, &took);
		MST_ASSERT(took <= n && (took == n || last != LG_HTTP_MORE));
		taken += took;
	}
	// Bytes behind an answer are seen only together with its end.
	if (whole.fault != LG_HTTP_F_EXTRA && parts.fault != LG_HTTP_F_EXTRA) {
		MST_ASSERT(whole.event == parts.event && whole.fault == parts.fault);
		MST_ASSERT(strcmp(whole.cookie, parts.cookie) == 0);
	}
	check_texts(&whole);
	lg_http_wipe(&whole);
	lg_http_wipe(&parts);
	return 0;
}
