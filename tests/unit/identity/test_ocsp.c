// OCSP: what an answer is worth, what is kept, what happens without one.
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ocsp.h>

#include "fetch.h"
#include "leaf.h"
#include "ocsp.h"

struct answer {
	int response_status; // 0: successful
	int status;	     // of the certificate
	const char *signer;  // its certificate; "ca" "other-ca" "responder" "no-responder"
	long this_update;    // from LEAF_NOW
	long next_update;    // 0: none
	bool no_nonce;
	bool other_nonce;
	bool other_cert; // an answer to another question
	bool without_certs;
};

static uint8_t *leaf;
static size_t leaf_len;
static uint8_t *issuer;
static size_t issuer_len;

static X509 *
cert_of(const char *name)
{
	static const struct leaf ca = {.key = "rsa",
		.subject = {"CN", "CA"},
		.extensions = {"basicConstraints", "critical,CA:TRUE", "keyUsage", "keyCertSign,cRLSign"}};
	static const struct leaf other = {.key = "rsa2",
		.subject = {"CN", "CA"},
		.extensions = {"basicConstraints", "critical,CA:TRUE", "keyUsage", "keyCertSign,cRLSign"}};
	static const struct leaf responder = {.key = "p384",
		.subject = {"CN", "OCSP"},
		.issuer_key = "rsa",
		.extensions = {"extendedKeyUsage", "OCSPSigning"}};
	static const struct leaf no_responder = {.key = "p384",
		.subject = {"CN", "OCSP"},
		.issuer_key = "rsa",
		.extensions = {"extendedKeyUsage", "clientAuth"}};
	static const struct leaf foreign = {.key = "p384",
		.subject = {"CN", "OCSP"},
		.issuer_key = "rsa2",
		.extensions = {"extendedKeyUsage", "OCSPSigning"}};
	static const struct {
		const char *name;
		const struct leaf *leaf;
	} rows[] = {{"ca", &ca}, {"other-ca", &other}, {"responder", &responder},
		{"no-responder", &no_responder}, {"foreign-responder", &foreign}};

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		if (strcmp(rows[i].name, name) == 0)
			return leaf_make(rows[i].leaf);
	}
	fail_msg("no certificate %s", name);
	return NULL;
}

static EVP_PKEY *
key_of(const char *name)
{
	return jwt_key(strcmp(name, "ca") == 0 ? "rsa" : strcmp(name, "other-ca") == 0 ? "rsa2" : "p384");
}

static int
set_up(void **state)
{
	(void)state;
	const struct leaf spec = {.key = "p256",
		.subject = {"CN", "anna"},
		.issuer_key = "rsa",
		.extensions = {"extendedKeyUsage", "clientAuth", "authorityInfoAccess",
			"OCSP;URI:http://ocsp.test/x"}};
	X509 *ca = cert_of("ca");

	leaf_len = leaf_der(&spec, &leaf);
	issuer_len = (size_t)i2d_X509(ca, &issuer);
	X509_free(ca);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	OPENSSL_free(leaf);
	OPENSSL_free(issuer);
	jwt_keys_free();
	return 0;
}

// The server's side: a request in DER to an answer in DER.
static size_t
respond(const struct answer *a, const uint8_t *request_der, size_t request_len, uint8_t **out)
{
	OCSP_REQUEST *request = d2i_OCSP_REQUEST(NULL, &request_der, (long)request_len);
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	X509 *signer = cert_of(a->signer);
	ASN1_TIME *this_update = ASN1_TIME_set(NULL, LEAF_NOW + a->this_update);
	ASN1_TIME *next_update = a->next_update != 0 ? ASN1_TIME_set(NULL, LEAF_NOW + a->next_update) : NULL;
	ASN1_TIME *revoked = ASN1_TIME_set(NULL, LEAF_NOW - 1000);
	OCSP_CERTID *id;
	OCSP_RESPONSE *response;
	int len;

	assert_non_null(request);
	assert_int_equal(OCSP_request_onereq_count(request), 1);
	id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, 0));
	if (a->other_cert) {
		ASN1_INTEGER *serial = NULL;

		OCSP_id_get0_info(NULL, NULL, NULL, &serial, id);
		ASN1_INTEGER_set(serial, 4712);
	}
	assert_non_null(OCSP_basic_add1_status(basic, id, a->status, OCSP_REVOKED_STATUS_KEYCOMPROMISE,
		a->status == V_OCSP_CERTSTATUS_REVOKED ? revoked : NULL, this_update, next_update));
	if (a->other_nonce)
		OCSP_basic_add1_nonce(basic, NULL, -1);
	else if (!a->no_nonce)
		OCSP_copy_nonce(basic, request);
	assert_int_equal(OCSP_basic_sign(basic, signer, key_of(a->signer), EVP_sha256(), NULL,
				 a->without_certs ? OCSP_NOCERTS : 0),
		1);
	response = OCSP_response_create(a->response_status, a->response_status == 0 ? basic : NULL);
	*out = NULL;
	len = i2d_OCSP_RESPONSE(response, out);
	assert_true(len > 0);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	OCSP_REQUEST_free(request);
	ASN1_TIME_free(this_update);
	ASN1_TIME_free(next_update);
	ASN1_TIME_free(revoked);
	X509_free(signer);
	return (size_t)len;
}

static void
answers(void **state)
{
	(void)state;
	static const struct {
		enum ocsp_verdict want;
		uint64_t until_s; // from LEAF_NOW
		const char *what;
		struct answer answer;
	} rows[] = {
		{OCSP_GOOD, 3600, "good", {.response_status = 0, V_OCSP_CERTSTATUS_GOOD, "ca", -60, 3600}},
		{OCSP_REVOKED, 3600, "revoked",
			{.response_status = 0, V_OCSP_CERTSTATUS_REVOKED, "ca", -60, 3600}},
		{OCSP_UNKNOWN, 3600, "unknown",
			{.response_status = 0, V_OCSP_CERTSTATUS_UNKNOWN, "ca", -60, 3600}},
		{OCSP_GOOD, 3600, "responder",
			{.response_status = 0, V_OCSP_CERTSTATUS_GOOD, "responder", -60, 3600}},
		{OCSP_GOOD, 3600, "the issuer itself, unsaid",
			{.response_status = 0, 0, "ca", -60, 3600, .without_certs = true}},
		{OCSP_FORGED, 0, "not a responder",
			{.response_status = 0, V_OCSP_CERTSTATUS_GOOD, "no-responder", -60, 3600}},
		{OCSP_FORGED, 0, "another CA of the same name",
			{.response_status = 0, V_OCSP_CERTSTATUS_GOOD, "other-ca", -60, 3600}},
		{OCSP_FORGED, 0, "another CA's responder",
			{.response_status = 0, V_OCSP_CERTSTATUS_GOOD, "foreign-responder", -60, 3600}},
		{OCSP_FORGED, 0, "responder without its certificate",
			{.response_status = 0, 0, "responder", -60, 3600, .without_certs = true}},
		{OCSP_GOOD, 3600, "no nonce",
			{.response_status = 0, V_OCSP_CERTSTATUS_GOOD, "ca", -60, 3600, .no_nonce = true}},
		{OCSP_STALE, 0, "another nonce",
			{.response_status = 0, V_OCSP_CERTSTATUS_GOOD, "ca", -60, 3600, .other_nonce = true}},
		{OCSP_STALE, 0, "another certificate",
			{.response_status = 0, V_OCSP_CERTSTATUS_GOOD, "ca", -60, 3600, .other_cert = true}},
		{OCSP_GOOD, 0, "within the skew",
			{.response_status = 0, V_OCSP_CERTSTATUS_GOOD, "ca", 300, 3600}},
		{OCSP_STALE, 0, "from the future",
			{.response_status = 0, V_OCSP_CERTSTATUS_GOOD, "ca", 301, 3600}},
		{OCSP_GOOD, 0, "just over",
			{.response_status = 0, V_OCSP_CERTSTATUS_GOOD, "ca", -3600, -300}},
		{OCSP_STALE, 0, "over", {.response_status = 0, V_OCSP_CERTSTATUS_GOOD, "ca", -3600, -301}},
		{OCSP_STALE, 0, "over before it began",
			{.response_status = 0, V_OCSP_CERTSTATUS_GOOD, "ca", 100, 50}},
		{OCSP_GOOD, 86400, "for long",
			{.response_status = 0, V_OCSP_CERTSTATUS_GOOD, "ca", -60, 86401}},
		{OCSP_GOOD, 300, "no end", {.response_status = 0, V_OCSP_CERTSTATUS_GOOD, "ca", -600, 0}},
		{OCSP_STALE, 0, "no end and old",
			{.response_status = 0, V_OCSP_CERTSTATUS_GOOD, "ca", -601, 0}},
		{OCSP_SILENT, 0, "try later",
			{.response_status = OCSP_RESPONSE_STATUS_TRYLATER, 0, "ca", -60, 3600}},
		{OCSP_SILENT, 0, "unauthorized",
			{.response_status = OCSP_RESPONSE_STATUS_UNAUTHORIZED, 0, "ca", -60, 3600}},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		struct ocsp_question *q = ocsp_question_create(leaf, leaf_len, issuer, issuer_len);
		uint64_t until_s = 0;
		const uint8_t *request;
		uint8_t *der;
		size_t request_len = ocsp_question_request(q, &request);
		size_t len = respond(&rows[i].answer, request, request_len, &der);
		enum ocsp_verdict got = ocsp_question_judge(q, der, len, LEAF_NOW, &until_s);

		if (got != rows[i].want)
			fail_msg("%s: the certificate %s", rows[i].what, ocsp_verdict_text(got));
		if (rows[i].until_s != 0)
			assert_int_equal(until_s, LEAF_NOW + rows[i].until_s);
		// Whatever is cut off, it is no answer.
		for (size_t cut = 0; cut < len; cut += 7)
			assert_int_not_equal(ocsp_question_judge(q, der, cut, LEAF_NOW, &until_s), OCSP_GOOD);
		OPENSSL_free(der);
		ocsp_question_free(q);
	}
}

static void
policies(void **state)
{
	(void)state;
	static const struct {
		enum ocsp_verdict verdict;
		bool soft;
		bool require;
	} rows[] = {{OCSP_GOOD, true, true}, {OCSP_NOT_ASKED, true, true}, {OCSP_SILENT, true, false},
		{OCSP_FORGED, false, false}, {OCSP_STALE, false, false}, {OCSP_UNKNOWN, false, false},
		{OCSP_REVOKED, false, false}};

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		assert_int_equal(ocsp_may_pass(OCSP_SOFT, rows[i].verdict), rows[i].soft);
		assert_int_equal(ocsp_may_pass(OCSP_REQUIRE, rows[i].verdict), rows[i].require);
		assert_true(ocsp_may_pass(OCSP_OFF, rows[i].verdict));
	}
}

static void
places(void **state)
{
	(void)state;
	struct ocsp_question *q = ocsp_question_create(leaf, leaf_len, issuer, issuer_len);

	assert_string_equal(ocsp_question_url(q), "http://ocsp.test/x");
	ocsp_question_free(q);
	q = ocsp_question_create(issuer, issuer_len, issuer, issuer_len);
	assert_string_equal(ocsp_question_url(q), "");
	ocsp_question_free(q);
	assert_null(ocsp_question_create(leaf, leaf_len - 1, issuer, issuer_len));
	assert_null(ocsp_question_create(leaf, leaf_len, NULL, 0));
	ocsp_question_free(NULL);
}

static void
without_a_server(void **state)
{
	(void)state;
	static const char *const urls[] = {"ftp://ocsp.test/", "file:///etc/passwd", "http://user@ocsp.test/",
		"nowhere", "http://127.0.0.1:9/"};
	char text[FETCH_ERROR_BYTES];
	struct ocsp_rules rules = {.policy = OCSP_REQUIRE, .proxy = ""};
	struct ocsp *ocsp;

	assert_int_equal(fetch_init(), 0);
	assert_int_equal(ocsp_create(&ocsp), 0);
	for (size_t i = 0; i < MST_ARRAY_SIZE(urls); i++) {
		rules.url = urls[i];
		assert_int_equal(ocsp_ask(ocsp, &rules, leaf, leaf_len, issuer, issuer_len, LEAF_NOW, text),
			OCSP_SILENT);
		assert_int_not_equal(strlen(text), 0);
	}
	rules.url = "";
	assert_int_equal(ocsp_ask(ocsp, &rules, issuer, issuer_len, issuer, issuer_len, LEAF_NOW, text),
		OCSP_NOT_ASKED);
	assert_int_equal(ocsp_ask(ocsp, &rules, leaf, leaf_len, NULL, 0, LEAF_NOW, text), OCSP_SILENT);
	ocsp_destroy(ocsp);
	ocsp_destroy(NULL);
}

// ---- a server ---------------------------------------------------------------------------------
static struct {
	pthread_t thread;
	int fd;
	char url[64];
	struct answer answer;
	unsigned int n_asked;
} server;

// One request a connection. The test waits meanwhile.
static void *
serve(void *arg)
{
	int fd;

	(void)arg;
	while ((fd = accept(server.fd, NULL, NULL)) >= 0) {
		char request[4096] = "", head[128];
		uint8_t *response;
		size_t len = 0, body = 0;
		ssize_t n;

		while (body == 0 && (n = recv(fd, request + len, sizeof(request) - 1 - len, 0)) > 0) {
			const char *length, *end;

			len += (size_t)n;
			length = strstr(request, "Content-Length: ");
			end = strstr(request, "\r\n\r\n");
			if (length != NULL && end != NULL &&
				len >= (size_t)(end + 4 - request) + strtoul(length + 16, NULL, 10))
				body = (size_t)(end + 4 - request);
		}
		server.n_asked++;
		n = (ssize_t)respond(&server.answer, (const uint8_t *)request + body, len - body, &response);
		snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %zd\r\n\r\n", n);
		(void)send(fd, head, strlen(head), MSG_NOSIGNAL);
		(void)send(fd, response, (size_t)n, MSG_NOSIGNAL);
		OPENSSL_free(response);
		close(fd);
	}
	return NULL;
}

static int
start_server(void **state)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);

	(void)state;
	memset(&server, 0, sizeof(server));
	server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(server.fd, (struct sockaddr *)&a, len) != 0 || listen(server.fd, 8) != 0 ||
		getsockname(server.fd, (struct sockaddr *)&a, &len) != 0)
		return -1;
	snprintf(server.url, sizeof(server.url), "http://127.0.0.1:%u/", ntohs(a.sin_port));
	return pthread_create(&server.thread, NULL, serve, NULL);
}

static int
stop_server(void **state)
{
	(void)state;
	shutdown(server.fd, SHUT_RDWR);
	pthread_join(server.thread, NULL);
	close(server.fd);
	return 0;
}

static enum ocsp_verdict
ask(struct ocsp *ocsp, const uint8_t *der, size_t len, long at)
{
	const struct ocsp_rules rules = {.policy = OCSP_REQUIRE, .url = server.url, .proxy = ""};
	char text[FETCH_ERROR_BYTES];

	return ocsp_ask(ocsp, &rules, der, len, issuer, issuer_len, (uint64_t)(LEAF_NOW + at), text);
}

// What is good or revoked is, until then, and nothing else; of that certificate alone.
static void
what_is_kept(void **state)
{
	const struct leaf spec = {.key = "p256", .subject = {"CN", "bert"}, .issuer_key = "rsa"};
	struct ocsp *ocsp;
	uint8_t *bert;
	size_t bert_len = leaf_der(&spec, &bert);

	(void)state;
	assert_int_equal(ocsp_create(&ocsp), 0);
	server.answer =
		(struct answer){.status = V_OCSP_CERTSTATUS_UNKNOWN, .signer = "ca", .next_update = 1000};
	assert_int_equal(ask(ocsp, leaf, leaf_len, 0), OCSP_UNKNOWN);
	server.answer.status = V_OCSP_CERTSTATUS_GOOD;
	server.answer.signer = "other-ca";
	assert_int_equal(ask(ocsp, leaf, leaf_len, 0), OCSP_FORGED);
	server.answer.signer = "ca";
	assert_int_equal(ask(ocsp, leaf, leaf_len, 0), OCSP_GOOD);
	assert_int_equal(server.n_asked, 3);
	server.answer.status = V_OCSP_CERTSTATUS_REVOKED;
	assert_int_equal(ask(ocsp, leaf, leaf_len, 0), OCSP_GOOD);
	assert_int_equal(ask(ocsp, leaf, leaf_len, 999), OCSP_GOOD);
	assert_int_equal(server.n_asked, 3);
	assert_int_equal(ask(ocsp, bert, bert_len, 0), OCSP_REVOKED);
	assert_int_equal(server.n_asked, 4);
	server.answer.status = V_OCSP_CERTSTATUS_GOOD;
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(ask(ocsp, leaf, leaf_len, 0), OCSP_GOOD);
		assert_int_equal(ask(ocsp, bert, bert_len, 0), OCSP_REVOKED);
	}
	assert_int_equal(server.n_asked, 4);
	server.answer = (struct answer){.status = V_OCSP_CERTSTATUS_REVOKED,
		.signer = "ca",
		.this_update = 1000,
		.next_update = 2000};
	assert_int_equal(ask(ocsp, leaf, leaf_len, 1000), OCSP_REVOKED);
	assert_int_equal(server.n_asked, 5);
	ocsp_destroy(ocsp);
	OPENSSL_free(bert);
}

// For others to judge, from where the certificate says.
static void
what_is_fetched(void **state)
{
	char text[FETCH_ERROR_BYTES], where[128];
	const struct leaf spec = {.key = "p256",
		.subject = {"CN", "gw"},
		.issuer_key = "rsa",
		.extensions = {"authorityInfoAccess", where}};
	struct fetch_answer answer;
	uint8_t *gw;
	size_t gw_len;

	(void)state;
	snprintf(where, sizeof(where), "OCSP;URI:%s", server.url);
	gw_len = leaf_der(&spec, &gw);
	server.answer = (struct answer){.signer = "ca", .next_update = 1000};
	assert_int_equal(ocsp_fetch("", gw, gw_len, issuer, issuer_len, &answer, text), 0);
	assert_true(answer.len > 0);
	assert_int_equal(server.n_asked, 1);
	free(answer.bytes);
	assert_int_equal(ocsp_fetch("", issuer, issuer_len, issuer, issuer_len, &answer, text), -ENOENT);
	assert_int_equal(ocsp_fetch("", gw, gw_len - 1, issuer, issuer_len, &answer, text), -EINVAL);
	OPENSSL_free(gw);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(policies),
		cmocka_unit_test(places),
		cmocka_unit_test(without_a_server),
		cmocka_unit_test_setup_teardown(what_is_kept, start_server, stop_server),
		cmocka_unit_test_setup_teardown(what_is_fetched, start_server, stop_server),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
