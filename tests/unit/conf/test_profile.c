// What holds for a session: the profile of its user, then that of its group, then the sections, key by key.
#include <errno.h>
#include <string.h>

#include "mst_conf.h"
#include "mst_test.h"

static const char text[] =
	"tls: {certificate: /c, key: /k}\npool: {ipv4: 10.99.0.0/16}\n"
	"ports:\n  public: {device: a, addresses: [192.0.2.1/24]}\n"
	"network: {routes: [10.0.0.0/8], no-routes: [10.9.0.0/16], dns: [10.0.0.53], default-domain: "
	"corp.example,\n"
	"  banner: all, mtu: 1400, tunnel-all-dns: true, pac-url: 'http://p/'}\n"
	"timeouts: {dpd: 90s, idle: 2h, session: 8h, keepalive: 60s}\n"
	"profiles:\n"
	"- {group: eng, routes: [], dns: [10.0.0.54, 10.0.0.55], default-domain: [eng.example, "
	"corp.example],\n"
	"   banner: engineers, timeouts: {idle: 0, mobile-dpd: 30m}}\n"
	"- {user: eng, banner: a user of that name}\n"
	"- {user: bob, banner: bob, mtu: 1300, tunnel-all-dns: false, bypass-protocol: true, udp: false,\n"
	"   split-dns: [lab.example], nbns: [10.0.0.7], timeouts: {session: 1h, mobile-idle: 10m}}\n"
	"- {group: bob, banner: a group of that name}\n";

static struct mst_conf *conf;
static struct mst_conf_profile p;

static void
look(const char *user, const char *group, const char *platform)
{
	mst_conf_profile_of(conf, user, group, platform, &p);
}

static void
without_a_profile(void **state)
{
	(void)state;
	look("carol", "", "linux-64");
	assert_string_equal(p.network.banner, "all");
	assert_int_equal(p.network.n_routes, 1);
	assert_int_equal(p.network.n_no_routes, 1);
	assert_int_equal(p.network.mtu, 1400);
	assert_true(p.network.tunnel_all_dns);
	assert_false(p.network.bypass_protocol);
	assert_string_equal(p.network.pac_url, "http://p/");
	assert_int_equal(p.timeouts.idle_s, 7200);
	assert_int_equal(p.timeouts.keepalive_s, 60);
	assert_true(p.udp);
	look("carol", "nobody's", "");
	assert_string_equal(p.network.banner, "all");
	look("", "", "");
	assert_string_equal(p.network.banner, "all");
}

static void
of_a_group(void **state)
{
	(void)state;
	look("carol", "eng", "");
	assert_string_equal(p.network.banner, "engineers");
	assert_int_equal(p.network.n_routes, 0); // an empty list is one
	assert_int_equal(p.network.n_no_routes, 1);
	assert_int_equal(p.network.n_dns, 2);
	assert_int_equal(p.network.dns[1].bytes[3], 55);
	assert_int_equal(p.network.n_domains, 2);
	assert_string_equal(p.network.domains[0], "eng.example");
	assert_int_equal(p.network.mtu, 1400);
	assert_int_equal(p.timeouts.idle_s, 0);
	assert_int_equal(p.timeouts.session_s, 28800);
}

static void
of_a_user(void **state)
{
	(void)state;
	look("bob", "eng", "");
	assert_string_equal(p.network.banner, "bob");
	assert_int_equal(p.network.n_routes, 0); // from the group
	assert_int_equal(p.network.n_dns, 2);
	assert_int_equal(p.network.mtu, 1300);
	assert_false(p.network.tunnel_all_dns);
	assert_true(p.network.bypass_protocol);
	assert_string_equal(p.network.split_dns[0], "lab.example");
	assert_int_equal(p.network.n_nbns, 1);
	assert_false(p.udp);
	assert_int_equal(p.timeouts.idle_s, 0);
	assert_int_equal(p.timeouts.session_s, 3600);
	look("bob", "", "");
	assert_int_equal(p.network.n_routes, 1);
	assert_string_equal(p.network.banner, "bob");
}

// Users and groups of one name have nothing to do with each other.
static void
names_of_two_kinds(void **state)
{
	(void)state;
	look("eng", "", "");
	assert_string_equal(p.network.banner, "a user of that name");
	assert_int_equal(p.network.n_routes, 1);
	look("carol", "bob", "");
	assert_string_equal(p.network.banner, "a group of that name");
	assert_true(p.udp);
	look("Bob", "", "");
	assert_string_equal(p.network.banner, "all");
}

static void
mobile_devices(void **state)
{
	(void)state;
	static const char *const phones[] = {"android", "android-arm", "apple-ios"};
	static const char *const others[] = {"", "win", "mac-intel", "linux-64", "Android", "apple"};

	for (size_t i = 0; i < MST_ARRAY_SIZE(phones); i++) {
		look("bob", "eng", phones[i]);
		assert_int_equal(p.timeouts.dpd_s, 1800);
		assert_int_equal(p.timeouts.idle_s, 600);
		look("carol", "eng", phones[i]);
		assert_int_equal(p.timeouts.idle_s, 0); // nobody wrote another for phones
		look("carol", "", phones[i]);
		assert_int_equal(p.timeouts.dpd_s, 90);
		assert_int_equal(p.timeouts.idle_s, 7200);
	}
	for (size_t i = 0; i < MST_ARRAY_SIZE(others); i++) {
		look("bob", "eng", others[i]);
		assert_int_equal(p.timeouts.dpd_s, 90);
		assert_int_equal(p.timeouts.idle_s, 0);
	}
}

// What the gateway does not offer no profile can.
static void
udp_is_the_gateways(void **state)
{
	(void)state;
	conf->listen.udp = false;
	look("carol", "", "");
	assert_false(p.udp);
	conf->listen.udp = true;
}

static int
setup(void **state)
{
	struct mst_conf_error err;

	(void)state;
	if (mst_conf_load_text(&conf, "f", text, sizeof(text) - 1, &err) < 0)
		fail_msg("%s", err.text);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	mst_conf_free(conf);
	return 0;
}

// ---- hosts --------------------------------------------------------------------------------------
static const char host_text[] =
	"tls: {certificate: /c, key: /k}\npool: {ipv4: 10.99.0.0/16}\n"
	"ports:\n  public: {device: a, addresses: [192.0.2.1/24]}\n"
	"auth: {methods: [token, certificate], groups: [eng], issuers: [i],\n"
	"  oidc: [{issuer: i, audience: a}, {issuer: j, audience: a}],\n"
	"  certificate: {ca: /ca, crl: /crl, user: uid, ocsp: soft, crl-lenient: true}}\n"
	"hosts:\n"
	"- {name: [one.example, uno.example], pfx: /p}\n"
	"- {name: two.example, pfx: /p, auth: {methods: [password], password: radius, groups: [], issuers: "
	"j,\n"
	"   certificate: {ca: /ca2, crl: [], ocsp: require, crl-lenient: false}}}\n"
	"- {name: both.example, pfx: /p, auth: {methods: [certificate+password]}}\n";

static void
what_a_host_has_not_written_is_the_sites(void **state)
{
	(void)state;
	struct mst_conf_error err;
	struct mst_conf *c = NULL;
	struct mst_conf_auth a;

	assert_int_equal(mst_conf_load_text(&c, "f", host_text, strlen(host_text), &err), 0);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(mst_conf_auth_of(c, i == 0 ? "" : "one.example", &a), 0);
		assert_int_equal(a.n_methods, 2);
		assert_true(mst_conf_wants_certificates(&a) && !mst_conf_wants_passwords(&a));
		assert_int_equal(a.n_groups, 1);
		assert_int_equal(a.password, MST_CONF_PASSWORD_USERS);
		assert_string_equal(a.issuers[0], "i");
		assert_string_equal(a.certificate.ca, "/ca");
		assert_int_equal(a.certificate.n_crls, 1);
	}
	assert_int_equal(mst_conf_auth_of(c, "both.example", &a), 0);
	assert_true(mst_conf_wants_certificates(&a) && mst_conf_wants_passwords(&a));
	assert_int_equal(mst_conf_auth_of(c, "two.example", &a), 0);
	assert_int_equal(a.n_methods, 1);
	assert_true(!mst_conf_wants_certificates(&a) && mst_conf_wants_passwords(&a));
	assert_int_equal(a.n_groups, 0); // an empty list is one
	assert_int_equal(a.password, MST_CONF_PASSWORD_RADIUS);
	assert_string_equal(a.issuers[0], "j");
	assert_string_equal(a.certificate.ca, "/ca2");
	assert_int_equal(a.certificate.n_crls, 0);
	assert_int_equal(a.certificate.ocsp, MST_CONF_OCSP_REQUIRE);
	assert_false(a.certificate.crl_lenient);
	assert_string_equal(a.certificate.user, "uid"); // the site's, as all that follows
	assert_string_equal(a.helper, "");
	assert_int_equal(a.n_oidc, 2);
	// A host is called by its first name alone.
	assert_int_equal(mst_conf_auth_of(c, "uno.example", &a), -ENOENT);
	assert_int_equal(mst_conf_auth_of(c, "three.example", &a), -ENOENT);
	assert_true(mst_conf_auth_at(c, 2, &a));
	assert_int_equal(a.n_methods, 1);
	assert_false(mst_conf_auth_at(c, 4, &a));
	mst_conf_free(c);
}

// Each is found by its name and no other, and as one that has to be looked for.
static void
a_thousand_profiles(void **state)
{
	(void)state;
	static char big[128 * 1024];
	struct mst_conf_error err;
	struct mst_conf *c;
	uint32_t *slots;
	size_t len = (size_t)snprintf(big, sizeof(big),
		"tls: {certificate: /c, key: /k}\npool: {ipv4: 10.99.0.0/16}\n"
		"ports: {public: {device: a, addresses: [192.0.2.1/24]}}\nprofiles:\n");

	for (unsigned int i = 0; i < 1000; i++)
		len += (size_t)snprintf(big + len, sizeof(big) - len, "- {%s: n%u, timeouts: {idle: %us}}\n",
			i % 2 == 0 ? "user" : "group", i / 2, i + 1);
	assert_int_equal(mst_conf_load_text(&c, "big", big, len, &err), 0);
	assert_non_null(c->profile_slots);
	slots = c->profile_slots;
	for (unsigned int pass = 0; pass < 2; pass++) {
		char name[16];

		for (unsigned int i = 0; i < 500; i++) {
			snprintf(name, sizeof(name), "n%u", i);
			mst_conf_profile_of(c, name, "", "", &p);
			assert_int_equal(p.timeouts.idle_s, 2 * i + 1);
			mst_conf_profile_of(c, "", name, "", &p);
			assert_int_equal(p.timeouts.idle_s, 2 * i + 2);
		}
		for (unsigned int i = 500; i < 3000; i++) {
			snprintf(name, sizeof(name), "n%u", i);
			mst_conf_profile_of(c, name, name, "", &p);
			assert_int_equal(p.timeouts.idle_s, 0);
		}
		c->profile_slots = NULL; // as while it is checked
	}
	c->profile_slots = slots;
	mst_conf_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_host_has_not_written_is_the_sites),
		cmocka_unit_test(without_a_profile),
		cmocka_unit_test(of_a_group),
		cmocka_unit_test(of_a_user),
		cmocka_unit_test(names_of_two_kinds),
		cmocka_unit_test(mobile_devices),
		cmocka_unit_test(udp_is_the_gateways),
		cmocka_unit_test(a_thousand_profiles),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
