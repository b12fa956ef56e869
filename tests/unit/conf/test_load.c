// The gateway's table: defaults, the sample that is installed, and a table without contradictions.
#include <errno.h>
#include <string.h>

#include "mst_conf.h"
#include "mst_test.h"

static const char least[] = "tls: {certificate: /c, key: /k}\npool: {ipv4: 10.99.0.0/16}\n"
			    "ports: {public: {device: net_tap0, addresses: [192.0.2.1/24]}}\n";

static void
the_least_file(void **state)
{
	(void)state;
	struct mst_conf_error err;
	struct mst_conf *c;

	assert_int_equal(mst_conf_load_text(&c, "f", least, strlen(least), &err), 0);
	assert_false(c->dpdk.lcores.present);
	assert_int_equal(c->dpdk.hugepages, MST_CONF_HUGEPAGES_AUTO);
	assert_int_equal(c->dpdk.memory_mib, 1024);
	assert_int_equal(c->dpdk.idle, MST_CONF_IDLE_AUTO);
	assert_string_equal(c->dpdk.file_prefix, "mst");
	assert_int_equal(c->dpdk.n_extra_eal, 0);
	assert_true(c->ports.public.present);
	assert_false(c->ports.private.present);
	assert_string_equal(c->ports.public.tap, "mst-pub");
	assert_string_equal(c->ports.private.tap, "mst-priv");
	assert_string_equal(c->ports.private.device, "");
	assert_int_equal(c->ports.public.queues, 0);
	assert_int_equal(c->ports.public.mtu, 1500);
	assert_int_equal(c->tls.min_version, MST_CONF_TLS_1_2);
	assert_int_equal(c->listen.port, 443);
	assert_true(c->listen.udp);
	assert_false(c->listen.dynamic_dns);
	assert_int_equal(c->pool.ipv6.ip.family, 0);
	assert_int_equal(c->network.mtu, 1500);
	assert_int_equal(c->dtls.n_ciphers, 3);
	assert_int_equal(c->dtls.ciphers[0], MST_CONF_CIPHER_AES_256_GCM);
	assert_int_equal(c->dtls.ciphers[1], MST_CONF_CIPHER_AES_128_GCM);
	assert_int_equal(c->dtls.ciphers[2], MST_CONF_CIPHER_CHACHA20_POLY1305);
	assert_true(c->dtls.legacy);
	assert_int_equal(c->timeouts.dpd_s, 90);
	assert_int_equal(c->timeouts.keepalive_s, 300);
	assert_int_equal(c->timeouts.idle_s, 0);
	assert_int_equal(c->timeouts.session_s, 3600);
	assert_int_equal(c->timeouts.cookie_s, 300);
	assert_int_equal(c->timeouts.rekey_s, 86400);
	assert_int_equal(c->timeouts.auth_s, 240);
	assert_int_equal(c->timeouts.tls_handshake_s, 10);
	assert_int_equal(c->timeouts.header_s, 10);
	assert_int_equal(c->auth.n_methods, 1);
	assert_int_equal(c->auth.methods[0], MST_CONF_METHOD_PASSWORD);
	assert_int_equal(c->auth.password, MST_CONF_PASSWORD_USERS);
	assert_string_equal(c->auth.helper, "");
	assert_string_equal(c->auth.pam.service, "mst-gateway");
	assert_string_equal(c->auth.pam.directory, "/etc/pam.d");
	assert_string_equal(c->auth.user, "mst-authd");
	assert_string_equal(c->users.file, "/etc/mstunnel/users");
	// What it was read from is kept for whoever has to read it again.
	assert_string_equal(c->source.name, "f");
	assert_string_equal(c->source.text, least);
	assert_int_equal(c->source.len, strlen(least));
	assert_int_equal(c->limits.sessions, 65536);
	assert_int_equal(c->limits.same_user, 0);
	assert_string_equal(c->cookie.keys, "/var/lib/mstunnel/cookie.keys");
	assert_string_equal(c->cookie.sessions, "/var/lib/mstunnel/sessions");
	assert_int_equal(c->cookie.rotate_s, 12 * 3600);
	assert_int_equal(c->cookie.policy, 0);
	assert_false(c->cookie.deny_roaming);
	assert_int_equal(c->limits.handshakes_per_second, 20);
	assert_int_equal(c->limits.half_open, 1024);
	assert_int_equal(c->bans.max_points, 80);
	assert_int_equal(c->bans.wrong_password, 10);
	assert_int_equal(c->bans.connect_flood, 1);
	assert_int_equal(c->bans.reset_s, 1200);
	assert_int_equal(c->bans.ban_s, 300);
	assert_string_equal(c->control.socket, "/run/mstunnel/mst.sock");
	assert_int_equal(c->log.level, MST_LOG_INFO);
	mst_conf_free(c);
	mst_conf_free(NULL);
}

static void
both_ports(void **state)
{
	(void)state;
	static const char text[] =
		"dpdk:\n  lcores: {control: 0, workers: [1, 2]}\n  hugepages: off\n  idle: poll\n  "
		"extra-eal: "
		"[--log-level, x]\n"
		"ports:\n  public:\n    device: \"net_af_packet0,iface=pub0\"\n    addresses: "
		"[192.0.2.1/24]\n"
		"    gateway: 192.0.2.254\n    queues: 2\n"
		"  private: {device: 0000:3b:00.1, addresses: [10.1.0.1/16, 'fd00:1::1/64'], tap: lan0, mtu: "
		"9000}\n"
		"tls: {certificate: /c, key: /k, min-version: \"1.3\"}\n"
		"pool: {ipv4: 10.99.0.0/16, ipv6: 'fd00:99::/64'}\nlisten: {port: 4443, udp: false, "
		"dynamic-dns: true}\n"
		"dtls: {ciphers: [chacha20-poly1305]}\nlog: {level: debug}\n";
	struct mst_conf_error err;
	struct mst_conf *c;

	assert_int_equal(mst_conf_load_text(&c, "f", text, strlen(text), &err), 0);
	assert_true(c->dpdk.lcores.present);
	assert_int_equal(c->dpdk.lcores.n_workers, 2);
	assert_int_equal(c->dpdk.lcores.workers[1], 2);
	assert_int_equal(c->dpdk.hugepages, MST_CONF_HUGEPAGES_OFF);
	assert_int_equal(c->dpdk.idle, MST_CONF_IDLE_POLL);
	assert_string_equal(c->dpdk.extra_eal[0], "--log-level");
	assert_int_equal(c->ports.public.n_gateways, 1);
	assert_int_equal(c->ports.public.queues, 2);
	assert_true(c->ports.private.present);
	assert_string_equal(c->ports.private.device, "0000:3b:00.1");
	assert_int_equal(c->ports.private.n_addresses, 2);
	assert_string_equal(c->ports.private.tap, "lan0");
	assert_int_equal(c->tls.min_version, MST_CONF_TLS_1_3);
	assert_int_equal(c->pool.ipv6.depth, 64);
	assert_int_equal(c->listen.port, 4443);
	assert_false(c->listen.udp);
	assert_true(c->listen.dynamic_dns);
	assert_int_equal(c->dtls.n_ciphers, 1);
	assert_int_equal(c->dtls.ciphers[0], MST_CONF_CIPHER_CHACHA20_POLY1305);
	assert_int_equal(c->log.level, MST_LOG_DEBUG);
	mst_conf_free(c);
}

static void
what_has_to_be_there(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"", "f:1:1: ports: expected a map of keys, found no such key"},
		{"# only a remark\n", "f:1:1: ports: expected a map of keys, found no such key"},
		{"ports: {}\n", "f:1:1: ports.public: expected a map of keys, found no such key"},
		{"log: {level: info}\nports:\n  public:\n    device: a\n",
			"f:3:3: ports.public.addresses: expected a list of 1 to 8 items, each a network "
			"ADDRESS/LENGTH, found no such key"},
		{"ports: {public: {device: a, addresses: [192.0.2.1/24]}}\npool: {ipv4: 10.99.0.0/16}\ntls: "
		 "{}\n",
			"f:3:6: tls: expected certificate and key, or pfx, found neither"},
		{"ports: {public: {device: a, addresses: [192.0.2.1/24]}}\ntls: {key: /k, certificate: /c}\n",
			"f:1:1: pool: expected a map of keys, found no such key"},
	};
	struct mst_conf_error err;
	struct mst_conf *c = NULL;

	for (size_t i = 0; i < MST_ARRAY_SIZE(cases); i++) {
		assert_int_equal(
			mst_conf_load_text(&c, "f", cases[i][0], strlen(cases[i][0]), &err), -EINVAL);
		assert_string_equal(err.text, cases[i][1]);
		assert_null(c);
	}
}

static void
the_installed_sample(void **state)
{
	(void)state;
	const char *root = getenv("MST_SOURCE_ROOT");
	struct mst_conf_error err;
	struct mst_conf *c;
	char path[1024];
	int rc;

	assert_non_null(root);
	snprintf(path, sizeof(path), "%s/scripts/packaging/mst.yaml", root);
	rc = mst_conf_load(&c, path, &err);
	if (rc != 0)
		print_error("%s\n", err.text);
	assert_int_equal(rc, 0);
	assert_true(c->ports.private.present);
	assert_int_equal(c->ports.public.n_gateways, 2);
	mst_conf_free(c);
}

// The words of log.level are base's, in base's order.
static void
log_levels(void **state)
{
	(void)state;
	static const char *const words[] = {"error", "warning", "notice", "info", "debug"};
	struct mst_conf_error err;
	struct mst_conf *c;
	char text[512];

	for (size_t i = 0; i < MST_ARRAY_SIZE(words); i++) {
		enum mst_log_level level;

		assert_int_equal(mst_log_level_parse(words[i], &level), 0);
		snprintf(text, sizeof(text), "%slog: {level: %s}\n", least, words[i]);
		assert_int_equal(mst_conf_load_text(&c, "f", text, strlen(text), &err), 0);
		assert_int_equal(c->log.level, level);
		mst_conf_free(c);
	}
}

static void
check_rows(const struct mst_conf_key *keys)
{
	for (const struct mst_conf_key *k = keys; k->name != NULL; k++) {
		assert_non_null(k->help);
		assert_int_equal(k->type == MST_CONF_MAP, k->keys != NULL);
		assert_int_equal(k->type == MST_CONF_WORD, k->words != NULL);
		// What must be written has no default.
		assert_false(k->required && k->def != NULL);
		assert_int_equal(k->is_list, k->max_items > 0);
		for (const struct mst_conf_key *other = keys; other < k; other++)
			assert_string_not_equal(other->name, k->name);
		if (k->keys != NULL)
			check_rows(k->keys);
	}
}

static void
the_table_is_sound(void **state)
{
	(void)state;
	char *doc;

	check_rows(mst_conf_gateway.keys);
	assert_int_equal(mst_conf_schema_doc(&mst_conf_gateway, &doc), 0);
	assert_non_null(
		strstr(doc, "\nports.private.tap\n    text of 1 to 15 bytes; default mst-priv; restart\n"));
	assert_non_null(strstr(doc, "\nnetwork.routes\n"));
	assert_non_null(strstr(
		doc, "\nlog.level\n    error | warning | notice | info | debug; default info; live\n"));
	free(doc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_least_file),
		cmocka_unit_test(both_ports),
		cmocka_unit_test(what_has_to_be_there),
		cmocka_unit_test(the_installed_sample),
		cmocka_unit_test(log_levels),
		cmocka_unit_test(the_table_is_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
