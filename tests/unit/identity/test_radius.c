// RADIUS by the whole way, against a server of the test that can do what real ones do not: be silent, and lie.
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "rig.h"

#define SECRET "testing: [123], 4"
#define PACKET_BYTES 4096

static int server_fd;
static uint16_t server_port;
static pthread_t server_thread;
static struct mst_conf_error err;

struct packet {
	uint8_t bytes[PACKET_BYTES];
	size_t len;
};

static void
md5(uint8_t out[16], const void *a, size_t a_len, const void *b, size_t b_len)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned int n = 16;

	assert_true(EVP_DigestInit_ex(md, EVP_md5(), NULL) == 1 && EVP_DigestUpdate(md, a, a_len) == 1 &&
		    EVP_DigestUpdate(md, b, b_len) == 1 && EVP_DigestFinal_ex(md, out, &n) == 1);
	EVP_MD_CTX_free(md);
}

// The value of an attribute, NUL terminated in out; empty: there is none.
static size_t
find(const struct packet *p, uint8_t type, char out[256])
{
	out[0] = '\0';
	for (size_t at = 20; at + 2 <= p->len && p->bytes[at + 1] >= 2; at += p->bytes[at + 1]) {
		size_t len = p->bytes[at + 1] - 2u;

		if (p->bytes[at] != type)
			continue;
		memcpy(out, &p->bytes[at + 2], len);
		out[len] = '\0';
		return len;
	}
	return 0;
}

// RFC 2865 section 5.2.
static void
password_of(const struct packet *p, char out[256])
{
	char hidden[256];
	size_t len = find(p, 2, hidden);
	uint8_t pad[16];

	memset(out, 0, 256);
	for (size_t i = 0; i < len; i += 16) {
		md5(pad, SECRET, strlen(SECRET), i == 0 ? (const char *)&p->bytes[4] : &hidden[i - 16], 16);
		for (size_t k = 0; k < 16; k++)
			out[i + k] = (char)(hidden[i + k] ^ pad[k]);
	}
}

static void
add(struct packet *p, uint8_t type, const void *value, size_t len)
{
	p->bytes[p->len] = type;
	p->bytes[p->len + 1] = (uint8_t)(len + 2);
	memcpy(&p->bytes[p->len + 2], value, len);
	p->len += len + 2;
}

static void
add_number(struct packet *p, uint8_t type, uint32_t value)
{
	value = htonl(value);
	add(p, type, &value, sizeof(value));
}

static void
accept_all_there_is(struct packet *a)
{
	struct in6_addr in6;

	assert_int_equal(inet_pton(AF_INET6, "fd00:9::5", &in6), 1);
	add(a, 1, "Anna.B", 6);
	add(a, 25, "OU=staff;", 9);
	add(a, 25, "admins", 6);
	add(a, 25, "\001\002\003", 3);
	add_number(a, 8, 0x0a090005);
	add(a, 168, &in6, sizeof(in6));
	add_number(a, 27, 3600);
	add_number(a, 28, 60);
	add(a, 200, "unheard of", 10);
}

// False: no answer.
static bool
answer(const struct packet *q, struct packet *a)
{
	char user[256], password[256], state[256], nas[256], remote[256];

	find(q, 1, user);
	find(q, 24, state);
	find(q, 32, nas);
	find(q, 31, remote);
	password_of(q, password);
	*a = (struct packet){.len = 20, .bytes = {3, q->bytes[1]}};
	assert_string_equal(nas, "lab");
	assert_string_equal(remote, "192.0.2.7");
	if (strcmp(user, "silent") == 0)
		return false;
	if (strcmp(user, "anna") == 0 && strcmp(password, "secret") == 0) {
		a->bytes[0] = 2;
		accept_all_there_is(a);
	} else if (strcmp(user, "liar") == 0 || strcmp(user, "old") == 0 || strcmp(user, "half") == 0) {
		a->bytes[0] = 2;
	} else if (strcmp(user, "chosen") == 0) {
		a->bytes[0] = 2;
		add_number(a, 8, 0xfffffffe);
	} else if (strcmp(user, "endless") == 0 || (strcmp(user, "carl") == 0 && state[0] == '\0')) {
		a->bytes[0] = 11;
		add(a, 24, strcmp(password, "secret") == 0 ? "good" : "bad", 4);
		add(a, 18, "Code, please", 12);
		add_number(a, 76, 1);
	} else if (strcmp(state, "good") == 0 && strcmp(password, "123456") == 0) {
		a->bytes[0] = 2;
	}
	return true;
}

static void *
serve(void *arg)
{
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	struct packet q, a;
	uint8_t zeros[16] = {0};
	unsigned int mac_len = 16;
	ssize_t n;

	(void)arg;
	while ((n = recvfrom(server_fd, q.bytes, sizeof(q.bytes), 0, (struct sockaddr *)&from, &from_len)) >
		1) {
		char user[256];

		q.len = (size_t)n;
		if (!answer(&q, &a))
			continue;
		find(&q, 1, user);
		if (strcmp(user, "old") != 0)
			add(&a, 80, zeros, sizeof(zeros));
		a.bytes[2] = (uint8_t)(a.len >> 8);
		a.bytes[3] = (uint8_t)a.len;
		memcpy(&a.bytes[4], &q.bytes[4], 16);
		if (strcmp(user, "old") != 0)
			HMAC(EVP_md5(), SECRET, (int)strlen(SECRET), a.bytes, a.len, &a.bytes[a.len - 16],
				&mac_len);
		if (strcmp(user, "half") == 0)
			a.bytes[a.len - 1] ^= 1;
		if (strcmp(user, "liar") == 0)
			md5(&a.bytes[4], a.bytes, a.len, "guess", 5);
		else
			md5(&a.bytes[4], a.bytes, a.len, SECRET, strlen(SECRET));
		sendto(server_fd, a.bytes, a.len, 0, (struct sockaddr *)&from, from_len);
	}
	return NULL;
}

static int
set_up(void **state)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr);

	(void)state;
	server_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server_fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(getsockname(server_fd, (struct sockaddr *)&addr, &len), 0);
	server_port = ntohs(addr.sin_port);
	assert_int_equal(pthread_create(&server_thread, NULL, serve, NULL), 0);
	rig_open();
	return 0;
}

static int
tear_down(void **state)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
		.sin_port = htons(server_port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	(void)state;
	rig_close();
	assert_int_equal(sendto(server_fd, "", 1, 0, (struct sockaddr *)&addr, sizeof(addr)), 1);
	pthread_join(server_thread, NULL);
	close(server_fd);
	return 0;
}

static int
configure_more(const char *secret, const char *servers, const char *more)
{
	char auth[512];
	const struct rig_files files = {.auth = auth, .radius_secret = secret};

	snprintf(auth, sizeof(auth),
		"password: radius, radius: {servers: [%s], nas-identifier: lab, timeout: 1s, retries: 0%s}",
		servers, more);
	return rig_configure(&files, 0, &err);
}

static int
configure_with(const char *secret, const char *servers)
{
	return configure_more(secret, servers, "");
}

static void
configure(void)
{
	char servers[64];

	snprintf(servers, sizeof(servers), "\"127.0.0.1:%u\"", server_port);
	assert_int_equal(configure_with(SECRET "\n", servers), 0);
}

static struct mst_auth_result
sign_in(uint64_t token, const char *user, const char *password)
{
	struct mst_auth_message m = {.kind = MST_AUTH_SUBMIT,
		.submit = {.token = token,
			.user = user,
			.password = password,
			.remote = {.family = 4, .bytes = {192, 0, 2, 7}}}};

	rig_send(&m);
	return rig_result();
}

static void
an_accept_says_who_and_what(void **state)
{
	(void)state;
	struct mst_auth_result r;

	configure();
	r = sign_in(1, "anna", "secret");
	assert_int_equal(r.outcome, MST_AUTH_OK);
	assert_string_equal(r.user, "anna.b"); // the server's name for him, spelt as ours are
	assert_int_equal(r.n_groups, 2);
	assert_string_equal(r.groups[0], "staff");
	assert_string_equal(r.groups[1], "admins");
	assert_int_equal(r.want4.family, 4);
	assert_int_equal(mst_ip4_host(&r.want4), 0x0a090005);
	assert_int_equal(r.want6.family, 6);
	assert_int_equal(r.want6.bytes[15], 5);
	assert_int_equal(r.session_s, 3600);
	assert_int_equal(r.idle_s, 60);
	r = sign_in(2, "chosen", "x");
	assert_int_equal(r.outcome, MST_AUTH_OK);
	assert_int_equal(r.want4.family, 0);
	assert_string_equal(r.user, "chosen");
}

static void
a_reject_says_nothing(void **state)
{
	(void)state;
	char longest[MST_AUTH_PASSWORD_BYTES];
	struct mst_auth_result r;

	configure();
	r = sign_in(1, "anna", "wrong");
	assert_int_equal(r.outcome, MST_AUTH_NO);
	assert_int_equal(r.n_groups, 0);
	assert_int_equal(sign_in(2, "nobody", "secret").outcome, MST_AUTH_NO);
	assert_int_equal(sign_in(3, "anna", "").outcome, MST_AUTH_NO);
	assert_int_equal(sign_in(4, "", "secret").outcome, MST_AUTH_NO);
	// Not cut to what fits.
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(sign_in(5, "chosen", longest).outcome, MST_AUTH_NO);
	longest[128] = '\0';
	assert_int_equal(sign_in(6, "chosen", longest).outcome, MST_AUTH_OK);
}

static void
a_challenge_is_a_question(void **state)
{
	(void)state;
	static const struct {
		const char *password, *code;
		enum mst_auth_outcome outcome;
	} tries[] = {{"secret", "123456", MST_AUTH_OK}, {"secret", "000000", MST_AUTH_NO},
		{"wrong", "123456", MST_AUTH_NO}, {"secret", "", MST_AUTH_NO}};

	configure();
	for (size_t i = 0; i < MST_ARRAY_SIZE(tries); i++) {
		struct mst_auth_result r = sign_in(i, "carl", tries[i].password);

		assert_int_equal(r.outcome, MST_AUTH_MORE);
		assert_string_equal(r.prompt, "Code, please");
		assert_true(r.echo);
		assert_int_equal(rig_answer(i, tries[i].code).outcome, tries[i].outcome);
	}
	// A server that never ends asking.
	assert_int_equal(sign_in(10, "endless", "x").outcome, MST_AUTH_MORE);
	for (unsigned int i = 0; i < 7; i++)
		assert_int_equal(rig_answer(10, "x").outcome, MST_AUTH_MORE);
	assert_int_equal(rig_answer(10, "x").outcome, MST_AUTH_NO);
}

// Whoever does not know the secret cannot let anybody in.
static void
an_answer_has_to_be_the_servers(void **state)
{
	(void)state;
	char servers[64];

	mst_log_set_level(MST_LOG_ERROR);
	configure();
	assert_int_equal(sign_in(1, "liar", "x").outcome, MST_AUTH_BUSY);
	assert_int_equal(sign_in(2, "silent", "x").outcome, MST_AUTH_BUSY);
	assert_int_equal(sign_in(5, "half", "x").outcome, MST_AUTH_BUSY);
	assert_int_equal(sign_in(6, "old", "x").outcome, MST_AUTH_BUSY);
	snprintf(servers, sizeof(servers), "\"127.0.0.1:%u\"", server_port);
	assert_int_equal(configure_with("another secret\n", servers), 0);
	assert_int_equal(sign_in(3, "anna", "secret").outcome, MST_AUTH_BUSY);
	// Only for who asks for it.
	assert_int_equal(configure_more(SECRET, servers, ", require-message-authenticator: false"), 0);
	assert_int_equal(sign_in(7, "old", "x").outcome, MST_AUTH_OK);
	assert_int_equal(sign_in(8, "half", "x").outcome, MST_AUTH_BUSY);
	assert_int_equal(sign_in(9, "liar", "x").outcome, MST_AUTH_BUSY);
	// Nobody there, then the one that is.
	snprintf(servers, sizeof(servers), "127.0.0.1:1, \"127.0.0.1:%u\"", server_port);
	assert_int_equal(configure_with(SECRET, servers), 0);
	assert_int_equal(sign_in(4, "anna", "secret").outcome, MST_AUTH_OK);
}

static void
settings_that_cannot_be(void **state)
{
	(void)state;
	static const char *const servers[] = {"\"a b\"", "\"a,b\"", "\"a:0\"", "\"a:65536\"", "\"a:x\"",
		"\"[::1\"", "\"[10.0.0.1]\"", "\"[::1]x\"", "\":1812\"", "\"a:1:secret\""};
	char secret[132];

	for (size_t i = 0; i < MST_ARRAY_SIZE(servers); i++) {
		assert_int_equal(configure_with(SECRET, servers[i]), -EINVAL);
		assert_non_null(strstr(err.text, "auth.radius.servers[0]: expected HOST"));
	}
	assert_int_equal(configure_with(SECRET, "\"[::1]:1812\", radius.example"), 0);
	assert_int_equal(configure_with(SECRET, ""), -EINVAL);
	assert_non_null(strstr(err.text, "auth.radius.servers: expected a server, found none"));
	assert_int_equal(configure_with("", "a"), -EINVAL);
	assert_non_null(strstr(err.text, "/s:1: expected a secret of 1 to 128 printable characters"));
	assert_int_equal(configure_with("two\nlines\n", "a"), -EINVAL);
	memset(secret, 's', sizeof(secret));
	secret[129] = '\0';
	assert_int_equal(configure_with(secret, "a"), -EINVAL);
	secret[128] = '\0';
	assert_int_equal(configure_with(secret, "a"), 0);
}

static void
classes(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned int n;
		const char *first, *last;
	} cases[] = {{"staff", 1, "staff", "staff"}, {"OU=staff", 1, "staff", "staff"},
		{"ou=staff;", 1, "staff", "staff"}, {"OU=staff;OU=admins;", 2, "staff", "admins"},
		{"staff;admins", 2, "staff", "admins"}, {"", 0, "", ""}, {";;", 0, "", ""},
		{"OU=", 1, "OU=", "OU="}, {"a\001b", 0, "", ""}};
	struct mst_auth_result r;
	char text[MST_AUTH_GROUP_BYTES + 1];

	for (size_t i = 0; i < MST_ARRAY_SIZE(cases); i++) {
		r = (struct mst_auth_result){0};
		identity_radius_add_groups(cases[i].text, strlen(cases[i].text), &r);
		assert_int_equal(r.n_groups, cases[i].n);
		assert_string_equal(r.groups[0], cases[i].first);
		if (r.n_groups > 0)
			assert_string_equal(r.groups[r.n_groups - 1], cases[i].last);
	}
	r = (struct mst_auth_result){0};
	for (unsigned int i = 0; i < MST_AUTH_GROUPS_MAX + 1; i++)
		identity_radius_add_groups("g", 1, &r);
	assert_int_equal(r.n_groups, MST_AUTH_GROUPS_MAX);
	r = (struct mst_auth_result){0};
	memset(text, 'g', sizeof(text));
	identity_radius_add_groups(text, MST_AUTH_GROUP_BYTES, &r);
	assert_int_equal(r.n_groups, 0);
	identity_radius_add_groups(text, MST_AUTH_GROUP_BYTES - 1, &r);
	assert_int_equal(r.n_groups, 1);
}

#define WITH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(an_accept_says_who_and_what),
		WITH(a_reject_says_nothing),
		WITH(a_challenge_is_a_question),
		WITH(an_answer_has_to_be_the_servers),
		WITH(settings_that_cannot_be),
		cmocka_unit_test(classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
