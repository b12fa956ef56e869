// What mst-cli shows of the way in: certificates, bans, events. Control lcore; nothing here blocks.
#include <errno.h>
#include <string.h>
#include <time.h>

#include "gateway.h"

#define DAY_TEXT_BYTES 32
#define PAGE_BANS 1024

// What stands in a certificate need not be UTF-8.
static json_t *
text_json(const char *text)
{
	json_t *s = json_string(text);

	return s != NULL ? s : json_string("?");
}

static json_t *
time_json(int64_t unix_s)
{
	char text[DAY_TEXT_BYTES] = "";
	time_t t = (time_t)unix_s;
	struct tm tm;

	if (gmtime_r(&t, &tm) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

// The first one, for the status.
void
gateway_put_certificate(const struct gateway *g, json_t *status)
{
	struct mst_control_certificate cert;
	char text[sizeof(cert.info.subject) + sizeof(cert.info.key_type) + 3];

	if (!mst_control_certificate(g->control, 0, &cert))
		return;
	snprintf(text, sizeof(text), "%s (%s)", cert.info.subject, cert.info.key_type);
	json_object_set_new(status, "Certificate", text_json(text));
	json_object_set_new(status, "Certificate days left", json_integer((json_int_t)cert.info.days_left));
}

static json_t *
certificates(const struct gateway *g)
{
	struct mst_control_certificate cert;
	const struct mst_tls_cert_info *info = &cert.info;
	json_t *list = json_array();

	for (size_t i = 0; mst_control_certificate(g->control, i, &cert); i++)
		json_array_append_new(list,
			json_pack("{s:o, s:o, s:o, s:o, s:o, s:s, s:i, s:o, s:I, s:o, s:I, s:I, s:o, s:I}",
				"Host", text_json(cert.host[0] != '\0' ? cert.host : "(default)"), "File",
				text_json(info->file), "Subject", text_json(info->subject), "Issuer",
				text_json(info->issuer), "Names", text_json(info->names), "Key",
				info->key_type, "Chain", (int)info->n_chain, "Valid from",
				time_json(info->not_before_unix_s), "raw_valid_from",
				(json_int_t)info->not_before_unix_s, "Valid until",
				time_json(info->not_after_unix_s), "raw_valid_until",
				(json_int_t)info->not_after_unix_s, "Days left", (json_int_t)info->days_left,
				"Revocation", text_json(cert.revocation), "raw_good_until",
				(json_int_t)cert.good_until_unix_s));
	return list;
}

// ---- bans ---------------------------------------------------------------------------------------
static json_t *
ban_json(const struct mst_control_ban *b, bool banned)
{
	char text[MST_IP_TEXT_BYTES + 4];

	if (b->source.ip.family == 4)
		mst_ip_format(&b->source.ip, text);
	else
		mst_net_format(&b->source, text);
	if (banned)
		return json_pack("{s:s, s:I}", "IP", text, "Seconds left", (json_int_t)b->left_s);
	return json_pack("{s:s, s:I, s:I, s:I, s:s}", "IP", text, "Points", (json_int_t)b->points, "Of",
		(json_int_t)b->max_points, "Known users", (json_int_t)b->known_users, "Banned",
		b->left_s != 0 ? "yes" : "no");
}

static int
bans(const struct gateway *g, bool banned, const char *const *args, size_t n_args, json_t **data, char *err,
	size_t err_cap)
{
	struct mst_control_ban b;
	uint64_t from = 0;
	json_t *list;
	size_t at;

	if (n_args > 0 && mst_parse_u64(args[0], strlen(args[0]), 0, UINT32_MAX, &from) < 0) {
		snprintf(err, err_cap, "START: expected the number that a page ended with");
		return -EINVAL;
	}
	list = json_array();
	at = from;
	while (json_array_size(list) < PAGE_BANS && mst_control_ban_next(g->control, &at, &b)) {
		if (!banned || b.left_s != 0)
			json_array_append_new(list, ban_json(&b, banned));
	}
	*data = json_pack(
		"{s:I, s:o}", "next", (json_int_t)(json_array_size(list) < PAGE_BANS ? 0 : at), "rows", list);
	return 0;
}

static int
unban(struct gateway *g, const char *text, json_t **data, char *err, size_t err_cap)
{
	struct mst_ip ip;

	if (mst_ip_parse(text, &ip) < 0) {
		snprintf(err, err_cap, "expected an IP address");
		return -EINVAL;
	}
	if (!mst_control_unban(g->control, &ip)) {
		snprintf(err, err_cap, "%s has neither a ban nor points", text);
		return -ENOENT;
	}
	*data = json_pack("s+", text, " may come in again");
	return 0;
}

// ---- events -------------------------------------------------------------------------------------
// null where there is none.
static json_t *
ip_json(const struct mst_ip *ip)
{
	char text[MST_IP_TEXT_BYTES];

	return ip->family != 0 ? json_string(mst_ip_format(ip, text)) : json_null();
}

static json_t *
event_json(const struct mst_control_event *e)
{
	return json_pack("{s:I, s:o, s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:s?}", "raw_number",
		(json_int_t)e->number, "Time", time_json((int64_t)e->unix_s), "raw_time",
		(json_int_t)e->unix_s, "Event", e->what, "Username",
		e->user[0] != '\0' ? text_json(e->user) : json_null(), "ID",
		e->session != 0 ? json_integer((json_int_t)e->session) : json_null(), "Remote IP",
		ip_json(&e->remote), "IPv4", ip_json(&e->addr4), "IPv6", ip_json(&e->addr6), "Reason",
		e->reason[0] != '\0' ? e->reason : NULL);
}

static int
events(const struct gateway *g, const char *text, json_t **data, char *err, size_t err_cap)
{
	struct mst_control_event e;
	uint64_t after = 0;

	if (text != NULL && mst_parse_u64(text, strlen(text), 0, INT64_MAX, &after) < 0) {
		snprintf(err, err_cap, "AFTER: expected the raw_number of an event");
		return -EINVAL;
	}
	*data = json_array();
	for (; mst_control_event_next(g->control, after, &e); after = e.number)
		json_array_append_new(*data, event_json(&e));
	return 0;
}

int
gateway_front(struct gateway *g, enum mst_ctl_id id, const char *const *args, size_t n_args, json_t **data,
	char *err, size_t err_cap)
{
	switch (id) {
	case MST_CTL_SHOW_CERTIFICATE:
		*data = certificates(g);
		return 0;
	case MST_CTL_SHOW_EVENTS:
		return events(g, n_args > 0 ? args[0] : NULL, data, err, err_cap);
	case MST_CTL_UNBAN_IP:
		return unban(g, args[0], data, err, err_cap);
	default:
		return bans(g, id == MST_CTL_SHOW_IP_BANS, args, n_args, data, err, err_cap);
	}
}
