// The keys of sign-in: section auth, and what a host may say differently. Control lcore.
#include "schema.h"

// clang-format off
#define GROUPS_MAX 64

static const char *const method_words[] = {
	"password", "token", "certificate", "certificate+password", "certificate+token", NULL};
static const char *const password_words[] = {"users", "pam", "radius", NULL};
static const char *const expiry_words[] = {"ignore", "end", NULL};
static const char *const ocsp_words[] = {"off", "soft", "require", NULL};

static const struct mst_conf_key pam_keys[] = {
	{.name = "service", .type = MST_CONF_STRING, MST_CONF_AT(struct mst_conf_pam, service), .min = 1, .max = 63,
	 .def = "mst-gateway", .change = MST_CONF_RELOAD, .help = "name of the service, which is its file"},
	{.name = "directory", .type = MST_CONF_PATH, MST_CONF_AT(struct mst_conf_pam, directory), .min = 2, .max = 255,
	 .def = "/etc/pam.d", .change = MST_CONF_RELOAD, .help = "where files of services stand"},
	ROW_END,
};

static const struct mst_conf_key radius_keys[] = {
	{.name = "servers", .type = MST_CONF_STRING, MST_CONF_LIST_AT(struct mst_conf_radius, servers, n_servers),
	 .or_one = true, .unique = true, .max_items = 8, .min = 1, .max = 255, .change = MST_CONF_RELOAD,
	 .help = "HOST, HOST:PORT or [IPV6]:PORT; the next one is asked when one does not answer"},
	{.name = "accounting", .type = MST_CONF_STRING,
	 MST_CONF_LIST_AT(struct mst_conf_radius, accounting, n_accounting), .or_one = true, .unique = true,
	 .max_items = 8, .min = 1, .max = 255, .change = MST_CONF_RESTART,
	 .help = "the same, for who is told of sessions; left out: nobody"},
	{.name = "secret", .type = MST_CONF_PATH, MST_CONF_AT(struct mst_conf_radius, secret), .min = 2,
	 .max = PATH_MAX_BYTES, .def = "/etc/mstunnel/radius.secret", .change = MST_CONF_RELOAD,
	 .help = "file whose first line is the secret shared with all of them"},
	{.name = "nas-identifier", .type = MST_CONF_STRING, MST_CONF_AT(struct mst_conf_radius, nas_identifier),
	 .min = 1, .max = 253, .def = "mst-gateway", .change = MST_CONF_RELOAD, .help = "what they know us by"},
	ROW_SECONDS("timeout", struct mst_conf_radius, timeout_s, 1, 60, "5s", MST_CONF_RELOAD,
		"time for an answer, after which the request is sent again"),
	ROW_UINT("retries", struct mst_conf_radius, retries, 0, 10, "2", MST_CONF_RELOAD, "times that it is sent again"),
	{.name = "require-message-authenticator", .type = MST_CONF_BOOL,
	 MST_CONF_AT(struct mst_conf_radius, needs_message_authenticator), .def = "true", .change = MST_CONF_RELOAD,
	 .help = "false: answers without it are taken, too, which whoever is in between can forge (CVE-2024-3596)"},
	ROW_SECONDS("interim", struct mst_conf_radius, interim_s, 0, DAY_S, "600s", MST_CONF_RELOAD,
		"time between two reports of a session; 0: its start and its end only"),
	ROW_END,
};

// Of the site, and of each host that has its own. HAS, DEF: as in NETWORK_ROWS.
#define CERT_ROWS(HAS, DEF) \
	{.name = "ca", .type = MST_CONF_PATH, MST_CONF_AT(struct mst_conf_client_cert, ca), HAS(ca) .min = 2, \
	 .max = PATH_MAX_BYTES, .change = MST_CONF_RELOAD, \
	 .help = "PEM file: the CAs, roots or not, whose certificates are accepted of devices"}, \
	{.name = "crl", .type = MST_CONF_PATH, MST_CONF_LIST_AT(struct mst_conf_client_cert, crls, n_crls), HAS(crls) \
	 .or_one = true, .max_items = 16, .min = 2, .max = PATH_MAX_BYTES, .change = MST_CONF_RELOAD, \
	 .help = "files with revocation lists, PEM or DER, of each CA below a trusted one; taken when they change"}, \
	{.name = "crl-lenient", .type = MST_CONF_BOOL, MST_CONF_AT(struct mst_conf_client_cert, crl_lenient), \
	 HAS(crl_lenient) DEF("false") .change = MST_CONF_RELOAD, \
	 .help = "true: a revocation list that is missing or too old refuses nobody"}, \
	{.name = "user", .type = MST_CONF_STRING, MST_CONF_AT(struct mst_conf_client_cert, user), HAS(user) .min = 1, \
	 .max = 127, DEF("cn") .change = MST_CONF_RELOAD, \
	 .help = "where the user's name is: san-upn, san-email, san-uri, cn, uid, or an object identifier of the subject"}, \
	{.name = "group", .type = MST_CONF_STRING, MST_CONF_AT(struct mst_conf_client_cert, group), HAS(group) .min = 1, \
	 .max = 127, .change = MST_CONF_RELOAD, \
	 .help = "where groups are, each value one: ou, or an object identifier; left out: none"}, \
	{.name = "any-purpose", .type = MST_CONF_BOOL, MST_CONF_AT(struct mst_conf_client_cert, any_purpose), \
	 HAS(any_purpose) DEF("false") .change = MST_CONF_RELOAD, \
	 .help = "take certificates that are not marked for client authentication, too"}, \
	{.name = "at-connect", .type = MST_CONF_BOOL, MST_CONF_AT(struct mst_conf_client_cert, at_connect), \
	 HAS(at_connect) DEF("true") .change = MST_CONF_RELOAD, \
	 .help = "a session by a certificate is taken up with that one alone; false: for clients that show it at sign-in only"}, \
	{.name = "ocsp", .type = MST_CONF_WORD, MST_CONF_AT(struct mst_conf_client_cert, ocsp), HAS(ocsp) \
	 .words = ocsp_words, DEF("require") .change = MST_CONF_RELOAD, \
	 .help = "ask the OCSP server that a certificate or ocsp-url names, if any; soft: a server that is silent says good"}, \
	{.name = "ocsp-url", .type = MST_CONF_STRING, MST_CONF_AT(struct mst_conf_client_cert, ocsp_url), HAS(ocsp_url) \
	 .min = 8, .max = 511, .change = MST_CONF_RELOAD, \
	 .help = "OCSP server for all certificates; left out: the one that each names"}, \
	{.name = "ocsp-proxy", .type = MST_CONF_STRING, MST_CONF_AT(struct mst_conf_client_cert, ocsp_proxy), \
	 HAS(ocsp_proxy) .min = 3, .max = 511, .change = MST_CONF_RELOAD, \
	 .help = "proxy to it; left out: http_proxy, https_proxy, no_proxy"}

#define MARK_CERT(key) MST_CONF_PRESENT_AT(struct mst_conf_client_cert, has_##key),
static const struct mst_conf_key client_cert_keys[] = {CERT_ROWS(NO_MARK, DEFAULT), ROW_END};
static const struct mst_conf_key host_cert_keys[] = {CERT_ROWS(MARK_CERT, NO_MARK), ROW_END};

static const struct mst_conf_key oidc_keys[] = {
	{.name = "issuer", .type = MST_CONF_STRING, MST_CONF_AT(struct mst_conf_oidc, issuer), .required = true, .min = 1,
	 .max = 511, .change = MST_CONF_RELOAD, .help = "iss of its tokens, letter by letter"},
	{.name = "audience", .type = MST_CONF_STRING, MST_CONF_LIST_AT(struct mst_conf_oidc, audiences, n_audiences),
	 .required = true, .or_one = true, .unique = true, .min_items = 1, .max_items = 16, .min = 1, .max = 255,
	 .change = MST_CONF_RELOAD, .help = "aud that a token has to have, one of these"},
	{.name = "user-claim", .type = MST_CONF_STRING, MST_CONF_AT(struct mst_conf_oidc, user_claim), .min = 1, .max = 127,
	 .def = "preferred_username", .change = MST_CONF_RELOAD, .help = "claim with the user's name; upn with AD FS"},
	{.name = "group-claim", .type = MST_CONF_STRING, MST_CONF_AT(struct mst_conf_oidc, group_claim), .min = 1, .max = 127,
	 .def = "groups", .change = MST_CONF_RELOAD, .help = "claim with groups, text or a list"},
	{.name = "device-claim", .type = MST_CONF_STRING, MST_CONF_AT(struct mst_conf_oidc, device_claim), .min = 1,
	 .max = 127, .def = "deviceid", .change = MST_CONF_RELOAD, .help = "claim with the device's id"},
	{.name = "required-claims", .type = MST_CONF_STRING,
	 MST_CONF_LIST_AT(struct mst_conf_oidc, required_claims, n_required_claims), .or_one = true, .unique = true,
	 .max_items = 32, .min = 3, .max = 511, .change = MST_CONF_RELOAD,
	 .help = "name=value: claims that have to be this text, true or false, or a list with it; all of them"},
	{.name = "discovery-url", .type = MST_CONF_STRING, MST_CONF_AT(struct mst_conf_oidc, discovery_url), .min = 9,
	 .max = 511, .change = MST_CONF_RELOAD,
	 .help = "https URL of the discovery document; left out: issuer/.well-known/openid-configuration"},
	{.name = "jwks-host", .type = MST_CONF_STRING, MST_CONF_AT(struct mst_conf_oidc, jwks_host), .min = 1, .max = 255,
	 .change = MST_CONF_RELOAD, .help = "host, or host:port, of the keys; left out: that of the discovery document"},
	{.name = "jwks-file", .type = MST_CONF_PATH, MST_CONF_AT(struct mst_conf_oidc, jwks_file), .min = 2,
	 .max = PATH_MAX_BYTES, .change = MST_CONF_RELOAD, .help = "file with the key set: nothing is fetched then"},
	{.name = "ca-file", .type = MST_CONF_PATH, MST_CONF_AT(struct mst_conf_oidc, ca_file), .min = 2,
	 .max = PATH_MAX_BYTES, .change = MST_CONF_RELOAD,
	 .help = "PEM file of the authorities that vouch for its server; left out: those of the system"},
	{.name = "proxy", .type = MST_CONF_STRING, MST_CONF_AT(struct mst_conf_oidc, proxy), .min = 3, .max = 511,
	 .change = MST_CONF_RELOAD,
	 .help = "proxy to it, such as http://user:password@proxy:3128; left out: https_proxy, no_proxy"},
	ROW_SECONDS("leeway", struct mst_conf_oidc, leeway_s, 0, 300, "60s", MST_CONF_RELOAD,
		"how much clocks may differ"),
	ROW_SECONDS("refresh-min", struct mst_conf_oidc, refresh_min_s, 1, DAY_S, "900s", MST_CONF_RELOAD,
		"pause between two fetches of keys for tokens with an unknown one"),
	ROW_SECONDS("refresh-max", struct mst_conf_oidc, refresh_max_s, 60, 30 * DAY_S, "86400s", MST_CONF_RELOAD,
		"age at which keys are fetched again, unless the issuer says earlier"),
	ROW_END,
};

#define AUTH_ROWS(HAS, DEF, PASSWORD) \
	{.name = "methods", .type = MST_CONF_WORD, MST_CONF_LIST_AT(struct mst_conf_auth, methods, n_methods), HAS(methods) \
	 .unique = true, .words = method_words, .min_items = 1, .max_items = 5, DEF("[password]") \
	 .change = MST_CONF_RELOAD, .help = "what a device has to show: any one of these"}, \
	{.name = "groups", .type = MST_CONF_STRING, MST_CONF_LIST_AT(struct mst_conf_auth, groups, n_groups), HAS(groups) \
	 .unique = true, .max_items = GROUPS_MAX, .min = 1, .max = 63, .change = MST_CONF_RELOAD, \
	 .help = "groups that the form offers, and that URLs /GROUP choose; none: it does not ask"}, \
	{.name = "password", .type = MST_CONF_WORD, MST_CONF_AT(struct mst_conf_auth, password), HAS(password) \
	 .words = password_words, DEF("users") .change = (PASSWORD), \
	 .help = "who knows the passwords; users: section users; pam, radius: the keys of auth"}, \
	{.name = "issuers", .type = MST_CONF_STRING, MST_CONF_LIST_AT(struct mst_conf_auth, issuers, n_issuers), \
	 HAS(issuers) .or_one = true, .unique = true, .min_items = 1, .max_items = MST_CONF_OIDC_MAX, .min = 1, .max = 511, \
	 .change = MST_CONF_RELOAD, .help = "issuer of each of auth.oidc whose tokens are accepted; left out: all"}

#define MARK_AUTH(key) MST_CONF_PRESENT_AT(struct mst_conf_auth, has_##key),
const struct mst_conf_key conf_host_auth_keys[] = {
	AUTH_ROWS(MARK_AUTH, NO_MARK, MST_CONF_RELOAD),
	{.name = "certificate", MST_CONF_MAP_AT(struct mst_conf_auth, certificate, host_cert_keys),
	 .change = MST_CONF_RELOAD, .help = "certificates of devices, for the methods that have the word"},
	ROW_END,
};

const struct mst_conf_key conf_auth_keys[] = {
	AUTH_ROWS(NO_MARK, DEFAULT, MST_CONF_RESTART),
	{.name = "pam", MST_CONF_MAP_AT(struct mst_conf_auth, pam, pam_keys), .change = MST_CONF_RELOAD,
	 .help = "passwords verified by PAM"},
	{.name = "radius", MST_CONF_MAP_AT(struct mst_conf_auth, radius, radius_keys), .change = MST_CONF_RELOAD,
	 .help = "passwords verified by, and sessions reported to, RADIUS servers"},
	{.name = "certificate", MST_CONF_MAP_AT(struct mst_conf_auth, certificate, client_cert_keys),
	 .change = MST_CONF_RELOAD, .help = "certificates of devices, for the methods that have the word"},
	{.name = "helper", .type = MST_CONF_PATH, MST_CONF_AT(struct mst_conf_auth, helper), .min = 2,
	 .max = PATH_MAX_BYTES, .change = MST_CONF_RESTART,
	 .help = "program that verifies users; left out: mst-authd as it was installed"},
	{.name = "user", .type = MST_CONF_STRING, MST_CONF_AT(struct mst_conf_auth, user), .min = 1, .max = 31,
	 .def = "mst-authd", .change = MST_CONF_RESTART,
	 .help = "user of the system that it runs as; without such a user: nobody"},
	{.name = "environment", .type = MST_CONF_PATH, MST_CONF_AT(struct mst_conf_auth, environment), .min = 2,
	 .max = PATH_MAX_BYTES, .def = "/etc/mstunnel/env.sh", .change = MST_CONF_RELOAD,
	 .help = "file that sets https_proxy, http_proxy, no_proxy as a shell does; need not be there; taken when it changes"},
	{.name = "strip-domain", .type = MST_CONF_STRING,
	 MST_CONF_LIST_AT(struct mst_conf_auth, strip_domains, n_strip_domains), .or_one = true, .unique = true,
	 .max_items = 16, .min = 1, .max = 127, .change = MST_CONF_RELOAD,
	 .help = "DOMAIN\\user and user@domain are user alone for these; others keep their domain"},
	{.name = "token-expiry", .type = MST_CONF_WORD, MST_CONF_AT(struct mst_conf_auth, token_expiry),
	 .words = expiry_words, .def = "ignore", .change = MST_CONF_RELOAD,
	 .help = "end: a session is over when the token is that its user signed in with; ignore: timeouts.session alone bounds it"},
	{.name = "oidc", MST_CONF_MAPS_AT(struct mst_conf_auth, oidc, n_oidc, oidc_keys), .max_items = MST_CONF_OIDC_MAX,
	 .change = MST_CONF_RELOAD, .help = "issuers of bearer tokens"},
	ROW_END,
};
// clang-format on

const char *
mst_conf_method_name(enum mst_conf_method method)
{
	return method_words[method];
}

const char *
mst_conf_password_name(enum mst_conf_password password)
{
	return password_words[password];
}
