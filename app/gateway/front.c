// What mst-cli shows of the way in: certificates. Control lcore; nothing here blocks.
#include <time.h>

#include "gateway.h"

#define DAY_TEXT_BYTES 32

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

json_t *
gateway_certificates(const struct gateway *g)
{
	struct mst_control_certificate cert;
	const struct mst_tls_cert_info *info = &cert.info;
	json_t *list = json_array();

	for (size_t i = 0; mst_control_certificate(g->control, i, &cert); i++)
		json_array_append_new(
			list, json_pack("{s:o, s:o, s:o, s:o, s:o, s:s, s:i, s:o, s:I, s:o, s:I, s:I}",
				      "Host", text_json(cert.host[0] != '\0' ? cert.host : "(default)"),
				      "File", text_json(info->file), "Subject", text_json(info->subject),
				      "Issuer", text_json(info->issuer), "Names", text_json(info->names),
				      "Key", info->key_type, "Chain", (int)info->n_chain, "Valid from",
				      time_json(info->not_before_unix_s), "raw_valid_from",
				      (json_int_t)info->not_before_unix_s, "Valid until",
				      time_json(info->not_after_unix_s), "raw_valid_until",
				      (json_int_t)info->not_after_unix_s, "Days left",
				      (json_int_t)info->days_left));
	return list;
}
