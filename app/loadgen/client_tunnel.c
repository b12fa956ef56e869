// The fields of an answer to CONNECT. Their names are compared letter by letter, as openconnect does. Control
// lcore.
#include <string.h>

#include "client_http_private.h"

typedef bool take_fn(struct lg_http_tunnel *t, const char *value);

static bool
number(const char *value, uint64_t min, uint64_t max, uint64_t *out)
{
	return mst_parse_u64(value, strlen(value), min, max, out) == 0;
}

static bool
take_address(struct lg_http_tunnel *t, const char *value)
{
	struct mst_ip ip, *at;

	if (mst_ip_parse(value, &ip) < 0)
		return false;
	// One of each family; which one this is is told by its form.
	at = ip.family == 4 ? &t->addr4 : &t->addr6;
	if (at->family != 0)
		return false;
	*at = ip;
	t->depth6 = ip.family == 6 ? 128 : t->depth6;
	return true;
}

static bool
take_address6(struct lg_http_tunnel *t, const char *value)
{
	struct mst_net net;

	if (mst_net_parse(value, &net) < 0 || net.ip.family != 6 || t->addr6.family != 0)
		return false;
	t->addr6 = net.ip;
	t->depth6 = net.depth;
	return true;
}

static bool
take_rekey_method(struct lg_http_tunnel *t, const char *value)
{
	t->rekey_is_new_tunnel = strcmp(value, "new-tunnel") == 0;
	return t->rekey_is_new_tunnel || strcmp(value, "none") == 0 || strcmp(value, "ssl") == 0;
}

static bool
take_app_id(struct lg_http_tunnel *t, const char *value)
{
	size_t len = strlen(value) / 2;

	if (len == 0 || len > LG_HTTP_APP_ID_BYTES || mst_parse_hex(value, strlen(value), t->app_id, len) < 0)
		return false;
	t->app_id_len = (uint8_t)len;
	return true;
}

static bool
take_suite(struct lg_http_tunnel *t, const char *value)
{
	t->psk = strcmp(value, "PSK-NEGOTIATE") == 0;
	return value[0] != '\0';
}

static bool
take_encoding(struct lg_http_tunnel *t, const char *value)
{
	t->compressed = true;
	return value[0] != '\0';
}

// clang-format off
// X(name, field, type, least, most): numbers. A DTLS port of 0 is none.
#define NUMBERS(X)                                                       \
	X("X-CSTP-MTU",         mtu,              uint16_t, 576, 16384)  \
	X("X-CSTP-Base-MTU",    base_mtu,         uint16_t, 576, 65535)  \
	X("X-CSTP-DPD",         dpd_s,            uint32_t, 0, 86400)    \
	X("X-CSTP-Keepalive",   keepalive_s,      uint32_t, 0, 86400)    \
	X("X-CSTP-Rekey-Time",  rekey_s,          uint32_t, 0, 31536000) \
	X("X-DTLS-Port",        dtls_port,        uint16_t, 0, 65535)    \
	X("X-DTLS-MTU",         dtls_mtu,         uint16_t, 576, 16384)  \
	X("X-DTLS-DPD",         dtls_dpd_s,       uint32_t, 0, 86400)    \
	X("X-DTLS-Keepalive",   dtls_keepalive_s, uint32_t, 0, 86400)    \
	X("X-DTLS-Rekey-Time",  dtls_rekey_s,     uint32_t, 0, 31536000)

// X(name, function, may come twice)
#define OTHERS(X)                                                \
	X("X-CSTP-Address",          take_address,      true)    \
	X("X-CSTP-Address-IP6",      take_address6,     false)   \
	X("X-CSTP-Rekey-Method",     take_rekey_method, false)   \
	X("X-DTLS-App-ID",           take_app_id,       false)   \
	X("X-DTLS-CipherSuite",      take_suite,        false)   \
	X("X-CSTP-Content-Encoding", take_encoding,     false)   \
	X("X-DTLS-Content-Encoding", take_encoding,     false)
// clang-format on

#define X(name, field, type, min, max)                                                                       \
	static bool take_##field(struct lg_http_tunnel *t, const char *value)                                \
	{                                                                                                    \
		uint64_t v;                                                                                  \
                                                                                                             \
		if (!number(value, min, max, &v))                                                            \
			return false;                                                                        \
		t->field = (type)v;                                                                          \
		return true;                                                                                 \
	}
NUMBERS(X)
#undef X

static const struct {
	const char *name;
	take_fn *take;
	bool twice;
} fields[] = {
#define X(name, field, type, min, max) {name, take_##field, false},
	NUMBERS(X)
#undef X
#define X(name, fn, twice) {name, fn, twice},
		OTHERS(X)
#undef X
};

enum lg_http_fault
lg_tunnel_field(struct lg_http *h, const char *name, const char *value)
{
	for (size_t i = 0; i < MST_ARRAY_SIZE(fields); i++) {
		if (strcmp(name, fields[i].name) != 0)
			continue;
		// Sent twice, it says nothing.
		if (!fields[i].twice && (h->tunnel_seen >> i & 1) != 0)
			return LG_HTTP_F_TUNNEL;
		h->tunnel_seen |= 1u << i;
		return fields[i].take(&h->tunnel, value) ? LG_HTTP_F_NONE : LG_HTTP_F_TUNNEL;
	}
	return LG_HTTP_F_NONE;
}

enum lg_http_fault
lg_tunnel_check(const struct lg_http *h)
{
	const struct lg_http_tunnel *t = &h->tunnel;

	if (t->addr4.family == 0 && t->addr6.family == 0)
		return LG_HTTP_F_NO_ADDR;
	if (t->mtu == 0)
		return LG_HTTP_F_NO_MTU;
	// DTLS without the number that names the session cannot be started.
	if (t->dtls_port != 0 && t->psk && t->app_id_len == 0)
		return LG_HTTP_F_TUNNEL;
	return LG_HTTP_F_NONE;
}
