// All results of a run, and what is printed of them: table, live line, JSON, from one set of lists. Pure but
// for the stream it is given. Main thread.
//
// JSON, version 1 (a key is never renamed or dropped within a version; new ones may come):
//	{"version": 1, "program": "mst-loadgen", "release": text, "seconds": number of the measured time,
//	 "settings": {key of LG_REPORT_SETTINGS: ...}, "control": {key of LG_REPORT_CONTROL: integer ...},
//	 "failures": {key of LG_REPORT_FAILURES: integer ...},
//	 "up" and "down", when traffic went that way: {key of LG_REPORT_FLOW: integer ..., "loss_ppm": integer,
//	  "sent_pps", "received_pps", "received_bps": integers (bits of inner packets),
//	  "latency_ns": {"count", key of LG_REPORT_LATENCY: integers}},
//	 "search", after one: {"kind": text, "found", "complete", "sender_limited": booleans, "trials", "goal_ppm",
//	  "low_pps", "low_loss_ppm", "high_pps", "high_loss_ppm": integers; "mrr_mean_pps", "mrr_stdev_pps": numbers}}
#pragma once

#include <jansson.h>

#include "mst_base.h"

#include "histogram.h"
#include "probe.h"
#include "search.h"
#include "track.h"

// X(type, field, key, help): type TEXT (const char *) or COUNT (uint64_t).
// clang-format off
#define LG_REPORT_SETTINGS(X)                                                                                \
	X(TEXT,  gateway,     "gateway",         "address that devices connected to")                        \
	X(COUNT, devices,     "devices",         "devices asked for")                                        \
	X(TEXT,  transport,   "transport",       "dtls, or cstp with --dtls off")                            \
	X(TEXT,  cipher,      "cipher",          "cipher of the records")                                    \
	X(TEXT,  sizes,       "sizes",           "packet sizes")                                             \
	X(COUNT, rate_pps,    "rate_pps",        "packets a second asked for, of a direction")               \
	X(COUNT, udp_blocked, "udp_blocked_ppm", "share of devices without UDP")                             \
	X(COUNT, churn,       "churn_ppm",       "share of devices that reconnect, a minute")                \
	X(COUNT, seed,        "seed",            "seed of what is random")

// X(field, key, help): all uint64_t.
#define LG_REPORT_CONTROL(X)                                                                                 \
	X(connected,     "connected",       "devices with a tunnel at the end")                              \
	X(dtls_up,       "dtls_up",         "of them, with DTLS")                                            \
	X(sign_ins,      "sign_ins",        "sign-ins that gave a cookie")                                   \
	X(connects,      "connects",        "CONNECTs that were accepted")                                   \
	X(handshakes,    "dtls_handshakes", "DTLS handshakes that were completed")                           \
	X(reconnects,    "reconnects",      "of the CONNECTs, by a device that had been connected before")   \
	X(setup_rate,    "setups_per_s",    "devices that came up a second, while they came up")             \
	X(setup_ms,      "setup_ms",        "time until all devices were up, or were given up")              \
	X(setup_p50_us,  "setup_p50_us",    "time of one device from TCP to its tunnel, median")             \
	X(setup_p99_us,  "setup_p99_us",    "the same, 99 of 100")                                           \
	X(dpd_sent,      "dpd_sent",        "dead peer questions asked")                                     \
	X(dpd_answers,   "dpd_answers",     "answers to them")                                               \
	X(dpd_answered,  "dpd_answered",    "questions of the gateway answered")                             \
	X(keepalives,    "keepalives",      "keepalives sent")                                               \
	X(cstp_packets,  "cstp_packets",    "packets that went by CSTP")                                     \
	X(odd_nonces,    "odd_nonces",      "records whose explicit nonce was not epoch and number")         \
	X(storm_99_ms,   "storm_99_ms",     "from the cut of all connections until 99 % were back")          \
	X(storm_100_ms,  "storm_100_ms",    "until all were back; 0: not asked for, or never")

// Devices or packets that failed, by cause.
#define LG_REPORT_FAILURES(X)                                                                                \
	X(tcp_refused,   "tcp_refused",     "TCP connection refused")                                        \
	X(tcp_timeout,   "tcp_timeout",     "TCP connection not answered")                                   \
	X(tls,           "tls",             "TLS handshake failed")                                          \
	X(certificate,   "certificate",     "certificate is not the one expected")                           \
	X(http,          "http",            "answer that is against the protocol")                           \
	X(denied,        "denied",          "sign-in or cookie refused (401)")                               \
	X(busy,          "busy",            "gateway asked to come later (503)")                             \
	X(status,        "status",          "any other status")                                              \
	X(timeout,       "timeout",         "no answer in time")                                             \
	X(closed,        "closed",          "connection closed by the gateway")                              \
	X(disconnected,  "disconnected",    "session ended by the gateway")                                  \
	X(dpd_dead,      "dpd_dead",        "gateway silent for twice the DPD time")                         \
	X(no_dtls,       "no_dtls",         "gateway offered no DTLS")                                       \
	X(dtls_timeout,  "dtls_timeout",    "DTLS handshake not completed in time")                          \
	X(dtls_failed,   "dtls_failed",     "DTLS handshake failed")                                         \
	X(record,        "record",          "DTLS record refused: tag, epoch, length or type")               \
	X(record_replay, "record_replay",   "DTLS record with a number seen before, or too old")             \
	X(cstp_frame,    "cstp_frame",      "malformed CSTP frame")                                          \
	X(tx_full,       "tx_full",         "packets that the port or a connection did not take")            \
	X(rx_foreign,    "rx_foreign",      "packets received that are none of this run")                    \
	X(rx_damaged,    "rx_damaged",      "packets of this run received with other bytes or length")       \
	X(rx_misplaced,  "rx_misplaced",    "packets of this run received by another device than theirs")

// Of a direction.
#define LG_REPORT_FLOW(X)                                                                                    \
	X(sent,          "sent",            "packets sent")                                                  \
	X(received,      "received",        "packets received, each counted once")                           \
	X(lost,          "lost",            "packets sent and not received")                                 \
	X(reordered,     "reordered",       "of those received: after a later one of their flow")            \
	X(duplicated,    "duplicated",      "packets received once more")                                    \
	X(late,          "late",            "packets too far behind to tell reordered from duplicated")      \
	X(sent_bytes,    "sent_bytes",      "bytes of inner packets sent")                                   \
	X(received_bytes,"received_bytes",  "bytes of inner packets received")                               \
	X(missed,        "missed",          "packets that were due and not sent: the generator was too slow")

// X(key, help, value of the histogram h)
#define LG_REPORT_LATENCY(X)                                                                                 \
	X("min",   "shortest time from sending to reception", h->n == 0 ? 0 : h->min_ns)                     \
	X("mean",  "mean of it",                              lg_histogram_mean(h))                          \
	X("p50",   "half of the packets took no longer",      lg_histogram_quantile(h, 5000))                \
	X("p99",   "99 of 100 took no longer",                lg_histogram_quantile(h, 9900))                \
	X("p99_9", "999 of 1,000 took no longer",             lg_histogram_quantile(h, 9990))                \
	X("max",   "longest time",                            h->max_ns)
// clang-format on

struct lg_report_flow {
#define X(field, key, help) uint64_t field;
	LG_REPORT_FLOW(X)
#undef X
	bool used;
	struct lg_histogram latency;
};

struct lg_report {
	struct {
#define LG_REPORT_TEXT(field) const char *field;
#define LG_REPORT_COUNT(field) uint64_t field;
#define X(type, field, key, help) LG_REPORT_##type(field)
		LG_REPORT_SETTINGS(X)
#undef X
	} settings;
	struct {
#define X(field, key, help) uint64_t field;
		LG_REPORT_CONTROL(X)
#undef X
	} control;
	struct {
#define X(field, key, help) uint64_t field;
		LG_REPORT_FAILURES(X)
#undef X
	} failures;
	uint64_t measured_ns; // that packets were sent and counted
	struct lg_report_flow flow[LG_N_DIRS];
	struct lg_search_report search; // kind NONE: there was none
};

// The counts of sum into the fields of the same names.
void lg_report_set_flow(struct lg_report_flow *f, const struct lg_track_sum *sum);
// All failures of devices and packets together.
uint64_t lg_report_failures(const struct lg_report *r);
// n a second, of what came to pass in ns; 0 for no time.
uint64_t lg_report_per_second(uint64_t n, uint64_t ns);
const char *lg_report_dir_name(enum lg_dir dir);
// NULL: out of memory. The caller's reference.
json_t *lg_report_json(const struct lg_report *r);
// The table. Rows of failures that are zero are left out.
void lg_report_print(FILE *out, const struct lg_report *r);

// One line without its end, for a terminal or a log: where the run is and what goes through now. now and
// before are two snapshots of the same run, ns apart (0: no rates).
#define LG_REPORT_LINE_BYTES 160
void lg_report_line(struct mst_str *out, const char *phase, const struct lg_report *now,
	const struct lg_report *before, uint64_t ns);
