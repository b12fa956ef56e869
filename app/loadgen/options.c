// The command line of mst-loadgen: the table of options, parsing, checks between options, help, manual page. Main
// thread, at start.
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "options_private.h"

#define LONG_ONLY 256 // getopt's value of an option without a letter: this and its row

// X(section, letter, name, argument, function, field, least, most, default, help)
// clang-format off
#define OPTIONS(X)                                                                                                      \
	X("Public side", '\0', "port", "DEVICE", text, outer.device, 1, 255, NULL,                                      \
		"DPDK device that devices send from, written as a port's device in mst.yaml")                           \
	X("Public side", '\0', "address", "NET", nets, outer, 0, 0, NULL,                                               \
		"address and prefix length on that port, several joined by commas; the option may be repeated")         \
	X("Public side", '\0', "gateway", "ADDR[:PORT]", gateway, gateway, 0, 0, NULL,                                  \
		"IPv4 address that devices connect to, port 443 unless given; on a network of --address")               \
	X("Public side", '\0', "sources", "RANGE", sources, sources, 0, LG_SOURCES_MAX, NULL,                           \
		"further addresses that devices send from, FIRST-LAST or a network; the way back must lead here")       \
	X("Plain side", '\0', "plain-port", "DEVICE", text, plain.device, 1, 255, NULL,                                 \
		"DPDK device behind the gateway, where packets of the tunnels arrive and come from")                    \
	X("Plain side", '\0', "plain-address", "NET", nets, plain, 0, 0, NULL,                                          \
		"address and prefix length on that port; an IPv4 one must be among them")                               \
	X("Plain side", '\0', "plain-via", "ADDR", ip, plain_via, 0, 0, NULL,                                           \
		"the gateway's address there: next hop to the addresses of devices, needed for --dir down and both")    \
	X("Devices", 'n', "devices", "N", u32, devices, 1, LG_DEVICES_MAX, "1", "how many")                             \
	X("Devices", 'u', "user", "PATTERN", user, user, 1, LG_USER_BYTES, NULL,                                        \
		"name that a device signs in with; %u in it, once, becomes the number of the device, from 0")           \
	X("Devices", '\0', "password-file", "FILE", text, password_file, 1, 4095, NULL,                                 \
		"file whose first line is the password of all users")                                                   \
	X("Devices", '\0', "pin", "HASH", pin, has_pin, 0, 0, NULL,                                                     \
		"SHA-256 of the gateway's public key, sha256:HEX or pin-sha256:BASE64")                                 \
	X("Devices", '\0', "ca", "FILE", text, ca_file, 1, 4095, NULL,                                                  \
		"PEM file of the authorities that the gateway's certificate is verified by")                            \
	X("Devices", '\0', "ramp", "PER_SECOND", u32, ramp, 0, 100000, "200",                                           \
		"devices that begin to connect a second; 0: as fast as --in-flight lets them")                          \
	X("Devices", '\0', "in-flight", "N", u32, in_flight, 1, 4096, "64",                                             \
		"sign-ins and DTLS handshakes at one time")                                                             \
	X("Devices", '\0', "connections", "N", u32, connections, 0, LG_DEVICES_MAX, "64000",                           \
		"devices that keep their TCP connection; the others lose it once DTLS stands, and go on without it: "    \
		"where the host allows fewer open files than there are devices")                                        \
	X("Devices", '\0', "dtls", "on|off", switch, dtls, 0, 0, "on",                                                  \
		"off: devices never try DTLS, data goes through the TLS connection")                                    \
	X("Devices", '\0', "udp-blocked", "PERCENT", share, udp_blocked_ppm, 0, LG_PPM, "0",                            \
		"devices whose network lets no UDP through: their data goes through the TLS connection")                \
	X("Devices", '\0', "cipher", "NAME", cipher, cipher, 0, 0, "any",                                               \
		"the only cipher that devices offer for DTLS: aes-128-gcm, aes-256-gcm, chacha20-poly1305 or any")      \
	X("Devices", '\0', "dpd", "SECONDS", u32, dpd_s, 0, 3600, "0",                                                  \
		"silence after which a device asks for the gateway; 0: as the gateway says")                            \
	X("Devices", '\0', "rekey", "SECONDS", u32, rekey_s, 0, 86400, "0",                                             \
		"time after which a device lets go of its DTLS keys and makes a new handshake from another port; "       \
		"meanwhile its data goes through the TLS connection; 0: never")                                          \
	X("Devices", '\0', "churn", "PERCENT", share, churn_ppm, 0, LG_CHURN_MAX_PPM, "0",                              \
		"devices that leave and come back, a minute: one cut, by its cookie, the next signed out; beyond 100 "   \
		"all of them do, and again")              \
	X("Devices", '\0', "storm", "", flag, storm, 0, 0, NULL,                                                        \
		"once all devices are up cut all connections, and measure until all are back by cookie")                \
	X("Traffic", '\0', "dir", "none|up|down|both", dirs, dirs, 0, 0, NULL,                                          \
		"up: from the devices; both with --plain-port, else none, unless given")                                \
	X("Traffic", 'r', "rate", "RATE", rate, rate, 0, 0, "10kpps",                                                   \
		"of all devices together, in each direction: N[k|M]pps, or N[k|M|G]bps of inner packets")               \
	X("Traffic", 's', "size", "N[,N...]|imix", sizes, sizes, LG_INNER_MIN_BYTES, LG_INNER_MAX_BYTES, "1400",        \
		"bytes of inner packets; imix: 7:4:1 of 64, 570 and 1518 byte frames on the public side, FCS included, "\
		"or the least packet, 64 bytes inside, where a frame cannot hold one")                                  \
	X("Traffic", '\0', "warmup", "SECONDS", u32, warmup_s, 0, 3600, "2",                                            \
		"traffic that is not counted, before what is")                                                          \
	X("Traffic", 'd', "duration", "SECONDS", u32, duration_s, 1, 604800, "10",                                      \
		"time that is counted, after all devices are up")                                                       \
	X("Traffic", '\0', "max-loss", "PERCENT", max_loss, max_loss_ppm, 0, LG_PPM, NULL,                              \
		"exit with 1 when more packets of a direction are lost")                                                \
	X("Search", '\0', "search", "ndr|pdr|mrr", search, search, 0, 0, NULL,                                          \
		"look for the rate, up to --rate, that is carried without loss, or with --loss; mrr: what arrives of "  \
		"--rate")                                                                                               \
	X("Search", '\0', "loss", "PERCENT", share, loss_ppm, 1, LG_PPM - 1, "0.5", "loss that pdr allows")             \
	X("Search", '\0', "trial", "SECONDS", u32, trial_s, 1, 600, "10", "length of the last trials")                  \
	X("Output", '\0', "json", "", flag, json, 0, 0, NULL, "print the results as JSON")                              \
	X("Output", 'q', "quiet", "", flag, quiet, 0, 0, NULL, "no line of progress")                                   \
	X("Output", 'l', "log-level", "LEVEL", level, log_level, 0, 0, "warning",                                       \
		"error, warning, notice, info or debug; on stderr")                                                     \
	X("Host", '\0', "lcore", "N", lcore, lcore, 0, 1023, NULL, "CPU of the packet loop; chosen unless given")       \
	X("Host", '\0', "memory", "MIB", u32, memory_mib, 64, 65536, "512", "memory for DPDK")                          \
	X("Host", '\0', "hugepages", "auto|on|off", hugepages, hugepages, 0, 0, "auto",                                 \
		"auto: if enough of them are free")                                                                     \
	X("Host", '\0', "file-prefix", "NAME", name, file_prefix, 1, 32, "mst-loadgen",                                 \
		"another one for each DPDK program that runs at the same time")                                         \
	X("Host", '\0', "seed", "N", u64, seed, 0, UINT64_MAX, "1",                                                     \
		"of whatever is random, but for keys: the order of sizes, the choice of devices")                       \
	X("About", 'h', "help", "", action, action, LG_ACTION_HELP, 0, NULL, "print this text")                         \
	X("About", '\0', "man", "", action, action, LG_ACTION_MAN, 0, NULL, "print the manual page in roff")            \
	X("About", 'V', "version", "", action, action, LG_ACTION_VERSION, 0, NULL, "print the version")
// clang-format on

static const struct lg_option table[] = {
#define X(section, letter, name, arg, fn, field, min, max, def, help)                                        \
	{section, name, arg, def, help, lg_take_##fn, offsetof(struct lg_options, field), min, max, letter},
	OPTIONS(X)
#undef X
};

#define N_OPTIONS MST_ARRAY_SIZE(table)

static const struct {
	int code;
	const char *help;
} exits[] = {
#define X(id, code, help) {code, help},
	LG_EXITS(X)
#undef X
};

// ---- parsing ------------------------------------------------------------------------------------
int
lg_option_wrong(struct lg_taking *t, const char *fmt, ...)
{
	struct mst_str s = mst_str_init(t->err, t->err_cap);
	char expected[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(expected, sizeof(expected), fmt, ap);
	va_end(ap);
	mst_str_fmt(&s, "--%s %.80s: %s", t->option->name, t->value == NULL ? "" : t->value, expected);
	return -EINVAL;
}

// Which options were given, by row.
struct given {
	bool at[N_OPTIONS];
};

static bool
was_given(const struct given *g, const char *name)
{
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (strcmp(table[i].name, name) == 0)
			return g->at[i];
	return false;
}

static int
fail(char *err, size_t err_cap, const char *text)
{
	snprintf(err, err_cap, "%s", text);
	return -EINVAL;
}

static void
build_getopt(struct option longs[N_OPTIONS + 1], struct mst_str *letters)
{
	memset(longs, 0, (N_OPTIONS + 1) * sizeof(longs[0]));
	// A colon in front: getopt tells a missing value from an unknown option.
	mst_str_fmt(letters, ":");
	for (size_t i = 0; i < N_OPTIONS; i++) {
		bool arg = table[i].arg[0] != '\0';

		longs[i].name = table[i].name;
		longs[i].has_arg = arg ? required_argument : no_argument;
		longs[i].val = table[i].letter != '\0' ? table[i].letter : LONG_ONLY + (int)i;
		if (table[i].letter != '\0')
			mst_str_fmt(letters, "%c%s", table[i].letter, arg ? ":" : "");
	}
}

static int
take_words(struct lg_options *o, int argc, char **argv, struct given *g, char *err, size_t err_cap)
{
	struct option longs[N_OPTIONS + 1];
	char shorts[2 * N_OPTIONS + 2];
	struct mst_str letters = mst_str_init(shorts, sizeof(shorts));
	int value;

	build_getopt(longs, &letters);
	opterr = 0;
	optind = 0; // glibc: begin anew
	while ((value = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		size_t i = 0;

		while (i < N_OPTIONS && longs[i].val != value)
			i++;
		if (i == N_OPTIONS) {
			snprintf(err, err_cap, "%.80s: %s", argv[optind - 1],
				value == ':' ? "needs a value" : "no such option, or one without a value");
			return -EINVAL;
		}
		MST_TRY(table[i].take(&(struct lg_taking){&table[i], o, optarg, err, err_cap}));
		g->at[i] = true;
		if (o->action != LG_ACTION_RUN)
			return 0;
	}
	if (optind < argc) {
		snprintf(err, err_cap, "%.80s: an argument that belongs to no option", argv[optind]);
		return -EINVAL;
	}
	return 0;
}

// ---- checks between options ---------------------------------------------------------------------
static int
check_needed(const struct given *g, char *err, size_t err_cap)
{
	static const char *const needed[] = {"port", "address", "gateway", "user", "password-file"};

	for (size_t i = 0; i < MST_ARRAY_SIZE(needed); i++) {
		if (was_given(g, needed[i]))
			continue;
		snprintf(err, err_cap, "--%s is missing", needed[i]);
		return -EINVAL;
	}
	if (!was_given(g, "pin") && !was_given(g, "ca"))
		return fail(err, err_cap, "--pin or --ca is missing: how devices know the gateway");
	return 0;
}

static int
check_traffic(struct lg_options *o, const struct given *g, char *err, size_t err_cap)
{
	if (!was_given(g, "dir"))
		o->dirs = o->plain.device != NULL ? LG_DIRS_BOTH : LG_DIRS_NONE;
	if (o->dirs != LG_DIRS_NONE && o->plain.device == NULL)
		return fail(err, err_cap,
			"--dir: traffic needs the other end too, --plain-port and --plain-address");
	if ((o->dirs & LG_DIRS_DOWN) != 0 && o->plain_via.family == 0)
		return fail(err, err_cap, "--plain-via is missing: where packets to devices are sent");
	if (o->search != LG_SEARCH_NONE && o->dirs == LG_DIRS_NONE)
		return fail(err, err_cap, "--search: needs traffic, --plain-port and --plain-address");
	if (o->search != LG_SEARCH_NONE && (o->storm || o->churn_ppm > 0))
		return fail(err, err_cap, "--search: a rate cannot be found during --storm or --churn");
	if (was_given(g, "loss") && o->search != LG_SEARCH_PDR)
		return fail(err, err_cap, "--loss: is the goal of --search pdr, and of nothing else");
	if (was_given(g, "trial") && (o->search == LG_SEARCH_NONE || o->search == LG_SEARCH_MRR))
		return fail(err, err_cap, "--trial: belongs to --search ndr and pdr");
	if (!o->dtls && (was_given(g, "cipher") || o->udp_blocked_ppm > 0))
		return fail(err, err_cap, "--dtls off: leaves nothing for --cipher and --udp-blocked");
	return 0;
}

int
lg_options_parse(struct lg_options *o, int argc, char **argv, char *err, size_t err_cap)
{
	struct given given = {0};

	*o = (struct lg_options){.lcore = -1};
	err[0] = '\0';
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (table[i].def != NULL)
			MST_TRY(table[i].take(&(struct lg_taking){&table[i], o, table[i].def, err, err_cap}));
	MST_TRY(take_words(o, argc, argv, &given, err, err_cap));
	if (o->action != LG_ACTION_RUN)
		return 0;
	MST_TRY(check_needed(&given, err, err_cap));
	MST_TRY(lg_options_check_net(o, err, err_cap));
	return check_traffic(o, &given, err, err_cap);
}

// ---- help and manual page -----------------------------------------------------------------------
#define HELP_COLUMN 32
#define HELP_WIDTH 110

// Words of text into lines that begin at HELP_COLUMN, where the first one stands already.
static void
put_wrapped(FILE *out, const char *text)
{
	size_t column = HELP_COLUMN;

	while (*text != '\0') {
		size_t n = strcspn(text, " ");

		if (column > HELP_COLUMN && column + 1 + n > HELP_WIDTH) {
			fprintf(out, "\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		}
		fprintf(out, "%s%.*s", column > HELP_COLUMN ? " " : "", (int)n, text);
		column += (column > HELP_COLUMN) + n;
		text += n + (text[n] == ' ');
	}
	fputc('\n', out);
}

static void
help_option(FILE *out, const struct lg_option *o)
{
	char text[256];
	struct mst_str s = mst_str_init(text, sizeof(text));

	if (o->letter != '\0')
		mst_str_fmt(&s, "  -%c, ", o->letter);
	else
		mst_str_fmt(&s, "      ");
	mst_str_fmt(&s, "--%s%s%s  ", o->name, o->arg[0] != '\0' ? " " : "", o->arg);
	if (s.len > HELP_COLUMN)
		fprintf(out, "%s\n%*s", text, HELP_COLUMN, "");
	else
		fprintf(out, "%-*s", HELP_COLUMN, text);
	s = mst_str_init(text, sizeof(text));
	mst_str_fmt(&s, "%s", o->help);
	if (o->def != NULL)
		mst_str_fmt(&s, " [%s]", o->def);
	put_wrapped(out, text);
}

void
lg_options_help(FILE *out)
{
	fputs("usage: mst-loadgen --port DEVICE --address NET --gateway ADDR --user PATTERN --password-file "
	      "FILE\n"
	      "                   --pin HASH|--ca FILE [OPTION]...\n",
		out);
	for (size_t i = 0; i < N_OPTIONS; i++) {
		if (i == 0 || strcmp(table[i].section, table[i - 1].section) != 0)
			fprintf(out, "\n%s:\n", table[i].section);
		help_option(out, &table[i]);
	}
	fputs("\nexit:\n", out);
	for (size_t i = 0; i < MST_ARRAY_SIZE(exits); i++)
		fprintf(out, "  %-4d%s\n", exits[i].code, exits[i].help);
}

static void
man_option(FILE *out, const struct lg_option *o)
{
	fputs(".TP\n", out);
	if (o->letter != '\0')
		fprintf(out, "\\fB\\-%c\\fR, ", o->letter);
	fputs("\\fB\\-\\-", out);
	mst_put_roff(out, o->name);
	fputs("\\fR", out);
	if (o->arg[0] != '\0')
		fprintf(out, " \\fI%s\\fR", o->arg);
	fputc('\n', out);
	mst_put_roff(out, o->help);
	fputs(".\n", out);
	if (o->def != NULL) {
		fputs("Default: ", out);
		mst_put_roff(out, o->def);
		fputs(".\n", out);
	}
}

void
lg_options_man(FILE *out)
{
	fputs(".TH MST\\-LOADGEN 8 \"\" \"MST Gateway " MST_VERSION "\" \"System Administration\"\n"
	      ".SH NAME\nmst\\-loadgen \\- a fleet of devices that load an MST gateway\n"
	      ".SH SYNOPSIS\n.B mst\\-loadgen\n[\\fIOPTION\\fR]...\n"
	      ".SH DESCRIPTION\n"
	      "Signs in up to 64,000 emulated devices at a gateway, brings up their DTLS tunnels, and sends "
	      "and\n"
	      "counts test packets through them, from both ends when it has a port on either side.\n"
	      "It sends to no address that its ports' networks or the next hops given do not lead to.\n"
	      ".SH OPTIONS\n",
		out);
	for (size_t i = 0; i < N_OPTIONS; i++) {
		if (i == 0 || strcmp(table[i].section, table[i - 1].section) != 0)
			fprintf(out, ".SS %s\n", table[i].section);
		man_option(out, &table[i]);
	}
	fputs(".SH EXIT STATUS\n", out);
	for (size_t i = 0; i < MST_ARRAY_SIZE(exits); i++) {
		fprintf(out, ".TP\n.B %d\n", exits[i].code);
		mst_put_roff(out, exits[i].help);
		fputs(".\n", out);
	}
}
