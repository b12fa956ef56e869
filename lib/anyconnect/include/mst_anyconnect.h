// The AnyConnect/OpenConnect client protocol without I/O: sign-in over HTTP, the CONNECT exchange, CSTP
// frames (draft-mavrogiannopoulos-openconnect-04). No socket, clock, TLS or log: bytes come in, bytes and
// events go out. Lcore: control only; nothing here may be called by a worker, but for the three mst_cstp_*
// functions, which are pure. Objects belong to one caller at a time. Lengths are bytes, times are seconds,
// numbers are in host order.
#pragma once

#include "mst_base.h"

// ---- bounds: each is the largest value that is still accepted -----------------------------------
#define MST_AC_HEAD_BYTES 16384	    // request line, header fields and the empty line
#define MST_AC_FIELDS 64	    // header fields of a request
#define MST_AC_URL_BYTES 2048	    // request target
#define MST_AC_COOKIE_BYTES 4096    // value of each cookie
#define MST_AC_BODY_BYTES 262144    // body of a POST
#define MST_AC_BODY_OWN_BYTES 65536 // of it, what is held without asking mst_ac_params.large_left
#define MST_AC_REQUESTS 16	    // requests of a connection; the answer to the last one closes
#define MST_AC_XML_DEPTH 8	    // nested elements
#define MST_AC_XML_MARKS 4096	    // of <, =, & and line ends in a document
#define MST_AC_REPLY_BYTES 65535    // an answer, headers and all
#define MST_AC_PAGE_BYTES 32768	    // the static page
#define MST_AC_BANNER_BYTES 2048    // the banner before sign-in
#define MST_AC_PROMPT_BYTES 512	    // of a question behind the form; longer ones are cut
#define MST_AC_HANDLE_BYTES 64	    // of a question's handle
#define MST_AC_RULES 500	    // split includes and excludes of a tunnel together
#define MST_AC_APP_ID_BYTES 32

// ---- CSTP frames (draft-mavrogiannopoulos-openconnect-04, "The CSTP Channel Protocol") ----------
#define MST_CSTP_HEADER_BYTES 8

// clang-format off
// name, number on the wire
#define MST_CSTP_TYPES(X)                                                                                    \
	X(DATA, 0)                                                                                           \
	X(DPD_REQ, 3)                                                                                        \
	X(DPD_RESP, 4)                                                                                       \
	X(DISCONNECT, 5)                                                                                     \
	X(KEEPALIVE, 7)                                                                                      \
	X(COMPRESSED, 8)                                                                                     \
	X(TERMINATE, 9)

// name, what it says of the record
#define MST_CSTP_VERDICTS(X)                                                                                 \
	X(OK, "one whole frame")                                                                             \
	X(SHORT, "record shorter than the frame header")                                                     \
	X(MAGIC, "record does not start with STF 1")                                                         \
	X(LENGTH, "length field does not match the record")                                                  \
	X(RESERVED, "last header byte is not zero")
// clang-format on

enum mst_cstp_type {
#define X(name, number) MST_CSTP_##name = number,
	MST_CSTP_TYPES(X)
#undef X
};

enum mst_cstp_verdict {
#define X(name, help) MST_CSTP_V_##name,
	MST_CSTP_VERDICTS(X)
#undef X
		MST_CSTP_N_VERDICTS
};

struct mst_cstp_frame {
	uint8_t type;		// any number; the caller passes over those it does not know
	const uint8_t *payload; // inside the record
	uint16_t len;
};

// Reads the plaintext of one TLS record, which is exactly one frame. out is written only with MST_CSTP_V_OK
// and points into rec. Pure; any lcore.
enum mst_cstp_verdict mst_cstp_parse(const uint8_t *rec, size_t len, struct mst_cstp_frame *out);

// Writes the header of a frame; the payload follows it in the same TLS record. Pure; any lcore.
void mst_cstp_header(uint8_t out[MST_CSTP_HEADER_BYTES], uint8_t type, uint16_t payload_len);

enum mst_bye {
	MST_BYE_KEEPS_SESSION, // the device comes back with its cookie
	MST_BYE_ENDS_SESSION   // session and cookie are over
};

// What a DISCONNECT of the client means for the session. Only "logout" (b0) and "local error" (70) end it: a
// reason that is unknown or left out must not throw away what a reconnecting device needs. Pure; any lcore.
enum mst_bye mst_cstp_bye(const struct mst_cstp_frame *f);

// Short name of a verdict for counters and logs ("MAGIC").
const char *mst_cstp_verdict_name(enum mst_cstp_verdict v);

// ---- sign-in and CONNECT: one object a TLS connection, until the tunnel stands ------------------
// clang-format off
// Why a connection was refused: name for counters, status of the answer, its reason phrase, help.
#define MST_AC_FAULTS(X)                                                                                     \
	X(NONE, 0, "", "nothing was refused")                                                                \
	X(SYNTAX, 400, "Bad Request", "request line, header field or line end against RFC 9112")             \
	X(FRAMING, 400, "Bad Request", "two lengths, length with transfer coding, body where none belongs")  \
	X(PIPELINED, 400, "Bad Request", "bytes behind a request that was not answered yet")                 \
	X(LOGIN_SYNTAX, 400, "Bad Request", "body is neither a sign-in document nor a form")                 \
	X(XML_DTD, 400, "Bad Request", "document type declaration")                                          \
	X(XML_DEPTH, 400, "Bad Request", "elements nested too deep")                                         \
	X(XML_MARKS, 400, "Bad Request", "too many elements, attributes and references")                     \
	X(TRIES, 401, "Unauthorized", "last allowed try to sign in failed")                                  \
	X(TOKEN, 401, "Unauthorized", "bearer token that is none, or that was not accepted")                 \
	X(UNKNOWN_URL, 404, "Not Found", "method and path that are not served in this state")                \
	X(BODY_SIZE, 413, "Content Too Large", "body over the limit")                                        \
	X(URL_SIZE, 414, "URI Too Long", "request target over the limit")                                    \
	X(EXPECT, 417, "Expectation Failed", "Expect header")                                                \
	X(HEAD_SIZE, 431, "Request Header Fields Too Large", "header block over the limit")                  \
	X(FIELDS, 431, "Request Header Fields Too Large", "too many header fields")                          \
	X(COOKIE_SIZE, 431, "Request Header Fields Too Large", "cookie value over the limit")                \
	X(CODING, 501, "Not Implemented", "Transfer-Encoding")                                               \
	X(BUSY, 503, "Service Unavailable", "passwords cannot be checked now")                               \
	X(NO_MEMORY, 503, "Service Unavailable", "out of memory")                                            \
	X(VERSION, 505, "HTTP Version Not Supported", "neither HTTP/1.1 nor the static page by HTTP/1.0")
// clang-format on

enum mst_ac_fault {
#define X(name, status, phrase, help) MST_AC_F_##name,
	MST_AC_FAULTS(X)
#undef X
		MST_AC_N_FAULTS
};

struct mst_ac;

// Ways to sign in, each enough by itself. A set of them is an or of bits.
enum mst_ac_method {
	MST_AC_PASSWORD = 1,		 // user name and password, by a form
	MST_AC_TOKEN = 2,		 // Authorization: Bearer (RFC 6750)
	MST_AC_CERTIFICATE = 4,		 // the client certificate says it all
	MST_AC_CERTIFICATE_PASSWORD = 8, // both are needed
	MST_AC_CERTIFICATE_TOKEN = 16	 // both are needed
};

struct mst_ac_params {
	bool unavailable;	   // the page is a 503: load balancers are to look elsewhere
	const char *page;	   // HTML for whoever is not a VPN client; must outlive the object
	const char *banner;	   // shown above the sign-in form, or NULL; must outlive the object
	unsigned int max_tries;	   // wrong passwords of a connection until 401; 0 means 3
	unsigned int methods;	   // of enum mst_ac_method; 0 means MST_AC_PASSWORD
	bool certificate;	   // TLS has verified one of the client on this connection
	const char *const *groups; // for the form, to choose from; must outlive the object or mst_ac_offer
	size_t n_groups;	   // 0: the form does not ask for a group
	// Bytes that the bodies of all connections together may still take beyond MST_AC_BODY_OWN_BYTES each, kept by the
	// objects; must outlive them. NULL: without a bound.
	size_t *large_left;
};

// Heap object of 8 KB, and what has come of a request or waits as an answer; wiped when destroyed.
// -EINVAL: page missing or too long, banner too long; -ENOMEM.
MST_MUST_USE int mst_ac_create(struct mst_ac **out, const struct mst_ac_params *p);
// Another configuration: what is asked for from the next request on.
void mst_ac_offer(struct mst_ac *ac, unsigned int methods, const char *const *groups, size_t n_groups);
// NULL is allowed. Wipes passwords, cookies and every buffer.
void mst_ac_destroy(struct mst_ac *ac);

enum mst_ac_event {
	MST_AC_MORE,	     // feed more bytes
	MST_AC_RESPOND,	     // mst_ac_output has an answer
	MST_AC_AUTHENTICATE, // check mst_ac_credentials (and the certificate), then call mst_ac_auth_done
	MST_AC_ANSWER, // the same with the answer to mst_ac_auth_more in there, of this connection or of another
	MST_AC_CONNECT, // look at mst_ac_connect_request, then accept or reject
	MST_AC_CLOSE	// close without another byte
};

// Takes bytes the TLS layer has decrypted, and says what to do next; at most one event a call. *consumed
// tells how many were taken. Left over are only the bytes behind a CONNECT, which are the caller's from there
// on, and all of them while an answer was not taken by mst_ac_output: it is announced again. A client that
// talks while its password is being checked is refused; to be lenient, do not read meanwhile.
enum mst_ac_event mst_ac_feed(struct mst_ac *ac, const uint8_t *data, size_t len, size_t *consumed);

// True once for each answer. The bytes stay the object's, valid until its next mst_ac_feed that takes bytes
// or mst_ac_destroy; they can hold a cookie: do not log them. With *close_after the connection ends behind
// them.
bool mst_ac_output(struct mst_ac *ac, const uint8_t **data, size_t *len, bool *close_after);

// Why the connection was refused; MST_AC_F_NONE as long as it was not.
enum mst_ac_fault mst_ac_fault(const struct mst_ac *ac);
// Short name of a fault for counters and logs ("HEAD_SIZE").
const char *mst_ac_fault_name(enum mst_ac_fault f);

// Texts end with NUL. user and group are UTF-8 without control characters; password is whatever was typed.
struct mst_ac_credentials {
	char user[128];
	char password[256];
	char answer[256]; // to a question; with handle alone in here with MST_AC_ANSWER, and never empty then
	char handle[MST_AC_HANDLE_BYTES + 1]; // that the question came with; empty: the client kept none
	char group[64];			      // empty if none was chosen
	char user_agent[128];		      // this and platform: printable ASCII, cut to fit
	char platform[64];   // X-AnyConnect-Identifier-Platform, else what the document calls the device
	char device_id[128]; // X-AnyConnect-Identifier-Device-UniqueID, printable ASCII too
	// Token of letters, digits and -._~+/= only, or NULL: none came. With neither user nor token the certificate is all
	// there is.
	const char *bearer;
};

// Valid from MST_AC_AUTHENTICATE or MST_AC_ANSWER until mst_ac_auth_done or mst_ac_auth_more, which wipe it.
const struct mst_ac_credentials *mst_ac_credentials(const struct mst_ac *ac);

enum mst_ac_auth {
	MST_AC_AUTH_OK,
	MST_AC_AUTH_FAILED, // wrong password or token, unknown or locked user: the device must not learn which
	MST_AC_AUTH_BUSY    // no answer from whoever checks: 503, the device may come again
};

// Ends MST_AC_AUTHENTICATE or MST_AC_ANSWER: more is to be known before there is a result. prompt is shown to the
// user, the answer as it is typed only with echo. handle, of the form of a cookie and at most MST_AC_HANDLE_BYTES, goes along
// as a cookie, with which the answer may come by another connection: whose it is the caller has to know. -EINVAL: no
// check is under way (any more), or handle not of that form; -ENOMEM: close.
MST_MUST_USE int mst_ac_auth_more(struct mst_ac *ac, const char *prompt, bool echo, const char *handle);

// Ends MST_AC_AUTHENTICATE or MST_AC_ANSWER and makes the answer for mst_ac_output. cookie: with MST_AC_AUTH_OK the opaque
// text for the device, letters, digits and ._~+/=- only, at most MST_AC_COOKIE_BYTES; copied; else ignored.
// -EINVAL: no check is under way (any more), or cookie not of that form; -ENOMEM: close.
MST_MUST_USE int mst_ac_auth_done(struct mst_ac *ac, enum mst_ac_auth result, const char *cookie);

#define MST_AC_MASTER_BYTES 48
// DTLS 1.2 by resumption of a session whose master secret the device has made up, the one we like best first: IANA number,
// name in X-DTLS12-CipherSuite, older name in X-DTLS-CipherSuite. clang-format off
#define MST_AC_LEGACY_SUITES(X)                                                                              \
	X(0x009d, "AES256-GCM-SHA384", "OC-DTLS1_2-AES256-GCM")                                              \
	X(0xc030, "ECDHE-RSA-AES256-GCM-SHA384", NULL)                                                       \
	X(0xc02f, "ECDHE-RSA-AES128-GCM-SHA256", NULL)                                                       \
	X(0x009c, "AES128-GCM-SHA256", "OC-DTLS1_2-AES128-GCM")
// clang-format on
struct mst_ac_legacy_suite {
	uint16_t id;
	const char *name, *old_name; // old_name: NULL, there is none
};
const struct mst_ac_legacy_suite *mst_ac_legacy_suite_at(size_t index); // NULL past the last

// What the device asked for. Texts: printable ASCII, NUL terminated, cut to fit, empty if absent or sent
// twice. X-DTLS-Master-Secret is copied only where it may be needed, and compression offers are passed over.
struct mst_ac_connect_request {
	char cookie[MST_AC_COOKIE_BYTES + 1]; // webvpn; empty if absent or not of the form of ours; secret
	char hostname[65];		      // X-CSTP-Hostname
	char user_agent[128];
	char platform[64];	   // X-AnyConnect-Identifier-Platform
	char platform_version[64]; // ...-PlatformVersion
	char client_version[64];   // ...-ClientVersion
	char device_type[64];	   // ...-DeviceType
	char device_id[128];	   // ...-Device-UniqueID
	uint32_t base_mtu;	   // outer link MTU; 0 = absent, malformed or outside [576, 65535]
	uint32_t mtu;		   // wish for the inner MTU; same
	bool wants_ipv4;
	bool wants_ipv6;    // Address-Type and Full-IPv6-Capability both say so
	bool psk_negotiate; // PSK-NEGOTIATE among the DTLS suites
	// The legacy mode, without psk_negotiate: suites of MST_AC_LEGACY_SUITES, bit i the i-th, by either of its names;
	// none without a well-formed master secret.
	uint32_t legacy, legacy_old;
	uint8_t master[MST_AC_MASTER_BYTES]; // secret
	struct mst_ip want4;		     // X-CSTP-Address on a reconnect; family 0 = no wish
	struct mst_ip want6;
};

// Valid from MST_AC_CONNECT until accept or reject, which wipe it.
const struct mst_ac_connect_request *mst_ac_connect_request(const struct mst_ac *ac);

// Everything for the answer to CONNECT. All pointers are read during the call only. Texts are cleaned of what
// could break a header line. IPv6 DNS and rules are left out when addr6.family is 0, IPv4 rules when
// addr4.family is 0.
struct mst_ac_tunnel {
	struct mst_ip addr4; // family 0 = none; one of the two is needed
	struct mst_ip addr6;
	uint8_t depth4; // becomes the netmask
	uint8_t depth6;
	uint16_t mtu;	   // inner; mandatory
	uint16_t base_mtu; // outer
	const struct mst_ip *dns;
	size_t n_dns;
	const struct mst_ip *nbns; // IPv4
	size_t n_nbns;
	const char *const *domains; // the default one, and more to search
	size_t n_domains;
	const char *const *split_dns;
	size_t n_split_dns;
	bool tunnel_all_dns;
	bool bypass_protocol;
	bool dynamic_dns;		// the device looks the gateway's name up again when it reconnects
	const char *pac_url;		// or NULL
	const struct mst_net *includes; // none: the device sends everything
	size_t n_includes;
	const struct mst_net *excludes;
	size_t n_excludes;
	uint32_t dpd_s;
	uint32_t keepalive_s;
	uint32_t idle_s;	 // 0 = none
	uint32_t session_s;	 // whole length of the session; 0 = none
	uint32_t session_left_s; // what is left of it
	const char *banner;	 // or NULL
	uint32_t rekey_s;	 // pause after which the device renews keys; 0 = never
	bool rekey_by_tunnel;	 // by a new connection with the same cookie, not in the one it has
	const char *hostname;	 // echo of the request's, or NULL
	uint16_t dtls_port;	 // 0 = no DTLS headers
	const char *
		legacy_suite; // NULL: PSK-NEGOTIATE; else the name of the suite, and app_id is the session id
	bool legacy_old;      // it is the older name
	const uint8_t *app_id; // MST_AC_APP_ID_BYTES, new for each CONNECT; needed with dtls_port
};

// Answers 200; after its bytes the connection carries CSTP and this object may be destroyed. -EINVAL: no
// CONNECT is waiting, no address, no MTU, a prefix length that is none, or no app_id; -E2BIG: too many rules
// or too large a text; -ENOMEM. On an error nothing is sent yet, and the CONNECT still waits for accept or
// reject.
MST_MUST_USE int mst_ac_connect_accept(struct mst_ac *ac, const struct mst_ac_tunnel *t);

// Answers 401 (the device gives up and must sign in again) or 503 (it comes again later; reason is shown to
// its user) and closes. -EINVAL: no CONNECT is waiting, or another status; -ENOMEM.
MST_MUST_USE int mst_ac_connect_reject(struct mst_ac *ac, unsigned int status, const char *reason);
