// Addresses and prefixes.
#include "mst_test.h"

static struct mst_net
net(const char *text)
{
	struct mst_net n;

	assert_int_equal(mst_net_parse(text, &n), 0);
	return n;
}

static void
parse_and_format(void **state)
{
	(void)state;
	static const char *const good[] = {
		"10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32", "0.0.0.0/0", "::/0"};
	static const char *const bad[] = {"", "10.0.0/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "x/8",
		"::/129", "1.2.3.4/8/8", "1.2.3.4 /8",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/1"};
	char text[MST_IP_TEXT_BYTES + 4];

	for (size_t i = 0; i < MST_ARRAY_SIZE(good); i++) {
		struct mst_net n = net(good[i]);
		assert_string_equal(mst_net_format(&n, text), good[i]);
	}
	for (size_t i = 0; i < MST_ARRAY_SIZE(bad); i++) {
		struct mst_net n;
		assert_int_not_equal(mst_net_parse(bad[i], &n), 0);
	}
}

static void
contains_and_overlaps(void **state)
{
	(void)state;
	struct mst_net a = net("10.1.0.0/16");
	struct mst_net b = net("10.1.255.7/32");
	struct mst_net c = net("10.2.0.0/16");
	struct mst_net six = net("::/0");

	assert_true(mst_net_contains(&a, &b.ip));
	assert_false(mst_net_contains(&c, &b.ip));
	assert_true(mst_net_overlaps(&a, &b));
	assert_true(mst_net_overlaps(&b, &a));
	assert_false(mst_net_overlaps(&a, &c));
	assert_false(mst_net_contains(&six, &b.ip));
	struct mst_ip base = mst_net_base(&b);
	assert_true(mst_ip_equal(&base, &b.ip));
}

static void
host_order(void **state)
{
	(void)state;
	struct mst_ip ip = mst_ip4_from_host(0xc0000201);
	char text[MST_IP_TEXT_BYTES];

	assert_string_equal(mst_ip_format(&ip, text), "192.0.2.1");
	assert_int_equal(mst_ip4_host(&ip), 0xc0000201);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_and_format),
		cmocka_unit_test(contains_and_overlaps),
		cmocka_unit_test(host_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
