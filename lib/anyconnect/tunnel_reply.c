// The answer to CONNECT. openconnect compares the names of these header fields letter by letter: their case
// is part of the protocol. Control lcore.
#include <errno.h>
#include <string.h>

#include "reply.h"

// What never varies. Compression is not negotiated, and what other clients of the family want to see is here as well.
static const char fixed_headers[] = "X-CSTP-Smartcard-Removal-Disconnect: true\r\n"
				    "X-CSTP-Disconnected-Timeout: none\r\n"
				    "X-CSTP-Keep: true\r\n"
				    "X-CSTP-TCP-Keepalive: true\r\n"
				    "X-CSTP-License: accept\r\n";

static struct mst_ip
netmask_of(uint8_t depth)
{
	return mst_ip4_from_host(depth == 0 ? 0 : UINT32_MAX << (32 - depth));
}

static void
add_text(struct mst_str *s, const char *name, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	mst_str_fmt(s, "%s: ", name);
	ac_reply_add_clean(s, text);
	mst_str_fmt(s, "\r\n");
}

// Percent-encoded: what the device shows may have several lines, and letters of any language.
static void
add_banner(struct mst_str *s, const char *banner)
{
	if (banner == NULL || banner[0] == '\0')
		return;
	mst_str_fmt(s, "X-CSTP-Banner: ");
	for (; *banner != '\0'; banner++) {
		char c = *banner;
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     strchr(" -._~,;:!?()/", c) != NULL;

		if (plain)
			mst_str_add(s, banner, 1);
		else
			mst_str_fmt(s, "%%%02X", (unsigned int)(uint8_t)c);
	}
	mst_str_fmt(s, "\r\n");
}

static void
add_addresses(struct mst_str *s, const struct mst_ac_tunnel *t)
{
	char text[MST_IP_TEXT_BYTES];

	if (t->addr4.family == 4) {
		struct mst_ip mask = netmask_of(t->depth4);

		mst_str_fmt(s, "X-CSTP-Address: %s\r\n", mst_ip_format(&t->addr4, text));
		mst_str_fmt(s, "X-CSTP-Netmask: %s\r\n", mst_ip_format(&mask, text));
	}
	if (t->addr6.family == 6)
		mst_str_fmt(s, "X-CSTP-Address-IP6: %s/%u\r\n", mst_ip_format(&t->addr6, text), t->depth6);
}

static bool
has_family(const struct mst_ac_tunnel *t, const struct mst_ip *ip)
{
	return ip->family == 4 ? t->addr4.family == 4 : ip->family == 6 && t->addr6.family == 6;
}

static void
add_names(struct mst_str *s, const struct mst_ac_tunnel *t)
{
	char text[MST_IP_TEXT_BYTES];

	for (size_t i = 0; i < t->n_dns; i++)
		if (has_family(t, &t->dns[i]))
			mst_str_fmt(s, "%s: %s\r\n", t->dns[i].family == 4 ? "X-CSTP-DNS" : "X-CSTP-DNS-IP6",
				mst_ip_format(&t->dns[i], text));
	for (size_t i = 0; i < t->n_nbns; i++)
		if (has_family(t, &t->nbns[i]))
			mst_str_fmt(s, "X-CSTP-NBNS: %s\r\n", mst_ip_format(&t->nbns[i], text));
	for (size_t i = 0; i < t->n_domains; i++) {
		mst_str_fmt(s, "%s", i == 0 ? "X-CSTP-Default-Domain: " : " ");
		ac_reply_add_clean(s, t->domains[i]);
	}
	mst_str_fmt(s, "%s", t->n_domains != 0 ? "\r\n" : "");
	for (size_t i = 0; i < t->n_split_dns; i++)
		add_text(s, "X-CSTP-Split-DNS", t->split_dns[i]);
	mst_str_fmt(s, "X-CSTP-Tunnel-All-DNS: %s\r\n", t->tunnel_all_dns ? "true" : "false");
	mst_str_fmt(s, "X-CSTP-Client-Bypass-Protocol: %s\r\n", t->bypass_protocol ? "true" : "false");
	if (t->dynamic_dns)
		mst_str_fmt(s, "X-CSTP-DynDNS: true\r\n");
	// In capitals: clients know no other spelling.
	add_text(s, "X-CSTP-MSIE-Proxy-PAC-URL", t->pac_url);
}

// IPv4 with a dotted mask, IPv6 with a length and its own header name.
static void
add_rules(struct mst_str *s, const struct mst_ac_tunnel *t, const char *name, const struct mst_net *net,
	size_t n)
{
	char text[MST_IP_TEXT_BYTES], mask_text[MST_IP_TEXT_BYTES];

	for (size_t i = 0; i < n; i++) {
		struct mst_ip base = mst_net_base(&net[i]);

		if (!has_family(t, &base))
			continue;
		mst_ip_format(&base, text);
		if (base.family == 4) {
			struct mst_ip mask = netmask_of(net[i].depth);

			mst_str_fmt(s, "%s: %s/%s\r\n", name, text, mst_ip_format(&mask, mask_text));
		} else {
			mst_str_fmt(s, "%s-IP6: %s/%u\r\n", name, text, net[i].depth);
		}
	}
}

static void
add_limit(struct mst_str *s, const char *name, uint32_t limit_s, uint32_t shown_s)
{
	if (limit_s == 0)
		mst_str_fmt(s, "%s: none\r\n", name);
	else
		mst_str_fmt(s, "%s: %u\r\n", name, shown_s);
}

static void
add_timers(struct mst_str *s, const struct mst_ac_tunnel *t)
{
	mst_str_fmt(s, "X-CSTP-DPD: %u\r\nX-CSTP-Keepalive: %u\r\n", t->dpd_s, t->keepalive_s);
	add_limit(s, "X-CSTP-Idle-Timeout", t->idle_s, t->idle_s);
	add_limit(s, "X-CSTP-Session-Timeout", t->session_s, t->session_s);
	add_limit(s, "X-CSTP-Session-Timeout-Remaining", t->session_s, t->session_left_s);
	add_limit(s, "X-CSTP-Lease-Duration", t->session_s, t->session_left_s);
}

// Never a method for DTLS: without one a client makes a new handshake when it renews the keys of TLS, and renegotiation,
// which it would use otherwise, is not had here.
static void
add_rekey(struct mst_str *s, const struct mst_ac_tunnel *t)
{
	if (t->rekey_s == 0)
		mst_str_fmt(s, "X-CSTP-Rekey-Method: none\r\n");
	else
		mst_str_fmt(s, "X-CSTP-Rekey-Time: %u\r\nX-CSTP-Rekey-Method: %s\r\n", t->rekey_s,
			t->rekey_by_tunnel ? "new-tunnel" : "ssl");
}

static void
add_dtls(struct mst_str *s, const struct mst_ac_tunnel *t)
{
	if (t->dtls_port == 0)
		return;
	mst_str_fmt(s,
		"X-DTLS-DPD: %u\r\nX-DTLS-Port: %u\r\nX-DTLS-Keepalive: %u\r\nX-DTLS-%s-ID: ", t->dpd_s,
		t->dtls_port, t->keepalive_s, t->legacy_suite == NULL ? "App" : "Session");
	mst_str_add_hex(s, t->app_id, MST_AC_APP_ID_BYTES);
	if (t->legacy_suite == NULL)
		mst_str_fmt(s, "\r\nX-DTLS-CipherSuite: PSK-NEGOTIATE\r\n");
	else
		mst_str_fmt(s, "\r\nX-DTLS%s-CipherSuite: %s\r\nX-DTLS-MTU: %u\r\n",
			t->legacy_old ? "" : "12", t->legacy_suite, t->mtu);
}

static bool
rules_are_sound(const struct mst_net *net, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (net[i].depth > (net[i].ip.family == 4 ? 32 : 128))
			return false;
	return true;
}

static int
check(const struct mst_ac_tunnel *t)
{
	if (t->addr4.family != 4 && t->addr6.family != 6)
		return -EINVAL;
	if (t->mtu == 0 || t->depth4 > 32 || t->depth6 > 128 || (t->dtls_port != 0 && t->app_id == NULL))
		return -EINVAL;
	if (t->n_includes > MST_AC_RULES || t->n_excludes > MST_AC_RULES - t->n_includes)
		return -E2BIG;
	if (!rules_are_sound(t->includes, t->n_includes) || !rules_are_sound(t->excludes, t->n_excludes))
		return -EINVAL;
	return 0;
}

int
ac_reply_tunnel(struct ac_reply *out, const struct mst_ac_tunnel *t)
{
	struct mst_str s;

	MST_TRY(check(t));
	MST_TRY(ac_reply_begin(&s));
	mst_str_fmt(&s, "HTTP/1.1 200 CONNECTED\r\nX-CSTP-Version: 1\r\n");
	add_text(&s, "X-CSTP-Hostname", t->hostname);
	add_addresses(&s, t);
	add_names(&s, t);
	add_rules(&s, t, "X-CSTP-Split-Include", t->includes, t->n_includes);
	add_rules(&s, t, "X-CSTP-Split-Exclude", t->excludes, t->n_excludes);
	add_timers(&s, t);
	add_rekey(&s, t);
	mst_str_add(&s, fixed_headers, strlen(fixed_headers));
	add_dtls(&s, t);
	if (t->base_mtu != 0)
		mst_str_fmt(&s, "X-CSTP-Base-MTU: %u\r\n", t->base_mtu);
	mst_str_fmt(&s, "X-CSTP-MTU: %u\r\n", t->mtu);
	add_banner(&s, t->banner);
	mst_str_fmt(&s, "\r\n");
	return ac_reply_finish(out, &s, false);
}
