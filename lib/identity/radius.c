// Verifying by RADIUS (RFC 2865): a request and its answer a step, challenges as questions. A thread of the pool waits.
#include "radius.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHALLENGES_MAX 8
#define SERVICE_FRAMED 2
#define PORT_VIRTUAL 5
#define PROMPT_ECHO 1		 // RFC 2869 section 5.10
#define USER_CHOOSES 0xffffffffu // of Framed-IP-Address, RFC 2865 section 5.8
#define NAS_CHOOSES 0xfffffffeu

// ---- servers ------------------------------------------------------------------------------------
struct endpoint {
	char host[256];
	char port[8];
};

// HOST, HOST:PORT, [IPV6] or [IPV6]:PORT.
static bool
parse_server(const char *text, const char *default_port, struct endpoint *out)
{
	bool bracket = text[0] == '[';
	const char *host = text + bracket;
	size_t len = strcspn(host, bracket ? "]" : ":");
	const char *rest = host + len + (bracket && host[len] == ']');
	uint64_t port;

	if (len == 0 || len >= sizeof(out->host) || (bracket && host[len] != ']'))
		return false;
	memcpy(out->host, host, len);
	out->host[len] = '\0';
	if (bracket) {
		struct mst_ip ip;

		if (mst_ip_parse(out->host, &ip) < 0 || ip.family != 6)
			return false;
	} else if (out->host[strspn(out->host,
			   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")] != '\0') {
		return false;
	}
	if (*rest == '\0') {
		snprintf(out->port, sizeof(out->port), "%s", default_port);
		return true;
	}
	if (*rest != ':' || mst_parse_u64(rest + 1, strlen(rest + 1), 1, UINT16_MAX, &port) < 0)
		return false;
	snprintf(out->port, sizeof(out->port), "%u", (unsigned int)port);
	return true;
}

static int
check_servers(const char *key, const char *const *servers, uint32_t n, struct mst_conf_error *err)
{
	struct endpoint e;

	for (uint32_t i = 0; i < n; i++) {
		if (parse_server(servers[i], "1812", &e))
			continue;
		*err = (struct mst_conf_error){0};
		snprintf(err->text, sizeof(err->text),
			"auth.radius.%s[%u]: expected HOST, HOST:PORT or [IPV6]:PORT, found \"%.100s\"", key,
			i, servers[i]);
		return -EINVAL;
	}
	return 0;
}

int
identity_radius_create(struct identity_radius **out, const struct mst_conf_radius *conf, const char *name,
	const char *text, size_t len, struct mst_conf_error *err)
{
	struct identity_radius *r;

	MST_TRY(check_servers("servers", conf->servers, conf->n_servers, err));
	MST_TRY(check_servers("accounting", conf->accounting, conf->n_accounting, err));
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	if (len < 1 || len > RADIUS_SECRET_BYTES_MAX ||
		!identity_lines_printable(mst_rd_init(text, len), ' ')) {
		*err = (struct mst_conf_error){.line = 1};
		snprintf(err->text, sizeof(err->text),
			"%.300s:1: expected a secret of 1 to %u printable characters, found something else",
			name, RADIUS_SECRET_BYTES_MAX);
		return -EINVAL;
	}
	r = calloc(1, sizeof(*r));
	if (r == NULL) {
		*err = (struct mst_conf_error){.text = "out of memory"};
		return -ENOMEM;
	}
	r->conf = conf;
	memcpy(r->secret, text, len);
	*out = r;
	return 0;
}

void
identity_radius_destroy(struct identity_radius *r)
{
	if (r == NULL)
		return;
	mst_wipe(r, sizeof(*r));
	free(r);
}

// The answer to one sending, until the time is over; what is none is passed over, so that nobody's noise ends it.
static int
wait_for_answer(const struct identity_radius *r, int fd, const struct radius_packet *request,
	struct radius_packet *reply)
{
	uint64_t end_ns = mst_now_ns() + r->conf->timeout_s * MST_NS_PER_S;
	bool told = false;

	for (uint64_t now; (now = mst_now_ns()) < end_ns;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n;
		int code;

		if (poll(&p, 1, (int)((end_ns - now) / MST_NS_PER_MS) + 1) <= 0)
			continue;
		n = recv(fd, reply->bytes, sizeof(reply->bytes), MSG_DONTWAIT | MSG_TRUNC);
		if (n < 0 && errno != EAGAIN)
			return -errno; // nobody listens there
		if (n < 0 || (size_t)n > sizeof(reply->bytes))
			continue;
		reply->len = (size_t)n;
		code = radius_packet_check(
			reply->bytes, reply->len, request, r->secret, r->conf->needs_message_authenticator);
		if (code >= 0)
			return code;
		if (!told)
			MST_LOG(WARNING, "identity",
				"passed over an answer of RADIUS that is not of who has the secret, or has "
				"no "
				"Message-Authenticator (auth.radius.require-message-authenticator)");
		told = true;
	}
	return -ETIMEDOUT;
}

static int
ask_server(const struct identity_radius *r, const struct endpoint *e, const struct radius_packet *request,
	struct radius_packet *reply)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
	struct addrinfo *list = NULL;
	int code = -ETIMEDOUT;
	int fd = -1;

	if (getaddrinfo(e->host, e->port, &hints, &list) != 0)
		return -EHOSTUNREACH;
	fd = socket(list->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	// Connected: the kernel drops what comes from elsewhere.
	if (fd < 0 || connect(fd, list->ai_addr, list->ai_addrlen) < 0)
		code = -errno;
	for (uint32_t i = 0; code == -ETIMEDOUT && i <= r->conf->retries; i++) {
		if (send(fd, request->bytes, request->len, MSG_NOSIGNAL) < 0)
			code = -errno;
		else
			code = wait_for_answer(r, fd, request, reply);
	}
	freeaddrinfo(list);
	if (fd >= 0)
		close(fd);
	return code;
}

int
radius_exchange(const struct identity_radius *r, const char *const *servers, uint32_t n_servers,
	const char *default_port, const struct radius_packet *request, struct radius_packet *reply)
{
	for (uint32_t i = 0; i < n_servers; i++) {
		struct endpoint e;
		int code = parse_server(servers[i], default_port, &e) ? ask_server(r, &e, request, reply)
								      : -EINVAL;

		if (code >= 0)
			return code;
		MST_LOG(WARNING, "identity", "RADIUS server %s: %s", servers[i], strerror(-code));
	}
	return -ETIMEDOUT;
}

// ---- what an answer says ------------------------------------------------------------------------
// "OU=group;", several of them in one attribute or in several; or the group itself.
void
identity_radius_add_groups(const void *text, size_t len, struct mst_auth_result *out)
{
	struct mst_rd r = mst_rd_init(text, len);
	bool more = len > 0;

	while (more && out->n_groups < MST_AUTH_GROUPS_MAX) {
		struct mst_rd group;

		more = identity_lines_take(&r, ';', &group);
		if (mst_rd_left(&group) > 3 && strncasecmp((const char *)group.pos, "OU=", 3) == 0)
			group.pos += 3;
		// What is not text is a server's own mark, and nobody's group.
		if (mst_rd_left(&group) == 0 || mst_rd_left(&group) >= MST_AUTH_GROUP_BYTES ||
			!identity_lines_printable(group, ' '))
			continue;
		memcpy(out->groups[out->n_groups], group.pos, mst_rd_left(&group));
		out->groups[out->n_groups++][mst_rd_left(&group)] = '\0';
	}
}

static void
take_number(struct mst_rd value, uint32_t *out)
{
	if (mst_rd_left(&value) == sizeof(*out))
		*out = mst_rd_u32(&value);
}

static void
take_attribute(uint8_t type, struct mst_rd value, struct mst_auth_result *out)
{
	size_t len = mst_rd_left(&value);
	uint32_t v4 = 0;

	switch (type) {
	case RADIUS_CLASS:
		identity_radius_add_groups(value.pos, len, out);
		break;
	case RADIUS_USER_NAME: // as the server knows him: RFC 2865 section 5.1
		if (len > 0 && len < sizeof(out->user) && identity_lines_printable(value, ' '))
			snprintf(out->user, sizeof(out->user), "%.*s", (int)len, (const char *)value.pos);
		break;
	case RADIUS_SESSION_TIMEOUT:
		take_number(value, &out->session_s);
		break;
	case RADIUS_IDLE_TIMEOUT:
		take_number(value, &out->idle_s);
		break;
	case RADIUS_FRAMED_IP_ADDRESS:
		take_number(value, &v4);
		if (v4 != 0 && v4 != USER_CHOOSES && v4 != NAS_CHOOSES)
			out->want4 = mst_ip4_from_host(v4);
		break;
	case RADIUS_FRAMED_IPV6_ADDRESS:
		if (len != sizeof(out->want6.bytes))
			break;
		out->want6.family = 6;
		memcpy(out->want6.bytes, value.pos, len);
		break;
	default:
		break;
	}
}

struct challenge {
	unsigned int n;
	size_t len;
	uint8_t state[RADIUS_VALUE_BYTES];
};

static void
add_prompt(struct mst_rd value, struct mst_auth_result *out)
{
	size_t have = strlen(out->prompt);

	snprintf(out->prompt + have, sizeof(out->prompt) - have, "%s%.*s", have > 0 ? "\n" : "",
		(int)mst_rd_left(&value), (const char *)value.pos);
}

static enum mst_auth_outcome
take_challenge(const struct radius_packet *reply, struct challenge *c, struct mst_auth_result *out)
{
	struct mst_rd r = radius_packet_attributes(reply->bytes, reply->len);
	struct mst_rd value;
	uint32_t prompt = 0;
	uint8_t type;

	if (++c->n > CHALLENGES_MAX)
		return MST_AUTH_NO;
	c->len = 0;
	out->prompt[0] = '\0';
	while (radius_packet_next(&r, &type, &value)) {
		if (type == RADIUS_STATE) {
			c->len = mst_rd_left(&value);
			memcpy(c->state, value.pos, c->len);
		} else if (type == RADIUS_REPLY_MESSAGE) {
			add_prompt(value, out);
		} else if (type == RADIUS_PROMPT) {
			take_number(value, &prompt);
		}
	}
	if (out->prompt[0] == '\0')
		snprintf(out->prompt, sizeof(out->prompt), "Answer");
	out->echo = prompt == PROMPT_ECHO;
	return MST_AUTH_MORE;
}

static enum mst_auth_outcome
take_answer(int code, const struct radius_packet *reply, struct identity_job *job)
{
	struct mst_rd r, value;
	uint8_t type;

	switch (code) {
	case RADIUS_ACCESS_ACCEPT:
		r = radius_packet_attributes(reply->bytes, reply->len);
		while (radius_packet_next(&r, &type, &value))
			take_attribute(type, value, &job->result);
		return MST_AUTH_OK;
	case RADIUS_ACCESS_REJECT:
		return MST_AUTH_NO;
	case RADIUS_ACCESS_CHALLENGE:
		return take_challenge(reply, job->data, &job->result);
	default:
		MST_LOG(ERROR, "identity", "no RADIUS server has answered");
		return MST_AUTH_BUSY;
	}
}

// ---- a step, on a thread of the pool ------------------------------------------------------------
static int
make_request(const struct identity_job *job, const char *password, struct radius_packet *p)
{
	const struct identity_radius *r = job->settings->radius;
	const struct challenge *c = job->data;
	char remote[MST_IP_TEXT_BYTES] = "";

	if (job->attempt.remote.family != 0)
		mst_ip_format(&job->attempt.remote, remote);
	radius_packet_begin(p, RADIUS_ACCESS_REQUEST);
	radius_packet_add_text(p, RADIUS_USER_NAME, job->attempt.user);
	radius_packet_add_password(p, r->secret, password);
	radius_packet_add_text(p, RADIUS_NAS_IDENTIFIER, r->conf->nas_identifier);
	radius_packet_add_number(p, RADIUS_SERVICE_TYPE, SERVICE_FRAMED);
	radius_packet_add_number(p, RADIUS_NAS_PORT_TYPE, PORT_VIRTUAL);
	radius_packet_add_text(p, RADIUS_CALLING_STATION_ID, remote);
	radius_packet_add_text(p, RADIUS_CONNECT_INFO, job->attempt.user_agent);
	if (c->len > 0)
		radius_packet_add(p, RADIUS_STATE, c->state, c->len);
	return radius_packet_finish(p, r->secret);
}

static void
step(struct identity_job *job, struct crypt_data *scratch)
{
	const struct identity_radius *r = job->settings->radius;
	const char *password = job->data == NULL ? job->attempt.password : job->answer;
	struct radius_packet request, reply;
	int code;

	(void)scratch;
	job->result.outcome = MST_AUTH_NO;
	if (job->attempt.user[0] == '\0' || password[0] == '\0' || strlen(password) > RADIUS_PASSWORD_BYTES)
		return;
	job->result.outcome = MST_AUTH_BUSY;
	if (job->data == NULL)
		job->data = calloc(1, sizeof(struct challenge));
	if (job->data == NULL || make_request(job, password, &request) < 0)
		return;
	identity_job_wipe_password(job);
	code = radius_exchange(r, r->conf->servers, r->conf->n_servers, "1812", &request, &reply);
	job->result.outcome = take_answer(code, &reply, job);
}

static void
drop(struct identity_job *job)
{
	free(job->data);
	job->data = NULL;
}

const struct identity_way identity_way_radius = {.name = "radius", .waits = true, .step = step, .drop = drop};
