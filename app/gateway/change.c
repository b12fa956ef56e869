// What mst-cli's commands change. Control lcore; nothing here blocks.
#include <errno.h>
#include <string.h>

#include "gateway.h"

#define DRAIN_SECONDS "30"
#define DRAIN_SECONDS_MAX 86400

int
gateway_parse_id(const char *text, uint32_t *id, char *err, size_t err_cap)
{
	uint64_t v;

	if (mst_parse_u64(text, strlen(text), 1, UINT32_MAX, &v) < 0) {
		snprintf(err, err_cap, "expected a session id, a number from 1 on");
		return -EINVAL;
	}
	*id = (uint32_t)v;
	return 0;
}

static int
disconnect_user(struct gateway *g, const char *user, json_t **data, char *err, size_t err_cap)
{
	unsigned int n = mst_control_disconnect_user(g->control, user);

	if (n == 0) {
		snprintf(err, err_cap, "user %s has no session", user);
		return -ENOENT;
	}
	*data = json_pack("s++", "user ", user, " was disconnected");
	return 0;
}

static int
disconnect_id(struct gateway *g, const char *text, json_t **data, char *err, size_t err_cap)
{
	uint32_t id;

	MST_TRY(gateway_parse_id(text, &id, err, err_cap));
	if (!mst_control_disconnect_id(g->control, id)) {
		snprintf(err, err_cap, "no session %s", text);
		return -ENOENT;
	}
	*data = json_pack("s++", "session ", text, " was disconnected");
	return 0;
}

static int
rotate(struct gateway *g, json_t **data, char *err, size_t err_cap)
{
	int ret = mst_control_rotate_cookie_key(g->control);

	if (ret < 0) {
		snprintf(
			err, err_cap, ret == -EBUSY ? "a new key is being made already" : "no thread for it");
		return ret;
	}
	*data = json_string("a new cookie key is being made; the log tells when it seals");
	return 0;
}

static int
drain(struct gateway *g, const char *text, json_t **data, char *err, size_t err_cap)
{
	uint64_t seconds;

	if (mst_parse_u64(text, strlen(text), 0, DRAIN_SECONDS_MAX, &seconds) < 0) {
		snprintf(err, err_cap, "SECONDS: expected a number from 0 to %d", DRAIN_SECONDS_MAX);
		return -EINVAL;
	}
	mst_control_drain(g->control, (uint32_t)seconds);
	*data = json_pack("s++", "draining: devices go elsewhere within ", text, " s");
	return 0;
}

static int
undrain(struct gateway *g, char *err, size_t err_cap)
{
	if (mst_control_undrain(g->control))
		return 0;
	snprintf(err, err_cap, "the gateway is not draining");
	return -ENOENT;
}

int
gateway_change(struct gateway *g, enum mst_ctl_id id, const char *const *args, size_t n_args, json_t **data,
	char *err, size_t err_cap)
{
	switch (id) {
	case MST_CTL_DISCONNECT_USER:
		return disconnect_user(g, args[0], data, err, err_cap);
	case MST_CTL_DISCONNECT_ID:
		return disconnect_id(g, args[0], data, err, err_cap);
	case MST_CTL_DISCONNECT_ALL:
		*data = json_sprintf("%u session(s) ended", mst_control_disconnect_all(g->control));
		return 0;
	case MST_CTL_ROTATE_COOKIE_KEY:
		return rotate(g, data, err, err_cap);
	case MST_CTL_DRAIN:
		return drain(g, n_args > 0 ? args[0] : DRAIN_SECONDS, data, err, err_cap);
	case MST_CTL_UNDRAIN:
		return undrain(g, err, err_cap);
	case MST_CTL_RELOAD:
		return gateway_reload(g, err, err_cap);
	case MST_CTL_STOP:
		mst_control_request_stop(g->control);
		return 0;
	default:
		snprintf(err, err_cap, "mst-cli does this itself");
		return -ENOTSUP;
	}
}
