// By what a port spreads, without EAL.
#include <string.h>

#include "mst_test.h"

#include "port_private.h"

#define ALL (RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_TCP)
#define MORE (RTE_ETH_RSS_SCTP | RTE_ETH_RSS_L2_PAYLOAD | RTE_ETH_RSS_L3_SRC_ONLY)
#define ONE_ARM (MST_PORT_PUBLIC | MST_PORT_PRIVATE)

static void
what_spreads_is_asked_for_and_no_more(void **state)
{
	static const struct {
		uint8_t roles;
		uint64_t capa, fields;
		const char *words;
	} cases[] = {
		{MST_PORT_PUBLIC, ALL | MORE, RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP, "RSS by addresses and ports"},
		{MST_PORT_PUBLIC, ALL | RTE_ETH_RSS_L3_DST_ONLY, RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP,
			"RSS by addresses and ports"},
		{MST_PORT_PUBLIC, RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP, RTE_ETH_RSS_IP, "RSS by addresses"},
		{MST_PORT_PUBLIC, MORE, 0, "a rule of the device"},
		{MST_PORT_PRIVATE, ALL | MORE | RTE_ETH_RSS_L3_DST_ONLY, ALL | RTE_ETH_RSS_L3_DST_ONLY,
			"RSS by destination address"},
		{MST_PORT_PRIVATE, ALL | MORE, ALL, "RSS by addresses and ports"},
		{MST_PORT_PRIVATE, RTE_ETH_RSS_L3_DST_ONLY, 0, "a rule of the device"},
		{MST_PORT_PRIVATE, RTE_ETH_RSS_IPV4, RTE_ETH_RSS_IPV4, "RSS by addresses"},
		{ONE_ARM, ALL | RTE_ETH_RSS_L3_DST_ONLY, ALL, "RSS by addresses and ports"},
		{ONE_ARM, 0, 0, "a rule of the device"},
	};

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(cases); i++) {
		struct port_rss rss;

		port_rss_choose(cases[i].roles, cases[i].capa, &rss);
		assert_true(rss.fields == cases[i].fields);
		assert_string_equal(rss.words, cases[i].words);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(what_spreads_is_asked_for_and_no_more)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
