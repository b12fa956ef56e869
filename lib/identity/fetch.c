// One small document by libcurl: no redirect, no other protocol, bounded in time and size. A thread that may wait.
#include "fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#define MAX_AGE_MAX_S (30 * 24 * 3600)

struct transfer {
	const struct fetch_request *request;
	const atomic_bool *stop;
	uint8_t *bytes;
	size_t len;
};

static pthread_mutex_t environment_lock = PTHREAD_MUTEX_INITIALIZER;
static struct fetch_environment environment;

void
fetch_set_environment(const struct fetch_environment *env)
{
	pthread_mutex_lock(&environment_lock);
	environment = *env;
	pthread_mutex_unlock(&environment_lock);
}

int
fetch_init(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -ENOMEM;
}

static bool
has_part(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK;

	curl_free(text);
	return has;
}

static int
read_origin(CURLU *url, bool plain, struct fetch_origin *out)
{
	char *scheme = NULL;
	char *host = NULL;
	char *port = NULL;
	int rc = -EINVAL;

	if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
		(strcmp(scheme, "https") == 0 || (plain && strcmp(scheme, "http") == 0)) && host[0] != '\0' &&
		!has_part(url, CURLUPART_USER) && !has_part(url, CURLUPART_PASSWORD) &&
		!has_part(url, CURLUPART_FRAGMENT)) {
		snprintf(out->text, sizeof(out->text), "%s:%s", host, port);
		for (char *c = out->text; *c != '\0'; c++)
			*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + ('a' - 'A')) : *c;
		rc = 0;
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	return rc;
}

int
fetch_origin_parse(struct fetch_origin *out, const char *text, bool plain)
{
	CURLU *url = curl_url();
	int rc = -EINVAL;

	if (url == NULL)
		return -ENOMEM;
	if (strnlen(text, FETCH_URL_BYTES) < FETCH_URL_BYTES &&
		curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK)
		rc = read_origin(url, plain, out);
	curl_url_cleanup(url);
	return rc;
}

// Less taken than offered ends the transfer.
static size_t
take_bytes(char *data, size_t one, size_t len, void *arg)
{
	struct transfer *t = arg;

	(void)one;
	if (len > t->request->cap - t->len)
		return 0;
	memcpy(t->bytes + t->len, data, len);
	t->len += len;
	return len;
}

static int
look_around(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct transfer *t = arg;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return t->stop != NULL && atomic_load(t->stop);
}

// max-age of Cache-Control, unless something there forbids to keep it (RFC 9111 section 5.2.2).
static uint32_t
max_age(CURL *curl)
{
	struct curl_header *header;
	const char *at;
	uint64_t age;

	if (curl_easy_header(curl, "Cache-Control", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return 0;
	at = strstr(header->value, "max-age=");
	if (at == NULL || strstr(header->value, "no-store") != NULL ||
		strstr(header->value, "no-cache") != NULL)
		return 0;
	at += strlen("max-age=");
	if (mst_parse_u64(at, strspn(at, "0123456789"), 1, MAX_AGE_MAX_S, &age) < 0)
		return 0;
	return (uint32_t)age;
}

// libcurl takes copies; what is not set it looks for in the environment of the process.
static void
set_proxy(CURL *curl, const struct fetch_request *r)
{
	const char *proxy = r->proxy;

	pthread_mutex_lock(&environment_lock);
	if (proxy[0] == '\0')
		proxy = strncasecmp(r->url, "https:", strlen("https:")) == 0 ? environment.https_proxy
									     : environment.http_proxy;
	if (proxy[0] != '\0')
		curl_easy_setopt(curl, CURLOPT_PROXY, proxy);
	if (environment.no_proxy[0] != '\0')
		curl_easy_setopt(curl, CURLOPT_NOPROXY, environment.no_proxy);
	pthread_mutex_unlock(&environment_lock);
}

static void
set_options(CURL *curl, struct transfer *t, struct curl_slist *headers, char *text)
{
	const struct fetch_request *r = t->request;

	curl_easy_setopt(curl, CURLOPT_URL, r->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, r->plain ? "http,https" : "https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(
		curl, CURLOPT_TIMEOUT_MS, (long)(r->timeout_ms != 0 ? r->timeout_ms : FETCH_TIMEOUT_MS));
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L); // who stops does not wait for a name server
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "mst-gateway/" MST_VERSION);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_around);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, t);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	if (r->ca != NULL) {
		struct curl_blob ca = {
			.data = (void *)(uintptr_t)r->ca, .len = r->ca_len, .flags = CURL_BLOB_NOCOPY};

		curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &ca);
		curl_easy_setopt(curl, CURLOPT_CAPATH, NULL); // in place of the system's, not beside them
	}
	set_proxy(curl, r);
	if (r->post != NULL) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)r->post_len);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, r->post);
	}
}

static int
perform(CURL *curl, const struct transfer *t, char *text)
{
	CURLcode code = curl_easy_perform(curl);
	long status = 0;

	if (code == CURLE_WRITE_ERROR) {
		snprintf(text, FETCH_ERROR_BYTES, "more than %zu bytes", t->request->cap);
		return -E2BIG;
	}
	if (code != CURLE_OK) {
		if (text[0] == '\0')
			snprintf(text, FETCH_ERROR_BYTES, "%s", curl_easy_strerror(code));
		return code == CURLE_OPERATION_TIMEDOUT ? -ETIMEDOUT : -EIO;
	}
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200) {
		snprintf(text, FETCH_ERROR_BYTES, "the answer has status %ld, expected 200", status);
		return -EPROTO;
	}
	return 0;
}

int
fetch_run(const struct fetch_request *request, const atomic_bool *stop, struct fetch_answer *out, char *text)
{
	struct transfer t = {.request = request, .stop = stop, .bytes = malloc(request->cap)};
	struct curl_slist *headers = NULL;
	CURL *curl = curl_easy_init();
	char line[128];
	int rc = -ENOMEM;

	_Static_assert(FETCH_ERROR_BYTES >= CURL_ERROR_SIZE, "curl writes that much");
	text[0] = '\0';
	if (request->post != NULL) {
		snprintf(line, sizeof(line), "Content-Type: %s", request->content_type);
		headers = curl_slist_append(NULL, line);
	}
	if (t.bytes != NULL && curl != NULL) {
		set_options(curl, &t, headers, text);
		rc = perform(curl, &t, text);
	}
	if (rc == 0)
		*out = (struct fetch_answer){.bytes = t.bytes, .len = t.len, .max_age_s = max_age(curl)};
	else
		free(t.bytes);
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	return rc;
}
