// Header fields of CONNECT into a struct. Compression offers are passed over on purpose: they leak lengths. Control lcore.
#include "tunnel_request.h"

#include <string.h>

// RFC 791 section 3.1: every host takes 576; above 65,535 there is no packet.
enum { MTU_MIN = 576, MTU_MAX = 65535 };

static uint32_t
mtu_of(struct ac_text t)
{
	uint64_t v;

	return t.p != NULL && mst_parse_u64(t.p, t.len, MTU_MIN, MTU_MAX, &v) == 0 ? (uint32_t)v : 0;
}

// On a reconnect the device names the addresses it had, one a line, IPv6 with or without prefix length.
static void
take_wish(struct mst_ac_connect_request *out, struct ac_text t)
{
	char text[MST_IP_TEXT_BYTES + 4];
	struct mst_net net;
	struct mst_ip *slot;

	if (t.len >= sizeof(text))
		return;
	ac_text_copy_printable(text, sizeof(text), t);
	if (mst_net_parse(text, &net) != 0)
		return;
	slot = net.ip.family == 4 ? &out->want4 : &out->want6;
	if (slot->family == 0)
		*slot = net.ip;
}

static void
take_families(struct mst_ac_connect_request *out, const struct ac_request *q)
{
	struct ac_text types = ac_http_field(q, "X-CSTP-Address-Type");

	// Clients from before the header knew IPv4 only.
	out->wants_ipv4 = types.p == NULL || ac_text_lists(types, ',', "IPv4", AC_CASE_IGNORE);
	out->wants_ipv6 = ac_text_lists(types, ',', "IPv6", AC_CASE_IGNORE) &&
			  ac_text_is_nocase(ac_http_field(q, "X-CSTP-Full-IPv6-Capability"), "true");
}

static const struct mst_ac_legacy_suite legacy_suites[] = {
#define X(id, name, old_name) {(id), (name), (old_name)},
	MST_AC_LEGACY_SUITES(X)
#undef X
};

const struct mst_ac_legacy_suite *
mst_ac_legacy_suite_at(size_t index)
{
	return index < MST_ARRAY_SIZE(legacy_suites) ? &legacy_suites[index] : NULL;
}

// The secret is a key of nothing where another mode was agreed on, and not even copied then.
static void
take_dtls(struct mst_ac_connect_request *out, const struct ac_request *q)
{
	struct ac_text old = ac_http_field(q, "X-DTLS-CipherSuite");
	struct ac_text list = ac_http_field(q, "X-DTLS12-CipherSuite");
	struct ac_text secret = ac_http_field(q, "X-DTLS-Master-Secret");

	out->psk_negotiate = ac_text_lists(old, ':', "PSK-NEGOTIATE", AC_CASE_EXACT) ||
			     ac_text_lists(list, ':', "PSK-NEGOTIATE", AC_CASE_EXACT);
	if (out->psk_negotiate || secret.p == NULL ||
		mst_parse_hex(secret.p, secret.len, out->master, sizeof(out->master)) < 0)
		return;
	for (uint32_t i = 0; i < MST_ARRAY_SIZE(legacy_suites); i++) {
		const struct mst_ac_legacy_suite *s = &legacy_suites[i];

		if (ac_text_lists(list, ':', s->name, AC_CASE_EXACT))
			out->legacy |= 1u << i;
		if (s->old_name != NULL && ac_text_lists(old, ':', s->old_name, AC_CASE_EXACT))
			out->legacy_old |= 1u << i;
	}
}

static void
take_cookie(struct mst_ac_connect_request *out, const struct ac_request *q)
{
	struct ac_text value = ac_cookie_find(ac_http_field(q, "Cookie"), "webvpn");

	if (ac_cookie_is_ours(value))
		ac_text_copy_printable(out->cookie, sizeof(out->cookie), value);
}

void
ac_tunnel_request(struct mst_ac_connect_request *out, const struct ac_request *q)
{
	memset(out, 0, sizeof(*out));
	take_cookie(out, q);
#define COPY(field, name) ac_text_copy_printable(out->field, sizeof(out->field), ac_http_field(q, name))
	COPY(hostname, "X-CSTP-Hostname");
	COPY(user_agent, "User-Agent");
	COPY(platform, "X-AnyConnect-Identifier-Platform");
	COPY(platform_version, "X-AnyConnect-Identifier-PlatformVersion");
	COPY(client_version, "X-AnyConnect-Identifier-ClientVersion");
	COPY(device_type, "X-AnyConnect-Identifier-DeviceType");
	COPY(device_id, "X-AnyConnect-Identifier-Device-UniqueID");
#undef COPY
	out->base_mtu = mtu_of(ac_http_field(q, "X-CSTP-Base-MTU"));
	out->mtu = mtu_of(ac_http_field(q, "X-CSTP-MTU"));
	take_families(out, q);
	take_dtls(out, q);
	for (size_t i = 0; i < q->n_fields; i++)
		if (ac_text_is_nocase(q->fields[i].name, "X-CSTP-Address"))
			take_wish(out, q->fields[i].value);
}
