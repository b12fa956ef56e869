// Shared by what speaks RADIUS: packets (RFC 2865, 2866, 3579) as bytes, and an exchange with the servers.
#pragma once

#include "identity.h"

#define RADIUS_PACKET_BYTES 4096
#define RADIUS_HEADER_BYTES 20
#define RADIUS_AUTHENTICATOR_BYTES 16
#define RADIUS_VALUE_BYTES 253
#define RADIUS_PASSWORD_BYTES 128 // RFC 2865 section 5.2
#define RADIUS_SECRET_BYTES_MAX 128

enum radius_code {
	RADIUS_ACCESS_REQUEST = 1,
	RADIUS_ACCESS_ACCEPT = 2,
	RADIUS_ACCESS_REJECT = 3,
	RADIUS_ACCOUNTING_REQUEST = 4,
	RADIUS_ACCOUNTING_RESPONSE = 5,
	RADIUS_ACCESS_CHALLENGE = 11,
};

enum radius_attribute {
	RADIUS_USER_NAME = 1,
	RADIUS_USER_PASSWORD = 2,
	RADIUS_SERVICE_TYPE = 6,
	RADIUS_FRAMED_IP_ADDRESS = 8,
	RADIUS_REPLY_MESSAGE = 18,
	RADIUS_STATE = 24,
	RADIUS_CLASS = 25,
	RADIUS_SESSION_TIMEOUT = 27,
	RADIUS_IDLE_TIMEOUT = 28,
	RADIUS_CALLING_STATION_ID = 31,
	RADIUS_NAS_IDENTIFIER = 32,
	RADIUS_ACCT_STATUS_TYPE = 40,
	RADIUS_ACCT_DELAY_TIME = 41,
	RADIUS_ACCT_INPUT_OCTETS = 42,
	RADIUS_ACCT_OUTPUT_OCTETS = 43,
	RADIUS_ACCT_SESSION_ID = 44,
	RADIUS_ACCT_SESSION_TIME = 46,
	RADIUS_ACCT_INPUT_PACKETS = 47,
	RADIUS_ACCT_OUTPUT_PACKETS = 48,
	RADIUS_ACCT_TERMINATE_CAUSE = 49,
	RADIUS_ACCT_INPUT_GIGAWORDS = 52,
	RADIUS_ACCT_OUTPUT_GIGAWORDS = 53,
	RADIUS_NAS_PORT_TYPE = 61,
	RADIUS_PROMPT = 76,
	RADIUS_CONNECT_INFO = 77,
	RADIUS_MESSAGE_AUTHENTICATOR = 80,
	RADIUS_FRAMED_IPV6_ADDRESS = 168,
};

// ---- radius_packet.c: no I/O, any thread --------------------------------------------------------
struct radius_packet {
	uint8_t bytes[RADIUS_PACKET_BYTES];
	size_t len;
	bool err; // something did not fit
};

// A request with a fresh id and, for access, a fresh authenticator and room for the Message-Authenticator.
void radius_packet_begin(struct radius_packet *p, enum radius_code code);
void radius_packet_add(struct radius_packet *p, enum radius_attribute type, const void *value, size_t len);
void radius_packet_add_text(
	struct radius_packet *p, enum radius_attribute type, const char *text); // empty: nothing
void radius_packet_add_number(struct radius_packet *p, enum radius_attribute type, uint32_t value);
void radius_packet_add_ip(struct radius_packet *p, enum radius_attribute type4, const struct mst_ip *ip);
void radius_packet_add_password(struct radius_packet *p, const char *secret, const char *password);
// Length and authenticators. -EMSGSIZE: something did not fit.
MST_MUST_USE int radius_packet_finish(struct radius_packet *p, const char *secret);
// Is it an answer to the request by who knows the secret? Its attributes are well-formed then. needs_ma: one to an
// access request must have a Message-Authenticator (CVE-2024-3596); one that is there must always be right. The code, or
// -EBADMSG.
MST_MUST_USE int radius_packet_check(const uint8_t *bytes, size_t len, const struct radius_packet *request,
	const char *secret, bool needs_ma);
// The attributes of a packet that was checked, one after another.
struct mst_rd radius_packet_attributes(const uint8_t *bytes, size_t len);
bool radius_packet_next(struct mst_rd *attributes, uint8_t *type, struct mst_rd *value);

// ---- radius.c -----------------------------------------------------------------------------------
struct identity_radius {
	const struct mst_conf_radius *conf; // of the same settings
	char secret[RADIUS_SECRET_BYTES_MAX + 1];
};

// Sends it to one after the other until one answers; the code of the answer, in reply, or -ETIMEDOUT.
MST_MUST_USE int radius_exchange(const struct identity_radius *r, const char *const *servers,
	uint32_t n_servers, const char *default_port, const struct radius_packet *request,
	struct radius_packet *reply);
