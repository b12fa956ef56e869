// The gateway's keys, a table a section. A new key is one row here and one member in mst_conf.h. Control
// lcore.
#include "schema.h"

// clang-format off
#define ROW_SECTION(key, member_, table, change_, help_) \
	{.name = (key), MST_CONF_MAP_AT(struct mst_conf, member_, table), .change = (change_), .help = (help_)}
#define LCORE_MAX 1023
#define PROFILES_MAX 1000
#define DOMAIN_MAX_BYTES 253 // RFC 1035 section 2.3.4: 255 octets on the wire

static const char *const hugepages_words[] = {"auto", "on", "off", NULL};
static const char *const idle_words[] = {"poll", "pause", "interrupt", "auto", NULL};
static const char *const tls_words[] = {"1.2", "1.3", NULL};
static const char *const cipher_words[] = {"aes-256-gcm", "aes-128-gcm", "chacha20-poly1305", NULL};
static const char *const level_words[] = {"error", "warning", "notice", "info", "debug", NULL};

static const struct mst_conf_key lcores_keys[] = {
	{.name = "control", .type = MST_CONF_UINT, MST_CONF_AT(struct mst_conf_lcores, control), .required = true,
	 .min = 0, .max = LCORE_MAX, .change = MST_CONF_RESTART, .help = "CPU of the control lcore"},
	{.name = "workers", .type = MST_CONF_UINT, MST_CONF_LIST_AT(struct mst_conf_lcores, workers, n_workers),
	 .required = true, .min = 0, .max = LCORE_MAX, .min_items = 1, .max_items = 127, .change = MST_CONF_RESTART,
	 .help = "CPUs of the worker lcores; a CPU named twice, or control's, is shared, which is slow"},
	ROW_END,
};

static const struct mst_conf_key dpdk_keys[] = {
	{.name = "lcores", MST_CONF_MAP_AT(struct mst_conf_dpdk, lcores, lcores_keys),
	 MST_CONF_PRESENT_AT(struct mst_conf_dpdk, lcores.present), .or_auto = true, .def = "auto",
	 .change = MST_CONF_RESTART, .help = "which CPUs do what; auto: all that the process may use"},
	{.name = "hugepages", .type = MST_CONF_WORD, MST_CONF_AT(struct mst_conf_dpdk, hugepages),
	 .words = hugepages_words, .def = "auto", .change = MST_CONF_RESTART,
	 .help = "auto: where the host has enough of them"},
	ROW_UINT("memory", struct mst_conf_dpdk, memory_mib, 64, 1048576, "1024", MST_CONF_RESTART,
		"memory of the data path in MiB"),
	{.name = "idle", .type = MST_CONF_WORD, MST_CONF_AT(struct mst_conf_dpdk, idle), .words = idle_words,
	 .def = "auto", .change = MST_CONF_RESTART,
	 .help = "a worker without traffic: spins; pauses, no system call; sleeps until a packet; auto: all in this order"},
	{.name = "file-prefix", .type = MST_CONF_STRING, MST_CONF_AT(struct mst_conf_dpdk, file_prefix),
	 .min = 1, .max = 64, .def = "mst", .change = MST_CONF_RESTART,
	 .help = "tells DPDK programs of one host apart"},
	{.name = "extra-eal", .type = MST_CONF_STRING,
	 MST_CONF_LIST_AT(struct mst_conf_dpdk, extra_eal, n_extra_eal), .max_items = 32, .min = 1, .max = 255,
	 .change = MST_CONF_RESTART, .help = "more arguments for the EAL, after our own"},
	ROW_END,
};

// Both ports have the same keys but for the name of the tap.
#define PORT_ROWS(tap_name) \
	{.name = "device", .type = MST_CONF_STRING, MST_CONF_AT(struct mst_conf_port, device), .required = true, \
	 .min = 1, .max = 255, .change = MST_CONF_RESTART, .help = "PCI address, or vdev with its arguments"}, \
	{.name = "addresses", .type = MST_CONF_NET, \
	 MST_CONF_LIST_AT(struct mst_conf_port, addresses, n_addresses), .required = true, .unique = true, \
	 .min_items = 1, .max_items = 8, .change = MST_CONF_RESTART, \
	 .help = "addresses of the port, with the length of their network"}, \
	{.name = "gateway", .type = MST_CONF_IP, MST_CONF_LIST_AT(struct mst_conf_port, gateways, n_gateways), \
	 .or_one = true, .min_items = 1, .max_items = 2, .change = MST_CONF_RESTART, \
	 .help = "default router behind the port, one IPv4 and one IPv6"}, \
	{.name = "queues", .type = MST_CONF_UINT, MST_CONF_AT(struct mst_conf_port, queues), .or_auto = true, \
	 .min = 1, .max = 64, .def = "auto", .change = MST_CONF_RESTART, \
	 .help = "receive queues; auto: one a worker, as many as the device has; with fewer, workers share the work"}, \
	{.name = "mtu", .type = MST_CONF_UINT, MST_CONF_AT(struct mst_conf_port, mtu), .min = 1280, .max = 9000, \
	 .def = "1500", .change = MST_CONF_RESTART, .help = "largest IP packet of the port"}, \
	{.name = "tap", .type = MST_CONF_STRING, MST_CONF_AT(struct mst_conf_port, tap), .min = 1, .max = 15, \
	 .def = (tap_name), .change = MST_CONF_RESTART, \
	 .help = "kernel interface that stands for the port"}, \
	ROW_END

static const struct mst_conf_key public_keys[] = {PORT_ROWS("mst-pub")};
static const struct mst_conf_key private_keys[] = {PORT_ROWS("mst-priv")};

static const struct mst_conf_key ports_keys[] = {
	{.name = "public", MST_CONF_MAP_AT(struct mst_conf_ports, public, public_keys), .required = true,
	 MST_CONF_PRESENT_AT(struct mst_conf_ports, public.present), .change = MST_CONF_RESTART,
	 .help = "the port that devices connect to"},
	{.name = "private", MST_CONF_MAP_AT(struct mst_conf_ports, private, private_keys),
	 MST_CONF_PRESENT_AT(struct mst_conf_ports, private.present), .change = MST_CONF_RESTART,
	 .help = "the port of the inner network; left out: the public port is both"},
	ROW_END,
};

#define ROW_FILES(key, type_, list, count, help_) \
	{.name = (key), .type = MST_CONF_PATH, MST_CONF_LIST_AT(type_, identity.list, identity.count), \
	 .or_one = true, .max_items = 2, .min = 2, .max = PATH_MAX_BYTES, .change = MST_CONF_RELOAD, \
	 .help = (help_)}

// The site and each host have the same keys.
#define IDENTITY_ROWS(type_) \
	ROW_FILES("certificate", type_, certificates, n_certificates, \
		"PEM file with the certificate and its chain; two of them: one ECDSA, one RSA"), \
	ROW_FILES("key", type_, keys, n_keys, "PEM file with the private key; one for each certificate"), \
	ROW_FILES("pfx", type_, pfx, n_pfx, "PKCS#12 file with certificate, chain and key, instead of the two"), \
	ROW_FILES("pfx-password-file", type_, pfx_passwords, n_pfx_passwords, \
		"file whose first line opens pfx; left out: no password")

static const struct mst_conf_key tls_keys[] = {
	IDENTITY_ROWS(struct mst_conf_tls),
	{.name = "min-version", .type = MST_CONF_WORD, MST_CONF_AT(struct mst_conf_tls, min_version),
	 .words = tls_words, .def = "1.2", .change = MST_CONF_RELOAD, .help = "oldest TLS that is accepted"},
	{.name = "ocsp-stapling", .type = MST_CONF_BOOL, MST_CONF_AT(struct mst_conf_tls, ocsp_stapling), .def = "true",
	 .change = MST_CONF_RELOAD,
	 .help = "ask the CA by OCSP, or its revocation list, about the gateway's certificates; devices are sent what OCSP says"},
	ROW_END,
};

static const struct mst_conf_key listen_keys[] = {
	ROW_UINT("port", struct mst_conf_listen, port, 1, 65535, "443", MST_CONF_RESTART,
		"TCP and UDP port that devices connect to"),
	{.name = "udp", .type = MST_CONF_BOOL, MST_CONF_AT(struct mst_conf_listen, udp), .def = "true",
	 .change = MST_CONF_RESTART, .help = "offer DTLS; false: all data over TLS"},
	{.name = "public-address", .type = MST_CONF_STRING,
	 MST_CONF_LIST_AT(struct mst_conf_listen, public_addresses, n_public_addresses), .or_one = true, .unique = true,
	 .max_items = 16, .min = 1, .max = DOMAIN_MAX_BYTES, .change = MST_CONF_RELOAD,
	 .help = "names and addresses that devices connect to: a certificate that lacks one is refused"},
	{.name = "dynamic-dns", .type = MST_CONF_BOOL, MST_CONF_AT(struct mst_conf_listen, dynamic_dns), .def = "false",
	 .change = MST_CONF_RELOAD, .help = "devices look the gateway's name up again whenever they reconnect"},
	{.name = "proxy-protocol-from", .type = MST_CONF_NET, MST_CONF_LIST_AT(struct mst_conf_listen, proxies, n_proxies),
	 .or_one = true, .unique = true, .max_items = 64, .change = MST_CONF_RELOAD,
	 .help = "load balancers that begin each TCP connection with a PROXY header, version 1 or 2"},
	ROW_END,
};

static const struct mst_conf_key pool_keys[] = {
	{.name = "ipv4", .type = MST_CONF_NET, MST_CONF_AT(struct mst_conf_pool, ipv4), .required = true,
	 .family = 4, .min = 8, .max = 30, .change = MST_CONF_RESTART, .help = "addresses for devices"},
	{.name = "ipv6", .type = MST_CONF_NET, MST_CONF_AT(struct mst_conf_pool, ipv6), .family = 6, .min = 16,
	 .max = 112, .change = MST_CONF_RESTART, .help = "addresses for devices; left out: IPv4 only"},
	ROW_END,
};

// What devices are told, in the section and in each profile. m: where in st the network stands; HAS: how it is noted
// that a key was written; DEF: its default, which a profile has not.
#define NETWORK_ROWS(st, m, HAS, DEF) \
	{.name = "mtu", .type = MST_CONF_UINT, MST_CONF_AT(st, m mtu), HAS(mtu) .min = 1280, .max = 9000, DEF("1500") \
	 .change = MST_CONF_RELOAD, .help = "largest IP packet of the link that carries the tunnel"}, \
	{.name = "routes", .type = MST_CONF_NET, MST_CONF_LIST_AT(st, m routes, m n_routes), HAS(routes) \
	 .unique = true, .max_items = MST_CONF_ROUTES_MAX, .change = MST_CONF_RELOAD, \
	 .help = "networks that devices reach through the tunnel; none: everything"}, \
	{.name = "no-routes", .type = MST_CONF_NET, MST_CONF_LIST_AT(st, m no_routes, m n_no_routes), HAS(no_routes) \
	 .unique = true, .max_items = MST_CONF_ROUTES_MAX, .change = MST_CONF_RELOAD, \
	 .help = "networks that devices do not reach through the tunnel"}, \
	{.name = "dns", .type = MST_CONF_IP, MST_CONF_LIST_AT(st, m dns, m n_dns), HAS(dns) .unique = true, \
	 .max_items = 3, .change = MST_CONF_RELOAD, \
	 .help = "name servers for devices; clients use three at the most"}, \
	{.name = "nbns", .type = MST_CONF_IP, MST_CONF_LIST_AT(st, m nbns, m n_nbns), HAS(nbns) .unique = true, \
	 .family = 4, .max_items = 3, .change = MST_CONF_RELOAD, .help = "NetBIOS name servers for devices"}, \
	{.name = "default-domain", .type = MST_CONF_STRING, MST_CONF_LIST_AT(st, m domains, m n_domains), HAS(domains) \
	 .or_one = true, .unique = true, .max_items = 16, .min = 1, .max = DOMAIN_MAX_BYTES, \
	 .change = MST_CONF_RELOAD, .help = "search domain for devices; several are searched in turn"}, \
	{.name = "split-dns", .type = MST_CONF_STRING, MST_CONF_LIST_AT(st, m split_dns, m n_split_dns), HAS(split_dns) \
	 .unique = true, .max_items = 64, .min = 1, .max = DOMAIN_MAX_BYTES, .change = MST_CONF_RELOAD, \
	 .help = "domains that the name servers above are asked for; none: all"}, \
	{.name = "tunnel-all-dns", .type = MST_CONF_BOOL, MST_CONF_AT(st, m tunnel_all_dns), HAS(tunnel_all_dns) \
	 DEF("false") .change = MST_CONF_RELOAD, \
	 .help = "devices ask the name servers above alone, whatever split-dns says"}, \
	{.name = "bypass-protocol", .type = MST_CONF_BOOL, MST_CONF_AT(st, m bypass_protocol), HAS(bypass_protocol) \
	 DEF("false") .change = MST_CONF_RELOAD, \
	 .help = "what an IP version without an address in the tunnel does: true: goes around it; false: is dropped"}, \
	{.name = "pac-url", .type = MST_CONF_STRING, MST_CONF_AT(st, m pac_url), HAS(pac_url) .min = 1, .max = 1023, \
	 .change = MST_CONF_RELOAD, .help = "file that tells browsers of devices their proxy, by http or https"}, \
	{.name = "banner", .type = MST_CONF_STRING, MST_CONF_AT(st, m banner), HAS(banner) .multiline = true, .min = 1, \
	 .max = 511, .change = MST_CONF_RELOAD, .help = "text that clients show when they are connected"}

static const struct mst_conf_key network_keys[] = {
	NETWORK_ROWS(struct mst_conf_network, , NO_MARK, DEFAULT),
	ROW_END,
};

static const struct mst_conf_key dtls_keys[] = {
	{.name = "ciphers", .type = MST_CONF_WORD, MST_CONF_LIST_AT(struct mst_conf_dtls, ciphers, n_ciphers),
	 .unique = true, .words = cipher_words, .min_items = 1, .max_items = 3,
	 .def = "[aes-256-gcm, aes-128-gcm, chacha20-poly1305]", .change = MST_CONF_RELOAD,
	 .help = "what DTLS may use, the preferred first"},
	{.name = "legacy", .type = MST_CONF_BOOL, MST_CONF_AT(struct mst_conf_dtls, legacy), .def = "true",
	 .change = MST_CONF_RELOAD,
	 .help = "DTLS 1.2 for clients without PSK-NEGOTIATE (AnyConnect, Microsoft); false: their data over TLS"},
	ROW_END,
};

#define ROW_LIMIT(key, mark, member, low, high, DEF, def_, help_) \
	{.name = (key), .type = MST_CONF_SECONDS, MST_CONF_AT(struct mst_conf_timeouts, member), \
	 MST_CONF_PRESENT_AT(struct mst_conf_timeouts, mark), .min = (low), .max = (high), DEF(def_) \
	 .change = MST_CONF_RELOAD, .help = (help_)}
#define LIMIT_ROWS(DEF) \
	ROW_LIMIT("dpd", has_dpd, dpd_s, 1, 3600, DEF, "90s", \
		"silence after which a device is asked whether it is there"), \
	ROW_LIMIT("idle", has_idle, idle_s, 0, 30 * DAY_S, DEF, "0", \
		"time without data after which a session ends; 0: never"), \
	ROW_LIMIT("session", has_session, session_s, 0, 365 * DAY_S, DEF, "3600s", \
		"time since sign-in after which a session ends, reconnects or not; 0: never"), \
	ROW_LIMIT("mobile-dpd", has_mobile_dpd, mobile_dpd_s, 1, 3600, NO_MARK, "", \
		"dpd of phones and tablets, whose radio has to wake up for it; left out: that of all"), \
	ROW_LIMIT("mobile-idle", has_mobile_idle, mobile_idle_s, 0, 30 * DAY_S, NO_MARK, "", \
		"idle of phones and tablets; left out: that of all")

static const struct mst_conf_key timeouts_keys[] = {
	LIMIT_ROWS(DEFAULT),
	ROW_SECONDS("keepalive", struct mst_conf_timeouts, keepalive_s, 0, DAY_S, "300s", MST_CONF_RELOAD,
		"pause after which an idle device sends a sign of life; 0: none"),
	ROW_SECONDS("cookie", struct mst_conf_timeouts, cookie_s, 5, 30 * DAY_S, "300s", MST_CONF_RELOAD,
		"time within which a lost device may come back without signing in"),
	ROW_SECONDS("rekey", struct mst_conf_timeouts, rekey_s, 0, 30 * DAY_S, "24h", MST_CONF_RELOAD,
		"pause after which a device and the gateway renew their keys; 0: only when they are used up"),
	ROW_SECONDS("auth", struct mst_conf_timeouts, auth_s, 5, 3600, "240s", MST_CONF_RELOAD,
		"time a device has to sign in"),
	ROW_SECONDS("tls-handshake", struct mst_conf_timeouts, tls_handshake_s, 1, 300, "10s", MST_CONF_RELOAD,
		"time a TLS or DTLS handshake may take"),
	ROW_SECONDS("header", struct mst_conf_timeouts, header_s, 1, 300, "10s", MST_CONF_RELOAD,
		"time from the TLS handshake to the end of the first HTTP request"),
	ROW_END,
};

#define ROW_ADDRESSES(type_) \
	{.name = "addresses", .type = MST_CONF_NET, MST_CONF_AT(type_, addresses), .family = 4, .min = 8, .max = 32, \
	 .change = MST_CONF_RELOAD, \
	 .help = "part of pool.ipv4 that its devices get their addresses from, and nobody else; user before group before host"}

#define MARK_PROFILE(key) MST_CONF_PRESENT_AT(struct mst_conf_profile, has_##key),
static const struct mst_conf_key limits_of_profile[] = {LIMIT_ROWS(NO_MARK), ROW_END};
const struct mst_conf_key conf_profile_keys[] = {
	{.name = "group", .type = MST_CONF_STRING, MST_CONF_AT(struct mst_conf_profile, group), .min = 1, .max = 63,
	 .change = MST_CONF_RELOAD, .help = "whose sessions it is for"},
	{.name = "user", .type = MST_CONF_STRING, MST_CONF_AT(struct mst_conf_profile, user), .min = 1, .max = 127,
	 .change = MST_CONF_RELOAD, .help = "the same, instead of group; beats the group's"},
	NETWORK_ROWS(struct mst_conf_profile, network., MARK_PROFILE, NO_MARK),
	{.name = "timeouts", MST_CONF_MAP_AT(struct mst_conf_profile, timeouts, limits_of_profile),
	 .change = MST_CONF_RELOAD, .help = "how long things may take"},
	ROW_ADDRESSES(struct mst_conf_profile),
	{.name = "udp", .type = MST_CONF_BOOL, MST_CONF_AT(struct mst_conf_profile, udp), MARK_PROFILE(udp)
	 .change = MST_CONF_RELOAD, .help = "offer DTLS, where listen.udp does; false: all data over TLS"},
	ROW_END,
};

static const struct mst_conf_key hosts_keys[] = {
	{.name = "name", .type = MST_CONF_STRING, MST_CONF_LIST_AT(struct mst_conf_host, names, n_names),
	 .required = true, .or_one = true, .unique = true, .min_items = 1, .max_items = 8, .min = 1,
	 .max = DOMAIN_MAX_BYTES, .change = MST_CONF_RELOAD,
	 .help = "names that lead here (SNI), such as vpn.example.com or *.vpn.example.com"},
	IDENTITY_ROWS(struct mst_conf_host),
	{.name = "auth", MST_CONF_MAP_AT(struct mst_conf_host, auth, conf_host_auth_keys), .change = MST_CONF_RELOAD,
	 .help = "how users who come to it prove who they are, where that differs from section auth"},
	ROW_ADDRESSES(struct mst_conf_host),
	ROW_END,
};

static const struct mst_conf_key users_keys[] = {
	{.name = "file", .type = MST_CONF_PATH, MST_CONF_AT(struct mst_conf_users, file), .min = 2,
	 .max = PATH_MAX_BYTES, .def = "/etc/mstunnel/users", .change = MST_CONF_RELOAD,
	 .help = "lines of user:groups:hash, as ocpasswd writes them"},
	{.name = "oath", .type = MST_CONF_PATH, MST_CONF_AT(struct mst_conf_users, oath), .min = 2,
	 .max = PATH_MAX_BYTES, .change = MST_CONF_RELOAD,
	 .help = "lines of HOTP/T30 USER - HEXSECRET: all have to give a one-time code, too; left out: none"},
	ROW_END,
};

static const struct mst_conf_key cookie_keys[] = {
	{.name = "keys", .type = MST_CONF_PATH, MST_CONF_AT(struct mst_conf_cookie, keys), .min = 2,
	 .max = PATH_MAX_BYTES, .def = "/var/lib/mstunnel/cookie.keys", .change = MST_CONF_RELOAD,
	 .help = "keys that seal the cookies devices come back by; made at the first start"},
	{.name = "sessions", .type = MST_CONF_PATH, MST_CONF_AT(struct mst_conf_cookie, sessions), .min = 2,
	 .max = PATH_MAX_BYTES, .def = "/var/lib/mstunnel/sessions", .change = MST_CONF_RESTART,
	 .help = "which sessions live and which have ended, for the time after a restart; this gateway's alone"},
	ROW_SECONDS("rotate", struct mst_conf_cookie, rotate_s, 0, 365 * DAY_S, "12h", MST_CONF_RELOAD,
		"age at which the key that seals gets a successor; 0: by mst-cli only"),
	ROW_UINT("policy", struct mst_conf_cookie, policy, 0, UINT32_MAX, "0", MST_CONF_RELOAD,
		"number of the rules devices sign in under; another one makes all cookies worthless"),
	{.name = "deny-roaming", .type = MST_CONF_BOOL, MST_CONF_AT(struct mst_conf_cookie, deny_roaming),
	 .def = "false", .change = MST_CONF_RELOAD,
	 .help = "a cookie is good only from the address its user signed in from (IPv6: its /64), DTLS from the one it has"},
	ROW_END,
};

#define PPS_MAX 10000000
static const struct mst_conf_key limits_keys[] = {
	ROW_UINT("sessions", struct mst_conf_limits, sessions, 1, 1048576, "65536", MST_CONF_RESTART,
		"devices at a time; the pool may hold fewer"),
	ROW_UINT("same-user", struct mst_conf_limits, same_user, 0, 1048576, "0", MST_CONF_RELOAD,
		"sessions of one user at a time; 0: any number"),
	ROW_UINT("handshakes-per-second", struct mst_conf_limits, handshakes_per_second, 1, 100000, "20",
		MST_CONF_RESTART, "handshakes a second from one source address"),
	ROW_UINT("half-open", struct mst_conf_limits, half_open, 1, 65536, "1024", MST_CONF_RELOAD,
		"handshakes and sign-ins in progress at a time"),
	ROW_UINT("punt-arp", struct mst_conf_limits, punt_arp, 1, PPS_MAX, "1000", MST_CONF_RESTART,
		"ARP packets a second to the kernel, a port"),
	ROW_UINT("punt-nd", struct mst_conf_limits, punt_nd, 1, PPS_MAX, "1000", MST_CONF_RESTART,
		"neighbour discovery packets a second to the kernel, a port"),
	ROW_UINT("punt-icmp", struct mst_conf_limits, punt_icmp, 1, PPS_MAX, "1000", MST_CONF_RESTART,
		"ICMP and ICMPv6 packets a second to the kernel, a port"),
	ROW_UINT("punt-tcp", struct mst_conf_limits, punt_tcp, 1, PPS_MAX, "500000", MST_CONF_RESTART,
		"TCP packets a second to the kernel, a port; carries the data of devices without DTLS"),
	ROW_UINT("punt-other", struct mst_conf_limits, punt_other, 1, PPS_MAX, "1000", MST_CONF_RESTART,
		"other packets a second to the kernel, a port"),
	ROW_END,
};

static const struct mst_conf_key bans_keys[] = {
	ROW_UINT("max-points", struct mst_conf_bans, max_points, 0, 1000000, "80", MST_CONF_RELOAD,
		"points with which an address (IPv4 /32, IPv6 /64) is banned; 0: never"),
	ROW_UINT("wrong-password", struct mst_conf_bans, wrong_password, 0, 1000000, "10", MST_CONF_RELOAD,
		"points of a sign-in that was refused; a later success of the same user takes them back"),
	ROW_UINT("connect-flood", struct mst_conf_bans, connect_flood, 0, 1000000, "1", MST_CONF_RELOAD,
		"points of a second with connections beyond limits.handshakes-per-second"),
	ROW_SECONDS("reset-time", struct mst_conf_bans, reset_s, 1, 30 * DAY_S, "1200s", MST_CONF_RELOAD,
		"time in which max-points drain away, evenly"),
	ROW_SECONDS("ban-time", struct mst_conf_bans, ban_s, 1, 30 * DAY_S, "300s", MST_CONF_RELOAD,
		"how long a ban lasts; sessions that are up stay"),
	{.name = "exempt", .type = MST_CONF_NET, MST_CONF_LIST_AT(struct mst_conf_bans, exempt, n_exempt),
	 .or_one = true, .unique = true, .max_items = 64, .change = MST_CONF_RELOAD,
	 .help = "networks that are never banned, nor held to handshakes-per-second on TCP"},
	ROW_END,
};

static const struct mst_conf_key control_keys[] = {
	// 107 bytes and a NUL are what sun_path of unix(7) holds.
	{.name = "socket", .type = MST_CONF_PATH, MST_CONF_AT(struct mst_conf_control, socket), .min = 2,
	 .max = 107, .def = "/run/mstunnel/mst.sock", .change = MST_CONF_RESTART,
	 .help = "socket that mst-cli talks to"},
	ROW_END,
};

static const struct mst_conf_key log_keys[] = {
	{.name = "level", .type = MST_CONF_WORD, MST_CONF_AT(struct mst_conf_log, level), .words = level_words,
	 .def = "info", .change = MST_CONF_LIVE, .help = "least important lines that are logged"},
	ROW_END,
};

static const struct mst_conf_key gateway_keys[] = {
	ROW_SECTION("dpdk", dpdk, dpdk_keys, MST_CONF_RESTART, "the data path's share of the host"),
	{.name = "ports", MST_CONF_MAP_AT(struct mst_conf, ports, ports_keys), .required = true,
	 .change = MST_CONF_RESTART, .help = "the network ports"},
	{.name = "tls", MST_CONF_MAP_AT(struct mst_conf, tls, tls_keys), .required = true,
	 .change = MST_CONF_RELOAD, .help = "who the gateway is to its devices"},
	ROW_SECTION("listen", listen, listen_keys, MST_CONF_RESTART, "where devices connect"),
	{.name = "hosts", MST_CONF_MAPS_AT(struct mst_conf, hosts, n_hosts, hosts_keys), .max_items = 64,
	 .change = MST_CONF_RELOAD, .help = "more sites at the same address, each under names of its own"},
	{.name = "pool", MST_CONF_MAP_AT(struct mst_conf, pool, pool_keys), .required = true,
	 .change = MST_CONF_RESTART, .help = "networks that devices get their address from"},
	ROW_SECTION("network", network, network_keys, MST_CONF_RELOAD, "what devices are told about the network"),
	ROW_SECTION("dtls", dtls, dtls_keys, MST_CONF_RELOAD, "the data channel over UDP"),
	ROW_SECTION("timeouts", timeouts, timeouts_keys, MST_CONF_RELOAD, "how long things may take"),
	ROW_SECTION("auth", auth, conf_auth_keys, MST_CONF_RELOAD, "how users prove who they are"),
	ROW_SECTION("users", users, users_keys, MST_CONF_RELOAD, "who may sign in"),
	ROW_SECTION("cookie", cookie, cookie_keys, MST_CONF_RELOAD, "how devices come back without signing in"),
	ROW_SECTION("limits", limits, limits_keys, MST_CONF_RELOAD, "bounds against overload"),
	ROW_SECTION("bans", bans, bans_keys, MST_CONF_RELOAD, "addresses that are kept out for a while"),
	ROW_SECTION("control", control, control_keys, MST_CONF_RESTART, "the operators' way in"),
	ROW_SECTION("log", log, log_keys, MST_CONF_LIVE, "what is logged"),
	{.name = "profiles", MST_CONF_MAPS_AT(struct mst_conf, profiles, n_profiles, conf_profile_keys),
	 .max_items = PROFILES_MAX, .change = MST_CONF_RELOAD,
	 .help = "what groups and users are told instead of what stands in network and timeouts"},
	ROW_END,
};
// clang-format on

const struct mst_conf_schema mst_conf_gateway = {
	.keys = gateway_keys,
	.bytes = sizeof(struct mst_conf),
	.check = conf_gateway_check,
};
