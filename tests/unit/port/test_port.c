// Ports on EAL: each way to fail says which port and why, and leaves nothing behind; two ports that work.
#include <errno.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "port_test.h"

static char err[512];

static int
add(const char *device, uint16_t mtu)
{
	struct mst_port_params p = {.device = device, .tap = "mst-t0", .mtu = mtu, .roles = MST_PORT_PUBLIC};

	return mst_port_add(&p, 1, err, sizeof(err));
}

static void
needs_a_pool_first(void **state)
{
	(void)state;
	assert_int_equal(add("net_ring0", 1500), -EINVAL);
	assert_non_null(strstr(err, "pool"));
	assert_int_equal(mst_port_pool_create(4095, mst_port_data_room(1500)), 0);
}

static void
each_failure_is_told(void **state)
{
	static const struct {
		const char *device;
		uint16_t mtu;
		int rc;
		const char *says;
	} cases[] = {
		{"eth0", 1500, -EINVAL, "neither a PCI address"},
		{"net_nosuchdriver0", 1500, -ENODEV, "no driver of that name"},
		{"net_af_packet0,iface=mst-no-such", 1500, -ENODEV, "interface mst-no-such does not exist"},
		{"net_af_packet0", 1500, -EINVAL, "iface=NAME is missing"},
		{"net_tap0,iface=lo", 1500, -EBUSY, "interface lo exists already"},
		{"ffff:ff:1f.7", 1500, -ENODEV, "no such PCI device"},
		{"net_null0", 9000, -EINVAL, "MTU 9000 does not fit"},
		{"net_memif0,role=nonsense", 1500, 0, ""}, // the driver's own words
	};

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(cases); i++) {
		int rc = add(cases[i].device, cases[i].mtu);

		assert_true(rc < 0);
		if (cases[i].rc != 0)
			assert_int_equal(rc, cases[i].rc);
		assert_non_null(strstr(err, cases[i].device));
		assert_non_null(strstr(err, cases[i].says));
		assert_null(strstr(err, "the driver gives no reason"));
		assert_int_equal(mst_port_count(), 0);
		assert_int_equal(rte_eth_dev_count_avail(), 0);
	}
}

static void
a_known_driver(void **state)
{
	const struct mst_port *p;

	(void)state;
	assert_int_equal(add("net_ring0", 1500), 0);
	assert_int_equal(mst_port_count(), 1);
	p = mst_port_get(0);
	assert_string_equal(p->driver, "net_ring");
	assert_string_equal(p->profile.driver, "net_ring");
	assert_string_equal(p->tap, "mst-t0");
	assert_int_equal(p->n_rxq, 1);
	assert_int_equal(p->n_txq, 1);
	assert_int_equal(p->mtu, 1500);
	assert_int_equal(p->roles, MST_PORT_PUBLIC);
	assert_null(mst_port_get(1));
	assert_int_equal(add("net_ring0", 1500), -EEXIST);
	assert_non_null(strstr(err, "port 0 already"));
}

static void
it_carries_packets(void **state)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(mst_port_pool());
	struct rte_mbuf *back = NULL;

	(void)state;
	assert_non_null(rte_pktmbuf_append(m, 64));
	assert_int_equal(rte_eth_tx_burst(mst_port_get(0)->dpdk_id, 0, &m, 1), 1);
	assert_int_equal(rte_eth_rx_burst(mst_port_get(0)->dpdk_id, 0, &back, 1), 1);
	assert_ptr_equal(back, m);
	rte_pktmbuf_free(back);
}

static void
an_unknown_driver_gets_defaults(void **state)
{
	(void)state;
	assert_int_equal(add("net_null0", 1400), 0);
	assert_string_equal(mst_port_get(1)->driver, "net_null");
	assert_string_equal(mst_port_get(1)->profile.exception, "tap");
	assert_int_equal(mst_port_get(1)->mtu, 1400);
	assert_int_equal(mst_port_get(1)->index, 1);
	assert_int_equal(add("net_null1", 1500), -ENOSPC);
}

static void
telemetry_map(void **state)
{
	char reply[16384];

	(void)state;
	port_test_telemetry("/mst/port/map", reply, sizeof(reply));
	assert_non_null(strstr(reply, "\"index\":[0,1]"));
	assert_non_null(strstr(reply, "\"driver\":[\"net_ring\",\"net_null\"]"));
	assert_non_null(strstr(reply, "\"mtu\":[1500,1400]"));
	assert_non_null(strstr(reply, "\"roles\":[\"public\",\"public\"]"));
}

static void
stops(void **state)
{
	(void)state;
	mst_port_stop_all();
	assert_int_equal(mst_port_count(), 0);
	assert_int_equal(rte_eth_dev_count_avail(), 0);
	assert_int_equal(add("net_ring0", 1500), 0); // and the device is free again
	mst_port_stop_all();
}

static int
start(void **state)
{
	char dir[512];

	(void)state;
	port_test_profiles_dir(dir, sizeof(dir));
	if (port_test_start_eal() < 0 || mst_port_profiles_load(dir, err, sizeof(err)) < 0) {
		fprintf(stderr, "%s\n", err);
		return -1;
	}
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	mst_rt_stop();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(needs_a_pool_first),
		cmocka_unit_test(each_failure_is_told),
		cmocka_unit_test(a_known_driver),
		cmocka_unit_test(it_carries_packets),
		cmocka_unit_test(an_unknown_driver_gets_defaults),
		cmocka_unit_test(telemetry_map),
		cmocka_unit_test(stops),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
