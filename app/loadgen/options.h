// What mst-loadgen is told on its command line: one table that parsing, help and manual page are made from.
// Pure: argv in, struct or error text out; nothing is opened. Main thread, at start.
#pragma once

#include "mst_base.h"
#include "mst_crypto.h"

// ---- bounds: each is the largest value that is accepted -----------------------------------------
#define LG_DEVICES_MAX 64000
#define LG_NETS_MAX 8	     // addresses of a port
#define LG_SOURCES_MAX 65536 // further source addresses
#define LG_SIZES_MAX 16	     // packet sizes in turn
#define LG_INNER_MIN_BYTES 64
#define LG_INNER_MAX_BYTES 9000
#define LG_USER_BYTES 64	     // the pattern of user names
#define LG_RATE_MAX_PPS 100000000ULL // as LG_PACE_PPS_MAX
#define LG_RATE_MAX_BPS 400000000000ULL
#define LG_PPM 1000000u // shares are held in parts of a million: 0.5 percent is 5000
#define LG_CHURN_MAX_PPM (1000 * LG_PPM)
#define LG_PIN_BYTES 32
#define LG_OPTIONS_ERR_BYTES 256

// Exit codes, the values of sysexits.h where it has one. X(id, code, help)
// clang-format off
#define LG_EXITS(X)                                                                                          \
	X(OK,          0,  "ran to its end; losses within --max-loss")                                       \
	X(LOSSY,       1,  "ran to its end; a device did not connect, or losses were above --max-loss")      \
	X(USAGE,       64, "unknown option, or a value that is not allowed")                                 \
	X(UNAVAILABLE, 69, "the gateway did not answer, or no device could connect")                         \
	X(HOST,        71, "the host lacks memory, hugepages, a device or a capability")                     \
	X(NOPERM,      77, "a right is missing")
// clang-format on

enum lg_exit {
#define X(id, code, help) LG_EXIT_##id = code,
	LG_EXITS(X)
#undef X
};

enum lg_action { LG_ACTION_RUN, LG_ACTION_HELP, LG_ACTION_MAN, LG_ACTION_VERSION };
enum lg_dir_mask { LG_DIRS_NONE = 0, LG_DIRS_UP = 1, LG_DIRS_DOWN = 2, LG_DIRS_BOTH = 3 };
enum lg_search_kind { LG_SEARCH_NONE, LG_SEARCH_NDR, LG_SEARCH_PDR, LG_SEARCH_MRR };
enum lg_hugepages { LG_HUGEPAGES_AUTO, LG_HUGEPAGES_ON, LG_HUGEPAGES_OFF };

// A port of ours: the device and what its tap carries.
struct lg_port_options {
	const char *device; // DPDK device string; NULL: no such port
	size_t n_nets;
	struct mst_net nets[LG_NETS_MAX]; // own addresses, each with its prefix length
};

// Addresses first, first + 1 ... of one family; n = 0: none.
struct lg_source_range {
	struct mst_ip first;
	uint32_t n;
};

struct lg_rate {
	uint64_t value;
	bool bits; // value counts bits a second of inner packets; else packets a second
};

// Sizes of inner packets, each as often as the others; or the mix of mix.h, which then says what inner sizes it has.
struct lg_sizes {
	bool imix;
	size_t n;
	uint16_t inner[LG_SIZES_MAX];
};

// Texts point into argv. Times are seconds, shares are parts of a million.
struct lg_options {
	enum lg_action action;
	struct lg_port_options outer;
	struct lg_port_options plain;
	struct mst_ip plain_via; // next hop to devices' addresses, on a network of plain; family 0 = none
	struct mst_ip gateway;
	uint16_t gateway_port;
	struct lg_source_range sources;

	uint32_t devices;
	const char *user; // exactly one %u, at most LG_USER_BYTES; use lg_options_user
	const char *password_file;
	bool has_pin;		   // pin or ca_file, or both
	uint8_t pin[LG_PIN_BYTES]; // SHA-256 of the server's SubjectPublicKeyInfo
	const char *ca_file;
	uint32_t ramp;	      // new connections a second; 0 = as fast as they go
	uint32_t in_flight;   // sign-ins and handshakes at a time
	uint32_t connections; // kept, of those of devices with DTLS
	uint32_t duration_s;
	uint32_t warmup_s;
	bool dtls;
	enum mst_aead_alg cipher; // the only one to offer; MST_AEAD_NONE offers all
	uint32_t udp_blocked_ppm; // of devices
	uint32_t dpd_s;		  // 0 = what the gateway says
	uint32_t rekey_s;	  // 0 = never
	uint32_t churn_ppm;	  // of devices a minute
	bool storm;

	enum lg_dir_mask dirs;
	struct lg_rate rate; // of all flows of a direction together
	struct lg_sizes sizes;
	enum lg_search_kind search; // not NONE: rate is the most that is offered
	uint32_t loss_ppm;	    // goal of a PDR search
	uint32_t trial_s;	    // longest trial of a search
	bool has_max_loss;
	uint32_t max_loss_ppm;

	bool json;
	bool quiet;
	int lcore; // CPU of the packet loop; -1 = choose
	uint32_t memory_mib;
	enum lg_hugepages hugepages;
	const char *file_prefix;
	enum mst_log_level log_level;
	uint64_t seed;
};

// Fills *o. -EINVAL: err holds one sentence that names the option, what was wrong and what is expected; *o is
// then not to be used. With an action other than RUN nothing else of *o is checked. Uses getopt's globals.
MST_MUST_USE int lg_options_parse(struct lg_options *o, int argc, char **argv, char *err, size_t err_cap);
void lg_options_help(FILE *out);
void lg_options_man(FILE *out);

// Name of the user that device (0 and on) signs in as: the pattern with the number in place of %u. -E2BIG.
MST_MUST_USE int lg_options_user(const struct lg_options *o, uint32_t device, char *out, size_t cap);
// The port's address to talk to peer from: on the same network, else the first of its family; NULL when
// there is none of that family.
const struct mst_net *lg_options_net_for(const struct lg_port_options *port, const struct mst_ip *peer);
// Address number i (modulo their number) that devices send from: the port's own, then those of --sources.
struct mst_ip lg_options_source(const struct lg_options *o, uint32_t i);
// Text of an aead for --cipher and reports; "any" for none.
const char *lg_options_cipher_name(enum mst_aead_alg alg);
