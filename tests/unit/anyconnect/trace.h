// What openconnect 9.01 sends from sign-in to CONNECT, letter by letter as it was captured.
#pragma once

#define TRACE_HEAD                                                                                           \
	"<version who=\"vpn\">v9.01-3</version><device-id>linux-64</device-id><capabilities>"                \
	"<auth-method>single-sign-on-v2</auth-method><auth-method>single-sign-on-external-browser"           \
	"</auth-method></capabilities>"

static const char trace_init[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<config-auth client=\"vpn\" type=\"init\" aggregate-auth-version=\"2\">" TRACE_HEAD
	"<group-access>https://10.77.0.1:4443/</group-access></config-auth>\n";

static const char trace_group[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<config-auth client=\"vpn\" type=\"init\" aggregate-auth-version=\"2\">" TRACE_HEAD
	"<group-access>https://10.77.0.1:4443/auth</group-access>"
	"<group-select>eng</group-select></config-auth>\n";

#define TRACE_REPLY(fields, more)                                                                            \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                                       \
	"<config-auth client=\"vpn\" type=\"auth-reply\" aggregate-auth-version=\"2\">" TRACE_HEAD           \
	"<auth>" fields "</auth>" more "</config-auth>\n"

static const char trace_user[] =
	TRACE_REPLY("<username>alice</username>", "<group-select>eng</group-select>");
// As in the capture, where the server kept the user name; and with the hidden input of our form.
static const char trace_password_alone[] = TRACE_REPLY("<password>secret1</password>", "");
static const char trace_password[] =
	TRACE_REPLY("<username>alice</username><password>secret1</password>", "");
static const char trace_wrong[] = TRACE_REPLY("<username>alice</username><password>wrong</password>", "");

static const char trace_connect[] =
	"CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\n"
	"Host: 10.77.0.1:4443\r\n"
	"User-Agent: Open AnyConnect VPN Agent v9.01-3\r\n"
	"Cookie: webvpn=AFZLEZ96abcdefghijklmnopqrstuvwxyzABCDEtJhP0=\r\n"
	"X-CSTP-Version: 1\r\n"
	"X-CSTP-Hostname: vm\r\n"
	"X-CSTP-Accept-Encoding: oc-lz4,lzs\r\n"
	"X-CSTP-Base-MTU: 1500\r\n"
	"X-CSTP-MTU: 1390\r\n"
	"X-CSTP-Address-Type: IPv6,IPv4\r\n"
	"X-CSTP-Full-IPv6-Capability: true\r\n"
	"X-DTLS-Master-Secret: "
	"B594F206B594F206B594F206B594F206B594F206B594F206B594F206B594F206B594F206B594F206"
	"B594F206B594F206\r\n"
	"X-DTLS-CipherSuite: PSK-NEGOTIATE:OC-DTLS1_2-AES256-GCM:OC2-DTLS1_2-CHACHA20-POLY1305:"
	"OC-DTLS1_2-AES128-GCM:DHE-RSA-AES256-SHA:DHE-RSA-AES128-SHA:AES256-SHA:AES128-SHA\r\n"
	"X-DTLS12-CipherSuite: ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:AES256-GCM-SHA384:"
	"AES128-GCM-SHA256:DHE-RSA-AES256-SHA:DHE-RSA-AES128-SHA:AES256-SHA:AES128-SHA\r\n"
	"X-DTLS-Accept-Encoding: oc-lz4,lzs\r\n"
	"\r\n";
