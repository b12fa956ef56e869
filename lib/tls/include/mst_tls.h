// TLS for sign-in and CSTP, and the DTLS 1.2 handshake over memory: all that this gateway does with libssl.
// Control lcore only, every function here. No function blocks, sleeps or logs; no object is shared between
// threads.
#pragma once

#include "mst_base.h"

// ---- server context: certificate, key and the profile
//
// The profile is fixed (Mozilla intermediate 6.0):
// TLS 1.2 and 1.3, the six ECDHE AEAD suites and the three of TLS 1.3, no renegotiation, tickets, session
// cache or compression. Only the lowest version is configurable.
enum mst_tls_version { MST_TLS_1_2 = 0x0303, MST_TLS_1_3 = 0x0304 };

// A certificate, its chain and its key: in two PEM files, which may be one, or in one of PKCS#12.
struct mst_tls_pair {
	const char *cert_file;	   // PEM, in any order, MST_TLS_CHAIN_MAX at most; the root may be there
	const char *key_file;	   // PEM, not encrypted
	const char *pfx_file;	   // instead of the two; NULL or "": none
	const char *password_file; // whose first line opens pfx_file; NULL or "": no password
};

// Whose certificates are accepted of devices. A device is asked for one, and need not have one.
struct mst_tls_clients {
	const char *ca_file;	      // PEM, MST_TLS_CLIENT_CAS_MAX at most: each is trusted, a root or not
	const char *const *crl_files; // PEM or DER; with one of them, each CA below an anchor needs one
	size_t n_crls;
	bool lenient_crls; // a CRL that is missing or too old refuses nobody
};

struct mst_tls_params {
	const struct mst_tls_pair *pairs; // of different kinds of key: the device takes the one it can check
	size_t n_pairs;
	enum mst_tls_version min_version;
	const char *const *names; // names and IP addresses that each certificate must be for
	size_t n_names;
	const struct mst_tls_clients *clients; // NULL: devices are not asked
	int64_t now_unix_s;		       // wall clock, for the validity warnings
};

#define MST_TLS_PAIRS_MAX 2
#define MST_TLS_CHAIN_MAX 10
#define MST_TLS_CLIENT_CAS_MAX 32
#define MST_TLS_HOSTS_MAX 64
#define MST_TLS_HOST_NAMES_MAX 8
#define MST_TLS_FILE_MAX_BYTES (256 * 1024)
#define MST_TLS_WARN_DAYS 30

struct mst_tls_ctx;

// Reads all files. On failure err holds one sentence in plain words that names the file: -ENOENT, -EACCES
// and other errno of open(2) and read(2); -EINVAL for what is not a usable certificate or key, or not one for the
// names; -EKEYREJECTED when the key does not belong to a certificate of the file; -ENOMEM.
MST_MUST_USE int mst_tls_ctx_create(
	struct mst_tls_ctx **out, const struct mst_tls_params *p, char *err, size_t err_cap);
// A site more at the same address: a device that asks for one of these names (SNI; a wildcard is the whole first label)
// meets host's certificates and client CAs. Takes host, also when it
// fails. -EINVAL, -EEXIST: err tells; -ENOMEM.
MST_MUST_USE int mst_tls_ctx_add_host(struct mst_tls_ctx *ctx, const char *const *names, size_t n,
	struct mst_tls_ctx *host, char *err, size_t err_cap);
// NULL behind the last host. Its certificates are looked at as the context's own.
struct mst_tls_ctx *mst_tls_ctx_host(const struct mst_tls_ctx *ctx, size_t host);
const char *mst_tls_ctx_host_name(const struct mst_tls_ctx *ctx, size_t host); // the first of its names
// Whether a name may stand in a certificate or a configuration: without a wildcard, or with one that is the whole first
// label, and not all of the name (RFC 9525 6.3).
bool mst_tls_name_is_good(const char *name, size_t len);
// Whether a device that asks for name is meant by pattern, which is good. Case makes no difference.
bool mst_tls_name_matches(const char *pattern, const char *name);
// Connections made from the context live on. NULL is allowed. A reload is: create the new one, swap, put the
// old.
void mst_tls_ctx_put(struct mst_tls_ctx *ctx);
// What an operator should be told (expired, not valid yet, near its end, valid for too long, a chain that is not
// complete, key file readable by others), sentences joined by "; "; "" when all is well. Lives as long as the context.
const char *mst_tls_ctx_warnings(const struct mst_tls_ctx *ctx);

struct mst_tls_cert_info {
	char subject[256]; // RFC 4514 text, cut when longer
	char issuer[256];
	char names[512];   // subjectAltName: DNS names and addresses with blanks between them
	char key_type[16]; // "RSA 2048", "EC P-256", "ED25519"
	char file[256];
	unsigned int n_chain; // certificates sent behind it
	bool must_staple;     // RFC 7633: devices that look refuse it without an OCSP response
	int64_t not_before_unix_s;
	int64_t not_after_unix_s;
	int64_t days_left; // whole days at now_unix_s, negative once expired
};
size_t mst_tls_ctx_pairs(const struct mst_tls_ctx *ctx);
// i below mst_tls_ctx_pairs.
void mst_tls_ctx_info(
	const struct mst_tls_ctx *ctx, size_t i, int64_t now_unix_s, struct mst_tls_cert_info *out);

// ---- OCSP stapling: the CA's word that a certificate of ours is good, for devices that ask for it (RFC 6066 8). Who asks
// the CA is the caller's matter: here is what to ask about, and what came is checked.
#define MST_TLS_STAPLE_BYTES (16 * 1024)

struct mst_tls_staple_question {
	const uint8_t *cert, *issuer; // DER; live as long as the context
	size_t cert_len, issuer_len;
	bool ocsp; // the certificate names an OCSP server; else only a revocation list
};

// i below mst_tls_ctx_pairs, as everywhere here. -ENOENT: the certificate names no place where its CA tells whether it is
// revoked; -ENOKEY: its issuer's certificate is neither in the file nor known to this host.
MST_MUST_USE int mst_tls_staple_question(
	const struct mst_tls_ctx *ctx, size_t i, struct mst_tls_staple_question *out);
// A response in DER, sent to devices until its nextUpdate. err says why it is not taken: -EKEYREVOKED: the CA has revoked
// the certificate, and what was sent so far is not sent any more; -EINVAL: it is not the CA's good word on this
// certificate at this time, and the one before stays; -ENOMEM.
MST_MUST_USE int mst_tls_staple_put(struct mst_tls_ctx *ctx, size_t i, const uint8_t *der, size_t len,
	int64_t now_unix_s, char *err, size_t err_cap);
// Somebody has looked at its CA's revocation list, which is good until then: it is not on it. 0: it is.
void mst_tls_staple_unlisted(struct mst_tls_ctx *ctx, size_t i, int64_t until_unix_s);
// Until when the response in use, or the list, is good, also when that is over; 0: there is none.
int64_t mst_tls_staple_until(const struct mst_tls_ctx *ctx, size_t i);
// Responses of another context and its hosts go on for the certificates that ctx and its hosts have too.
void mst_tls_staple_take(struct mst_tls_ctx *ctx, const struct mst_tls_ctx *old);

// ---- one server connection over a non-blocking stream socket
#define MST_TLS_RECORD_BYTES 16384 // plaintext of one record at most, RFC 8446 5.1
#define MST_TLS_PSK_BYTES 32
// Received before the handshake is complete; a client with more FAILED. libssl alone would allow 128 KiB a
// message.
#define MST_TLS_HANDSHAKE_BYTES 32768

// clang-format off
#define MST_TLS_RESULTS(X) \
	X(OK, "ok") \
	X(WANT_READ, "waits for the peer") \
	X(WANT_WRITE, "waits for the socket") \
	X(BUSY, "an earlier record still waits for the socket") \
	X(CLOSED, "closed by the peer") \
	X(FAILED, "failed")
// clang-format on
#define MST_TLS_RESULT_ENUM(name, text) MST_TLS_##name,
enum mst_tls_result { MST_TLS_RESULTS(MST_TLS_RESULT_ENUM) };
#undef MST_TLS_RESULT_ENUM
const char *mst_tls_result_text(enum mst_tls_result r);

struct mst_tls_conn;

// fd stays the caller's, must be non-blocking, and outlives the connection. SIGPIPE is never raised. -ENOMEM.
MST_MUST_USE int mst_tls_conn_create(struct mst_tls_conn **out, struct mst_tls_ctx *ctx, int fd);

// The same over memory, which tells the cost of TLS from that of sockets. pipe outlives the connection.
struct mst_tls_pipe {
	const uint8_t *in; // what the peer has sent; taken from the front
	size_t in_len;	   // 0: a read waits, as on a socket that is empty
	uint8_t *out;	   // what was sent to the peer
	size_t out_len, out_cap;
};
MST_MUST_USE int mst_tls_conn_create_memory(
	struct mst_tls_conn **out, struct mst_tls_ctx *ctx, struct mst_tls_pipe *pipe);
// Tries once to send close_notify, when a record is not half sent. NULL is allowed.
void mst_tls_conn_destroy(struct mst_tls_conn *conn);

// OK once, when the handshake is complete; then read and write may be called. After CLOSED or FAILED every
// call gives the same result again: only destroy is left.
MST_MUST_USE enum mst_tls_result mst_tls_conn_handshake(struct mst_tls_conn *conn);

// At most one record a call, and the whole of it: cap must be MST_TLS_RECORD_BYTES or more (protocol: one
// CSTP frame is one record). OK: *n bytes, not 0. Read until WANT_READ: an edge or level of the socket tells
// nothing of what was read ahead; see mst_tls_conn_pending. WANT_WRITE: the answer to a KeyUpdate or a
// refused renegotiation waits.
MST_MUST_USE enum mst_tls_result mst_tls_conn_read(
	struct mst_tls_conn *conn, void *buf, size_t cap, size_t *n);
// True when a read may give a record without a further event of the socket.
bool mst_tls_conn_pending(const struct mst_tls_conn *conn);

// buf (1 to MST_TLS_RECORD_BYTES) becomes exactly one record, never joined with another and never split.
// OK: sent. WANT_WRITE (or WANT_READ): taken, a copy waits inside, call mst_tls_conn_flush when the socket is
// ready. BUSY: not taken, because an earlier record still waits: the caller queues or drops.
MST_MUST_USE enum mst_tls_result mst_tls_conn_write(struct mst_tls_conn *conn, const void *buf, size_t len);
// Records that one key of TLS protects at the most: behind it the connection FAILED, and the device comes back with new
// keys. With TLS 1.3 both sides' keys are renewed at the half, and a peer that floods with renewals of its own FAILED.
#define MST_TLS_KEY_RECORDS (1ULL << 24) // RFC 8446 5.5: 2^24.5 full-size ones with AES-GCM
bool mst_tls_conn_can_renew(const struct mst_tls_conn *conn); // TLS 1.3
// Renews our keys in place, and has the peer renew its own if it has not done so by itself since the time before last. OK; WANT_WRITE: with the next record; BUSY: not now, or not by this version.
MST_MUST_USE enum mst_tls_result mst_tls_conn_renew(struct mst_tls_conn *conn);

// OK: nothing waits any more.
MST_MUST_USE enum mst_tls_result mst_tls_conn_flush(struct mst_tls_conn *conn);
bool mst_tls_conn_flush_pending(const struct mst_tls_conn *conn);

// Records that are written one after the other leave in one piece: a system call for all of them, and full segments of
// TCP instead of one a record. The cork is the caller's, and may serve one connection after the other.
#define MST_TLS_CORK_BYTES 32768
struct mst_tls_cork {
	size_t len;
	uint8_t bytes[MST_TLS_CORK_BYTES];
};
// From now on OK of a write means taken. Once more than fits has gathered, it goes to the socket.
void mst_tls_conn_cork(struct mst_tls_conn *conn, struct mst_tls_cork *cork);
// Before anything else is corked by it, and before destroy. OK: all is sent. WANT_WRITE: a copy of what the socket did not
// take waits inside, MST_TLS_CORK_BYTES at most and a record; call mst_tls_conn_flush when the socket is ready.
MST_MUST_USE enum mst_tls_result mst_tls_conn_uncork(struct mst_tls_conn *conn);

// The first name of the host that the device asked for by one of its names; "": none of ours, the context's own
// certificate. Lives as long as the connection, whatever becomes of the context.
const char *mst_tls_conn_host(const struct mst_tls_conn *conn);

// clang-format off
#define MST_TLS_PEERS(X) \
	X(NOT_ASKED, "no certificate was asked for") \
	X(NONE, "the device has sent no certificate") \
	X(REFUSED, "the device's certificate was refused") \
	X(ACCEPTED, "the device's certificate was accepted")
// clang-format on
#define MST_TLS_PEER_ENUM(name, text) MST_TLS_PEER_##name,
enum mst_tls_peer { MST_TLS_PEERS(MST_TLS_PEER_ENUM) };
#undef MST_TLS_PEER_ENUM

struct mst_tls_peer_cert {
	const uint8_t *leaf; // DER of the device's own certificate; NULL unless ACCEPTED
	size_t leaf_len;
	const uint8_t *issuer; // DER of that of its issuer, which was verified too
	size_t issuer_len;
	const char *
		reason; // never NULL: the text of the state, or why it was refused; holds no byte of the peer
};
// What became of the device's certificate; out lives as long as the connection. Before the handshake is complete: NONE
// or NOT_ASKED. A certificate that was refused does not fail the handshake: it counts as none, and sign-in can say why.
enum mst_tls_peer mst_tls_conn_peer_cert(const struct mst_tls_conn *conn, struct mst_tls_peer_cert *out);
// SHA-256 of the device's own certificate, by which it is known again; all zero unless ACCEPTED.
#define MST_TLS_DIGEST_BYTES 32
void mst_tls_conn_peer_digest(const struct mst_tls_conn *conn, uint8_t out[MST_TLS_DIGEST_BYTES]);

// "(TLS1.3)-(ECDHE-X25519)-(RSA-PSS-RSAE-SHA256)-(AES-256-GCM)", as the clients print it; "" before the
// handshake.
const char *mst_tls_conn_cipher(const struct mst_tls_conn *conn);
// Why the last call gave CLOSED or FAILED, for the log; holds no byte of the peer and no secret. Never NULL.
const char *mst_tls_conn_error(const struct mst_tls_conn *conn);

// The PSK of the DTLS handshake that belongs to this connection: RFC 5705 exporter, label
// "EXPORTER-openconnect-psk", no context. -EAGAIN before the handshake is complete, -EIO when libssl fails.
// The caller wipes out.
MST_MUST_USE int mst_tls_conn_export_psk(struct mst_tls_conn *conn, uint8_t out[MST_TLS_PSK_BYTES]);

// ---- DTLS 1.2 handshake over memory
struct mst_tls_dtls_params {
	const uint16_t *suites; // IANA numbers, the server's order of preference; those of
				// mst_dtls_suite_by_id are known
	size_t n_suites;
	bool legacy;		// and clients may take up a session that they have made up
	uint32_t retransmit_ms; // first retransmission, 20 to 4000; doubles up to 4 s. 0 = 500
};

struct mst_tls_dtls_ctx;

// -EINVAL: an unknown or doubled suite, or none. -ENOMEM, -EIO.
MST_MUST_USE int mst_tls_dtls_ctx_create(struct mst_tls_dtls_ctx **out, const struct mst_tls_dtls_params *p);
// Handshakes made from it live on. NULL is allowed.
void mst_tls_dtls_ctx_put(struct mst_tls_dtls_ctx *ctx);

// Bounds of one handshake; what is beyond them is dropped as if the network had lost it.
#define MST_TLS_DTLS_OUT_DATAGRAMS 8
#define MST_TLS_DTLS_OUT_BYTES 4096	 // of all waiting datagrams together
#define MST_TLS_DTLS_DATAGRAM_BYTES 1500 // the largest, in or out
#define MST_TLS_DTLS_MESSAGE_BYTES 1024	 // largest handshake message of a client
#define MST_TLS_DTLS_IN_DATAGRAMS 64	 // well-formed datagrams listened to; the next one gives FAILED
#define MST_TLS_DTLS_RETRANSMISSIONS 6	 // of ours; one timeout more gives FAILED

enum mst_tls_dtls_state { MST_TLS_DTLS_IN_PROGRESS, MST_TLS_DTLS_DONE, MST_TLS_DTLS_FAILED };

struct mst_tls_dtls;
struct mst_dtls_keys; // mst_dtls.h
struct mst_dtls_client_hello;

// psk is copied and wiped as soon as it was used. link_mtu: bytes of the outer IP packet, 576 to 65535
// (-EINVAL). Feed the ClientHello next. -ENOMEM.
MST_MUST_USE int mst_tls_dtls_create(struct mst_tls_dtls **out, const struct mst_tls_dtls_ctx *ctx,
	const uint8_t psk[MST_TLS_PSK_BYTES], uint16_t link_mtu);

// The legacy mode: the client has sent a master secret over TLS and was told a session id. The ClientHello with that id,
// fed next, takes the session up, and DONE leaves nothing in output: the client finishes last. -EINVAL: ctx is not for
// it, or another suite than one of mst_dtls_legacy_suite_at; else as create. *r is copied.
#define MST_TLS_MASTER_BYTES 48
#define MST_TLS_SESSION_ID_BYTES 32
struct mst_tls_dtls_resumed {
	uint8_t master[MST_TLS_MASTER_BYTES]; // secret
	uint8_t session_id[MST_TLS_SESSION_ID_BYTES];
	uint16_t suite; // IANA number
};
MST_MUST_USE int mst_tls_dtls_create_resumed(struct mst_tls_dtls **out, const struct mst_tls_dtls_ctx *ctx,
	const struct mst_tls_dtls_resumed *r, uint16_t link_mtu);
// Wipes the secrets. NULL is allowed.
void mst_tls_dtls_destroy(struct mst_tls_dtls *h);

// ---- HelloVerifyRequest (RFC 6347 4.2.1): a client shows that it receives where its datagrams seem to come from, before
// anything is begun for it. Nothing is kept of it.
#define MST_TLS_DTLS_COOKIE_BYTES 32
#define MST_TLS_DTLS_VERIFY_BYTES 60
#define MST_TLS_DTLS_VERIFY_NS                                                                               \
	(30 * MST_NS_PER_S) // a secret makes cookies for so long, then opens for as long

struct mst_tls_dtls_verifier {
	uint8_t secret[2][MST_TLS_DTLS_COOKIE_BYTES]; // the newest, the one before
	uint64_t since_ns;			      // of the newest
};
void mst_tls_dtls_verifier_init(struct mst_tls_dtls_verifier *v, uint64_t now_ns);
void mst_tls_dtls_verifier_fini(struct mst_tls_dtls_verifier *v); // wipes it
// The answer to hello, one datagram that is smaller. path, of 64 bytes at most, is all that tells addresses and ports
// apart. -ENOMEM.
MST_MUST_USE int mst_tls_dtls_verify_request(struct mst_tls_dtls_verifier *v, uint64_t now_ns,
	const void *path, size_t path_len, const struct mst_dtls_client_hello *hello,
	uint8_t out[MST_TLS_DTLS_VERIFY_BYTES]);
// Whether hello brings the cookie of such an answer, sent on the same path, to a hello with the same random and session.
bool mst_tls_dtls_verify_is_good(struct mst_tls_dtls_verifier *v, uint64_t now_ns, const void *path,
	size_t path_len, const struct mst_dtls_client_hello *hello);
// Such a hello is what h, which has just been made, is fed first. The handshake goes on behind it.
void mst_tls_dtls_set_verified(struct mst_tls_dtls *h);

// One datagram from the client. Malformed ones, alerts in the clear (anybody can forge them) and data are
// dropped without a change of state. DONE: the client's Finished was verified; our last flight
// (ChangeCipherSpec, Finished) waits in output: take the keys, install the session, then send it and keep a
// copy to be sent again verbatim when the client repeats its flight. h gives no new bytes after that,
// whatever it is fed: libssl would use its own record counter. FAILED: output may hold an alert.
MST_MUST_USE enum mst_tls_dtls_state mst_tls_dtls_feed(
	struct mst_tls_dtls *h, const void *datagram, size_t len);
// Retransmits when it is time to. To be called when mst_tls_dtls_timeout_ns has passed.
MST_MUST_USE enum mst_tls_dtls_state mst_tls_dtls_tick(struct mst_tls_dtls *h);
// Time until the next tick; UINT64_MAX: none is needed. libssl reads the clock itself, so this one is not
// simulated.
uint64_t mst_tls_dtls_timeout_ns(struct mst_tls_dtls *h);
// Takes the oldest waiting datagram; false when there is none. The bytes live until the next feed, tick or
// destroy.
bool mst_tls_dtls_output(struct mst_tls_dtls *h, const uint8_t **datagram, size_t *len);

// The keys of epoch 1 out of the handshake (RFC 5246 6.3), for the server's side, once. *out is the caller's
// then, to be ended with mst_dtls_keys_wipe; h is only good for its last flight and is to be destroyed.
// -EAGAIN unless DONE; -EALREADY the second time; -EIO when libcrypto fails; or what mst_dtls_keys_init says.
MST_MUST_USE int mst_tls_dtls_keys(struct mst_tls_dtls *h, struct mst_dtls_keys *out);
// "(DTLS1.2)-(PSK)-(AES-256-GCM)" once DONE, "" before.
const char *mst_tls_dtls_cipher(const struct mst_tls_dtls *h);
// Why FAILED, for the log. Never NULL.
const char *mst_tls_dtls_error(const struct mst_tls_dtls *h);
