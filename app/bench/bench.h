// What the sub-commands of mst-bench share. One thread: EAL's main lcore; nothing is launched on a worker.
#pragma once

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mst_base.h"
#include "mst_crypto.h"

// sysexits.h
enum bench_exit {
	BENCH_GO_ON = -1,
	BENCH_OK = 0,
	BENCH_FAILED = 1,
	BENCH_USAGE = 64,
	BENCH_HOST = 71,
	BENCH_NOPERM = 77
};

// A sub-command: its own options, its own --help; returns the exit code. argv[0] is its name.
typedef int bench_command_fn(int argc, char **argv);
bench_command_fn bench_dataplane, bench_crypto, bench_lookup, bench_handshake;

// ---- series.c: numbers of one kind, and what is said of them ------------------------------------
struct bench_series {
	size_t n, cap;
	double *v;
	double max; // of all that were added
};
void bench_series_init(struct bench_series *s, size_t cap); // ends the program without memory
void bench_series_fini(struct bench_series *s);
void bench_series_add(struct bench_series *s, double v); // beyond cap only max is kept
// The value that the share q of them (0 to 1) does not exceed; sorts. 0 when there are none.
double bench_series_at(struct bench_series *s, double q);

// ---- axes.c: what is varied ---------------------------------------------------------------------
#define BENCH_AXIS_MAX 16
#define BENCH_INNER_MIN 28   // IPv4 and UDP headers
#define BENCH_INNER_MAX 1434 // fits an outer frame of 1518 bytes
// Ethernet 14, IPv4 20, UDP 8, record header 13, explicit nonce 8, type 1, tag 16, FCS 4.
#define BENCH_OUTER_OVERHEAD 84
#define BENCH_IMIX 0 // as a size: 7:4:1 of outer frames of 64, 570 and 1518 bytes

enum bench_order { BENCH_RR, BENCH_RANDOM, BENCH_ZIPF, BENCH_BURST8 };
#define BENCH_ORDERS "rr random zipf burst8"
#define BENCH_SUITES "aes-256-gcm chacha20-poly1305 aes-128-gcm" // in the order of mst_dtls_suite_at

struct bench_list {
	size_t n;
	unsigned int v[BENCH_AXIS_MAX];
};

// "64,256,imix" and the like into numbers; words, when not NULL, are separated by blanks and give their index.
// -EINVAL, and the reason on stderr under the option's name.
MST_MUST_USE int bench_list_parse(const char *option, const char *text, const char *words, unsigned int min,
	unsigned int max, struct bench_list *out);
// Inner length of packet i of a size.
unsigned int bench_inner_len(unsigned int size, unsigned int i);

// ---- cli.c --------------------------------------------------------------------------------------
// One option of getopt_long; negative when its argument is wrong, which was said on stderr.
typedef int bench_option_fn(void *arg, int opt);
// BENCH_GO_ON, or the exit code; -h and --help (value 'h') are answered here.
int bench_options(int argc, char **argv, const struct option *longs, bench_option_fn *take, void *arg,
	const char *help);
MST_MUST_USE int bench_number_parse(
	const char *option, const char *text, unsigned int min, unsigned int max, unsigned int *out);
MST_MUST_USE int bench_sizes_parse(const char *text, struct bench_list *out);
void bench_size_text(unsigned int size, char out[16]);

// Which session comes next.
struct bench_pick {
	enum bench_order order;
	uint32_t n_sessions;
	uint64_t state; // of the random numbers
	uint32_t next, left;
	double *zipf; // cumulated shares
};
void bench_pick_init(struct bench_pick *p, enum bench_order order, uint32_t n_sessions, uint64_t seed);
void bench_pick_fini(struct bench_pick *p);
uint32_t bench_pick_next(struct bench_pick *p);

#define BENCH_WORD_BYTES 24
const char *bench_word(
	const char *words, unsigned int index, char out[BENCH_WORD_BYTES]); // of a list of words

// ---- world.c: a gateway without a network -------------------------------------------------------
struct bench_world_params {
	uint32_t n_sessions;
	unsigned int memory_mib; // 0: what the sessions need
	bool no_huge;
};
// EAL, ports of rings, routes and neighbours in a network namespace of our own, the session tables, one
// worker. Returns an exit code, the reason on stderr.
MST_MUST_USE int bench_world_start(const struct bench_world_params *p);
void bench_world_stop(void);
enum bench_port { BENCH_PUBLIC, BENCH_PRIVATE };
struct rte_mbuf;
struct rte_mbuf *bench_world_mbuf(void); // never NULL: ends the program
void bench_world_push(enum bench_port port, struct rte_mbuf *m);
unsigned int bench_world_pop(enum bench_port port, struct rte_mbuf **m, unsigned int n);
void bench_world_headers(enum bench_port port, uint8_t mac[12]); // of a frame that arrives at the port
// What ended in the pipelines since the start, but for what was sent, as "word=n ..." in text.
void bench_world_drops(char *text, size_t cap);
#define BENCH_GATEWAY4 0xc0000201U  // 192.0.2.1
#define BENCH_LAN_HOST4 0x0a140009U // 10.20.0.9, and the next ones
#define BENCH_LAN_HOSTS 8
#define BENCH_DTLS_PORT 443

// ---- device.c: sessions and the other end of them, by OpenSSL ------------------------------------
struct mst_sa;
struct mst_session;
struct bench_device {
	struct mst_session *s;
	struct mst_sa *sa;
	void *evp; // encrypts what the device sends
	uint64_t seq;
	uint8_t iv[12];
	uint32_t peer4;
	uint16_t peer_port;
};
// n sessions with associations of this suite.
MST_MUST_USE int bench_devices_open(struct bench_device **out, uint32_t n, size_t suite);
void bench_devices_close(struct bench_device *d, uint32_t n);
// Writes the frame that the device would send, the inner packet inner_len bytes; sealed: encrypted by OpenSSL, or left in
// the clear for a pipeline whose cipher is off. body: where the ciphertext begins.
void bench_device_frame(
	struct bench_device *d, struct rte_mbuf *m, unsigned int inner_len, bool sealed, uint8_t **body);
// Writes the frame of a LAN host to the device. body: where the gateway's plaintext will begin.
void bench_lan_frame(
	const struct bench_device *d, struct rte_mbuf *m, unsigned int inner_len, uint8_t **body);
// One AEAD call of OpenSSL's EVP over len bytes with the device's key.
void bench_device_evp(struct bench_device *d, uint8_t *body, unsigned int len);

// ---- stock.c: ipsec-mb called directly ----------------------------------------------------------
struct bench_op {
	const struct mst_aead_key *key;
	uint8_t *body;
	uint32_t len; // of the plaintext, type byte included; the tag follows
};
MST_MUST_USE int bench_stock_start(void);
void bench_stock_stop(void);
// The cipher alone, over n records, as the library's user guide has it: one call a record.
void bench_stock_run(const struct bench_op *ops, unsigned int n, bool seal);
// The same with the lines of keys and data asked for some records ahead: the best known on this CPU.
void bench_best_run(const struct bench_op *ops, unsigned int n, bool seal);

// ---- cipher_off.c: the ciphers of the product, switched off at will ------------------------------------
void bench_cipher_off(bool off);
