// The look into a ClientHello: the session it names, and every way in which it may be malformed.
#include <string.h>

#include "mst_dtls.h"
#include "mst_test.h"

// A ClientHello by its parts; hello() lays it out as openconnect 9 sends it.
struct parts {
	uint8_t type;
	uint16_t record_version;
	uint16_t epoch;
	uint8_t msg_type;
	uint32_t fragment_offset;
	int fragment_delta; // fragment_length minus length
	int length_delta;   // length minus the bytes that follow
	uint16_t version;
	uint8_t random_byte;
	uint8_t id_len;
	uint8_t cookie_len;
	uint16_t suites_len;
	uint8_t compression_len;
	bool no_extensions;
	int list_delta;	 // announced length of the extension list minus the real one
	uint8_t app_ids; // how many app id extensions
	uint8_t app_id_len;
	int app_id_delta; // length inside the extension minus the real one
	uint8_t trailing; // bytes behind the extensions, inside the message
};

static const struct parts good = {
	.type = 22,
	.record_version = 0xfeff,
	.msg_type = 1,
	.version = 0xfefd,
	.random_byte = 0x42,
	.id_len = 32,
	.suites_len = 16,
	.compression_len = 1,
};

static void
fill(struct mst_wr *w, uint8_t first, size_t n)
{
	for (size_t i = 0; i < n; i++)
		mst_wr_be(w, (uint8_t)(first + i), 1);
}

static void
extensions(struct mst_wr *w, const struct parts *p)
{
	uint8_t bytes[1024];
	struct mst_wr list = mst_wr_init(bytes, sizeof(bytes));

	mst_wr_be(&list, 35, 2); // session_ticket, empty
	mst_wr_be(&list, 0, 2);
	mst_wr_be(&list, 0xff01, 2); // renegotiation_info
	mst_wr_be(&list, 1, 2);
	mst_wr_be(&list, 0, 1);
	for (unsigned int i = 0; i < p->app_ids; i++) {
		mst_wr_be(&list, MST_DTLS_EXT_APP_ID, 2);
		mst_wr_be(&list, p->app_id_len + 1U, 2);
		mst_wr_be(&list, (uint64_t)(p->app_id_len + p->app_id_delta), 1);
		fill(&list, 0x80, p->app_id_len);
	}
	assert_false(list.err);
	mst_wr_be(w, (uint64_t)((int)list.len + p->list_delta), 2);
	mst_wr_bytes(w, bytes, list.len);
}

static size_t
hello(const struct parts *p, uint8_t *out, size_t cap)
{
	uint8_t bytes[2048];
	struct mst_wr body = mst_wr_init(bytes, sizeof(bytes));
	struct mst_wr w = mst_wr_init(out, cap);

	mst_wr_be(&body, p->version, 2);
	for (int i = 0; i < 32; i++)
		mst_wr_be(&body, p->random_byte, 1);
	mst_wr_be(&body, p->id_len, 1);
	fill(&body, 1, p->id_len);
	mst_wr_be(&body, p->cookie_len, 1);
	fill(&body, 7, p->cookie_len);
	mst_wr_be(&body, p->suites_len, 2);
	fill(&body, 0, p->suites_len);
	mst_wr_be(&body, p->compression_len, 1);
	fill(&body, 0, p->compression_len);
	if (!p->no_extensions)
		extensions(&body, p);
	fill(&body, 0, p->trailing);
	mst_wr_be(&w, p->type, 1);
	mst_wr_be(&w, p->record_version, 2);
	mst_wr_be(&w, p->epoch, 2);
	mst_wr_be(&w, 3, 6);
	mst_wr_be(&w, 12 + body.len, 2);
	mst_wr_be(&w, p->msg_type, 1);
	mst_wr_be(&w, (uint64_t)((int)body.len + p->length_delta), 3);
	mst_wr_be(&w, 1, 2);
	mst_wr_be(&w, p->fragment_offset, 3);
	mst_wr_be(&w, (uint64_t)((int)body.len + p->length_delta + p->fragment_delta), 3);
	mst_wr_bytes(&w, bytes, body.len);
	assert_false(body.err || w.err);
	return w.len;
}

static enum mst_dtls_verdict
peek(const struct parts *p, struct mst_dtls_client_hello *out)
{
	uint8_t datagram[2048];

	return mst_dtls_peek_client_hello(datagram, hello(p, datagram, sizeof(datagram)), out);
}

static void
by_session_id(void **state)
{
	(void)state;
	struct mst_dtls_client_hello out;

	for (unsigned int len = 1; len <= 32; len++) {
		struct parts p = good;

		p.id_len = (uint8_t)len;
		assert_int_equal(peek(&p, &out), MST_DTLS_OK);
		assert_int_equal(out.session_id_len, len);
		for (unsigned int i = 0; i < 32; i++)
			assert_int_equal(out.session_id[i], i < len ? i + 1 : 0);
		assert_false(out.from_extension);
		assert_int_equal(out.cookie_len, 0);
		assert_int_equal(out.message_seq, 1);
	}
}

static void
by_extension(void **state)
{
	(void)state;
	struct mst_dtls_client_hello out;
	struct parts p = good;

	p.app_ids = 1;
	p.app_id_len = 20;
	assert_int_equal(peek(&p, &out), MST_DTLS_OK);
	assert_true(out.from_extension);
	assert_int_equal(out.session_id_len, 20);
	// Nothing of the 32 bytes of the session id shows through.
	for (unsigned int i = 0; i < 32; i++)
		assert_int_equal(out.session_id[i], i < 20 ? 0x80 + i : 0);
	p.id_len = 0;
	p.app_id_len = 32;
	assert_int_equal(peek(&p, &out), MST_DTLS_OK);
	assert_int_equal(out.session_id_len, 32);
}

static void
variants(void **state)
{
	(void)state;
	struct mst_dtls_client_hello out;
	struct parts p = good;

	p.record_version = 0xfefd;
	assert_int_equal(peek(&p, &out), MST_DTLS_OK);
	p.cookie_len = 32;
	assert_int_equal(peek(&p, &out), MST_DTLS_OK);
	assert_int_equal(out.cookie_len, 32);
	p.cookie_len = 255;
	assert_int_equal(peek(&p, &out), MST_DTLS_OK);
	p = good;
	p.no_extensions = true;
	assert_int_equal(peek(&p, &out), MST_DTLS_OK);
	p = good;
	p.compression_len = 2;
	assert_int_equal(peek(&p, &out), MST_DTLS_OK);
}

// Another record behind the ClientHello's, in the same datagram, changes nothing.
static void
record_behind(void **state)
{
	(void)state;
	uint8_t datagram[2048];
	size_t len = hello(&good, datagram, sizeof(datagram) - 20);
	struct mst_dtls_client_hello out;

	memset(datagram + len, 0xff, 20);
	assert_int_equal(mst_dtls_peek_client_hello(datagram, len + 20, &out), MST_DTLS_OK);
}

#define REFUSED(verdict, ...)                                                                                \
	do {                                                                                                 \
		struct parts p_ = good;                                                                      \
		struct mst_dtls_client_hello out_;                                                           \
		struct mst_dtls_client_hello untouched_;                                                     \
		memset(&out_, 0x5a, sizeof(out_));                                                           \
		untouched_ = out_;                                                                           \
		__VA_ARGS__;                                                                                 \
		assert_int_equal(peek(&p_, &out_), verdict);                                                 \
		assert_memory_equal(&out_, &untouched_, sizeof(out_));                                       \
	} while (0)

static void
refused_record(void **state)
{
	(void)state;
	REFUSED(MST_DTLS_TYPE, p_.type = 23, p_.record_version = 0xfefd);
	REFUSED(MST_DTLS_TYPE, p_.type = 128);
	REFUSED(MST_DTLS_EPOCH, p_.epoch = 1, p_.record_version = 0xfefd);
	REFUSED(MST_DTLS_VERSION, p_.record_version = 0x0100);
	REFUSED(MST_DTLS_VERSION, p_.version = 0xfeff);
	REFUSED(MST_DTLS_VERSION, p_.version = 0x0100);
}

static void
refused_message(void **state)
{
	(void)state;
	REFUSED(MST_DTLS_HELLO, p_.msg_type = 2);
	REFUSED(MST_DTLS_HELLO, p_.msg_type = 16);
	REFUSED(MST_DTLS_HELLO, p_.length_delta = 1);
	REFUSED(MST_DTLS_HELLO, p_.length_delta = -1);
	REFUSED(MST_DTLS_FRAGMENT, p_.fragment_offset = 1);
	REFUSED(MST_DTLS_FRAGMENT, p_.fragment_delta = -1);
	REFUSED(MST_DTLS_FRAGMENT, p_.fragment_delta = 1);
	REFUSED(MST_DTLS_HELLO, p_.trailing = 1);
	REFUSED(MST_DTLS_HELLO, p_.no_extensions = true, p_.trailing = 1);
}

static void
refused_body(void **state)
{
	(void)state;
	REFUSED(MST_DTLS_RANDOM, p_.random_byte = 0);
	REFUSED(MST_DTLS_SESSION_ID, p_.id_len = 0, p_.cookie_len = 32);
	REFUSED(MST_DTLS_HELLO, p_.id_len = 33);
	REFUSED(MST_DTLS_HELLO, p_.id_len = 255);
	REFUSED(MST_DTLS_HELLO, p_.suites_len = 0);
	REFUSED(MST_DTLS_HELLO, p_.suites_len = 15);
	REFUSED(MST_DTLS_HELLO, p_.compression_len = 0);
	REFUSED(MST_DTLS_HELLO, p_.list_delta = 1);
	REFUSED(MST_DTLS_HELLO, p_.list_delta = -1);
	REFUSED(MST_DTLS_HELLO, p_.list_delta = -5);
	REFUSED(MST_DTLS_HELLO, p_.app_ids = 2, p_.app_id_len = 32);
	REFUSED(MST_DTLS_SESSION_ID, p_.app_ids = 1, p_.app_id_len = 0);
	REFUSED(MST_DTLS_SESSION_ID, p_.app_ids = 1, p_.app_id_len = 33);
	REFUSED(MST_DTLS_SESSION_ID, p_.app_ids = 1, p_.app_id_len = 255);
	REFUSED(MST_DTLS_HELLO, p_.app_ids = 1, p_.app_id_len = 16, p_.app_id_delta = 1);
	REFUSED(MST_DTLS_HELLO, p_.app_ids = 1, p_.app_id_len = 16, p_.app_id_delta = -1);
	// A length with nothing behind it; and what is malformed is told from what names no session.
	REFUSED(MST_DTLS_HELLO, p_.app_ids = 1, p_.app_id_len = 0, p_.app_id_delta = 5);
	REFUSED(MST_DTLS_HELLO, p_.id_len = 0, p_.cookie_len = 32, p_.list_delta = 1);
}

// One byte of a random that is not zero is enough.
static void
random_almost_zero(void **state)
{
	(void)state;
	struct parts p = good;
	uint8_t datagram[2048];
	struct mst_dtls_client_hello out;
	size_t len;

	p.random_byte = 0;
	len = hello(&p, datagram, sizeof(datagram));
	for (size_t i = 0; i < 32; i++) {
		datagram[27 + i] = 1;
		assert_int_equal(mst_dtls_peek_client_hello(datagram, len, &out), MST_DTLS_OK);
		datagram[27 + i] = 0;
		assert_int_equal(mst_dtls_peek_client_hello(datagram, len, &out), MST_DTLS_RANDOM);
	}
}

static void
cut_anywhere(void **state)
{
	(void)state;
	struct parts p = good;
	uint8_t datagram[2048];
	struct mst_dtls_client_hello out;
	size_t len;

	p.app_ids = 1;
	p.app_id_len = 32;
	len = hello(&p, datagram, sizeof(datagram));
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(mst_dtls_peek_client_hello(datagram, cut, &out), MST_DTLS_SHORT);
	// The record shortened with the datagram: the handshake message no longer fills it.
	for (size_t cut = MST_DTLS_CLIENT_HELLO_MIN_BYTES; cut < len; cut++) {
		datagram[11] = (uint8_t)((cut - 13) >> 8);
		datagram[12] = (uint8_t)(cut - 13);
		assert_int_equal(mst_dtls_peek_client_hello(datagram, cut, &out), MST_DTLS_HELLO);
	}
}

// A well-formed one that is shorter than any device's is not looked at.
static void
too_short(void **state)
{
	(void)state;
	struct parts p = good;
	uint8_t datagram[2048];
	struct mst_dtls_client_hello out;
	size_t len;

	p.no_extensions = true;
	p.suites_len = 2;
	p.id_len = 26;
	len = hello(&p, datagram, sizeof(datagram));
	assert_int_equal(len, MST_DTLS_CLIENT_HELLO_MIN_BYTES);
	assert_int_equal(mst_dtls_peek_client_hello(datagram, len, &out), MST_DTLS_OK);
	p.id_len = 25;
	len = hello(&p, datagram, sizeof(datagram));
	assert_int_equal(mst_dtls_peek_client_hello(datagram, len, &out), MST_DTLS_SHORT);
}

struct captured {
	const char *file;
	enum mst_dtls_verdict want;
	bool from_extension;
};

// Datagrams of real clients, and variations of openconnect's; the fuzz target's seeds. The session id of each
// that has one starts at byte 60.
static void
captured(void **state)
{
	(void)state;
	static const struct captured cases[] = {
		{"openconnect_9_psk", MST_DTLS_OK, false},
		{"openconnect_9_legacy", MST_DTLS_OK, false},
		{"no_extensions", MST_DTLS_OK, false},
		{"app_id_extension", MST_DTLS_OK, true},
		{"gnutls_no_session", MST_DTLS_SESSION_ID, false},
		{"gnutls_cookie", MST_DTLS_SESSION_ID, false},
		{"openssl_no_session", MST_DTLS_SESSION_ID, false},
		{"openssl_cookie", MST_DTLS_SESSION_ID, false},
		{"app_id_twice", MST_DTLS_HELLO, false},
		{"server_hello", MST_DTLS_HELLO, false},
		{"client_key_exchange", MST_DTLS_HELLO, false},
		{"fragment", MST_DTLS_FRAGMENT, false},
		{"zero_random", MST_DTLS_RANDOM, false},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(cases); i++) {
		struct mst_dtls_client_hello out;
		char path[4096];
		uint8_t datagram[2048];
		size_t len;
		FILE *f;

		snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/client_hello/%s",
			getenv("MST_SOURCE_ROOT"), cases[i].file);
		f = fopen(path, "rb");
		assert_non_null(f);
		len = fread(datagram, 1, sizeof(datagram), f);
		fclose(f);
		assert_int_equal(mst_dtls_peek_client_hello(datagram, len, &out), cases[i].want);
		if (cases[i].want != MST_DTLS_OK)
			continue;
		assert_int_equal(out.from_extension, cases[i].from_extension);
		assert_int_equal(out.session_id_len, 32);
		if (!cases[i].from_extension)
			assert_memory_equal(out.session_id, datagram + 60, 32);
		else
			assert_memory_equal(out.session_id, datagram + len - 32, 32);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_session_id),
		cmocka_unit_test(by_extension),
		cmocka_unit_test(variants),
		cmocka_unit_test(record_behind),
		cmocka_unit_test(refused_record),
		cmocka_unit_test(refused_message),
		cmocka_unit_test(refused_body),
		cmocka_unit_test(random_almost_zero),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(too_short),
		cmocka_unit_test(captured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
