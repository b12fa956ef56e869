// What a device says and hears in HTTP until its tunnel stands: sign-in documents, CONNECT, and an incremental
// reader of answers. Sans-I/O: text out, bytes in. Control lcore. An object belongs to one device at a time.
#pragma once

#include "mst_base.h"

// ---- bounds: each is the largest value that is still accepted -----------------------------------
#define LG_HTTP_REQUEST_BYTES 12288 // enough for any request made here
#define LG_HTTP_HEAD_BYTES 16384    // status line, header fields, empty line
#define LG_HTTP_LINE_BYTES 4096	    // one line of them, without its end
#define LG_HTTP_FIELDS 600	    // a gateway may send 500 routes
#define LG_HTTP_BODY_BYTES 16384
#define LG_HTTP_COOKIE_BYTES 1024 // value of a cookie
#define LG_HTTP_INPUTS 8	  // inputs of a form
#define LG_HTTP_NAME_BYTES 32	  // name of an input
#define LG_HTTP_VALUE_BYTES 128	  // value of a hidden input, of an option
#define LG_HTTP_USER_BYTES 128	  // user name or password
#define LG_HTTP_PATH_BYTES 128	  // action of a form
#define LG_HTTP_APP_ID_BYTES 32
#define LG_HTTP_XML_DEPTH 8

// ---- what a device says -------------------------------------------------------------------------
struct lg_http_device {
	const char *host;     // for the Host field: "192.0.2.1", "[2001:db8::1]:4443"
	const char *hostname; // X-CSTP-Hostname
	uint16_t base_mtu;    // X-CSTP-Base-MTU, 576 and more
	bool dtls;	      // offer DTLS by PSK
	struct mst_ip addr4;  // on a reconnect: the address to keep; family 0 = none
	struct mst_ip addr6;
};

enum lg_http_input_type { LG_HTTP_TEXT, LG_HTTP_PASSWORD, LG_HTTP_HIDDEN };

struct lg_http_input {
	uint8_t type; // enum lg_http_input_type
	char name[LG_HTTP_NAME_BYTES + 1];
	char value[LG_HTTP_VALUE_BYTES + 1];
};

// What an auth-request asks for. An <opaque> element of it is not sent back.
struct lg_http_form {
	char action[LG_HTTP_PATH_BYTES + 1]; // begins with "/"
	char group[LG_HTTP_VALUE_BYTES + 1]; // the selected or first choice of group_list; "" without one
	bool asks_password;
	size_t n_inputs;
	struct lg_http_input inputs[LG_HTTP_INPUTS];
};

// Each writes one whole request; -E2BIG when it does not fit into out (LG_HTTP_REQUEST_BYTES always do, for
// texts within the bounds above) or user or password is over its bound.
MST_MUST_USE int lg_http_init_request(struct mst_str *out, const struct lg_http_device *dev);
// The answer to form: every text input gets user, every password input gets password. context is that of
// struct lg_http, "" for none. Wipe out after use. A form that asks for a password again was this one's refusal.
MST_MUST_USE int lg_http_reply_request(struct mst_str *out, const struct lg_http_device *dev,
	const struct lg_http_form *form, const char *context, const char *user, const char *password);
MST_MUST_USE int lg_http_connect_request(
	struct mst_str *out, const struct lg_http_device *dev, const char *cookie);

// ---- what it hears ------------------------------------------------------------------------------
// clang-format off
// Why an answer could not be used. X(name, word of counters, help)
#define LG_HTTP_FAULTS(X)                                                                                    \
	X(NONE,     "none",      "nothing was wrong")                                                        \
	X(SYNTAX,   "syntax",    "status line or header field is malformed")                                 \
	X(HEAD,     "head",      "header block, a line of it or the number of fields over the limit")        \
	X(LENGTH,   "length",    "no Content-Length, two of them, or one that is no number")                 \
	X(CODING,   "coding",    "Transfer-Encoding, which a gateway has no need of")                        \
	X(BODY,     "body",      "body over the limit")                                                      \
	X(COOKIE,   "cookie",    "cookie over the limit, or with characters that none may have")             \
	X(XML,      "xml",       "body is no config-auth document, or nested too deep, or has a DTD")        \
	X(FORM,     "form",      "form over the limits, without an action or without inputs")                \
	X(NO_COOKIE,"no-cookie", "sign-in complete without a webvpn cookie")                                 \
	X(TUNNEL,   "tunnel",    "a tunnel parameter is malformed or out of bounds")                         \
	X(NO_ADDR,  "no-address","tunnel without an address")                                                \
	X(NO_MTU,   "no-mtu",    "tunnel without an MTU")                                                    \
	X(EXTRA,    "extra",     "bytes behind an answer")                                                   \
	X(MEMORY,   "memory",    "out of memory")
// clang-format on

enum lg_http_fault {
#define X(name, word, help) LG_HTTP_F_##name,
	LG_HTTP_FAULTS(X)
#undef X
		LG_HTTP_N_FAULTS
};

const char *lg_http_fault_name(enum lg_http_fault f);

enum lg_http_event {
	LG_HTTP_MORE,	 // feed more bytes
	LG_HTTP_FORM,	 // 200 with a form: lg_http_reply_request
	LG_HTTP_SIGNED,	 // 200, sign-in complete: cookie is there
	LG_HTTP_TUNNEL,	 // 200 to a CONNECT: tunnel is there; what follows is CSTP
	LG_HTTP_REFUSED, // any other status: see status; its body is not read, close
	LG_HTTP_BAD	 // see fault; close
};

struct lg_http_tunnel {
	struct mst_ip addr4; // family 0 = none
	struct mst_ip addr6;
	uint8_t depth6;
	uint16_t mtu; // inner
	uint16_t base_mtu;
	uint32_t dpd_s;
	uint32_t keepalive_s;
	uint32_t rekey_s;
	bool rekey_is_new_tunnel; // X-CSTP-Rekey-Method
	uint16_t dtls_port;	  // 0 = no DTLS
	uint8_t app_id_len;
	uint8_t app_id[LG_HTTP_APP_ID_BYTES];
	bool psk; // X-DTLS-CipherSuite: PSK-NEGOTIATE
	uint16_t dtls_mtu;
	uint32_t dtls_dpd_s;
	uint32_t dtls_keepalive_s;
	uint32_t dtls_rekey_s;
	bool compressed; // a content encoding was switched on, which no device here offers
};

enum lg_http_wait { LG_HTTP_WAIT_SIGN_IN, LG_HTTP_WAIT_CONNECT };

// The reader of one answer after the other; 25 KiB in the caller's memory, zeroed by lg_http_begin. Only
// devices that are signing in need one. Holds cookies: wipe it with lg_http_wipe.
struct lg_http {
	uint8_t wait;  // enum lg_http_wait
	uint8_t state; // of the reader
	uint8_t event; // what it ended with
	uint8_t fault; // enum lg_http_fault
	uint16_t status;
	bool has_length;
	bool close; // the gateway closes behind this answer
	uint32_t n_fields;
	uint32_t tunnel_seen; // rows of the table of tunnel fields that were there
	size_t head_bytes;
	size_t line_len;
	size_t body_len;
	size_t body_got;
	struct lg_http_tunnel tunnel;
	struct lg_http_form form;
	char cookie[LG_HTTP_COOKIE_BYTES + 1];	// webvpn; "" = none so far
	char context[LG_HTTP_COOKIE_BYTES + 1]; // webvpncontext; kept from answer to answer
	char line[LG_HTTP_LINE_BYTES + 1];
	uint8_t body[LG_HTTP_BODY_BYTES];
};

// Before the first request of a connection, and before each next one: expects the answer to a request of that
// kind. Keeps the two cookies when keep_cookies; without it *h may be anything.
void lg_http_begin(struct lg_http *h, enum lg_http_wait wait, bool keep_cookies);
// Takes decrypted bytes; *consumed of them. Once anything but MORE was said every call says it again and takes
// nothing, until lg_http_begin. Left over behind a TUNNEL are the caller's CSTP bytes.
enum lg_http_event lg_http_feed(struct lg_http *h, const uint8_t *data, size_t len, size_t *consumed);
void lg_http_wipe(struct lg_http *h);
