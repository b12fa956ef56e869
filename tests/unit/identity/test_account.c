// Accounting: what a server is told of a session, and when.
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "radius.h"
#include "rig.h"

static int server_fd;
static struct mst_conf_error err;

static int
set_up(void **state)
{
	(void)state;
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr);
	char auth[256];
	const struct rig_files files = {.auth = auth, .users = "\n", .radius_secret = "testing\n"};

	server_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server_fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(getsockname(server_fd, (struct sockaddr *)&addr, &len), 0);
	snprintf(auth, sizeof(auth),
		"radius: {accounting: [\"127.0.0.1:%u\"], nas-identifier: lab, timeout: 1s, retries: 3}",
		ntohs(addr.sin_port));
	rig_open();
	assert_int_equal(rig_configure(&files, 0, &err), 0);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	rig_close();
	close(server_fd);
	return 0;
}

static void
report(enum mst_auth_account_kind kind)
{
	struct mst_auth_message m = {.kind = MST_AUTH_ACCOUNT,
		.account = {.kind = kind,
			.session = "5f-1",
			.user = "anna",
			.group = "staff",
			.user_agent = "agent",
			.remote = {.family = 4, .bytes = {192, 0, 2, 7}},
			.inner4 = {.family = 4, .bytes = {10, 9, 0, 5}},
			.inner6 = {.family = 6, .bytes = {0xfd, [15] = 5}},
			.rx_bytes = (3ull << 32) + 7,
			.tx_bytes = 9,
			.rx_packets = 11,
			.tx_packets = 13,
			.session_s = 60,
			.cause = MST_AUTH_CAUSE_IDLE}};

	rig_send(&m);
}

// The next request, which must be of who knows the secret; it is answered, if it is to be.
static struct radius_packet
take(bool answer)
{
	struct pollfd p = {.fd = server_fd, .events = POLLIN};
	struct radius_packet q = {0}, again, a = {.len = RADIUS_HEADER_BYTES};
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t n;

	assert_int_equal(poll(&p, 1, 20000), 1);
	n = recvfrom(server_fd, q.bytes, sizeof(q.bytes), 0, (struct sockaddr *)&from, &from_len);
	assert_true(n > RADIUS_HEADER_BYTES);
	q.len = (size_t)n;
	again = q;
	memset(&again.bytes[4], 0, RADIUS_AUTHENTICATOR_BYTES);
	assert_int_equal(radius_packet_finish(&again, "testing"), 0);
	assert_memory_equal(again.bytes, q.bytes, q.len);
	assert_int_equal(q.bytes[0], RADIUS_ACCOUNTING_REQUEST);
	if (!answer)
		return q;
	memcpy(a.bytes, q.bytes, RADIUS_HEADER_BYTES);
	a.bytes[0] = RADIUS_ACCOUNTING_RESPONSE;
	assert_int_equal(radius_packet_finish(&a, "testing"), 0);
	assert_int_equal(sendto(server_fd, a.bytes, a.len, 0, (struct sockaddr *)&from, from_len), a.len);
	return q;
}

static bool
has(const struct radius_packet *p, uint8_t want, const void *data, size_t len)
{
	struct mst_rd r = radius_packet_attributes(p->bytes, p->len);
	struct mst_rd value;
	uint8_t type;

	while (radius_packet_next(&r, &type, &value)) {
		if (type == want)
			return len == mst_rd_left(&value) && memcmp(value.pos, data, len) == 0;
	}
	return data == NULL;
}

static bool
has_number(const struct radius_packet *p, uint8_t type, uint32_t want)
{
	want = htonl(want);
	return has(p, type, &want, sizeof(want));
}

static void
a_session_is_told_of(void **state)
{
	(void)state;
	static const enum mst_auth_account_kind kinds[] = {
		MST_AUTH_ACCOUNT_START, MST_AUTH_ACCOUNT_INTERIM, MST_AUTH_ACCOUNT_STOP};
	static const uint32_t status[] = {1, 3, 2};
	static const uint8_t inner6[16] = {0xfd, [15] = 5};

	for (size_t i = 0; i < MST_ARRAY_SIZE(kinds); i++) {
		struct radius_packet p;

		report(kinds[i]);
		p = take(true);
		assert_true(has_number(&p, RADIUS_ACCT_STATUS_TYPE, status[i]));
		assert_true(has(&p, RADIUS_ACCT_SESSION_ID, "5f-1", 4));
		assert_true(has(&p, RADIUS_USER_NAME, "anna", 4));
		assert_true(has(&p, RADIUS_NAS_IDENTIFIER, "lab", 3));
		assert_true(has(&p, RADIUS_CALLING_STATION_ID, "192.0.2.7", 9));
		assert_true(has_number(&p, RADIUS_FRAMED_IP_ADDRESS, 0x0a090005));
		assert_true(has(&p, RADIUS_FRAMED_IPV6_ADDRESS, inner6, 16));
		if (kinds[i] == MST_AUTH_ACCOUNT_START) {
			assert_true(has(&p, RADIUS_ACCT_INPUT_OCTETS, NULL, 0));
			assert_true(has(&p, RADIUS_ACCT_TERMINATE_CAUSE, NULL, 0));
			continue;
		}
		assert_true(has_number(&p, RADIUS_ACCT_INPUT_OCTETS, 7));
		assert_true(has_number(&p, RADIUS_ACCT_INPUT_GIGAWORDS, 3));
		assert_true(has_number(&p, RADIUS_ACCT_OUTPUT_OCTETS, 9));
		assert_true(has_number(&p, RADIUS_ACCT_OUTPUT_GIGAWORDS, 0));
		assert_true(has_number(&p, RADIUS_ACCT_INPUT_PACKETS, 11));
		assert_true(has_number(&p, RADIUS_ACCT_OUTPUT_PACKETS, 13));
		assert_true(has_number(&p, RADIUS_ACCT_SESSION_TIME, 60));
		if (kinds[i] == MST_AUTH_ACCOUNT_STOP)
			assert_true(has_number(&p, RADIUS_ACCT_TERMINATE_CAUSE, 4));
		else
			assert_true(has(&p, RADIUS_ACCT_TERMINATE_CAUSE, NULL, 0));
	}
}

static void
what_is_not_answered_is_sent_again(void **state)
{
	(void)state;
	struct radius_packet first, second;

	report(MST_AUTH_ACCOUNT_START);
	first = take(false);
	second = take(true);
	assert_int_equal(first.len, second.len);
	assert_memory_equal(first.bytes, second.bytes, first.len);
}

// The last reports leave although the gateway has gone already.
static void
the_end_is_told_of(void **state)
{
	(void)state;
	struct radius_packet p;

	report(MST_AUTH_ACCOUNT_START);
	report(MST_AUTH_ACCOUNT_STOP);
	shutdown(rig_fd(), SHUT_RDWR);
	(void)take(true);
	p = take(true);
	assert_true(has_number(&p, RADIUS_ACCT_STATUS_TYPE, 2));
}

#define WITH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(a_session_is_told_of),
		WITH(what_is_not_answered_is_sent_again),
		WITH(the_end_is_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
