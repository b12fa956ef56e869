// Headers of the PROXY protocol: what is one, where it ends, and whom it names.
#include <errno.h>
#include <string.h>

#include "mst_test.h"
#include "mst_wire.h"

#define SIG "\r\n\r\n\0\r\nQUIT\n"
#define TO4 "\xc6\x33\x64\x01\x9c\x40\x01\xbb" // 198.51.100.1, ports 40000 and 443
#define FROM4 "\xc0\x00\x02\x07"
#define FROM6 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
#define MAPPED "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x07"
#define LONGEST6 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"

#define ROW(text, ret, ip)                                                                                   \
	{                                                                                                    \
		text, sizeof(text) - 1, ret, ip                                                              \
	}

static const struct {
	const char *data;
	size_t len;
	int ret;	  // -1: all but the last byte, which is of the next layer
	const char *from; // NULL: not known
} rows[] = {
	ROW("PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\nx", -1, "192.0.2.7"),
	ROW("PROXY TCP6 2001:db8::7 2001:db8::1 40000 443\r\nx", -1, "2001:db8::7"),
	ROW("PROXY TCP6 ::ffff:192.0.2.7 ::ffff:198.51.100.1 1 2\r\nx", -1, "192.0.2.7"),
	ROW("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\nx", -1, "0.0.0.0"),
	ROW("PROXY UNKNOWN\r\nx", -1, NULL),
	ROW("PROXY UNKNOWN anything at all\r\nx", -1, NULL),
	ROW("PROXY UNKNOWN " LONGEST6 " " LONGEST6 " 65535 65535\r\nx", -1, NULL), // 107 bytes
	ROW("PROXY UNKNOWN " LONGEST6 " " LONGEST6 " 65535 655355\r\nx", -EBADMSG, NULL),
	ROW("PROXY TCP4 192.0.2.7 198.51.100.1 40000 65536\r\n", -EBADMSG, NULL),
	ROW("PROXY TCP4 192.0.2.7 198.51.100.1 40000 -1\r\n", -EBADMSG, NULL),
	ROW("PROXY TCP4 192.0.2.7 198.51.100.1 40000\r\n", -EBADMSG, NULL),
	ROW("PROXY TCP4 192.0.2.7 198.51.100.1 40000 443 \r\n", -EBADMSG, NULL),
	ROW("PROXY TCP4 192.0.2.7 198.51.100.1 40000 443 1\r\n", -EBADMSG, NULL),
	ROW("PROXY TCP4  192.0.2.7 198.51.100.1 40000 443\r\n", -EBADMSG, NULL),
	ROW("PROXY TCP4 192.0.2.256 198.51.100.1 40000 443\r\n", -EBADMSG, NULL),
	ROW("PROXY TCP4 2001:db8::7 198.51.100.1 40000 443\r\n", -EBADMSG, NULL),
	ROW("PROXY TCP6 192.0.2.7 198.51.100.1 40000 443\r\n", -EBADMSG, NULL),
	ROW("PROXY TCP5 192.0.2.7 198.51.100.1 40000 443\r\n", -EBADMSG, NULL),
	ROW("PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\r\n", -EBADMSG, NULL),
	ROW("PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\n\r\n", -EBADMSG, NULL),
	ROW("PROXY \r\n", -EBADMSG, NULL),
	ROW("proxy TCP4 192.0.2.7 198.51.100.1 40000 443\r\n", -EBADMSG, NULL),
	ROW("GET / HTTP/1.1\r\n", -EBADMSG, NULL),
	ROW("\x16\x03\x01", -EBADMSG, NULL),
	ROW(SIG "\x21\x11\0\x0c" FROM4 TO4 "x", -1, "192.0.2.7"),
	ROW(SIG "\x21\x21\0\x24" FROM6 FROM6 "\x9c\x40\x01\xbb"
		"x",
		-1, "2001:db8::7"),
	ROW(SIG "\x21\x21\0\x24" MAPPED MAPPED "\x9c\x40\x01\xbb"
		"x",
		-1, "192.0.2.7"),
	ROW(SIG "\x21\x11\0\x12" FROM4 TO4 "\x04\0\x03"
		"abc"
		"x",
		-1, "192.0.2.7"),
	ROW(SIG "\x21\x11\0\x12" FROM4 TO4 "\x04\0\x04"
		"abc"
		"x",
		-EBADMSG, NULL),
	ROW(SIG "\x21\x11\0\x0d" FROM4 TO4 "\x04"
		"x",
		-EBADMSG, NULL),
	ROW(SIG "\x20\0\0\0x", -1, NULL), // LOCAL
	ROW(SIG "\x20\x11\0\x0c" FROM4 TO4 "x", -1, NULL),
	ROW(SIG "\x21\0\0\x03"
		"abcx",
		-1, NULL), // PROXY of an unspecified family
	ROW(SIG "\x21\x11\0\x0b" FROM4 "\xc6\x33\x64\x01\x9c\x40\x01", -EBADMSG, NULL),
	ROW(SIG "\x21\x12\0\x0c" FROM4 TO4, -EBADMSG, NULL), // UDP
	ROW(SIG "\x21\x31\0\x0c" FROM4 TO4, -EBADMSG, NULL), // a Unix socket
	ROW(SIG "\x22\x11\0\x0c" FROM4 TO4, -EBADMSG, NULL), // no such command
	ROW(SIG "\x11\x11\0\x0c" FROM4 TO4, -EBADMSG, NULL), // version 1
	ROW(SIG "\x21\x11\xff\xff" FROM4 TO4, -EBADMSG, NULL),
};

static void
table(void **state)
{
	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		struct mst_wire_proxy p = {.known = true, .source.family = 99};
		int want = rows[i].ret == -1 ? (int)rows[i].len - 1 : rows[i].ret;
		int ret = mst_wire_proxy_parse(rows[i].data, rows[i].len, &p);
		struct mst_ip ip;

		if (ret != want)
			fail_msg("row %zu: %d, not %d", i, ret, want);
		if (ret < 0) {
			assert_int_equal(p.source.family, 99); // nothing was written
			continue;
		}
		assert_int_equal(p.known, rows[i].from != NULL);
		if (rows[i].from == NULL)
			continue;
		assert_int_equal(mst_ip_parse(rows[i].from, &ip), 0);
		assert_true(mst_ip_equal(&ip, &p.source));
		// Byte by byte, each shorter one waits.
		for (int n = 0; n < ret; n++)
			assert_int_equal(mst_wire_proxy_parse(rows[i].data, (size_t)n, &p), -EAGAIN);
	}
}

static void
bounds(void **state)
{
	(void)state;
	uint8_t data[MST_WIRE_PROXY_BYTES + 1] = SIG "\x20";
	struct mst_wire_proxy p;
	size_t rest = MST_WIRE_PROXY_BYTES - 16;

	for (int more = -1; more <= 1; more++) {
		size_t n = rest + (size_t)more;

		data[14] = (uint8_t)(n >> 8);
		data[15] = (uint8_t)n;
		assert_int_equal(
			mst_wire_proxy_parse(data, 16 + n, &p), more <= 0 ? (int)(16 + n) : -EBADMSG);
	}
	// A line that does not end is given up on at once when it cannot end in time.
	char line[200];
	memset(line, 'a', sizeof(line));
	memcpy(line, "PROXY UNKNOWN ", 14);
	assert_int_equal(mst_wire_proxy_parse(line, 106, &p), -EAGAIN);
	assert_int_equal(mst_wire_proxy_parse(line, 107, &p), -EBADMSG);
	line[106] = '\r';
	assert_int_equal(mst_wire_proxy_parse(line, 107, &p), -EBADMSG);
	line[105] = '\r';
	assert_int_equal(mst_wire_proxy_parse(line, 106, &p), -EAGAIN);
	assert_int_equal(mst_wire_proxy_parse(line, 107, &p), -EBADMSG);
	line[106] = '\n';
	assert_int_equal(mst_wire_proxy_parse(line, 107, &p), 107);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
