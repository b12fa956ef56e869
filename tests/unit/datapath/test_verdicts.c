// The verdict list: names that telemetry accepts, no name twice, every drop called one.
#include <string.h>

#include "mst_datapath.h"
#include "mst_test.h"

#include "verdicts.h"

static void
names_are_words_and_differ(void **state)
{
	(void)state;
	assert_int_equal(mst_verdict_count(), MST_VERDICT_COUNT);
	for (unsigned int i = 0; i < MST_VERDICT_COUNT; i++) {
		const char *name = mst_verdict_name(i);

		assert_true(strlen(name) > 0);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(name));
		assert_true(strlen(mst_verdict_help(i)) > 0);
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(name, mst_verdict_name(j));
	}
}

static void
a_drop_is_called_drop(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < MST_VERDICT_COUNT; i++)
		assert_int_equal(strncmp(mst_verdict_name(i), "drop_", 5) == 0, mst_verdict_is_drop(i));
	assert_true(mst_verdict_is_drop(MST_DROP_TAG));
	assert_int_equal(datapath_verdict_kind(MST_NEXT), MST_VERDICT_STAY);
	assert_int_equal(datapath_verdict_kind(MST_REFLECT), MST_VERDICT_PASS);
}

static void
what_is_no_verdict_is_unknown(void **state)
{
	(void)state;
	assert_string_equal(mst_verdict_name(MST_VERDICT_COUNT), "unknown");
	assert_false(mst_verdict_is_drop(MST_VERDICT_COUNT));
	assert_int_equal(mst_datapath_verdicts(0, MST_VERDICT_COUNT), 0);
	assert_int_equal(mst_datapath_verdicts(MST_MAX_WORKERS, 0), 0);
}

static void
lists_of_lower_libraries_map_by_name(void **state)
{
	(void)state;
	assert_int_equal(verdict_of_wire(MST_WIRE_IP_CHECKSUM), MST_DROP_IP_CHECKSUM);
	assert_int_equal(verdict_of_wire(MST_WIRE_UDP_LEN), MST_DROP_UDP_LEN);
	assert_int_equal(verdict_of_dtls(MST_DTLS_SHORT), MST_DROP_RECORD_SHORT);
	assert_int_equal(verdict_of_dtls(MST_DTLS_TAG), MST_DROP_TAG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_words_and_differ),
		cmocka_unit_test(a_drop_is_called_drop),
		cmocka_unit_test(what_is_no_verdict_is_unknown),
		cmocka_unit_test(lists_of_lower_libraries_map_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
