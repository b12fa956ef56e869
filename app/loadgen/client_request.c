// What a device sends until its tunnel stands, as openconnect 9 does. Control lcore.
#include <errno.h>
#include <string.h>

#include "client_http.h"

#define AGENT_VERSION "v9.01"
#define BODY_BYTES 9216
#define PAD_TO 64 // openconnect fills a request's body up, so that its length tells less

static void
start(struct mst_str *out, const char *line, const struct lg_http_device *dev)
{
	mst_str_fmt(out,
		"%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: Open AnyConnect VPN Agent " AGENT_VERSION "\r\n",
		line, dev->host);
}

static int
finish(const struct mst_str *out)
{
	return out->err ? -E2BIG : 0;
}

static int
post(struct mst_str *out, const struct lg_http_device *dev, const char *path, const char *context,
	const struct mst_str *body)
{
	static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
	char line[LG_HTTP_PATH_BYTES + 8];

	snprintf(line, sizeof(line), "POST %s", path);
	start(out, line, dev);
	if (context[0] != '\0')
		mst_str_fmt(out, "Cookie: webvpncontext=%s\r\n", context);
	mst_str_fmt(out,
		"Accept: */*\r\nAccept-Encoding: identity\r\nX-Transcend-Version: 1\r\nX-Aggregate-Auth: "
		"1\r\n"
		"X-Support-HTTP-Auth: true\r\nX-Pad: %.*s\r\n"
		"Content-Type: application/xml; charset=utf-8\r\nContent-Length: %zu\r\n\r\n",
		(int)(PAD_TO - body->len % PAD_TO), zeros, body->len);
	mst_str_add(out, body->buf, body->len);
	return body->err ? -E2BIG : finish(out);
}

static void
open_document(struct mst_str *body, const char *type)
{
	mst_str_fmt(body,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<config-auth client=\"vpn\" type=\"%s\" aggregate-auth-version=\"2\">"
		"<version who=\"vpn\">" AGENT_VERSION "</version><device-id>linux-64</device-id>",
		type);
}

int
lg_http_init_request(struct mst_str *out, const struct lg_http_device *dev)
{
	char text[1024];
	struct mst_str body = mst_str_init(text, sizeof(text));

	open_document(&body, "init");
	mst_str_fmt(&body, "<group-access>https://");
	mst_str_add_xml(&body, dev->host);
	mst_str_fmt(&body, "/</group-access></config-auth>");
	return post(out, dev, "/", "", &body);
}

// Under what name an input is answered; NULL: not at all.
static const char *
name_of(const struct lg_http_input *in)
{
	static const char *const as_password[] = {"answer", "whichpin", "new_password"};
	static const char *const dropped[] = {"verify_pin", "verify_password"};

	for (size_t i = 0; i < MST_ARRAY_SIZE(as_password); i++)
		if (strcmp(in->name, as_password[i]) == 0)
			return "password";
	for (size_t i = 0; i < MST_ARRAY_SIZE(dropped); i++)
		if (strcmp(in->name, dropped[i]) == 0)
			return NULL;
	return in->name;
}

static void
add_answer(struct mst_str *body, const struct lg_http_input *in, const char *user, const char *password)
{
	const char *name = name_of(in);
	const char *value = in->type == LG_HTTP_TEXT	   ? user
			    : in->type == LG_HTTP_PASSWORD ? password
							   : in->value;

	if (name == NULL)
		return;
	mst_str_fmt(body, "<%s>", name);
	mst_str_add_xml(body, value);
	mst_str_fmt(body, "</%s>", name);
}

int
lg_http_reply_request(struct mst_str *out, const struct lg_http_device *dev, const struct lg_http_form *form,
	const char *context, const char *user, const char *password)
{
	char text[BODY_BYTES];
	struct mst_str body = mst_str_init(text, sizeof(text));
	int rc;

	if (strlen(user) > LG_HTTP_USER_BYTES || strlen(password) > LG_HTTP_USER_BYTES)
		return -E2BIG;
	open_document(&body, "auth-reply");
	mst_str_fmt(&body, "<auth>");
	for (size_t i = 0; i < form->n_inputs; i++)
		add_answer(&body, &form->inputs[i], user, password);
	mst_str_fmt(&body, "</auth>");
	if (form->group[0] != '\0') {
		mst_str_fmt(&body, "<group-select>");
		mst_str_add_xml(&body, form->group);
		mst_str_fmt(&body, "</group-select>");
	}
	mst_str_fmt(&body, "</config-auth>");
	rc = post(out, dev, form->action, context, &body);
	mst_wipe(text, sizeof(text));
	return rc;
}

int
lg_http_connect_request(struct mst_str *out, const struct lg_http_device *dev, const char *cookie)
{
	const struct mst_ip *keep[] = {&dev->addr4, &dev->addr6};
	char text[MST_IP_TEXT_BYTES];

	start(out, "CONNECT /CSCOSSLC/tunnel", dev);
	mst_str_fmt(out, "Cookie: webvpn=%s\r\nX-CSTP-Version: 1\r\nX-CSTP-Hostname: %s\r\n", cookie,
		dev->hostname);
	// What openconnect asks for beside the MTU of the path, for gateways that pass over that.
	mst_str_fmt(out, "X-CSTP-Base-MTU: %u\r\nX-CSTP-MTU: %d\r\n", dev->base_mtu, dev->base_mtu - 110);
	mst_str_fmt(out, "X-CSTP-Address-Type: IPv6,IPv4\r\nX-CSTP-Full-IPv6-Capability: true\r\n");
	for (size_t i = 0; i < MST_ARRAY_SIZE(keep); i++)
		if (keep[i]->family != 0)
			mst_str_fmt(out, "X-CSTP-Address: %s\r\n", mst_ip_format(keep[i], text));
	if (dev->dtls)
		mst_str_fmt(out, "X-DTLS-CipherSuite: PSK-NEGOTIATE\r\n");
	mst_str_fmt(out, "\r\n");
	return finish(out);
}
