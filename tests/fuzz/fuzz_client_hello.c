// A stranger's first datagram.
#include <string.h>

#include "mst_dtls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mst_dtls_client_hello hello;
	enum mst_dtls_verdict v;

	memset(&hello, 0xee, sizeof(hello));
	v = mst_dtls_peek_client_hello(data, size, &hello);
	MST_ASSERT(v < MST_DTLS_VERDICT_COUNT);
	if (v != MST_DTLS_OK) {
		MST_ASSERT(hello.session_id_len == 0xee);
		return 0;
	}
	MST_ASSERT(size >= MST_DTLS_CLIENT_HELLO_MIN_BYTES && data[0] == MST_DTLS_HANDSHAKE);
	MST_ASSERT(hello.session_id_len >= 1 && hello.session_id_len <= MST_DTLS_SESSION_ID_MAX_BYTES);
	// What is behind the id is zero: a caller may take all 32 bytes for the key of a table.
	for (size_t i = hello.session_id_len; i < sizeof(hello.session_id); i++)
		MST_ASSERT(hello.session_id[i] == 0);
	// The random is behind both headers and the version, the cookie somewhere behind it.
	MST_ASSERT(hello.random == data + MST_DTLS_HEADER_BYTES + 12 + 2);
	MST_ASSERT(hello.cookie > hello.random + MST_DTLS_RANDOM_BYTES);
	MST_ASSERT(hello.cookie + hello.cookie_len < data + size && hello.record_seq <= MST_DTLS_SEQ_MAX);
	return 0;
}
