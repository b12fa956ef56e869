// Messages: what is written is read again, every field at both ends of its bounds, and nothing else is taken.
#include <errno.h>
#include <string.h>

#include "mst_auth.h"
#include "mst_test.h"

static uint8_t buf[MST_AUTH_MESSAGE_BYTES];

static struct mst_auth_message
again(const struct mst_auth_message *m)
{
	struct mst_auth_message out;
	int n = mst_auth_message_write(m, buf, sizeof(buf));

	assert_true(n > 0);
	assert_int_equal(mst_auth_message_read(&out, buf, (size_t)n), 0);
	assert_int_equal(out.kind, m->kind);
	return out;
}

static char *
text_of(char *buffer, size_t len)
{
	memset(buffer, 'x', len);
	buffer[len] = '\0';
	return buffer;
}

static struct mst_auth_message
a_submit(void)
{
	static const uint8_t der[] = {0x30, 0, 1, 2};

	return (struct mst_auth_message){.kind = MST_AUTH_SUBMIT,
		.submit = {.token = 0x0102030405060708,
			.host = "vpn",
			.remote = {.family = 6, .bytes = {0x20, 1, [15] = 9}},
			.user = "anna",
			.password = "annas",
			.group = "staff",
			.bearer = "e30.e30.x",
			.cert = der,
			.cert_len = sizeof(der),
			.user_agent = "agent",
			.platform = "linux",
			.device_id = "id"}};
}

static void
a_sign_in(void **state)
{
	(void)state;
	struct mst_auth_message m = a_submit();
	struct mst_auth_message r = again(&m);

	assert_true(r.submit.token == m.submit.token);
	assert_string_equal(r.submit.host, "vpn");
	assert_true(mst_ip_equal(&r.submit.remote, &m.submit.remote));
	assert_string_equal(r.submit.user, "anna");
	assert_string_equal(r.submit.password, "annas");
	assert_string_equal(r.submit.group, "staff");
	assert_string_equal(r.submit.bearer, "e30.e30.x");
	assert_int_equal(r.submit.cert_len, 4);
	assert_memory_equal(r.submit.cert, m.submit.cert, 4);
	assert_null(r.submit.issuer);
	assert_string_equal(r.submit.user_agent, "agent");
	assert_string_equal(r.submit.platform, "linux");
	assert_string_equal(r.submit.device_id, "id");
	// What is absent stays so; what is only empty is not NULL.
	m.submit = (struct mst_auth_try){.token = 1};
	r = again(&m);
	assert_null(r.submit.password);
	assert_null(r.submit.bearer);
	assert_null(r.submit.cert);
	assert_string_equal(r.submit.user, "");
	assert_string_equal(r.submit.device_id, "");
	m.submit.password = "";
	r = again(&m);
	assert_string_equal(r.submit.password, "");
}

static void
a_result(void **state)
{
	(void)state;
	struct mst_auth_message m = {.kind = MST_AUTH_RESULT,
		.result = {.token = 5,
			.outcome = MST_AUTH_MORE,
			.user = "anna",
			.n_groups = 2,
			.groups = {"staff", "admins"},
			.prompt = "One-time code",
			.echo = true,
			.device_id = "d",
			.want4 = {.family = 4, .bytes = {10, 0, 0, 1}},
			.session_s = 3600,
			.idle_s = UINT32_MAX,
			.expires_unix_s = UINT64_MAX,
			.certificate = {0xce, [31] = 0x47}}};
	struct mst_auth_message r = again(&m);

	assert_memory_equal(&r.result, &m.result, sizeof(r.result));
	m.result.n_groups = MST_AUTH_GROUPS_MAX;
	for (unsigned int i = 0; i < MST_AUTH_GROUPS_MAX; i++)
		(void)text_of(m.result.groups[i], MST_AUTH_GROUP_BYTES - 1);
	r = again(&m);
	assert_memory_equal(&r.result, &m.result, sizeof(r.result));
	m.result.n_groups++;
	assert_int_equal(mst_auth_message_write(&m, buf, sizeof(buf)), -EINVAL);
}

static void
the_others(void **state)
{
	(void)state;
	struct mst_auth_message m = {.kind = MST_AUTH_CONFIGURE,
		.configure = {.generation = 7, .conf = "/c", .files = {[MST_AUTH_FILE_USERS] = "/u"}}};
	struct mst_auth_message r = again(&m);

	assert_int_equal(r.configure.generation, 7);
	assert_string_equal(r.configure.conf, "/c");
	assert_string_equal(r.configure.files[MST_AUTH_FILE_USERS], "/u");
	m = (struct mst_auth_message){.kind = MST_AUTH_CONFIGURED,
		.configured = {.generation = 7, .code = EINVAL, .line = 3, .text = "f:3: no"}};
	r = again(&m);
	assert_int_equal(r.configured.code, EINVAL);
	assert_int_equal(r.configured.line, 3);
	assert_string_equal(r.configured.text, "f:3: no");
	m = (struct mst_auth_message){.kind = MST_AUTH_ANSWER, .answer = {.token = 9, .answer = "123456"}};
	r = again(&m);
	assert_true(r.answer.token == 9);
	assert_string_equal(r.answer.answer, "123456");
	m.kind = MST_AUTH_CANCEL;
	r = again(&m);
	assert_true(r.answer.token == 9);
	m = (struct mst_auth_message){.kind = MST_AUTH_ACCOUNT,
		.account = {.kind = MST_AUTH_ACCOUNT_STOP,
			.session = "s",
			.user = "anna",
			.inner4 = {.family = 4, .bytes = {10, 9, 0, 2}},
			.rx_bytes = 1ull << 40,
			.tx_packets = 3,
			.session_s = 60,
			.cause = MST_AUTH_CAUSE_STOP}};
	r = again(&m);
	assert_int_equal(r.account.kind, MST_AUTH_ACCOUNT_STOP);
	assert_true(r.account.rx_bytes == 1ull << 40);
	assert_true(r.account.tx_packets == 3);
	assert_int_equal(r.account.cause, MST_AUTH_CAUSE_STOP);
	assert_true(mst_ip_equal(&r.account.inner4, &m.account.inner4));
}

static void
a_staple(void **state)
{
	(void)state;
	static uint8_t der[MST_AUTH_STAPLE_BYTES_MAX + 1] = {0x30};
	struct mst_auth_message m = {.kind = MST_AUTH_STAPLE,
		.staple = {.token = 5,
			.cert = der,
			.cert_len = MST_AUTH_CERT_BYTES_MAX,
			.issuer = der,
			.issuer_len = MST_AUTH_CERT_BYTES_MAX}};
	struct mst_auth_message r = again(&m);

	assert_true(r.staple.token == 5);
	assert_int_equal(r.staple.cert_len, MST_AUTH_CERT_BYTES_MAX);
	assert_int_equal(r.staple.issuer_len, MST_AUTH_CERT_BYTES_MAX);
	assert_memory_equal(r.staple.cert, der, MST_AUTH_CERT_BYTES_MAX);
	m.staple.issuer_len++;
	assert_int_equal(mst_auth_message_write(&m, buf, sizeof(buf)), -EMSGSIZE);
	m = (struct mst_auth_message){.kind = MST_AUTH_STAPLED,
		.stapled = {.token = 5, .response = der, .response_len = MST_AUTH_STAPLE_BYTES_MAX}};
	r = again(&m);
	assert_true(r.stapled.token == 5);
	assert_int_equal(r.stapled.response_len, MST_AUTH_STAPLE_BYTES_MAX);
	assert_memory_equal(r.stapled.response, der, MST_AUTH_STAPLE_BYTES_MAX);
	assert_string_equal(r.stapled.text, "");
	m.stapled.response_len++;
	assert_int_equal(mst_auth_message_write(&m, buf, sizeof(buf)), -EMSGSIZE);
	m.stapled = (struct mst_auth_stapled){.token = 6, .text = "it is silent"};
	r = again(&m);
	assert_null(r.stapled.response);
	assert_string_equal(r.stapled.text, "it is silent");
	m.stapled = (struct mst_auth_stapled){
		.token = 7, .text = "", .list = MST_AUTH_LIST_REVOKED, .list_until_unix_s = 1ULL << 40};
	r = again(&m);
	assert_int_equal(r.stapled.list, MST_AUTH_LIST_REVOKED);
	assert_true(r.stapled.list_until_unix_s == 1ULL << 40);
	m.stapled.list++;
	assert_true(mst_auth_message_write(&m, buf, sizeof(buf)) < 0);
}

static void
texts_have_bounds(void **state)
{
	(void)state;
	static char text[MST_AUTH_BEARER_BYTES + 1];
	struct mst_auth_message m = a_submit();
	const struct {
		const char **member;
		size_t bytes;
	} bounds[] = {{&m.submit.host, MST_AUTH_TEXT_BYTES}, {&m.submit.user, MST_AUTH_USER_BYTES},
		{&m.submit.password, MST_AUTH_PASSWORD_BYTES}, {&m.submit.group, MST_AUTH_GROUP_BYTES},
		{&m.submit.bearer, MST_AUTH_BEARER_BYTES}, {&m.submit.user_agent, MST_AUTH_TEXT_BYTES},
		{&m.submit.platform, MST_AUTH_TEXT_BYTES}, {&m.submit.device_id, MST_AUTH_TEXT_BYTES}};

	for (size_t i = 0; i < MST_ARRAY_SIZE(bounds); i++) {
		m = a_submit();
		*bounds[i].member = text_of(text, bounds[i].bytes - 1);
		(void)again(&m);
		*bounds[i].member = text_of(text, bounds[i].bytes);
		assert_int_equal(mst_auth_message_write(&m, buf, sizeof(buf)), -EMSGSIZE);
	}
}

static void
blobs_have_bounds(void **state)
{
	(void)state;
	static uint8_t der[MST_AUTH_CERT_BYTES_MAX + 1];
	struct mst_auth_message m = a_submit();

	m.submit.cert = m.submit.issuer = der;
	m.submit.cert_len = m.submit.issuer_len = MST_AUTH_CERT_BYTES_MAX;
	assert_int_equal(again(&m).submit.issuer_len, MST_AUTH_CERT_BYTES_MAX);
	m.submit.issuer_len++;
	assert_int_equal(mst_auth_message_write(&m, buf, sizeof(buf)), -EMSGSIZE);
}

// The longest of all fits into one message.
static void
the_longest_fits(void **state)
{
	(void)state;
	static char text[8][MST_AUTH_BEARER_BYTES];
	static uint8_t der[MST_AUTH_CERT_BYTES_MAX];
	struct mst_auth_message m = a_submit();

	m.submit.host = text_of(text[0], MST_AUTH_TEXT_BYTES - 1);
	m.submit.user = text_of(text[1], MST_AUTH_USER_BYTES - 1);
	m.submit.password = text_of(text[2], MST_AUTH_PASSWORD_BYTES - 1);
	m.submit.group = text_of(text[3], MST_AUTH_GROUP_BYTES - 1);
	m.submit.bearer = text_of(text[4], MST_AUTH_BEARER_BYTES - 1);
	m.submit.user_agent = text_of(text[5], MST_AUTH_TEXT_BYTES - 1);
	m.submit.platform = text_of(text[6], MST_AUTH_TEXT_BYTES - 1);
	m.submit.device_id = text_of(text[7], MST_AUTH_TEXT_BYTES - 1);
	m.submit.cert = m.submit.issuer = der;
	m.submit.cert_len = m.submit.issuer_len = sizeof(der);
	(void)again(&m);
}

static void
nothing_else_is_a_message(void **state)
{
	(void)state;
	struct mst_auth_message m = a_submit();
	struct mst_auth_message out;
	int n = mst_auth_message_write(&m, buf, sizeof(buf));

	assert_true(n > 0);
	for (int len = 0; len < n; len++)
		assert_int_equal(mst_auth_message_read(&out, buf, (size_t)len), -EBADMSG);
	assert_int_equal(mst_auth_message_read(&out, buf, (size_t)n + 1), -EBADMSG);
	for (int len = 0; len < n; len++)
		assert_int_equal(mst_auth_message_write(&m, buf, (size_t)len), -EMSGSIZE);
	n = mst_auth_message_write(&m, buf, sizeof(buf));
	buf[0] = MST_AUTH_N_MESSAGES;
	assert_int_equal(mst_auth_message_read(&out, buf, (size_t)n), -EBADMSG);
	buf[0] = MST_AUTH_RESULT;
	assert_int_equal(mst_auth_message_read(&out, buf, (size_t)n), -EBADMSG);
}

// Bytes that are right but for one value.
static void
values_have_bounds(void **state)
{
	(void)state;
	static const struct {
		size_t at; // of an ANSWER: kind 1, token 8, length 2, text, NUL
		uint8_t value;
	} wrong[] = {{9, 1}, {10, 2}, {10, 0}, {12, 0}, {13, 'x'}, {9, 0xff}};
	struct mst_auth_message m = {.kind = MST_AUTH_ANSWER, .answer = {.token = 9, .answer = "ab"}};
	struct mst_auth_message out;
	int n;

	for (size_t i = 0; i < MST_ARRAY_SIZE(wrong); i++) {
		n = mst_auth_message_write(&m, buf, sizeof(buf));
		buf[wrong[i].at] = wrong[i].value;
		assert_int_equal(mst_auth_message_read(&out, buf, (size_t)n), -EBADMSG);
	}
	m = (struct mst_auth_message){.kind = MST_AUTH_RESULT, .result = {.outcome = MST_AUTH_BUSY}};
	n = mst_auth_message_write(&m, buf, sizeof(buf));
	assert_int_equal(mst_auth_message_read(&out, buf, (size_t)n), 0);
	buf[9] = MST_AUTH_BUSY + 1;
	assert_int_equal(mst_auth_message_read(&out, buf, (size_t)n), -EBADMSG);
	m.result.outcome = (enum mst_auth_outcome)(MST_AUTH_BUSY + 1);
	assert_int_equal(mst_auth_message_write(&m, buf, sizeof(buf)), -EINVAL);
}

static void
addresses_are_4_or_6_or_none(void **state)
{
	(void)state;
	struct mst_auth_message m = {.kind = MST_AUTH_RESULT, .result = {.outcome = MST_AUTH_OK}};
	struct mst_auth_message out;
	// The last of the fields before: want6 ends 48 bytes before the end, and has 17.
	int n = mst_auth_message_write(&m, buf, sizeof(buf));
	size_t at = (size_t)n - 48 - 17;

	assert_int_equal(mst_auth_message_read(&out, buf, (size_t)n), 0);
	for (unsigned int family = 0; family < 256; family++) {
		buf[at] = (uint8_t)family;
		assert_int_equal(mst_auth_message_read(&out, buf, (size_t)n),
			family == 0 || family == 4 || family == 6 ? 0 : -EBADMSG);
	}
	// Bytes beyond the address.
	buf[at] = 4;
	buf[at + 5] = 1;
	assert_int_equal(mst_auth_message_read(&out, buf, (size_t)n), -EBADMSG);
	buf[at] = 6;
	assert_int_equal(mst_auth_message_read(&out, buf, (size_t)n), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sign_in),
		cmocka_unit_test(a_result),
		cmocka_unit_test(the_others),
		cmocka_unit_test(a_staple),
		cmocka_unit_test(texts_have_bounds),
		cmocka_unit_test(blobs_have_bounds),
		cmocka_unit_test(the_longest_fits),
		cmocka_unit_test(nothing_else_is_a_message),
		cmocka_unit_test(values_have_bounds),
		cmocka_unit_test(addresses_are_4_or_6_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
