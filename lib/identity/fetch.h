// Shared inside lib/identity: one small document from one place. A thread that may wait.
#pragma once

#include <stdatomic.h>

#include "mst_base.h"

#define FETCH_TIMEOUT_MS 3000
#define FETCH_URL_BYTES 512
#define FETCH_PROXY_BYTES 512
#define FETCH_NO_PROXY_BYTES 1024
#define FETCH_ERROR_BYTES 256

// Where a URL leads: "host:port", in lower case.
struct fetch_origin {
	char text[FETCH_URL_BYTES + 8];
};

// What stands in place of the process's own environment; "": nothing does.
struct fetch_environment {
	char https_proxy[FETCH_PROXY_BYTES];
	char http_proxy[FETCH_PROXY_BYTES];
	char no_proxy[FETCH_NO_PROXY_BYTES];
};

struct fetch_request {
	const char *url;
	bool plain;	// http is good enough: what comes is signed
	const void *ca; // certificates in PEM; NULL: what the system trusts
	size_t ca_len;
	const char *proxy; // "": as the environment says
	const void *post;  // NULL: GET
	size_t post_len;
	const char *content_type; // of post
	size_t cap;
	unsigned int timeout_ms; // 0: FETCH_TIMEOUT_MS
};

struct fetch_answer {
	uint8_t *bytes; // the caller frees them
	size_t len;
	uint32_t max_age_s; // of Cache-Control; 0: not said
};

// Once, before there are threads.
MST_MUST_USE int fetch_init(void);
// From now on, for every request that does not name its proxy. Any thread.
void fetch_set_environment(const struct fetch_environment *env);
// -EINVAL: not a URL of https (or http where plain), or one with a user, a password or a fragment in it.
MST_MUST_USE int fetch_origin_parse(struct fetch_origin *out, const char *url, bool plain);
// Status 200 and at most cap bytes, by a server that the certificate authorities vouch for, without being sent anywhere
// else. 0 or -errno; text says what went wrong, in FETCH_ERROR_BYTES. stop, once it is set, ends the wait (NULL: none).
MST_MUST_USE int fetch_run(
	const struct fetch_request *request, const atomic_bool *stop, struct fetch_answer *out, char *text);
