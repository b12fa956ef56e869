// Configuration: YAML read by a table of keys into a plain C struct, and the table of the gateway itself.
// Control lcore, at start and at a reload. Nothing here keeps state, prints, or blocks on anything but the
// file. Workers may read a finished snapshot: it never changes after it was loaded.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mst_base.h"

// ---- errors -------------------------------------------------------------------------------------
// text: "FILE:LINE:COLUMN: KEY: expected WHAT, found WHAT", or "FILE: REASON" when the file cannot be read.
// Control characters of the file are replaced by '?'. line and column count from 1; 0 when there is none.
#define MST_CONF_ERROR_BYTES 512
struct mst_conf_error {
	uint32_t line;
	uint32_t column;
	char text[MST_CONF_ERROR_BYTES];
};

// ---- the engine: a table of keys ----------------------------------------------------------------
#define MST_CONF_FILE_BYTES_MAX (1024 * 1024)
#define MST_CONF_DEPTH_MAX 8	 // maps and lists within each other
#define MST_CONF_NODES_MAX 65536 // values in a file
#define MST_CONF_MAP_KEYS_MAX 256

enum mst_conf_type {
	MST_CONF_BOOL,	  // bool; true or false
	MST_CONF_UINT,	  // uint8_t .. uint64_t; decimal, from min to max
	MST_CONF_SECONDS, // as UINT, in seconds; suffixes s m h d
	MST_CONF_SIZE,	  // as UINT, in bytes; suffixes K M G of 1,024
	MST_CONF_STRING,  // const char *; min to max bytes of UTF-8, no control characters; never NULL once
			  // read
	MST_CONF_PATH,	  // const char *; as STRING, begins with '/'
	MST_CONF_WORD,	  // an enum or unsigned integer: index in words
	MST_CONF_IP,	  // struct mst_ip; family 0 when it is left out
	MST_CONF_NET,	  // struct mst_net; "address/length", length from min to max (max 0: any)
	MST_CONF_MAP,	  // a struct with a table of its own; as a list, an array of them
};

// What it takes to put a changed key into effect.
enum mst_conf_class {
	MST_CONF_LIVE,	  // at once, by a command too
	MST_CONF_RELOAD,  // when the file is read again; sessions stay
	MST_CONF_RESTART, // when the program starts again
};

// One row a key; a row with name NULL ends the table. Offsets of a map's keys are relative to the map's
// struct.
struct mst_conf_key {
	const char *name;
	enum mst_conf_type type;
	enum mst_conf_class change;
	bool required;	  // must be written if the map it stands in is
	bool is_list;	  // the member is a pointer to items, which the struct owns; the count is a uint32_t
	bool or_one;	  // a list that may be written as one plain value
	bool unique;	  // a list that holds each value once; not of maps
	bool or_auto;	  // the word auto is a value: 0, or for a map the same as leaving it out
	bool multiline;	  // a string that may hold line feeds
	bool has_present; // the struct has a bool that says whether it was written
	uint8_t family;	  // IP, NET: 4 or 6 only; 0: both
	uint32_t min_items;
	uint32_t max_items;
	uint64_t min;
	uint64_t max;
	size_t offset;
	size_t bytes; // of the member, of an item when is_list
	size_t count_offset;
	size_t present_offset;
	const char *const *words; // NULL-terminated
	const struct mst_conf_key *keys;
	const char *def;  // as it would be written in the file; NULL: zero, empty
	const char *help; // one line
};

// clang-format off
#define MST_CONF_AT(st, member) \
	.offset = offsetof(st, member), .bytes = sizeof(((st *)0)->member)
#define MST_CONF_LIST_AT(st, member, count) \
	.is_list = true, .offset = offsetof(st, member), .bytes = sizeof(*((st *)0)->member), \
	.count_offset = offsetof(st, count)
#define MST_CONF_MAP_AT(st, member, table) \
	.type = MST_CONF_MAP, MST_CONF_AT(st, member), .keys = (table)
#define MST_CONF_MAPS_AT(st, member, count, table) \
	.type = MST_CONF_MAP, MST_CONF_LIST_AT(st, member, count), .keys = (table)
#define MST_CONF_PRESENT_AT(st, member) \
	.has_present = true, .present_offset = offsetof(st, member)
// clang-format on

// A file while it is checked: knows at which line and column each key stands.
struct mst_conf_tree;

// Checks that look at more than one key, called once every key is well-formed: 0, or what mst_conf_reject
// returned.
typedef int mst_conf_check_fn(const void *conf, const struct mst_conf_tree *tree, struct mst_conf_error *err);

struct mst_conf_schema {
	const struct mst_conf_key *keys;
	size_t bytes;		  // of the struct that is filled
	mst_conf_check_fn *check; // NULL: none
};

// Read a file, or text called name, into *out (schema->bytes), which on success owns heap memory until
// mst_conf_release. On failure *out is all zero. -EINVAL: the text does not fit the schema; another -errno:
// the file cannot be read, or -ENOMEM. err is filled on every failure.
MST_MUST_USE int mst_conf_read(
	const struct mst_conf_schema *schema, const char *path, void *out, struct mst_conf_error *err);
MST_MUST_USE int mst_conf_read_text(const struct mst_conf_schema *schema, const char *name, const char *text,
	size_t len, void *out, struct mst_conf_error *err);
// Frees what a read struct owns, and zeroes it; a zeroed struct is fine.
void mst_conf_release(const struct mst_conf_schema *schema, void *out);

// For a check: fills err with "FILE:LINE:COLUMN: key: " and the text, at the place of the key (such as
// "ports.public.addresses[1]") or of the nearest map above it that was written. Returns -EINVAL.
MST_MUST_USE int mst_conf_reject(const struct mst_conf_tree *tree, struct mst_conf_error *err,
	const char *key, const char *fmt, ...) MST_PRINTF(4, 5);

// Calls cb once for each key whose value differs, with its dotted name, in the order of the table. A map that
// is written in only one of the two is one change. Returns the number of changes.
typedef void mst_conf_diff_fn(const char *key, enum mst_conf_class change, void *arg);
unsigned int mst_conf_diff_read(const struct mst_conf_schema *schema, const void *before, const void *after,
	mst_conf_diff_fn *cb, void *arg);

const char *mst_conf_class_name(enum mst_conf_class change);

// The table as reference text (key, type, default, class, help); the caller frees *out. -ENOMEM.
MST_MUST_USE int mst_conf_schema_doc(const struct mst_conf_schema *schema, char **out);

// The whole of a file that has at most max_bytes, NUL-terminated; the caller frees *out. -EFBIG when it has
// more, else the -errno of the system; err has the text. fd stays the caller's, path is for err.
MST_MUST_USE int mst_conf_fd_read(
	int fd, const char *path, size_t max_bytes, char **out, size_t *len, struct mst_conf_error *err);
MST_MUST_USE int mst_conf_file_read(
	const char *path, size_t max_bytes, char **out, size_t *len, struct mst_conf_error *err);

// ---- the gateway's own keys ---------------------------------------------------------------------
enum mst_conf_hugepages { MST_CONF_HUGEPAGES_AUTO, MST_CONF_HUGEPAGES_ON, MST_CONF_HUGEPAGES_OFF };
enum mst_conf_idle { MST_CONF_IDLE_POLL, MST_CONF_IDLE_PAUSE, MST_CONF_IDLE_INTERRUPT, MST_CONF_IDLE_AUTO };
enum mst_conf_tls_version { MST_CONF_TLS_1_2, MST_CONF_TLS_1_3 };
enum mst_conf_method {
	MST_CONF_METHOD_PASSWORD,
	MST_CONF_METHOD_TOKEN,
	MST_CONF_METHOD_CERTIFICATE,
	MST_CONF_METHOD_CERTIFICATE_PASSWORD,
	MST_CONF_METHOD_CERTIFICATE_TOKEN,
};
enum mst_conf_expiry { MST_CONF_EXPIRY_IGNORE, MST_CONF_EXPIRY_END };
enum mst_conf_ocsp { MST_CONF_OCSP_OFF, MST_CONF_OCSP_SOFT, MST_CONF_OCSP_REQUIRE };
enum mst_conf_password { MST_CONF_PASSWORD_USERS, MST_CONF_PASSWORD_PAM, MST_CONF_PASSWORD_RADIUS };
enum mst_conf_cipher {
	MST_CONF_CIPHER_AES_256_GCM,
	MST_CONF_CIPHER_AES_128_GCM,
	MST_CONF_CIPHER_CHACHA20_POLY1305,
};

struct mst_conf_lcores {
	bool present; // false: auto, the other members mean nothing
	uint32_t control;
	uint32_t *workers;
	uint32_t n_workers;
};

struct mst_conf_dpdk {
	struct mst_conf_lcores lcores;
	enum mst_conf_hugepages hugepages;
	uint32_t memory_mib;
	enum mst_conf_idle idle;
	const char *file_prefix;
	const char **extra_eal;
	uint32_t n_extra_eal;
};

struct mst_conf_port {
	bool present; // private: false means one-arm; public: always true
	const char *device;
	struct mst_net *addresses; // 1 to 8, host bits as written
	uint32_t n_addresses;
	struct mst_ip *gateways; // at most one a family
	uint32_t n_gateways;
	uint32_t queues; // 0 = auto
	uint32_t mtu;
	const char *tap;
};

struct mst_conf_ports {
	struct mst_conf_port public;
	struct mst_conf_port private;
};

// One or two certificates with their keys: pairs of PEM files, or files of PKCS#12.
struct mst_conf_identity {
	const char **certificates;
	uint32_t n_certificates;
	const char **keys; // as many, in the same order
	uint32_t n_keys;
	const char **pfx;
	uint32_t n_pfx;
	const char **pfx_passwords; // files; none, one for all, or as many as pfx
	uint32_t n_pfx_passwords;
};

struct mst_conf_tls {
	struct mst_conf_identity identity;
	enum mst_conf_tls_version min_version;
	bool ocsp_stapling;
};

struct mst_conf_listen {
	uint16_t port;
	bool udp;
	const char **public_addresses; // names and IP addresses that devices know the gateway by
	uint32_t n_public_addresses;
	bool dynamic_dns;
	struct mst_net *proxies; // who may say by the PROXY protocol whom they speak for
	uint32_t n_proxies;
};

struct mst_conf_pool {
	struct mst_net ipv4; // no host bits set
	struct mst_net ipv6; // ip.family 0: none
};

struct mst_conf_network {
	uint32_t mtu; // of the link that carries the tunnel
	struct mst_net *routes;
	uint32_t n_routes; // 0: full tunnel
	struct mst_net *no_routes;
	uint32_t n_no_routes;
	struct mst_ip *dns;
	uint32_t n_dns;
	struct mst_ip *nbns;
	uint32_t n_nbns;
	const char **domains; // the default domain, and more to search
	uint32_t n_domains;
	const char **split_dns;
	uint32_t n_split_dns;
	bool tunnel_all_dns;
	bool bypass_protocol;
	const char *pac_url;
	const char *banner;
};

struct mst_conf_dtls {
	enum mst_conf_cipher *ciphers; // the server's order of preference
	uint32_t n_ciphers;
	bool legacy;
};

struct mst_conf_timeouts {
	uint32_t dpd_s;
	uint32_t keepalive_s;	// 0 = none
	uint32_t idle_s;	// 0 = none
	uint32_t session_s;	// 0 = none
	uint32_t mobile_dpd_s;	// of phones and tablets, where it was written
	uint32_t mobile_idle_s; // the same; 0 = none
	uint32_t cookie_s;
	uint32_t rekey_s; // 0 = never
	uint32_t auth_s;
	uint32_t tls_handshake_s;
	uint32_t header_s;
	bool has_dpd, has_idle, has_session, has_mobile_dpd, has_mobile_idle; // written
};

// What the sessions of a group, or of a user, are told instead of what stands in network and timeouts.
struct mst_conf_profile {
	const char *group; // one of the two is not empty
	const char *user;
	struct mst_conf_network network;
	struct mst_conf_timeouts timeouts;
	bool udp;
	struct mst_net addresses; // of its devices; family 0: not written
	bool has_mtu, has_routes, has_no_routes, has_dns, has_nbns, has_domains, has_split_dns,
		has_tunnel_all_dns, has_bypass_protocol, has_pac_url, has_banner, has_udp; // written
};

// Whose certificates are accepted of devices, where a method needs one.
struct mst_conf_client_cert {
	const char *ca;
	const char **crls;
	uint32_t n_crls;
	bool crl_lenient;
	const char *user; // where the names are
	const char *group;
	bool any_purpose;
	bool at_connect; // and not at sign-in only
	enum mst_conf_ocsp ocsp;
	const char *ocsp_url;
	const char *ocsp_proxy;
	bool has_ca, has_crls, has_crl_lenient, has_user, has_group, has_any_purpose, has_at_connect,
		has_ocsp, has_ocsp_url, has_ocsp_proxy; // written, by a host
};

#define MST_CONF_OIDC_MAX 4 // issuers
struct mst_conf_oidc {
	const char *issuer;
	const char **audiences;
	uint32_t n_audiences;
	const char *user_claim;
	const char *group_claim;
	const char *device_claim;
	const char **required_claims; // name=value
	uint32_t n_required_claims;
	const char *discovery_url;
	const char *jwks_host;
	const char *jwks_file;
	const char *ca_file;
	const char *proxy;
	uint32_t leeway_s;
	uint32_t refresh_min_s;
	uint32_t refresh_max_s;
};

struct mst_conf_radius {
	const char **servers; // HOST[:PORT], asked in this order
	uint32_t n_servers;
	const char **accounting; // told of sessions
	uint32_t n_accounting;
	const char *secret; // path
	const char *nas_identifier;
	uint32_t timeout_s; // of a try
	uint32_t retries;
	bool needs_message_authenticator;
	uint32_t interim_s; // 0: start and stop only
};

struct mst_conf_pam {
	const char *service;
	const char *directory;
};

struct mst_conf_auth {
	struct mst_conf_client_cert certificate;
	enum mst_conf_method *methods; // alternatives
	uint32_t n_methods;
	const char **groups; // to choose from
	uint32_t n_groups;
	enum mst_conf_password password; // where user names and passwords are verified
	const char **issuers;		 // those of oidc that are accepted; none: all
	uint32_t n_issuers;
	bool has_methods, has_groups, has_password, has_issuers; // written, by a host
	const char *helper;	 // path; empty: where it is built or installed
	const char *user;	 // that the helper runs as
	const char *environment; // path of a file of proxies, which need not be there
	struct mst_conf_pam pam;
	struct mst_conf_radius radius;
	const char **strip_domains; // that name nobody else than no domain does
	uint32_t n_strip_domains;
	enum mst_conf_expiry token_expiry; // what becomes of a session whose token is over
	struct mst_conf_oidc *oidc;
	uint32_t n_oidc;
};

// A site of its own at the same address, chosen by the name that a device asks for.
struct mst_conf_host {
	const char **names; // the first one is what the host is called
	uint32_t n_names;
	struct mst_conf_identity identity;
	struct mst_conf_auth auth; // what its has_ members say was written; mst_conf_auth_at knows the rest
	struct mst_net addresses;  // of its devices; family 0: any that no range keeps
};

struct mst_conf_users {
	const char *file;
	const char *oath; // empty: no one-time codes
};

struct mst_conf_cookie {
	const char *keys;
	const char *sessions;
	uint32_t rotate_s; // 0 = by hand only
	uint32_t policy;
	bool deny_roaming;
};

struct mst_conf_limits {
	uint32_t sessions;		// the pool may hold fewer addresses
	uint32_t same_user;		// 0 = any number
	uint32_t handshakes_per_second; // of one source address
	uint32_t half_open;
	// packets per second to the kernel, a port
	uint32_t punt_arp;
	uint32_t punt_nd;
	uint32_t punt_icmp;
	uint32_t punt_tcp;
	uint32_t punt_other;
};

// Who is not let in for a while, and for what.
struct mst_conf_bans {
	uint32_t max_points; // 0: nobody is banned
	uint32_t wrong_password;
	uint32_t connect_flood;
	uint32_t reset_s;
	uint32_t ban_s;
	struct mst_net *exempt;
	uint32_t n_exempt;
};

struct mst_conf_control {
	const char *socket;
};

struct mst_conf_log {
	enum mst_log_level level;
};

// What the snapshot was read from, for a process that has to read it for itself.
struct mst_conf_source {
	char *name;
	char *text;
	size_t len;
};

// Strings are never NULL (empty when left out); all is owned by the snapshot.
struct mst_conf {
	struct mst_conf_dpdk dpdk;
	struct mst_conf_ports ports;
	struct mst_conf_tls tls;
	struct mst_conf_listen listen;
	struct mst_conf_host *hosts;
	uint32_t n_hosts;
	struct mst_conf_pool pool;
	struct mst_conf_network network;
	struct mst_conf_dtls dtls;
	struct mst_conf_timeouts timeouts;
	struct mst_conf_auth auth;
	struct mst_conf_users users;
	struct mst_conf_cookie cookie;
	struct mst_conf_limits limits;
	struct mst_conf_bans bans;
	struct mst_conf_control control;
	struct mst_conf_log log;
	struct mst_conf_profile *profiles;
	uint32_t n_profiles;
	struct mst_conf_source source;
	uint32_t *profile_slots;  // of the profiles by name; NULL: none, they are looked through
	uint32_t n_profile_slots; // a power of two
};

// What holds for a session: the sections network, timeouts and listen.udp, key by key replaced by what the
// profile of its group has written, and then by what the profile of its user has. platform: what the device
// says it is; a phone's dpd and idle are the mobile ones, where somebody wrote them. out borrows from conf.
// Any thread.
void mst_conf_profile_of(const struct mst_conf *conf, const char *user, const char *group,
	const char *platform, struct mst_conf_profile *out);

// The part of the pool that devices of a user get their addresses from, who came to that host in that group: as written
// for the user, for the group, or for the host. NULL: what is in no such part. Lives as long as conf. Any thread.
const struct mst_net *mst_conf_addresses_of(
	const struct mst_conf *conf, const char *host, const char *user, const char *group);
// The i-th of all that were written, in any order; NULL: no more.
const struct mst_net *mst_conf_addresses_at(const struct mst_conf *conf, uint32_t i);

// routes and no-routes together
#define MST_CONF_ROUTES_MAX 500

// What holds for sign-ins to the site itself (i 0) or to hosts[i - 1]: section auth, key by key replaced by what the host
// has written. out borrows from conf; false: no more. Any thread.
bool mst_conf_auth_at(const struct mst_conf *conf, uint32_t i, struct mst_conf_auth *out);
// The same by what the host is called; "": the site. -ENOENT: there is no such host.
MST_MUST_USE int mst_conf_auth_of(const struct mst_conf *conf, const char *host, struct mst_conf_auth *out);
// Whether a method of sign-in needs a certificate of the device, or a password.
bool mst_conf_wants_certificates(const struct mst_conf_auth *auth);
bool mst_conf_wants_passwords(const struct mst_conf_auth *auth);
// As they are written.
const char *mst_conf_method_name(enum mst_conf_method method);
const char *mst_conf_password_name(enum mst_conf_password password);

// The table behind struct mst_conf, for mst_conf_schema_doc.
extern const struct mst_conf_schema mst_conf_gateway;

// Control lcore. The snapshot is the caller's until mst_conf_free, which accepts NULL. Errors as
// mst_conf_read. Certificates and the users file are not opened: their libraries do that.
MST_MUST_USE int mst_conf_load(struct mst_conf **out, const char *path, struct mst_conf_error *err);
MST_MUST_USE int mst_conf_load_text(
	struct mst_conf **out, const char *name, const char *text, size_t len, struct mst_conf_error *err);
void mst_conf_free(struct mst_conf *conf);
unsigned int mst_conf_diff(
	const struct mst_conf *before, const struct mst_conf *after, mst_conf_diff_fn *cb, void *arg);
