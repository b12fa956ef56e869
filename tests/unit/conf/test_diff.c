// What changed between two snapshots, and what it takes to put it into effect.
#include <string.h>

#include "mst_conf.h"
#include "mst_test.h"

#define HEAD                                                                                                 \
	"tls: {certificate: /c, key: /k}\npool: {ipv4: 10.99.0.0/16}\n"                                      \
	"ports:\n  public: {device: a, addresses: [192.0.2.1/24]}\n"

static char seen[1024];

static void
note(const char *key, enum mst_conf_class change, void *arg)
{
	size_t len = strlen(seen);

	assert_ptr_equal(arg, seen);
	snprintf(seen + len, sizeof(seen) - len, "%s %s\n", key, mst_conf_class_name(change));
}

static void
differ(const char *before, const char *after, unsigned int n, const char *want)
{
	struct mst_conf_error err;
	struct mst_conf *a;
	struct mst_conf *b;

	assert_int_equal(mst_conf_load_text(&a, "a", before, strlen(before), &err), 0);
	assert_int_equal(mst_conf_load_text(&b, "b", after, strlen(after), &err), 0);
	seen[0] = '\0';
	assert_int_equal(mst_conf_diff(a, b, note, seen), n);
	assert_string_equal(seen, want);
	// The same keys the other way round.
	seen[0] = '\0';
	assert_int_equal(mst_conf_diff(b, a, note, seen), n);
	assert_string_equal(seen, want);
	mst_conf_free(a);
	mst_conf_free(b);
}

static void
nothing_changed(void **state)
{
	(void)state;
	differ(HEAD, HEAD "log: {level: info}\nnetwork: {mtu: 1500, routes: []}\n", 0, "");
}

static void
each_kind_of_value(void **state)
{
	(void)state;
	differ(HEAD, HEAD "log: {level: debug}\n", 1, "log.level live\n");
	differ(HEAD, HEAD "timeouts: {dpd: 91s}\nlisten: {udp: false}\n", 2,
		"listen.udp restart\ntimeouts.dpd reload\n");
	differ(HEAD "network: {routes: [10.0.0.0/8], banner: a, dns: [192.0.2.1], split-dns: [x]}\n",
		HEAD "network: {routes: [10.0.0.0/9], banner: b, dns: [192.0.2.2], split-dns: [y]}\n", 4,
		"network.routes reload\nnetwork.dns reload\nnetwork.split-dns reload\nnetwork.banner "
		"reload\n");
	differ(HEAD "network: {routes: [10.0.0.0/8, 11.0.0.0/8]}\n",
		HEAD "network: {routes: [11.0.0.0/8, 10.0.0.0/8]}\n", 1, "network.routes reload\n");
	differ(HEAD "dtls: {ciphers: [aes-128-gcm]}\n", HEAD "dtls: {ciphers: [aes-256-gcm]}\n", 1,
		"dtls.ciphers reload\n");
	differ(HEAD, HEAD "dpdk: {extra-eal: [-x]}\n", 1, "dpdk.extra-eal restart\n");
	differ(HEAD "profiles: [{user: a}]\n", HEAD "profiles: [{user: a, routes: []}]\n", 1,
		"profiles reload\n");
}

static void
sections_that_come_and_go(void **state)
{
	(void)state;
	differ(HEAD, HEAD "  private: {device: b, addresses: [10.1.0.1/24]}\n", 1, "ports.private restart\n");
	differ(HEAD "  private: {device: b, addresses: [10.1.0.1/24]}\n",
		HEAD "  private: {device: c, addresses: [10.1.0.1/24]}\n", 1,
		"ports.private.device restart\n");
	differ(HEAD, HEAD "dpdk: {lcores: {control: 0, workers: [1]}}\n", 1, "dpdk.lcores restart\n");
	differ(HEAD "dpdk: {lcores: {control: 0, workers: [1]}}\n",
		HEAD "dpdk: {lcores: {control: 0, workers: [1, 2]}}\n", 1, "dpdk.lcores.workers restart\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_changed),
		cmocka_unit_test(each_kind_of_value),
		cmocka_unit_test(sections_that_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
