// The command line: what each option takes at the ends of its bounds, what is refused and how, and that help and
// manual page have every option.
#include <errno.h>
#include <string.h>

#include "mst_test.h"

#include "options.h"

#define WORDS 48

static struct lg_options o;
static char err[LG_OPTIONS_ERR_BYTES];

static const char *const least[] = {"mst-loadgen", "--port", "net_af_packet0,iface=a", "--address",
	"192.0.2.2/24", "--gateway", "192.0.2.1", "--user", "load%u", "--password-file", "pw", "--ca",
	"ca.pem"};
static const char *const plain[] = {
	"--plain-port", "net_tap0", "--plain-address", "198.51.100.2/24", "--plain-via", "198.51.100.1"};

// The words of n lists, one after the other.
static int
parse(const char *const *extra, size_t n_extra, bool with_plain)
{
	char *argv[WORDS + 1] = {0};
	size_t n = 0;

	for (size_t i = 0; i < MST_ARRAY_SIZE(least); i++)
		argv[n++] = (char *)(uintptr_t)least[i];
	for (size_t i = 0; with_plain && i < MST_ARRAY_SIZE(plain); i++)
		argv[n++] = (char *)(uintptr_t)plain[i];
	for (size_t i = 0; i < n_extra; i++)
		argv[n++] = (char *)(uintptr_t)extra[i];
	assert_true(n <= WORDS);
	return lg_options_parse(&o, (int)n, argv, err, sizeof(err));
}

#define PARSE(...)                                                                                           \
	parse((const char *const[]){__VA_ARGS__}, MST_ARRAY_SIZE(((const char *const[]){__VA_ARGS__})), false)
#define PARSE_PLAIN(...)                                                                                     \
	parse((const char *const[]){__VA_ARGS__}, MST_ARRAY_SIZE(((const char *const[]){__VA_ARGS__})), true)

#define GOOD(...) assert_int_equal(PARSE(__VA_ARGS__), 0)
#define GOOD_PLAIN(...) assert_int_equal(PARSE_PLAIN(__VA_ARGS__), 0)
// Refused, and the text begins with the option.
#define BAD(option, ...)                                                                                     \
	do {                                                                                                 \
		assert_int_equal(PARSE(option, __VA_ARGS__), -EINVAL);                                       \
		assert_int_equal(strncmp(err, option, strlen(option)), 0);                                   \
	} while (0)
#define BAD_PLAIN(begins, ...)                                                                               \
	do {                                                                                                 \
		assert_int_equal(PARSE_PLAIN(__VA_ARGS__), -EINVAL);                                         \
		assert_int_equal(strncmp(err, begins, strlen(begins)), 0);                                   \
	} while (0)

static struct mst_ip
ip(const char *text)
{
	struct mst_ip out;

	assert_int_equal(mst_ip_parse(text, &out), 0);
	return out;
}

static void
defaults(void **state)
{
	(void)state;
	assert_int_equal(parse(NULL, 0, false), 0);
	assert_int_equal(o.action, LG_ACTION_RUN);
	assert_string_equal(o.outer.device, "net_af_packet0,iface=a");
	assert_int_equal(o.outer.n_nets, 1);
	assert_int_equal(o.gateway_port, 443);
	assert_int_equal(o.devices, 1);
	assert_int_equal(o.in_flight, 64);
	assert_true(o.dtls && !o.storm && !o.json && !o.has_pin && !o.has_max_loss);
	assert_int_equal(o.cipher, MST_AEAD_NONE);
	assert_int_equal(o.dirs, LG_DIRS_NONE);
	assert_true(o.rate.value == 10000 && !o.rate.bits);
	assert_int_equal(o.sizes.n, 1);
	assert_int_equal(o.sizes.inner[0], 1400);
	assert_int_equal(o.loss_ppm, 5000);
	assert_int_equal(o.lcore, -1);
	assert_int_equal(o.log_level, MST_LOG_WARNING);
	assert_string_equal(o.file_prefix, "mst-loadgen");
	assert_int_equal(parse(NULL, 0, true), 0);
	assert_int_equal(o.dirs, LG_DIRS_BOTH);
}

// Each of what is needed, left out.
static void
needed(void **state)
{
	(void)state;
	for (size_t skip = 1; skip < MST_ARRAY_SIZE(least); skip += 2) {
		char *argv[MST_ARRAY_SIZE(least) + 1] = {0};
		size_t n = 0;

		for (size_t i = 0; i < MST_ARRAY_SIZE(least); i++)
			if (i != skip && i != skip + 1)
				argv[n++] = (char *)(uintptr_t)least[i];
		assert_int_equal(lg_options_parse(&o, (int)n, argv, err, sizeof(err)), -EINVAL);
		assert_non_null(strstr(err, least[skip]));
		assert_non_null(strstr(err, "missing"));
	}
}

static void
numbers(void **state)
{
	static const struct {
		const char *option, *below, *least, *most, *above;
	} bounds[] = {
		{"--devices", "0", "1", "64000", "64001"},
		{"--ramp", "-1", "0", "100000", "100001"},
		{"--in-flight", "0", "1", "4096", "4097"},
		{"--connections", "-1", "0", "64000", "64001"},
		{"--dpd", "-1", "0", "3600", "3601"},
		{"--warmup", "-1", "0", "3600", "3601"},
		{"--duration", "0", "1", "604800", "604801"},
		{"--lcore", "-1", "0", "1023", "1024"},
		{"--memory", "63", "64", "65536", "65537"},
		{"--seed", "-1", "0", "18446744073709551615", "18446744073709551616"},
		{"--rekey", "-1", "0", "86400", "86401"},
		{"--churn", "-1", "0", "100000", "100000.0001"},
		{"--udp-blocked", "-1", "0", "100", "101"},
		{"--max-loss", "-1", "0", "100", "1e2"},
		{"--size", "63", "64", "9000", "9001"},
		{"--rate", "0pps", "1pps", "100Mpps", "100.000001Mpps"},
		{"--rate", "0bps", "1bps", "400Gbps", "400.000000001Gbps"},
		{"--gateway", "192.0.2.1:0", "192.0.2.1:1", "192.0.2.1:65535", "192.0.2.1:65536"},
	};

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(bounds); i++) {
		BAD(bounds[i].option, bounds[i].below);
		GOOD(bounds[i].option, bounds[i].least);
		GOOD(bounds[i].option, bounds[i].most);
		BAD(bounds[i].option, bounds[i].above);
		BAD(bounds[i].option, "");
		BAD(bounds[i].option, "1x");
		BAD(bounds[i].option, " 1");
	}
	BAD("--devices", "0");
	assert_string_equal(err, "--devices 0: expected a number from 1 to 64000");
}

static void
shares_and_rates(void **state)
{
	(void)state;
	GOOD("--churn", "0.5");
	assert_int_equal(o.churn_ppm, 5000);
	GOOD("--churn", "12.3456");
	assert_int_equal(o.churn_ppm, 123456);
	BAD("--churn", "0.00001");
	BAD("--churn", ".5");
	BAD("--churn", "5.");
	BAD("--churn", "5.5.5");
	GOOD("--max-loss", "0");
	assert_true(o.has_max_loss && o.max_loss_ppm == 0);
	GOOD("--rate", "1.5Mpps");
	assert_true(o.rate.value == 1500000 && !o.rate.bits);
	GOOD("-r", "2.5Gbps");
	assert_true(o.rate.value == 2500000000 && o.rate.bits);
	GOOD("--rate", "0.25kbps");
	assert_int_equal(o.rate.value, 250);
	BAD("--rate", "1.5pps");
	BAD("--rate", "1000");
	BAD("--rate", "pps");
	BAD("--rate", "1mpps");
	BAD("--rate", "99999999999999999999Gbps");
}

static void
words(void **state)
{
	(void)state;
	GOOD("--cipher", "ChaCha20-Poly1305");
	assert_int_equal(o.cipher, MST_AEAD_CHACHA20_POLY1305);
	GOOD("--cipher", "aes-128-gcm");
	assert_string_equal(lg_options_cipher_name(o.cipher), "AES-128-GCM");
	assert_string_equal(lg_options_cipher_name(MST_AEAD_NONE), "any");
	BAD("--cipher", "none");
	GOOD("--dtls", "off");
	assert_false(o.dtls);
	BAD("--dtls", "no");
	GOOD("--hugepages", "off");
	assert_int_equal(o.hugepages, LG_HUGEPAGES_OFF);
	BAD("--hugepages", "0");
	GOOD("-l", "debug");
	assert_int_equal(o.log_level, MST_LOG_DEBUG);
	BAD("--log-level", "loud");
	GOOD("--file-prefix", "a_B-9");
	BAD("--file-prefix", "a/b");
	BAD("--file-prefix", "");
	BAD("--file-prefix", "123456789012345678901234567890123");
	GOOD("--storm", "--json", "-q");
	assert_true(o.storm && o.json && o.quiet);
	GOOD_PLAIN("--dir", "up");
	assert_int_equal(o.dirs, LG_DIRS_UP);
	BAD("--dir", "sideways");
	GOOD_PLAIN("--search", "pdr", "--loss", "0.1", "--trial", "600");
	assert_int_equal(o.search, LG_SEARCH_PDR);
	assert_int_equal(o.loss_ppm, 1000);
	BAD("--search", "none");
}

static void
sizes(void **state)
{
	(void)state;
	GOOD("--size", "imix");
	assert_true(o.sizes.imix);
	GOOD("--size", "64,570,1400");
	assert_int_equal(o.sizes.n, 3);
	assert_int_equal(o.sizes.inner[2], 1400);
	GOOD("--size", "64,64,64,64,64,64,64,64,64,64,64,64,64,64,64,64");
	assert_int_equal(o.sizes.n, LG_SIZES_MAX);
	BAD("--size", "64,64,64,64,64,64,64,64,64,64,64,64,64,64,64,64,64");
	BAD("--size", "64,");
	BAD("--size", ",64");
	BAD("--size", "64,,64");
	BAD("--size", "64,imix");
}

static void
users(void **state)
{
	char name[80];
	char longest[LG_USER_BYTES + 2];

	(void)state;
	GOOD("--user", "a%ub@c");
	assert_int_equal(lg_options_user(&o, 63999, name, sizeof(name)), 0);
	assert_string_equal(name, "a63999b@c");
	assert_int_equal(lg_options_user(&o, 63999, name, 10), 0);
	assert_int_equal(lg_options_user(&o, 63999, name, 9), -E2BIG);
	BAD("--user", "");
	BAD("--user", "alice");
	BAD("--user", "%u%u");
	BAD("--user", "%d");
	BAD("--user", "%");
	BAD("--user", "%u%");
	BAD("--user", "a\n%u");
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "%u", 2);
	longest[LG_USER_BYTES] = '\0';
	GOOD("--user", longest);
	longest[LG_USER_BYTES] = 'a';
	longest[LG_USER_BYTES + 1] = '\0';
	BAD("--user", longest);
}

static void
pins(void **state)
{
	static const uint8_t zeros[LG_PIN_BYTES];

	(void)state;
	GOOD("--pin", "sha256:0000000000000000000000000000000000000000000000000000000000000000");
	assert_memory_equal(o.pin, zeros, sizeof(zeros));
	GOOD("--pin", "pin-sha256:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
	for (uint8_t i = 0; i < LG_PIN_BYTES; i++)
		assert_int_equal(o.pin[i], i);
	assert_true(o.has_pin);
	BAD("--pin", "sha256:00");
	BAD("--pin", "sha256:000000000000000000000000000000000000000000000000000000000000000g");
	BAD("--pin", "sha256:00000000000000000000000000000000000000000000000000000000000000000");
	BAD("--pin", "sha1:0000000000000000000000000000000000000000");
	BAD("--pin", "pin-sha256:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
	BAD("--pin", "pin-sha256:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8A");
	BAD("--pin", "pin-sha256:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh =");
	BAD("--pin", "");
}

static void
gateway_must_be_reached(void **state)
{
	(void)state;
	GOOD("--gateway", "192.0.2.254:4443");
	assert_int_equal(o.gateway_port, 4443);
	BAD("--gateway", "203.0.113.1");
	assert_non_null(strstr(err, "is on no network of --address"));
	BAD("--gateway", "192.0.2.2");
	BAD("--gateway", "2001:db8::1");
	BAD("--gateway", "127.0.0.1", "--address", "127.0.0.2/8");
	BAD("--gateway", "224.0.0.1");
	BAD("--gateway", "0.0.0.0");
	BAD("--gateway", "gw.example");
	BAD("--gateway", "192.0.2.1:443:1");
	// Another family for the gateway, and ports with brackets.
	GOOD("--address", "2001:db8::2/64", "--gateway", "2001:db8::1");
	assert_int_equal(o.gateway_port, 443);
	GOOD("--address", "2001:db8::2/64", "--gateway", "[2001:db8::1]");
	assert_int_equal(o.gateway_port, 443);
	GOOD("--address", "2001:db8::2/64", "--gateway", "[2001:db8::1]:4443");
	assert_int_equal(o.gateway_port, 4443);
	BAD("--gateway", "[2001:db8::1]4443", "--address", "2001:db8::2/64");
	BAD("--gateway", "[2001:db8::1]:", "--address", "2001:db8::2/64");
	BAD("--gateway", "[2001:db8::1", "--address", "2001:db8::2/64");
	BAD("--gateway", "ff02::1", "--address", "ff02::2/64");
	BAD("--gateway", "2001:db8:1::1", "--address", "2001:db8::2/64");
}

static void
nets(void **state)
{
	(void)state;
	GOOD("--address", "10.0.0.1/24,10.0.1.1/24", "--address", "2001:db8::2/64");
	assert_int_equal(o.outer.n_nets, 4);
	assert_ptr_equal(lg_options_net_for(&o.outer, &(struct mst_ip){4, {10, 0, 1, 9}}), &o.outer.nets[2]);
	assert_ptr_equal(lg_options_net_for(&o.outer, &(struct mst_ip){4, {9, 9, 9, 9}}), &o.outer.nets[0]);
	assert_null(lg_options_net_for(&o.plain, &(struct mst_ip){4, {9, 9, 9, 9}}));
	GOOD("--address", "10.0.0.1/8,10.0.0.2/8,10.0.0.3/8,10.0.0.4/8,10.0.0.5/8,10.0.0.6/8,10.0.0.7/8");
	assert_int_equal(o.outer.n_nets, LG_NETS_MAX);
	BAD("--address",
		"10.0.0.1/8,10.0.0.2/8,10.0.0.3/8,10.0.0.4/8,10.0.0.5/8,10.0.0.6/8,10.0.0.7/8,10.0.0.8/8");
	BAD("--address", "10.0.0.1/8,10.0.0.1/9");
	BAD("--address", "10.0.0.1");
	BAD("--address", "10.0.0.1/33");
	BAD("--address", "10.0.0.1/8,");
	BAD("--address", "239.0.0.1/8");
	BAD("--address", "::1/64");
}

static void
sources(void **state)
{
	struct mst_ip at;

	(void)state;
	GOOD("--sources", "10.1.0.0/30");
	assert_int_equal(o.sources.n, 2);
	GOOD("--sources", "10.1.255.254-10.2.0.1");
	assert_int_equal(o.sources.n, 4);
	at = lg_options_source(&o, 0);
	assert_true(mst_ip_equal(&at, &(struct mst_ip){4, {192, 0, 2, 2}}));
	at = lg_options_source(&o, 3);
	assert_true(mst_ip_equal(&at, &(struct mst_ip){4, {10, 2, 0, 0}}));
	at = lg_options_source(&o, 5);
	assert_true(mst_ip_equal(&at, &(struct mst_ip){4, {192, 0, 2, 2}}));
	GOOD("--sources", "10.1.0.0-10.1.255.255");
	assert_int_equal(o.sources.n, LG_SOURCES_MAX);
	BAD("--sources", "10.1.0.0-10.2.0.0");
	GOOD("--sources", "10.1.0.7/32");
	assert_int_equal(o.sources.n, 1);
	GOOD("--sources", "10.0.0.0/16");
	assert_int_equal(o.sources.n, 65534);
	BAD("--sources", "10.0.0.0/15");
	BAD("--sources", "10.0.0.0/8");
	BAD("--sources", "10.0.0.2-10.0.0.1");
	BAD("--sources", "10.0.0.1");
	BAD("--sources", "10.0.0.1-");
	BAD("--sources", "10.0.0.1-2001:db8::1");
	BAD("--sources", "2001:db8::1-2001:db8::9");
	BAD("--sources", "192.0.2.1-192.0.2.1");
	BAD("--sources", "192.0.2.0/24");
	BAD("--sources", "223.255.255.255-224.0.0.1");
	GOOD("--address", "2001:db8::2/64", "--gateway", "2001:db8::1", "--sources", "2001:db8::1:0/112");
	assert_int_equal(o.sources.n, 65536);
	BAD("--sources", "2001:db8::1-2001:db8:1::1");
	BAD("--sources", "2001:db8::/64");
	at = ip("2001:db8::1:0");
	assert_int_equal(at.family, 6);
}

static void
plain_side(void **state)
{
	(void)state;
	BAD_PLAIN("--plain-via", "--plain-via", "203.0.113.1");
	BAD_PLAIN("--plain-via", "--plain-via", "198.51.100.2");
	BAD_PLAIN("--plain-address", "--plain-address", "192.0.2.9/30");
	BAD_PLAIN("--plain-port", "--plain-port", "net_af_packet0,iface=a");
	BAD("--plain-port", "net_tap0");
	assert_int_equal(PARSE("--plain-address", "198.51.100.2/24"), -EINVAL);
	assert_int_equal(strncmp(err, "--plain-port and --plain-address", 32), 0);
	BAD("--plain-via", "198.51.100.1");
	assert_int_equal(PARSE("--plain-port", "p", "--plain-address", "198.51.100.2/24"), -EINVAL);
	assert_int_equal(strncmp(err, "--plain-via", 11), 0);
	GOOD("--plain-port", "p", "--plain-address", "198.51.100.2/24", "--dir", "up");
	assert_int_equal(PARSE("--plain-port", "p", "--plain-address", "2001:db8:9::2/64"), -EINVAL);
	assert_non_null(strstr(err, "no IPv4 address"));
	BAD_PLAIN("--gateway", "--gateway", "198.51.100.2");
	BAD_PLAIN("--plain-via", "--plain-address", "2001:db8:9::2/64", "--plain-via", "2001:db8:9::1");
}

static void
do_not_go_together(void **state)
{
	(void)state;
	BAD("--dir", "up");
	BAD("--search", "ndr");
	BAD_PLAIN("--search", "--search", "ndr", "--dir", "none");
	BAD_PLAIN("--search", "--search", "ndr", "--storm");
	BAD_PLAIN("--search", "--search", "ndr", "--churn", "1");
	BAD_PLAIN("--loss", "--search", "ndr", "--loss", "1");
	BAD_PLAIN("--loss", "--loss", "1");
	BAD_PLAIN("--loss", "--search", "pdr", "--loss", "0");
	BAD_PLAIN("--loss", "--search", "pdr", "--loss", "100");
	GOOD_PLAIN("--search", "pdr", "--loss", "99.9999");
	BAD_PLAIN("--trial", "--search", "mrr", "--trial", "1");
	BAD_PLAIN("--trial", "--search", "ndr", "--trial", "0");
	BAD_PLAIN("--trial", "--search", "ndr", "--trial", "601");
	BAD("--dtls", "off", "--cipher", "aes-128-gcm");
	BAD("--dtls", "off", "--udp-blocked", "1");
}

static void
what_is_no_option(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--frobnicate"), -EINVAL);
	assert_string_equal(err, "--frobnicate: no such option, or one without a value");
	assert_int_equal(PARSE("-Z"), -EINVAL);
	assert_int_equal(PARSE("--json=yes"), -EINVAL);
	assert_int_equal(PARSE("--devices"), -EINVAL);
	assert_string_equal(err, "--devices: needs a value");
	assert_int_equal(PARSE("word"), -EINVAL);
	assert_string_equal(err, "word: an argument that belongs to no option");
	// A value as long as a kernel passes does not overrun the text.
	static char longest[100000];
	memset(longest, '9', sizeof(longest) - 1);
	BAD("--devices", longest);
}

static void
actions(void **state)
{
	static const struct {
		const char *word;
		enum lg_action action;
	} all[] = {{"--help", LG_ACTION_HELP}, {"-h", LG_ACTION_HELP}, {"--man", LG_ACTION_MAN},
		{"--version", LG_ACTION_VERSION}, {"-V", LG_ACTION_VERSION}};

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(all); i++) {
		char *argv[] = {(char *)(uintptr_t)least[0], (char *)(uintptr_t)all[i].word, NULL};

		assert_int_equal(lg_options_parse(&o, 2, argv, err, sizeof(err)), 0);
		assert_int_equal(o.action, all[i].action);
	}
}

static void
texts_have_every_option(void **state)
{
	static const char *const names[] = {"port", "address", "gateway", "sources", "plain-port",
		"plain-address", "plain-via", "devices", "user", "password-file", "pin", "ca", "ramp",
		"in-flight", "duration", "warmup", "dir", "rate", "size", "udp-blocked", "dtls", "cipher",
		"connections", "dpd", "churn", "storm", "search", "loss", "trial", "max-loss", "json",
		"quiet", "lcore", "memory", "hugepages", "file-prefix", "log-level", "seed", "help", "man",
		"version"};
	char *help = NULL, *man = NULL;
	size_t help_len, man_len;
	FILE *f = open_memstream(&help, &help_len);
	size_t column = 0;

	(void)state;
	lg_options_help(f);
	fclose(f);
	f = open_memstream(&man, &man_len);
	lg_options_man(f);
	fclose(f);
	for (size_t i = 0; i < MST_ARRAY_SIZE(names); i++) {
		char text[64];

		snprintf(text, sizeof(text), "--%s", names[i]);
		assert_non_null(strstr(help, text));
		snprintf(text, sizeof(text), "\\-\\-%.*s", (int)strcspn(names[i], "-"), names[i]);
		assert_non_null(strstr(man, text));
	}
	for (const char *c = help; *c != '\0'; c++) {
		column = *c == '\n' ? 0 : column + 1;
		assert_true(column <= 120);
	}
	assert_non_null(strstr(man, ".SS Traffic"));
	free(help);
	free(man);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(needed),
		cmocka_unit_test(numbers),
		cmocka_unit_test(shares_and_rates),
		cmocka_unit_test(words),
		cmocka_unit_test(sizes),
		cmocka_unit_test(users),
		cmocka_unit_test(pins),
		cmocka_unit_test(gateway_must_be_reached),
		cmocka_unit_test(nets),
		cmocka_unit_test(sources),
		cmocka_unit_test(plain_side),
		cmocka_unit_test(do_not_go_together),
		cmocka_unit_test(what_is_no_option),
		cmocka_unit_test(actions),
		cmocka_unit_test(texts_have_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
