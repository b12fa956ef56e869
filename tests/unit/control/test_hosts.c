// Hosts have rules of their own: the name that chose the certificate decides, and what one host gave opens no other.
#include <errno.h>
#include <time.h>

#include "rig.h"

#define FROM "198.51.100.7"
#define A "a.example.com"
#define B "b.example.com"

static enum mst_conf_method password = MST_CONF_METHOD_PASSWORD, token = MST_CONF_METHOD_TOKEN;
static const char *name_a = A, *name_b = B;
static const char *group = "zebras";
static struct mst_conf_host hosts[] = {
	{.names = &name_a, .n_names = 1, .auth = {.methods = &token, .n_methods = 1, .has_methods = true}},
	{.names = &name_b, .n_names = 1, .auth = {.groups = &group, .n_groups = 1, .has_groups = true}},
};
static char answer[8192];

static int
set_up(void **state)
{
	char err[128];

	rig_setup(state);
	rig_conf.auth.methods = &password;
	rig_conf.auth.n_methods = 1;
	rig_conf.hosts = hosts;
	rig_conf.n_hosts = MST_ARRAY_SIZE(hosts);
	for (size_t i = 0; i < MST_ARRAY_SIZE(hosts); i++)
		assert_int_equal(mst_tls_ctx_add_host(rig->tls, hosts[i].names, 1,
					 ctx_make(&rig_files, MST_TLS_1_2), err, sizeof(err)),
			0);
	return 0;
}

// ---- what a device is asked for -----------------------------------------------------------------
// by: the name for TLS, or NULL; says: what stands in the Host header.
static const char *
ask(const char *by, const char *says)
{
	static const char body[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<config-auth client=\"vpn\" "
				   "type=\"init\"><version who=\"vpn\">v9.01</version></config-auth>";
	struct device d;
	char request[1024];
	int n;

	n = snprintf(request, sizeof(request),
		"POST / HTTP/1.1\r\nHost: %s\r\nUser-Agent: Open AnyConnect VPN Agent v9.01\r\n"
		"X-Aggregate-Auth: 1\r\nContent-Length: %zu\r\n\r\n%s",
		says, sizeof(body) - 1, body);
	device_open_at(&d, FROM, by);
	device_send(&d, request, (size_t)n);
	n = device_read(&d, answer, sizeof(answer) - 1);
	assert_true(n > 0);
	answer[n] = '\0';
	device_close(&d);
	return answer;
}

static void
the_name_of_tls_chooses_the_methods(void **state)
{
	(void)state;
	static const char *const says[] = {A, B, "gw"};

	for (size_t i = 0; i < MST_ARRAY_SIZE(says); i++) {
		assert_memory_equal(ask(A, says[i]), "HTTP/1.1 401 ", 13);
		assert_non_null(strstr(answer, "WWW-Authenticate: Bearer"));
		assert_memory_equal(ask(B, says[i]), "HTTP/1.1 200 ", 13);
		assert_non_null(strstr(answer, "password"));
		assert_non_null(strstr(answer, "zebras"));
		assert_memory_equal(ask(NULL, says[i]), "HTTP/1.1 200 ", 13);
		assert_null(strstr(answer, "zebras"));
		assert_memory_equal(ask("c.example.com", says[i]), "HTTP/1.1 200 ", 13);
		assert_null(strstr(answer, "zebras"));
	}
}

// ---- cookies ------------------------------------------------------------------------------------
static void
sign_in(const char *user, const char *host, char cookie[MST_COOKIE_TEXT_BYTES])
{
	struct mst_auth_result r = {.outcome = MST_AUTH_OK};
	struct control_arrival from = {.host = host};
	struct control_login *l;

	snprintf(r.user, sizeof(r.user), "%s", user);
	assert_int_equal(mst_ip_parse(FROM, &from.remote), 0);
	assert_int_equal(control_login_create(rig, &r, &from, cookie, &l), 0);
}

static bool
opens(const char *cookie, const char *by)
{
	struct device d;
	bool opened;

	device_open_at(&d, FROM, by);
	device_connect(&d, cookie, "X-Host: " A "\r\n", answer, sizeof(answer));
	opened = strncmp(answer, "HTTP/1.1 200 ", 13) == 0;
	if (!opened)
		assert_memory_equal(answer, "HTTP/1.1 401 ", 13);
	device_close(&d);
	return opened;
}

static void
a_cookie_opens_its_own_host(void **state)
{
	static const char *const names[] = {"", A, B};
	uint64_t refused = 0;

	(void)state;
	for (size_t at = 0; at < MST_ARRAY_SIZE(names); at++) {
		char cookie[MST_COOKIE_TEXT_BYTES];

		sign_in("bob", names[at], cookie);
		for (size_t by = 0; by < MST_ARRAY_SIZE(names); by++) {
			const char *sni = names[by][0] != '\0' ? names[by] : NULL;

			if (opens(cookie, sni) != (at == by))
				fail_msg("a cookie of '%s' by '%s'", names[at], names[by]);
			refused += at != by;
		}
		assert_true(opens(cookie, at == 0 ? "c.example.com" : names[at]));
		assert_int_equal(rig->counters.cookie_host, refused);
	}
}

// Nor does it when nobody here knows its session any more, or does not know yet whose it is.
static void
not_after_a_restart_either(void **state)
{
	char cookie[MST_COOKIE_TEXT_BYTES];

	(void)state;
	sign_in("bob", A, cookie);
	rig_restart();
	assert_false(opens(cookie, B));
	assert_false(opens(cookie, NULL));
	assert_true(rig_find(cookie)->nameless);
	assert_true(opens(cookie, A));
	assert_string_equal(rig_find(cookie)->user, "bob");
	rig_restart(); // and what is noted of it is the same
	assert_false(opens(cookie, B));
	assert_true(opens(cookie, A));
}

// The host of the tunnel that stands is not left to who comes by another one.
static void
a_tunnel_is_not_taken_over_by_another_host(void **state)
{
	struct device d;
	char cookie[MST_COOKIE_TEXT_BYTES];

	(void)state;
	sign_in("bob", A, cookie);
	device_open_at(&d, FROM, A);
	device_connect(&d, cookie, "", answer, sizeof(answer));
	assert_memory_equal(answer, "HTTP/1.1 200 ", 13);
	assert_false(opens(cookie, B));
	assert_ptr_equal(rig_find(cookie)->conn, d.conn);
	assert_int_equal(rig->counters.taken_over, 0);
	device_close(&d);
}

// ---- reload -------------------------------------------------------------------------------------
static void
a_host_that_has_gone_takes_nobody(void **state)
{
	struct device at_a, at_b;

	(void)state;
	device_open_at(&at_a, FROM, A);
	device_open_at(&at_b, FROM, B);
	rig_conf.n_hosts = 1;
	control_signin_reload(rig);
	assert_true(device_gone(&at_b));
	assert_false(device_gone(&at_a));
	device_close(&at_b);
	device_close(&at_a);
	device_open_at(&at_b, FROM, B); // by the context of before
	assert_true(device_gone(&at_b));
	device_close(&at_b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_name_of_tls_chooses_the_methods, set_up, rig_teardown),
		cmocka_unit_test_setup_teardown(a_cookie_opens_its_own_host, set_up, rig_teardown),
		cmocka_unit_test_setup_teardown(not_after_a_restart_either, set_up, rig_teardown),
		cmocka_unit_test_setup_teardown(
			a_tunnel_is_not_taken_over_by_another_host, set_up, rig_teardown),
		cmocka_unit_test_setup_teardown(a_host_that_has_gone_takes_nobody, set_up, rig_teardown),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
