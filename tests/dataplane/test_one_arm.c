// One port in both roles: the destination tells which way a frame goes.
#include <string.h>

#include "rig.h"

static int
setup(void **state)
{
	(void)state;
	rig_start(1);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rig_stop();
	return 0;
}

static struct rig_device d;
static uint8_t frame[RIG_FRAME_MAX], out[RIG_FRAME_MAX], l3[RIG_FRAME_MAX], plain[RIG_FRAME_MAX];

static void
both_ways_share_a_port_and_a_burst(void **state)
{
	struct mst_adj *lan4 = rig_route("10.20.0.0/16", MST_ADJ_READY, RIG_PUBLIC);
	uint64_t seq;
	size_t up, down4, down6, n;

	(void)state;
	(void)lan4;
	rig_routes_reset();
	rig_route("10.20.0.9", MST_ADJ_READY, RIG_PUBLIC); // the LAN is on the one port
	rig_device_open(&d, 0, 4);
	rig_mark();
	up = rig_packet(l3, d.addr4, RIG_HOST4, 17, 64, 100);
	rig_push(0, frame, rig_data(&d, 0, l3, up, frame));
	down4 = rig_packet(l3, RIG_HOST4, d.addr4, 17, 64, 200);
	rig_push(0, frame, rig_frame(frame, 0, l3, down4));
	down6 = rig_packet(l3, RIG_HOST6, d.addr6, 17, 64, 300);
	rig_push(0, frame, rig_frame(frame, 0, l3, down6));
	assert_int_equal(rig_turn(0), 3);
	assert_int_equal(rig_verdict(MST_SENT), 3);
	assert_int_equal(rig_pop(0, out), 14 + up);
	n = rig_pop(0, out);
	assert_int_equal(rig_unwrap(&d, out, n, plain, &seq), 1 + down4);
	n = rig_pop(0, out);
	assert_int_equal(rig_unwrap(&d, out, n, plain, &seq), 1 + down6);
	rig_device_close(&d);
}

static void
what_is_cut_is_judged_by_the_way_in(void **state)
{
	(void)state;
	rig_device_open(&d, 0, 4);
	rig_packet(l3, RIG_HOST4, d.addr4, 17, 64, 20);
	rig_frame(frame, 0, l3, 40);
	rig_mark();
	for (size_t cut = 0; cut < 54; cut++) {
		rig_push(0, frame, cut);
		assert_int_equal(rig_turn(0), 1);
		assert_int_equal(rig_verdicts_final(), cut + 1);
	}
	assert_int_equal(rig_verdict(MST_SENT), 0);
	rig_device_close(&d);
}

static void
a_device_address_as_source_on_the_wire_is_a_spoof(void **state)
{
	(void)state;
	rig_device_open(&d, 0, 4);
	rig_mark();
	rig_push(0, frame, rig_frame(frame, 0, l3, rig_packet(l3, "100.64.0.200", d.addr4, 17, 64, 20)));
	rig_turn(0);
	assert_int_equal(rig_verdict(MST_DROP_SPOOF), 1);
	rig_device_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways_share_a_port_and_a_burst),
		cmocka_unit_test(what_is_cut_is_judged_by_the_way_in),
		cmocka_unit_test(a_device_address_as_source_on_the_wire_is_a_spoof),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
