// What the control lcore does: TLS connections, sign-in, sessions' life, DTLS handshakes, CSTP, timers. Every
// call on the control lcore; nothing here blocks.
#pragma once

#include <sys/types.h>

#include "mst_base.h"
#include "mst_conf.h"
#include "mst_session.h"
#include "mst_tls.h"

struct event_base;
struct mst_control;

// clang-format off
#define MST_CONTROL_COUNTERS(X)                                                                          \
	X(tcp_accepted,        "TCP connections accepted")                                              \
	X(tcp_refused,         "TCP connections closed at once: out of memory")                         \
	X(tcp_banned,          "TCP connections closed at once: of a banned address")                   \
	X(tcp_flood,           "TCP connections closed at once: too many a second from one address")    \
	X(half_open_dropped,   "half-open connections closed to let others in: silent for a second")    \
	X(proxy_malformed,     "TCP connections closed: no PROXY header from a load balancer")            \
	X(bans,                "addresses banned")                                                      \
	X(tcp_paused,          "times that accepting had to wait: too many half-open, or full")         \
	X(tls_done,            "TLS handshakes finished")                                               \
	X(tls_failed,          "TLS handshakes failed")                                                 \
	X(tls_timeout,         "connections closed by the handshake or sign-in time limit")             \
	X(http_closed,         "connections closed for malformed or too much HTTP")                     \
	X(auth_ok,             "sign-ins accepted")                                                     \
	X(auth_failed,         "sign-ins refused")                                                      \
	X(auth_busy,           "sign-ins put off: their queue full, or the helper away")                \
	X(auth_unanswered,     "questions to users that were not answered in time")                     \
	X(auth_crowded,        "questions to users given up: their address has too many")               \
	X(auth_stale,          "answers to questions that nobody has put, or not to this device")       \
	X(auth_lost,           "times that the sign-in helper had gone")                                \
	X(login_full,          "sign-ins refused: no session is free")                                  \
	X(login_same_user,     "sign-ins refused: the user has as many sessions as may be")             \
	X(connect_ok,          "CONNECT accepted")                                                      \
	X(connect_resumed,     "of these, sessions taken up again by cookie")                           \
	X(connect_draining,    "CONNECT refused: the gateway is draining")                              \
	X(connect_no_cookie,   "CONNECT without a cookie")                                              \
	X(connect_bad_cookie,  "CONNECT with a cookie that is not ours")                                \
	X(cookie_over,         "CONNECT with a cookie whose time is over")                              \
	X(cookie_policy,       "CONNECT with a cookie of other rules")                                  \
	X(cookie_host,         "CONNECT with a cookie that another host gave")                          \
	X(cookie_roamed,       "CONNECT with a cookie from another address than its sign-in")           \
	X(cookie_certificate,  "CONNECT with a cookie and without the certificate of its sign-in")      \
	X(cookie_ended,        "CONNECT with the cookie of a session that has ended")                   \
	X(cookie_no_address,   "CONNECT with a cookie whose address is another's")                      \
	X(cookie_range,        "CONNECT with a cookie whose address is of another range than its user's")  \
	X(cookie_same_user,    "CONNECT with a cookie of a user who has as many sessions as may be")    \
	X(connect_restored,    "of these, sessions that lived before this process did")                 \
	X(connect_no_address,  "CONNECT refused: no session is free")                                   \
	X(dtls_hello,          "ClientHellos of live sessions")                                         \
	X(dtls_verify,         "of these, from elsewhere and asked to show that they receive there")       \
	X(dtls_stranger,       "handshake datagrams that name no session, unanswered")                  \
	X(dtls_malformed,      "handshake datagrams that could not be read, unanswered")                \
	X(dtls_done,           "DTLS handshakes finished")                                              \
	X(dtls_failed,         "DTLS handshakes failed")                                                \
	X(dtls_timeout,        "DTLS handshakes not finished in time")                                  \
	X(dtls_full,           "DTLS handshakes refused: too many in progress")                         \
	X(dtls_resent,         "final flights resent")                                                  \
	X(tls_renewed,         "TLS keys renewed by the gateway in time")                               \
	X(dtls_asked_to_renew, "DTLS associations ended by alert for the device to renew keys")           \
	X(dtls_used_up,        "DTLS associations ended: their keys have protected all they may")       \
	X(dtls_alerts,         "DTLS associations closed by the device's alert")                        \
	X(stray_tries,         "trial openings of records from addresses of nobody")                    \
	X(stray_nobody,        "records from addresses of nobody that no keys open")                    \
	X(stray_over,          "records from addresses of nobody that nobody looked at: too many")      \
	X(roam_moved,          "associations moved to where their device sends from now")               \
	X(roam_stayed,         "moves given up: the device was heard at the old place meanwhile")       \
	X(end_bye,             "sessions ended by the device")                                          \
	X(end_idle,            "sessions ended idle")                                                   \
	X(end_limit,           "sessions ended by the session time limit")                              \
	X(end_expired,         "sessions ended: the token or certificate of the sign-in has expired")   \
	X(end_admin,           "sessions ended by the administrator")                                   \
	X(end_cookie,          "sessions ended: device did not come back in time")                      \
	X(end_lost,            "sessions ended: they could not be taken up again")                      \
	X(end_stop,            "sessions left to come back by the stop of the server")                  \
	X(drained,             "TLS connections closed by a drain")                                     \
	X(dpd_timeout,         "TLS connections closed: device silent")                                 \
	X(tcp_lost,            "TLS connections of sessions lost")                                      \
	X(taken_over,          "TLS connections replaced by a newer one of the same session")           \
	X(cstp_malformed,      "connections closed for a malformed CSTP frame")                         \
	X(stream_rx,           "packets received by CSTP")                                              \
	X(stream_tx,           "packets sent by CSTP")                                                  \
	X(stream_full,         "packets dropped: the device's TCP does not keep up")                    \
	X(stream_stale,        "packets dropped: session or connection gone")                           \
	X(no_mbuf,      "packets from or to devices dropped by control: no mbuf")                                         \
	X(path_to_stream,      "sessions whose path went over to CSTP")                                 \
	X(path_to_dtls,        "sessions whose path came back to DTLS")                                 \
	X(certificate_renewed, "times that a changed certificate file was taken")                        \
	X(certificate_refused, "times that a changed certificate file was refused")                      \
	X(staple_renewed,      "good answers of CAs about certificates of the gateway")                  \
	X(staple_failed,       "questions to CAs without a good answer")                                 \
	X(neighbour_asked,     "neighbours the kernel was asked to resolve")
// clang-format on

struct mst_control_counters {
#define X(name, help) uint64_t name;
	MST_CONTROL_COUNTERS(X)
#undef X
};

struct mst_control_params {
	const struct mst_conf *conf; // stays the caller's; must outlive its successor's reload
	struct event_base *base;
};

// Opens listeners on the public port's addresses (the taps exist by then), loads certificate and users file.
// err says what failed in plain words; -EINVAL: configuration, others: host.
MST_MUST_USE int mst_control_create(
	struct mst_control **out, const struct mst_control_params *p, char *err, size_t err_cap);
// Makes and throws away what a start would make of certificate, key, ciphers and users file. No EAL needed.
MST_MUST_USE int mst_control_check(const struct mst_conf *conf, char *err, size_t err_cap);
// Closes everything. Sessions do not end by it: devices are told nothing and come back by their cookies.
void mst_control_destroy(struct mst_control *c);
// New snapshot: certificate, users, network, timeouts. All or nothing; on error the old one goes on.
MST_MUST_USE int mst_control_reload(
	struct mst_control *c, const struct mst_conf *conf, char *err, size_t err_cap);

// The control loop; returns after mst_control_request_stop. Polls rings and libevent in turn, sleeps only
// when both are quiet.
void mst_control_run(struct mst_control *c);
void mst_control_request_stop(struct mst_control *c);

// Administrator's disconnects: how many sessions ended. The cookie ends with the session.
unsigned int mst_control_disconnect_user(struct mst_control *c, const char *user);
bool mst_control_disconnect_id(struct mst_control *c, uint32_t id);
unsigned int mst_control_disconnect_all(struct mst_control *c);
#define MST_CONTROL_NAME_BYTES 17 // with its NUL
// What the session is called for as long as it lives, by restarts too, and to RADIUS servers: the first part of
// Acct-Session-Id. Empty: there is no such session.
void mst_control_session_name(struct mst_control *c, uint32_t id, char out[MST_CONTROL_NAME_BYTES]);
// When the session ends by its time limit or, while its device is away, for want of it; seconds since 1970. 0: it has no
// such end, or there is no such session.
uint64_t mst_control_expires_unix_s(struct mst_control *c, uint32_t id);
// Nobody is taken in any more, and devices are sent elsewhere within so many seconds; their sessions stay. Again: the new
// time counts. mst_control_undrain: false when there was none.
void mst_control_drain(struct mst_control *c, uint32_t seconds);
bool mst_control_undrain(struct mst_control *c);

// A new key seals cookies from now on, once it is on the disk. -EBUSY: one is being made; -EAGAIN: no thread.
MST_MUST_USE int mst_control_rotate_cookie_key(struct mst_control *c);

void mst_control_counters(const struct mst_control *c, struct mst_control_counters *out);
struct mst_control_gauges {
	uint32_t connections, half_open, tunnels, logins, handshakes;
	bool draining;
	uint64_t busy_ns, total_ns; // of the control loop
};
void mst_control_gauges(const struct mst_control *c, struct mst_control_gauges *out);
pid_t mst_control_auth_pid(const struct mst_control *c); // of the sign-in helper; 0: it is away

// The last ones of sessions, and as many refused sign-ins, are remembered.
#define MST_CONTROL_EVENTS 256
struct mst_control_event {
	uint64_t number; // each has a greater one than those before it, through restarts
	uint64_t unix_s;
	const char *what; // connect, away, end, refused
	char reason[96];  // "": none
	uint32_t session; // 0: none
	char user[MST_SESSION_NAME_BYTES];
	struct mst_ip remote;
	struct mst_ip addr4, addr6; // of the session; family 0: none
};
// The oldest one that is remembered with a number above after, 0 at first. False: there is none.
bool mst_control_event_next(const struct mst_control *c, uint64_t after, struct mst_control_event *out);

struct mst_control_certificate {
	const char *host; // "": the gateway's own; lives until the next reload
	struct mst_tls_cert_info info;
	int64_t good_until_unix_s; // by its CA's word; 0: there is none
	char revocation[256];	   // the same in words, or why there is none
};
// Certificate number i in use; false behind the last one.
bool mst_control_certificate(const struct mst_control *c, size_t i, struct mst_control_certificate *out);

// Points of one source, an IPv4 address or an IPv6 /64.
struct mst_control_ban {
	struct mst_net source;
	uint32_t points, max_points; // banned when it reaches them
	uint32_t known_users;	     // who have signed in from there
	uint32_t left_s;	     // of the ban; 0: not banned
};
// The next source with points or a ban; *at is 0 at first. False: there is none.
bool mst_control_ban_next(const struct mst_control *c, size_t *at, struct mst_control_ban *out);
// Lifts a ban, and forgets the points; false: there were none.
bool mst_control_unban(struct mst_control *c, const struct mst_ip *ip);
