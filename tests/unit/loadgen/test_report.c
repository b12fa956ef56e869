// The report: every key of the lists is printed and in the JSON, with its value; what was not used is left out.
#include <string.h>

#include "mst_test.h"

#include "report.h"

static struct lg_report r;
static char line[LG_REPORT_LINE_BYTES];

static char *
printed(void)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	lg_report_print(f, &r);
	fclose(f);
	return text;
}

static json_int_t
at(const json_t *root, const char *part, const char *key)
{
	const json_t *v = json_object_get(json_object_get(root, part), key);

	assert_true(json_is_integer(v));
	return json_integer_value(v);
}

// Another number in each field.
static void
fill(void)
{
	uint64_t n = 1000;

	memset(&r, 0, sizeof(r));
#define X(field, key, help) r.control.field = n++;
	LG_REPORT_CONTROL(X)
#undef X
#define X(field, key, help) r.failures.field = n++;
	LG_REPORT_FAILURES(X)
#undef X
#define X(field, key, help) r.flow[LG_DOWN].field = n++;
	LG_REPORT_FLOW(X)
#undef X
	r.settings.gateway = "192.0.2.1:443";
	r.settings.devices = 64000;
	r.flow[LG_DOWN].used = true;
	r.measured_ns = 2 * MST_NS_PER_S;
	for (uint64_t i = 1; i <= 1000; i++)
		lg_histogram_add(&r.flow[LG_DOWN].latency, i * 1000);
}

static void
every_key(void **state)
{
	json_t *root;
	char *text;

	(void)state;
	fill();
	text = printed();
	root = lg_report_json(&r);
	assert_non_null(root);
#define X(field, key, help)                                                                                  \
	assert_int_equal(at(root, "control", key), r.control.field);                                         \
	assert_non_null(strstr(text, help));
	LG_REPORT_CONTROL(X)
#undef X
#define X(field, key, help)                                                                                  \
	assert_int_equal(at(root, "failures", key), r.failures.field);                                       \
	assert_non_null(strstr(text, help));
	LG_REPORT_FAILURES(X)
#undef X
#define X(field, key, help)                                                                                  \
	assert_int_equal(at(root, "down", key), r.flow[LG_DOWN].field);                                      \
	assert_non_null(strstr(text, help));
	LG_REPORT_FLOW(X)
#undef X
#define X(key, help, value) assert_non_null(strstr(text, "latency_" key "_ns"));
	LG_REPORT_LATENCY(X)
#undef X
	assert_non_null(strstr(text, "192.0.2.1:443"));
	assert_int_equal(at(root, "settings", "devices"), 64000);
	assert_int_equal(json_integer_value(json_object_get(root, "version")), 1);
	assert_string_equal(json_string_value(json_object_get(root, "program")), "mst-loadgen");
	assert_true(json_real_value(json_object_get(root, "seconds")) > 1.99);
	assert_null(json_object_get(root, "up"));
	assert_null(json_object_get(root, "search"));
	// A text that was never set is no crash.
	assert_true(json_is_null(json_object_get(json_object_get(root, "settings"), "sizes")));
	json_decref(root);
	free(text);
}

static void
derived(void **state)
{
	const json_t *latency;
	json_t *root;

	(void)state;
	fill();
	r.flow[LG_DOWN].sent = 1000000;
	r.flow[LG_DOWN].received = 999000;
	r.flow[LG_DOWN].lost = 1000;
	r.flow[LG_DOWN].received_bytes = 125000000;
	root = lg_report_json(&r);
	assert_int_equal(at(root, "down", "loss_ppm"), 1000);
	assert_int_equal(at(root, "down", "sent_pps"), 500000);
	assert_int_equal(at(root, "down", "received_pps"), 499500);
	assert_int_equal(at(root, "down", "received_bps"), 500000000);
	latency = json_object_get(json_object_get(root, "down"), "latency_ns");
	assert_int_equal(json_integer_value(json_object_get(latency, "count")), 1000);
	assert_int_equal(json_integer_value(json_object_get(latency, "min")), 1000);
	assert_int_equal(json_integer_value(json_object_get(latency, "max")), 1000000);
	assert_in_range(json_integer_value(json_object_get(latency, "p99")), 990000, 1000000);
	json_decref(root);
}

static void
zeros_are_left_out(void **state)
{
	char *text;

	(void)state;
	memset(&r, 0, sizeof(r));
	text = printed();
	assert_null(strstr(text, "failures"));
	assert_null(strstr(text, "latency"));
	free(text);
	r.failures.tls = 1;
	text = printed();
	assert_non_null(strstr(text, "TLS handshake failed"));
	assert_null(strstr(text, "TCP connection refused"));
	free(text);
}

static void
searches(void **state)
{
	json_t *root;
	char *text;

	(void)state;
	memset(&r, 0, sizeof(r));
	r.search = (struct lg_search_report){.kind = LG_SEARCH_PDR,
		.trials = 17,
		.found = true,
		.goal_ppm = 5000,
		.sender_limited = true,
		.low = {500000, 1000, 4},
		.high = {502000, 1000, 100}};
	root = lg_report_json(&r);
	assert_int_equal(at(root, "search", "low_pps"), 500000);
	assert_int_equal(at(root, "search", "low_loss_ppm"), 4000);
	assert_int_equal(at(root, "search", "high_loss_ppm"), 100000);
	assert_true(json_is_false(json_object_get(json_object_get(root, "search"), "complete")));
	json_decref(root);
	text = printed();
	assert_non_null(strstr(text, "pdr: found, and broken off"));
	assert_non_null(strstr(text, "0.4000 %  in its last trials"));
	assert_non_null(strstr(text, "the gateway may carry more"));
	free(text);
	r.search = (struct lg_search_report){.kind = LG_SEARCH_MRR,
		.found = true,
		.complete = true,
		.mrr_mean_pps = 1234.6,
		.mrr_stdev_pps = 5.4};
	text = printed();
	assert_non_null(strstr(text, "1235  received, mean of the trials"));
	free(text);
	r.search = (struct lg_search_report){.kind = LG_SEARCH_NDR, .complete = true};
	text = printed();
	assert_non_null(strstr(text, "ndr: not found\n"));
	assert_null(strstr(text, "low_pps"));
	free(text);
}

static void
live_line(void **state)
{
	static struct lg_report before;
	struct mst_str out = mst_str_init(line, sizeof(line));

	(void)state;
	memset(&r, 0, sizeof(r));
	r.settings.devices = 64000;
	r.control.connected = 999;
	r.control.dtls_up = 1000;
	lg_report_line(&out, "connect", &r, &before, 0);
	assert_string_equal(line, "connect  devices 999/64.0k dtls 1.0k");
	r.flow[LG_UP].used = true;
	r.flow[LG_UP].sent = 5000;
	r.flow[LG_UP].received = 4990;
	r.flow[LG_UP].lost = 10;
	r.failures.closed = 3;
	out = mst_str_init(line, sizeof(line));
	lg_report_line(&out, "run", &r, &before, MST_NS_PER_S / 2);
	assert_string_equal(line, "run  devices 999/64.0k dtls 1.0k  up 10.0k>9.9k pps lost 10  failures 3");
	// The largest numbers of all still fit.
	memset(&r.control, 0xff, sizeof(r.control));
	memset(&r.failures, 0, sizeof(r.failures));
	r.failures.tls = r.settings.devices = UINT64_MAX;
	for (enum lg_dir dir = LG_UP; dir < LG_N_DIRS; dir++) {
		r.flow[dir].used = true;
		r.flow[dir].sent = r.flow[dir].received = r.flow[dir].lost = UINT64_MAX;
	}
	out = mst_str_init(line, sizeof(line));
	lg_report_line(&out, "a very long name of a phase", &r, &before, MST_NS_PER_S * 1000);
	assert_false(out.err);
	assert_non_null(strstr(line, "failures 18.4E"));
}

static void
sums(void **state)
{
	const struct lg_track_sum sum = {1, 2, 3, 4, 5, 6};

	(void)state;
	memset(&r, 0, sizeof(r));
	lg_report_set_flow(&r.flow[LG_UP], &sum);
	assert_true(r.flow[LG_UP].sent == 1 && r.flow[LG_UP].received == 2 && r.flow[LG_UP].lost == 3);
	assert_true(r.flow[LG_UP].reordered == 4 && r.flow[LG_UP].duplicated == 5 && r.flow[LG_UP].late == 6);
	r.failures.tls = 2;
	r.failures.rx_foreign = 3;
	assert_int_equal(lg_report_failures(&r), 5);
	assert_int_equal(lg_report_per_second(5, 0), 0);
	// What JSON's integers do not hold is the largest they do.
	r.control.connected = UINT64_MAX;
	json_t *root = lg_report_json(&r);
	assert_true(at(root, "control", "connected") == INT64_MAX);
	json_decref(root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key),
		cmocka_unit_test(derived),
		cmocka_unit_test(zeros_are_left_out),
		cmocka_unit_test(searches),
		cmocka_unit_test(live_line),
		cmocka_unit_test(sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
