// Private to lib/control: its objects. One thread, the control lcore, owns everything here.
#pragma once

#include <netinet/in.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <rte_mbuf.h>

#include "mst_anyconnect.h"
#include "mst_auth.h"
#include "mst_control.h"
#include "mst_cookie.h"
#include "mst_rt.h"
#include "mst_session.h"
#include "mst_tls.h"

#include "events.h"

#define CONTROL_APP_ID_BYTES 32
#define CONTROL_STREAM_QUEUE 64	   // packets towards a device whose TCP is slow
#define CONTROL_RECORD_BYTES 16640 // a whole TLS record and some
#define CONTROL_FLIGHT_DATAGRAMS 3
#define CONTROL_FLIGHT_BYTES 128 // ChangeCipherSpec is 14, Finished 61
#define CONTROL_HANDSHAKES_MAX 4096
#define CONTROL_TUPLE_BUCKETS CONTROL_HANDSHAKES_MAX // powers of two
#define CONTROL_WAITING_BUCKETS 256
#define CONTROL_BODIES_BYTES (8 * 1024 * 1024) // of all request bodies, beyond what each has for itself

struct control_bans;
struct control_question;
struct control_questions;
struct control_proxy;
struct control_conn;
struct control_handshake;
TAILQ_HEAD(control_conns, control_conn);

// An address that a device with an association has sent from, by UDP or TCP.
struct control_place {
	TAILQ_ENTRY(control_place) place; // of a bucket, whoever was looked at last at the end
	struct control_login *login;
	struct mst_ip ip; // family 0: none
	uint64_t seen_ns; // when it was looked at
};
TAILQ_HEAD(control_places, control_place);

// One accepted sign-in: what a cookie stands for. Lives, with its session, from sign-in to logout, time-out or
// disconnect, and through restarts of the process.
struct control_login {
	LIST_ENTRY(control_login) by_cookie;
	LIST_ENTRY(control_login) by_app_id;
	LIST_ENTRY(control_login) by_user;
	LIST_ENTRY(control_login) by_id;
	TAILQ_ENTRY(control_login) all;
	TAILQ_ENTRY(control_login) roamer; // while roams
	struct mst_control *c;
	struct mst_wheel_timer report; // the next one of accounting
	uint64_t reported_from_ns;     // 0: it is not reported
	struct mst_wheel_timer look; // at the next time that its time limits or its path may change something
	uint8_t cookie_id[MST_COOKIE_ID_BYTES]; // what its cookie calls it; the cookie itself is not kept
	uint64_t issued_unix_s, expires_unix_s; // as its cookie says
	bool expires_with_proof;		// the same
	bool nameless; // lived before this process did: its cookie will say whose it is
	bool has_connected;
	char user[MST_SESSION_NAME_BYTES];
	char group[64];
	char platform[64];			      // of the device, as far as it has said
	char device[MST_COOKIE_DEVICE_BYTES];	      // its identity at the source of identities
	uint8_t certificate[MST_COOKIE_DIGEST_BYTES]; // that it signed in with; all zero: none
	struct mst_ip signed_in_from;
	uint8_t host[MST_COOKIE_HOST_BYTES]; // that its user came to, as the cookie calls it
	bool wished;			     // its address, by the source of identities
	struct mst_session *session;
	struct control_conn *conn; // NULL while the device is away
	int64_t signed_in_ns;	   // may lie before the zero of the clock, which a restart of the host sets
	int64_t expires_ns;	   // INT64_MAX: never
	uint32_t idle_s;	   // of the user; 0: as configured
	uint64_t last_data_ns;	   // as the looks saw it; outlives the association it was seen on
	uint64_t away_since_ns;	   // valid while conn is NULL
	uint8_t app_id[CONTROL_APP_ID_BYTES]; // of the latest CONNECT
	bool has_app_id;
	uint16_t route_mtu; // of the kernel's route to the device; 0: none, the tun's will do
	struct mst_secret
		psk; // exported by the latest CONNECT's connection, or the master secret it came with
	uint16_t legacy_suite; // of the session that is to be taken up with that; 0: it is a PSK
	struct control_handshake *handshake;
	struct control_place udp_place, tcp_place;
	bool roams;		// it has had an association, which a record from elsewhere may be of
	uint64_t roamed_ns;	// when that was so
	struct rte_mbuf *stray; // the record that showed it, until the association has moved; or NULL
	// The last flight of the handshake that made the session's association, resent verbatim (RFC
	// 6347 4.2.4).
	uint8_t flight[CONTROL_FLIGHT_DATAGRAMS][CONTROL_FLIGHT_BYTES];
	uint16_t flight_len[CONTROL_FLIGHT_DATAGRAMS];
	uint8_t n_flight;
	uint8_t flight_resends;
	struct mst_sa_tuple flight_tuple;
	uint8_t flight_random[MST_DTLS_RANDOM_BYTES]; // of the ClientHello of that handshake
	uint16_t flight_worker;
	uint64_t path_ns;   // when the path was chosen last
	uint64_t hello_ns;  // when it was CSTP for the sake of a ClientHello
	uint64_t new_sa_ns; // when its association was made; 0 once all is settled that comes with it
	uint64_t asked_ns;  // when its device was asked for new keys
};

enum control_conn_state { CONN_TLS, CONN_HTTP, CONN_AUTH, CONN_TUNNEL, CONN_CLOSING };

// One TCP connection of a device.
struct control_conn {
	TAILQ_ENTRY(control_conn) all;	  // of conns, or of dead
	LIST_ENTRY(control_conn) waiting; // of auth_waiting, in CONN_AUTH
	TAILQ_ENTRY(control_conn) more;	  // of line
	TAILQ_ENTRY(control_conn) half;	  // of strangers or guests, until the tunnel is up
	struct control_conns *line; // unread or knocking, where it waits for its turn; NULL: it does not
	struct mst_control *c;
	int fd;
	enum control_conn_state state;
	uint64_t number;		   // names the sign-in of the connection to the helper
	struct control_question *question; // that it was asked, until the answer is judged; NULL: none
	struct mst_tls_conn *tls;
	struct control_proxy *proxy; // in CONN_TLS, while a load balancer's header is awaited; else NULL
	struct mst_ac *ac;	     // until the tunnel is up
	struct event *readable, *writable;
	struct mst_wheel_timer limit; // of handshake and sign-in, until the tunnel is up
	uint64_t signin_end_ns;	      // when the time for sign-in is over
	bool is_guest;		      // has sent a whole request
	struct mst_ip remote;
	struct control_login *login; // in CONN_TUNNEL
	uint64_t last_rx_ns;
	uint64_t last_dpd_ns;
	uint64_t renew_ns, next_renew_ns; // of the keys; 0, UINT64_MAX: never
	bool blocked;			  // TLS holds a record that TCP has not taken
	bool close_after_write;		  // an HTTP answer that ends the connection
	struct rte_mbuf **queue;	  // CONTROL_STREAM_QUEUE of them once one had to wait; NULL: none has
	uint16_t queue_head, queue_len;
	uint8_t *pending; // HTTP answer not written yet (heap)
	size_t pending_len, pending_off;
};

// One DTLS handshake in progress.
struct control_handshake {
	LIST_ENTRY(control_handshake) by_tuple;
	struct mst_control *c;
	struct control_login *login;
	struct mst_tls_dtls *dtls;
	struct mst_sa_tuple tuple;
	uint8_t random[MST_DTLS_RANDOM_BYTES]; // of its ClientHello, which tells a copy from a new try
	uint16_t worker;
	uint64_t started_ns;
	struct mst_wheel_timer timer; // retransmission and overall limit
};

LIST_HEAD(control_login_bucket, control_login);
LIST_HEAD(control_handshake_bucket, control_handshake);
LIST_HEAD(control_conn_bucket, control_conn);

struct control_listener {
	struct mst_control *c;
	int fd;
	bool ready; // somebody waits
	struct event *event;
};

struct control_kernel_fd {
	struct mst_control *c;
	unsigned int index;
	struct event *event;
};

// The certificate files, looked at from time to time.
struct control_site {
	struct mst_wheel_timer look;
	uint64_t used, seen; // what stat(2) said: of what is in use, and at the last look
};

#define CONTROL_CERTIFICATES_MAX ((MST_TLS_HOSTS_MAX + 1) * MST_TLS_PAIRS_MAX)
// What the CA of a certificate was asked.
struct control_staple {
	uint64_t next_ns; // when it is asked for
	uint32_t failures;
	bool revoked;
	char why[128]; // the last answer was not "good"; "": it was
};

// Certificates are numbered as in mst_control_certificate.
struct control_staples {
	struct mst_wheel_timer turn;
	bool open;	   // the helper has a question
	size_t asked;	   // about this one
	uint64_t asked_ns; // then
	uint64_t token;	   // of the last question
	size_t n;
	struct control_staple of[CONTROL_CERTIFICATES_MAX];
};

struct mst_control {
	const struct mst_conf *conf;
	struct event_base *base;
	struct mst_tls_ctx *tls;
	struct control_site site;
	struct control_staples staples;
	struct mst_tls_dtls_ctx *dtls;
	struct mst_tls_dtls_verifier verifier;
	struct mst_auth *auth;
	struct control_bans *bans;
	struct mst_cookie_keys *keys;
	struct mst_cookie_ledger *ledger;
	struct control_keyring *keyring; // what keeps the keys; NULL: nobody does
	struct event *auth_event, *route_event, *tick_event;
	struct control_kernel_fd kernel_fds[MST_MAX_PORTS + 1]; // taps and tun
	struct control_listener listeners[8];
	unsigned int n_listeners;
	struct control_conns conns;
	struct control_conn_bucket auth_waiting[CONTROL_WAITING_BUCKETS]; // by number
	struct control_questions *questions;				  // that users have not answered yet
	struct control_conns dead;	// closed within this turn of the loop, freed at its end
	struct control_conns unread;	// tunnels of which TLS holds bytes: read again in the next turn
	struct control_conns strangers; // half-open and without a whole request yet, the oldest first
	struct control_conns guests;	// half-open with one, the same
	struct control_conns knocking;	// without a tunnel yet, and with something to do
	TAILQ_HEAD(, control_login) logins;
	struct control_login_bucket *by_cookie, *by_app_id, *by_user, *by_id; // of one array
	uint32_t login_mask;
	struct control_handshake_bucket by_tuple[CONTROL_TUPLE_BUCKETS];
	struct control_places places[CONTROL_TUPLE_BUCKETS];
	TAILQ_HEAD(, control_login) roamers;
	uint64_t stray_due_ns;
	bool stray_ranks; // the last one was tried with who expects it most
	uint32_t n_conns, n_half_open, n_logins, n_handshakes;
	uint64_t n_signins; // that were started
	size_t bodies_left; // of CONTROL_BODIES_BYTES
	uint32_t hash_seed;
	struct mst_wheel wheel;
	bool stopping;
	bool draining; // nobody is taken in
	uint64_t drain_end_ns;
	struct mst_wheel_timer drain_step;
	bool paused;	     // accepting, because too many are half-open
	unsigned int events; // handled in this turn of the loop
	uint64_t busy_ns, idle_ns;
	struct mst_control_counters counters;
	struct control_events past;
	uint8_t record[CONTROL_RECORD_BYTES]; // one record at a time: the one thread's scratch
	struct mst_tls_cork cork;	      // and that of records which leave together
};

#define CONTROL_COUNT(c, name) ((c)->counters.name++)

// control.c: one turn of the loop; true when there was something to do
bool control_turn(struct mst_control *c);

// control.c: what the objects stand in
MST_MUST_USE int control_tables_create(struct mst_control *c, uint32_t max_logins);
void control_tables_destroy(struct mst_control *c);

// Why a session or a connection ends: its counter, the line in the log, and what the device is told, which ends its
// client. NULL: nothing, so the client comes back by itself. X(id, counter, log, text)
// clang-format off
#define CONTROL_ENDS(X)                                                                                  \
	X(BYE,    end_bye,    "the device signed out",              NULL)                               \
	X(IDLE,   end_idle,   "idle for too long",                  "Idle timeout")                     \
	X(LIMIT,  end_limit,  "its time is over",                   "Session time limit reached")       \
	X(EXPIRED, end_expired, "the token or certificate of its sign-in has expired",                  \
		"Sign in again: the token or certificate has expired")                                   \
	X(ADMIN,  end_admin,  "an administrator has ended it",      "Disconnected by the administrator") \
	X(AWAY,   end_cookie, "the device did not come back",       NULL)                               \
	X(LOST,   end_lost,   "it cannot be taken up again",        NULL)                               \
	X(STOP,   end_stop,   "the server stops",                   NULL)                               \
	X(TAKEN,  taken_over, "another connection took it over",    "Another connection has taken over this session")
// clang-format on

enum control_end {
#define X(id, counter, log, text) CONTROL_END_##id,
	CONTROL_ENDS(X)
#undef X
};

struct control_end_row {
	size_t counter; // offset in struct mst_control_counters
	const char *log;
	const char *text;
};
extern const struct control_end_row control_ends[];

// account.c: what RADIUS servers are told of sessions, where the configuration names some
void control_account_start(struct control_login *l); // its device has connected; once
void control_account_stop(struct control_login *l, enum control_end why);

struct control_arrival { // where a device is, and which host it asks for; "": the site itself
	struct mst_ip remote;
	const char *host;
	uint8_t certificate[MST_TLS_DIGEST_BYTES]; // that it shows; all zero: none
};
struct control_arrival control_conn_arrival(const struct control_conn *conn); // TLS is up

// login.c
// A sign-in that was accepted: session, addresses and the text of its cookie. -EADDRNOTAVAIL: no session is free;
// -EDQUOT: the user has as many as may be.
MST_MUST_USE int control_login_create(struct mst_control *c, const struct mst_auth_result *r,
	const struct control_arrival *from, char cookie_text[MST_COOKIE_TEXT_BYTES],
	struct control_login **out);
// Of what a cookie says, or the ledger, with the addresses that stand there; nameless still. -EADDRINUSE: they are
// another's; others as above.
MST_MUST_USE int control_login_restore(
	struct mst_control *c, const struct mst_cookie *cookie, struct control_login **out);
// It is this user's. -EDQUOT as above.
MST_MUST_USE int control_login_name(struct control_login *l, const struct mst_cookie *cookie);
void control_login_say(const struct control_login *l, struct mst_cookie *out); // what its cookie says
bool control_login_is_full(const struct mst_control *c);		       // no session is free
struct control_login *control_login_by_cookie(struct mst_control *c, const uint8_t id[MST_COOKIE_ID_BYTES]);
struct control_login *control_login_by_app_id(struct mst_control *c, const uint8_t *id, size_t len);
struct control_login *control_login_by_id(struct mst_control *c, uint32_t session_id);
// The first login of the user, or the next one after l.
struct control_login *control_login_by_user(
	struct mst_control *c, const char *user, const struct control_login *after);
void control_login_new_app_id(struct mst_control *c, struct control_login *l);
void control_login_drop_app_id(struct control_login *l); // and the PSK
// Ends the session too, and its cookie unless the server stops. Exactly once; the connection, if there is one, is told
// and closed.
void control_login_end(struct mst_control *c, struct control_login *l, enum control_end why);
// Tells the kernel of a tunnel that takes less than its tun does, so that its ICMP names the right size.
void control_login_set_mtu(struct control_login *l, uint16_t mtu);

// look.c: what time does to a login
mst_wheel_fn control_look; // may end it; else arms its next look
// Seconds from sign-in until its time is over, and what is left of them; 0: it has no end.
uint32_t control_look_whole_s(const struct control_login *l);
uint32_t control_look_left_s(const struct control_login *l);
// The next look, now that the login has changed.
void control_look_arm(struct control_login *l);
// The device sends by CSTP what it might send by DTLS: is that path gone?
void control_look_at_path(struct control_login *l);
// The device is at its keys: CSTP, where there is one, until it is heard under those that it has then.
void control_look_take_stream(struct control_login *l);
// It has just been: DTLS it is.
void control_look_heard(struct control_login *l);
// An association was published.
void control_look_new_sa(struct control_login *l);
// Ends the association; what is known of the session's use by it is kept.
void control_look_note_use(struct control_login *l, uint64_t now_ns);
void control_look_drop_sa(struct control_login *l);

// listener.c
MST_MUST_USE int control_listen(struct mst_control *c, char *err, size_t err_cap);
void control_listen_stop(struct mst_control *c);
// One connection, if somebody waits and there is room.
bool control_listen_accept(struct mst_control *c);

// site.c: contexts of the site and its hosts
MST_MUST_USE int control_site_make(
	const struct mst_conf *conf, struct mst_tls_ctx **out, char *err, size_t err_cap);
void control_site_note(struct mst_control *c);	// what is in use is what the files hold
void control_site_watch(struct mst_control *c); // from now on, by its timer
// The context with certificate number *i, which becomes its number there; NULL: there is none.
struct mst_tls_ctx *control_site_find(const struct mst_control *c, size_t *i, const char **host);

// staple.c
void control_staple_watch(struct mst_control *c);
// Another context is in use; old: the one before, which is still there, or NULL.
void control_staple_begin(struct mst_control *c, const struct mst_tls_ctx *old);
// The certificate whose CA is to be asked now; staples.n: none.
size_t control_staple_due(const struct mst_control *c, uint64_t now_ns);
// What came about the certificate that was asked about.
void control_staple_answer(struct mst_control *c, const struct mst_auth_stapled *a, uint64_t now_ns);
// What is to be said of certificate number i, which is number pair of ctx.
void control_staple_text(const struct mst_control *c, size_t i, const struct mst_tls_ctx *ctx, size_t pair,
	char *text, size_t cap);

// gate.c: who may come in
bool control_gate_admits(struct mst_control *c, const struct mst_ip *remote); // one connection more
bool control_gate_is_banned(const struct control_conn *conn);
// What became of a try to sign in.
void control_gate_failed(struct control_conn *conn, const char *user);
void control_gate_succeeded(struct control_conn *conn, const char *user);

// proxy.c: load balancers
bool control_proxy_is_listed(const struct mst_control *c, const struct mst_ip *remote);
void control_proxy_expect(struct control_conn *conn); // a header in front of TLS
void control_proxy_read(
	struct control_conn *conn); // some of it; proxy is NULL then, or the connection closed, at its end

// newcomer.c: whoever has no tunnel yet
void control_newcomer_queue(struct control_conn *conn);
void control_newcomer_enter(struct control_conn *conn); // half-open from now on
void control_newcomer_greet(struct control_conn *conn); // has sent a whole request
void control_newcomer_leave(struct control_conn *conn);
// The oldest half-open one that keeps us waiting, whose place another may have; NULL: there is none.
struct control_conn *control_newcomer_oldest(const struct mst_control *c);
unsigned int control_newcomers(struct mst_control *c); // a turn's share of what waits; how much was done

// conn.c
void control_conn_accept(struct mst_control *c, int fd, const struct mst_ip *remote);
// Takes tls and fd, also when it fails (NULL). fd -1: tls runs over memory, and nothing tells when there is more.
struct control_conn *control_conn_adopt(
	struct mst_control *c, struct mst_tls_conn *tls, int fd, const struct mst_ip *remote);
// Takes everything down at once; the object itself is freed at the end of the loop's turn, so that whoever is
// up the stack may still look at its state (CONN_CLOSING).
void control_conn_close(struct control_conn *conn);
void control_conn_reap(struct mst_control *c);
// Reads on where bytes wait in TLS that no event of the socket will tell of.
void control_conn_resume(struct mst_control *c);
void control_conn_read(struct control_conn *conn, unsigned int max_records);
void control_conn_handshake(struct control_conn *conn);
struct control_conn *control_conn_by_number(struct mst_control *c, uint64_t number);
void control_conn_watch_write(struct control_conn *conn);
void control_conn_set_waiting(struct control_conn *conn, bool waiting);
void control_conn_read_again(struct control_conn *conn); // TLS may have read ahead of what was asked for
void control_conn_read_no_more(struct control_conn *conn);

// answer.c
// Sends what the HTTP side has to say, and reads on.
void control_answer_flush(struct control_conn *conn);
void control_answer_go_on(struct control_conn *conn); // TCP has room again, and TLS holds nothing
void control_answer_drop(struct control_conn *conn);

// signin.c
MST_MUST_USE int control_signin_prepare(struct control_conn *conn, const char *page);
void control_signin_reload(struct mst_control *c); // the configuration is another one
void control_signin_start(struct control_conn *conn);
void control_signin_answer(struct control_conn *conn);
void control_signin_drop(struct control_conn *conn); // nobody waits for its result any more
void control_signin_results(evutil_socket_t fd, short what, void *arg);
void control_signin_count(struct mst_control *c); // what the channel to the helper has counted

// connect.c
void control_connect(struct control_conn *conn);

// comeback.c
// The login of a cookie, which may have lived before this process did. -EACCES: the cookie is not acceptable, counted;
// -EADDRNOTAVAIL: no session is free; -ENOMEM.
MST_MUST_USE int control_comeback(struct mst_control *c, const char *cookie_text,
	const struct control_arrival *from, struct control_login **out);
// One address, or one network of a single IPv6 host.
bool control_comeback_is_near(const struct mst_ip *a, const struct mst_ip *b);
// Each session that lived when the process before ended waits for its device, as if it had just been lost.
void control_comeback_expect(struct mst_control *c);

// keyring.c: the files of keys and ledger
MST_MUST_USE int control_keyring_open(
	struct mst_control *c, const struct mst_conf *conf, char *err, size_t err_cap);
// A reload: what can fail, and what takes effect.
MST_MUST_USE int control_keyring_read(
	const struct mst_conf *conf, struct mst_cookie_keys **out, char *err, size_t err_cap);
void control_keyring_take(struct mst_control *c, const struct mst_conf *conf, struct mst_cookie_keys *keys);
void control_keyring_close(struct mst_control *c);
// Whether the file of keys is good, where there is one.
MST_MUST_USE int control_keyring_check(const struct mst_conf *conf, char *err, size_t err_cap);

// stream.c
void control_stream_record(struct control_conn *conn, uint8_t *rec, size_t len);
void control_stream_send_packet(struct control_conn *conn, struct rte_mbuf *m); // takes the mbuf
// Between the two, which nothing of another connection may come between, frames gather and leave together.
void control_stream_cork(struct control_conn *conn);
void control_stream_uncork(struct control_conn *conn);
void control_stream_send(struct control_conn *conn, uint8_t type, const void *payload, size_t len);
void control_stream_disconnect(struct control_conn *conn, const char *text);
void control_stream_drain(struct control_conn *conn); // writable again
void control_stream_free_queue(struct control_conn *conn);
void control_stream_tick(struct control_conn *conn, uint64_t now_ns);
uint64_t control_stream_due_ns(const struct control_conn *conn); // of the next tick; UINT64_MAX: none

// inbox.c: what the workers handed over; returns how many
unsigned int control_inbox(struct mst_control *c);

// handshake.c
void control_handshake_datagram(struct mst_control *c, const struct mst_sa_tuple *t, uint16_t worker,
	const uint8_t *data, size_t len);
void control_handshake_end(struct control_handshake *h);

// renew.c
uint32_t control_renew_interval_s(const struct control_conn *conn); // to announce; 0: never
void control_renew_begin(struct control_conn *conn, uint32_t interval_s, uint64_t now_ns);
void control_renew_tick(struct control_conn *conn, uint64_t now_ns);
void control_renew_look(struct control_login *l, uint64_t now_ns); // at the association; may end it

// roam.c
// Where the device of an association is, for the day it sends from elsewhere.
void control_roam_note(struct control_login *l);
void control_roam_forget(struct control_login *l);
// A protected record from an address that is nobody's. True: the mbuf was taken.
bool control_roam_record(struct mst_control *c, const struct mst_sa_tuple *from, struct rte_mbuf *m,
	const uint8_t *record, size_t len);

// udp.c
void control_udp_send(struct mst_control *c, const struct mst_sa_tuple *t, uint16_t worker,
	const uint8_t *data, size_t len);

// telemetry.c
MST_MUST_USE int control_telemetry_register(struct mst_control *c);
void control_telemetry_forget(void);
