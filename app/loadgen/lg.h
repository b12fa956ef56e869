// What the files of mst-loadgen's engine share: the fleet, a device, and who calls whom. One loop on the main lcore does
// everything, so nothing here is locked or atomic.
#pragma once

#include <openssl/kdf.h>
#include <openssl/ssl.h>
#include <rte_mbuf.h>

#include "mst_anyconnect.h"
#include "mst_base.h"

#include "client_http.h"
#include "mix.h"
#include "net.h"
#include "options.h"
#include "pace.h"
#include "probe.h"
#include "record.h"
#include "report.h"
#include "track.h"

#define LG_RECORD_BYTES 16384 // a TLS record, and so a CSTP frame, has no more
#define LG_NOWHERE UINT32_MAX
#define LG_WATCH_DEVICES 16 // numbers of epoll: descriptors of net below, devices from here on

// X(name, what a device in it waits for, milliseconds it may; 0 = for ever)
// clang-format off
#define LG_STATES(X)                                                        \
	X(QUEUED,   "its turn to connect",                       0)         \
	X(TCP,      "the TCP connection",                        10000)     \
	X(TLS,      "the TLS handshake",                         20000)     \
	X(FORM,     "the sign-in form",                          20000)     \
	X(SIGN_IN,  "the answer to its password",                30000)     \
	X(CONNECT,  "the tunnel's parameters",                   20000)     \
	X(TUNNEL,   "nothing: the tunnel stands",                0)         \
	X(BACK_OFF, "its next try",                              0)         \
	X(GONE,     "nothing: given up, or signed out",          0)
// clang-format on

enum lg_state {
#define X(name, help, ms) LG_STATE_##name,
	LG_STATES(X)
#undef X
		LG_N_STATES
};

enum lg_dtls { LG_DTLS_OFF, LG_DTLS_HANDSHAKE, LG_DTLS_PROOF, LG_DTLS_UP };

// What only a device that connects needs: from a pool as large as --in-flight.
struct lg_setup {
	struct lg_setup *next; // in the pool
	struct lg_http http;
	unsigned int n_forms;
	SSL *dtls;
	const uint8_t *in; // datagram for libssl; NULL once read
	size_t in_len;
};

struct lg_device {
	struct lg *lg;
	struct mst_wheel_timer timer;
	SSL *tls;
	struct lg_setup *setup;
	struct lg_record *record;
	char *cookie;  // secret
	uint8_t *held; // a record that waits for the socket
	uint32_t held_len;
	int fd;
	uint64_t started_tsc;
	uint32_t step_end_ms; // of the state
	uint32_t dtls_end_ms; // of the handshake, or of the next try
	uint32_t tls_heard_ms, tls_asked_ms, tls_sent_ms;
	uint32_t dtls_heard_ms, dtls_asked_ms, dtls_sent_ms;
	uint32_t rekey_ms;  // of the next new handshake; 0: never
	uint32_t cut_ms;    // when it is cut on purpose; 0: never
	uint32_t flow_slot; // in lg->flowing; LG_NOWHERE
	uint32_t inner;	    // address inside the tunnel, host order
	uint16_t mtu;
	uint16_t dtls_port;
	uint16_t dpd_s, dtls_dpd_s, keepalive_s; // 0: none
	uint8_t app_id[LG_HTTP_APP_ID_BYTES];
	uint8_t app_id_len;
	uint8_t state; // enum lg_state
	uint8_t dtls;  // enum lg_dtls
	uint8_t tries; // since it was up
	uint8_t port_turn;
	uint8_t flow_turn; // of the flow's packets: one of an earlier tunnel is none of this one
	bool up;	   // counted as up
	bool was_up;	   // ever
	bool udp_blocked;
	bool signs_out; // when it is cut
};

// The packets of a device, both ways.
struct lg_flow {
	struct lg_probe probe[LG_N_DIRS];
	struct lg_track track[LG_N_DIRS];
};

enum lg_phase {
	LG_PHASE_RAMP,
	LG_PHASE_STORM,
	LG_PHASE_WARMUP,
	LG_PHASE_SETTLE,
	LG_PHASE_MEASURE,
	LG_PHASE_TRIAL,
	LG_PHASE_DRAIN,
	LG_PHASE_BYE,
	LG_PHASE_FLUSH,
	LG_PHASE_END,
};

struct lg {
	const struct lg_options *o;
	struct lg_report report;
	struct lg_report line; // as of the last line of progress
	uint64_t line_tsc;
	struct lg_track_sum sum[LG_N_DIRS];
	SSL_CTX *tls_ctx, *dtls_ctx;
	EVP_KDF *prf;
	char *password; // secret
	int epoll;
	uint64_t hz, start_tsc, now_tsc;
	uint32_t now_ms; // since the start, from 1 on

	struct mst_wheel wheel;
	struct lg_device *devices;
	uint32_t n_devices;
	uint32_t n_sources;
	uint32_t port_turns; // UDP ports of a device
	uint32_t *queue;     // devices whose turn it is, a ring of n_devices
	uint32_t queue_at, n_queued;
	struct lg_setup *setups;
	uint32_t n_setups; // in use
	uint32_t n_up, n_gone;
	uint32_t came_up; // at the end of the ramp
	uint64_t dtls_at_end;
	uint16_t mtu; // the least of all tunnels

	uint32_t gateway, sink; // host order; sink 0: no plain side
	uint64_t key;		// of this run's packets
	struct lg_flow *flows;
	uint32_t *flowing; // devices with traffic
	uint32_t n_flowing;
	uint32_t turn[LG_N_DIRS];
	bool sending;
	struct lg_mix mix;
	bool mixed; // mix is made
	struct lg_pace pace[LG_N_DIRS];

	enum lg_phase phase;
	uint64_t phase_tsc; // when it began
	bool stop;	    // the user wants the end
	struct lg_pace ramp;
	uint64_t next_churn_tsc, churn_tsc;
	uint32_t churn_at;
	uint32_t cut_at; // by the storm
	uint64_t n_churned;
	struct lg_search search;
	struct lg_trial trial; // number 0: none yet
	struct lg_histogram setup_ns;
};

static inline uint32_t
lg_number(const struct lg *lg, const struct lg_device *d)
{
	return (uint32_t)(d - lg->devices);
}

static inline uint64_t
lg_ns(const struct lg *lg, uint64_t cycles)
{
	return cycles / lg->hz * MST_NS_PER_S + cycles % lg->hz * MST_NS_PER_S / lg->hz;
}

// Times in milliseconds wrap after 49 days: compared by difference.
static inline bool
lg_is_due(const struct lg *lg, uint32_t ms)
{
	return (int32_t)(lg->now_ms - ms) >= 0;
}

// ---- setup.c: from TCP to the tunnel's parameters -----------------------------------------------
void lg_setup_begin(struct lg *lg, struct lg_device *d); // a socket, a setup of the pool
void lg_setup_io(struct lg *lg, struct lg_device *d);
bool lg_setup_take(struct lg *lg, struct lg_device *d); // false: all are in use
void lg_setup_give(struct lg *lg, struct lg_device *d);

// ---- device.c: the life of a device -------------------------------------------------------------
void lg_device_enter(struct lg *lg, struct lg_device *d, enum lg_state state);
void lg_device_tunnel(struct lg *lg, struct lg_device *d, const struct lg_http_tunnel *t); // CONNECT accepted
// Counts the cause, then lost.
void lg_device_fail(struct lg *lg, struct lg_device *d, uint64_t *cause);
void lg_device_ended(struct lg *lg, struct lg_device *d); // by the gateway: it does not come back
void lg_device_io(struct lg *lg, struct lg_device *d);	  // its socket can be read or written
mst_wheel_fn lg_device_timer;
void lg_device_dtls_up(struct lg *lg, struct lg_device *d);	// handshake done and proved by an answer
void lg_device_dtls_failed(struct lg *lg, struct lg_device *d); // it goes on by CSTP
// The connection is gone: back by cookie, after a pause that grows, a bounded number of times.
void lg_device_lost(struct lg *lg, struct lg_device *d);
// On purpose: reset without a word (and back by cookie), or signed out.
void lg_device_cut(struct lg *lg, struct lg_device *d);
void lg_device_sign_out(struct lg *lg, struct lg_device *d);
void lg_device_forget(struct lg_device *d); // its cookie and address
void lg_device_free(struct lg *lg, struct lg_device *d);
// Sets the timer to what comes first.
void lg_device_rearm(struct lg *lg, struct lg_device *d);

// Its socket, connecting, watched. -errno.
MST_MUST_USE int lg_socket_open(struct lg *lg, struct lg_device *d);
// 0; -EAGAIN: not connected yet; or why not.
MST_MUST_USE int lg_socket_connected(const struct lg_device *d);
void lg_socket_reset(const struct lg_device *d); // what close() is to do: reset

// ---- stream.c: CSTP over the TLS connection of a device -----------------------------------------
// A frame of len bytes behind the 8 of its header in frame; false: the connection is busy or gone.
bool lg_stream_send(struct lg *lg, struct lg_device *d, uint8_t type, uint8_t *frame, size_t len);
void lg_stream_record(struct lg *lg, struct lg_device *d, uint8_t *rec, size_t len);

// ---- tls.c: libssl as a client ------------------------------------------------------------------
enum lg_tls_result { LG_TLS_OK, LG_TLS_WAIT, LG_TLS_CLOSED, LG_TLS_FAILED };

MST_MUST_USE int lg_tls_create(struct lg *lg, char *err, size_t err_cap);
void lg_tls_destroy(struct lg *lg);
MST_MUST_USE int lg_tls_open(struct lg *lg, struct lg_device *d); // on d->fd
enum lg_tls_result lg_tls_handshake(struct lg_device *d);
bool lg_tls_is_expected(const struct lg *lg, const struct lg_device *d); // certificate
enum lg_tls_result lg_tls_read(struct lg_device *d, uint8_t *buf, size_t cap, size_t *len);
// Takes a copy of what the socket does not take. CLOSED, FAILED; WAIT: nothing was taken.
enum lg_tls_result lg_tls_write(struct lg_device *d, const uint8_t *buf, size_t len);
enum lg_tls_result lg_tls_flush(struct lg_device *d);
void lg_tls_close(struct lg_device *d, bool politely);
const char *lg_tls_error(void); // text of the last failure

// ---- dtls.c: the handshake over the port --------------------------------------------------------
MST_MUST_USE int lg_dtls_create(struct lg *lg, char *err, size_t err_cap);
void lg_dtls_destroy(struct lg *lg);
MST_MUST_USE int lg_dtls_start(struct lg *lg, struct lg_device *d);
void lg_dtls_feed(struct lg *lg, struct lg_device *d, const uint8_t *datagram, size_t len);
void lg_dtls_tick(struct lg *lg, struct lg_device *d); // retransmits what is due
uint32_t lg_dtls_due_ms(struct lg *lg, const struct lg_device *d);
void lg_dtls_end(struct lg_device *d);	  // of the handshake; keys stay
void lg_dtls_forget(struct lg_device *d); // keys too

// ---- data.c: packets on both ports --------------------------------------------------------------
unsigned int lg_data_receive(struct lg *lg); // all ports, one burst each; how many frames
// A record of one message; false: not sent, which is counted.
bool lg_data_send_dtls(struct lg *lg, struct lg_device *d, uint8_t type, const void *payload, size_t len);
bool lg_data_send_datagram(struct lg *lg, struct lg_device *d, const void *datagram, size_t len);
// An inner packet that came out of d's tunnel.
void lg_data_from_tunnel(struct lg *lg, struct lg_device *d, const uint8_t *packet, size_t len);
// The next packet of a flow: up by the tunnel of d, down by the plain port.
bool lg_data_send_probe(struct lg *lg, struct lg_device *d, struct lg_probe *p, uint16_t len);
bool lg_data_send_plain(struct lg_probe *p, uint16_t len);
// UDP ports that each device can have; 0: too many devices for the addresses.
uint32_t lg_data_port_turns(uint32_t n_devices, uint32_t n_sources);
uint16_t lg_data_udp_port(const struct lg *lg, const struct lg_device *d);
uint32_t lg_data_source(const struct lg *lg, const struct lg_device *d);

// ---- traffic.c: who sends how much --------------------------------------------------------------
MST_MUST_USE int lg_traffic_create(struct lg *lg, char *err, size_t err_cap);
void lg_traffic_destroy(struct lg *lg);
void lg_traffic_join(struct lg *lg, struct lg_device *d); // its data channel stands
void lg_traffic_leave(struct lg *lg, struct lg_device *d);
void lg_traffic_rate(struct lg *lg, uint64_t pps); // of each direction
unsigned int lg_traffic_send(struct lg *lg);	   // what is due now; how many packets
void lg_traffic_seen(
	struct lg *lg, enum lg_dir dir, const struct lg_device *d, const uint8_t *packet, size_t len);

// ---- fleet.c: phases, ramp, churn, storm --------------------------------------------------------
MST_MUST_USE int lg_fleet_create(struct lg *lg, char *err, size_t err_cap);
void lg_fleet_destroy(struct lg *lg);
void lg_fleet_queue(struct lg *lg, struct lg_device *d);
void lg_fleet_up(struct lg *lg, struct lg_device *d);
void lg_fleet_down(struct lg *lg, struct lg_device *d);
void lg_fleet_gone(struct lg *lg, struct lg_device *d);
unsigned int lg_fleet_turn(struct lg *lg); // starts, cuts, ends what is due
const char *lg_fleet_phase(const struct lg *lg);

// ---- engine.c -----------------------------------------------------------------------------------
MST_MUST_USE int lg_engine_start(struct lg *lg, char *err, size_t err_cap);
void lg_engine_run(struct lg *lg);
void lg_engine_stop(struct lg *lg);
