// net_af_packet on a veth, in a network namespace of the test's own: traffic both ways, queues, MTU. Passed
// over where a namespace cannot be made.
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "port_test.h"

#define ETHER_TYPE_TEST 0x88b5 // IEEE 802: for local experiments
#define N_FRAMES 64

static char err[512];
static int wire; // raw socket at the far end

static int
open_far_end(const char *name)
{
	struct sockaddr_ll addr = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETHER_TYPE_TEST),
		.sll_ifindex = (int)if_nametoindex(name)};
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETHER_TYPE_TEST));

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0)
		return -1;
	return fd;
}

static int
add(uint16_t mtu, unsigned int queues)
{
	struct mst_port_params p = {.device = "net_af_packet0,iface=mst-t0",
		.mtu = mtu,
		.queues = queues,
		.roles = MST_PORT_PUBLIC,
		.wake = true};

	return mst_port_add(&p, 1, err, sizeof(err));
}

static void
a_large_mtu_is_refused(void **state)
{
	(void)state;
	assert_int_equal(add(1600, 0), -EINVAL);
	assert_non_null(strstr(err, "refuses MTU 1600"));
	assert_int_equal(rte_eth_dev_count_avail(), 0);
}

static void
every_socket_of_the_fanout_is_polled(void **state)
{
	const struct mst_port *p;

	(void)state;
	assert_int_equal(add(1500, 3), 0);
	p = mst_port_get(0);
	assert_int_equal(p->n_rxq, 3); // qpairs={queues}: the device was made with three
	assert_int_equal(p->n_txq, 1);
	assert_string_equal(p->driver, "net_af_packet");
	assert_int_equal(p->mtu, 1500);
}

// Which socket is which queue's is told by what is readable before a queue is read, and not behind it.
static void
each_queue_has_its_socket(void **state)
{
	const struct mst_port *p = mst_port_get(0);
	uint8_t frame[64] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xb5};
	unsigned int readable = 0;

	(void)state;
	assert_int_equal(p->wake, MST_PORT_WAKE_SOCKET);
	assert_true(p->sockets[0] < p->sockets[1] && p->sockets[1] < p->sockets[2]);
	for (int i = 0; i < N_FRAMES; i++)
		assert_int_equal(send(wire, frame, sizeof(frame), 0), sizeof(frame));
	for (uint16_t q = 0; q < p->n_rxq; q++) {
		struct pollfd fd = {.fd = p->sockets[q], .events = POLLIN};
		struct rte_mbuf *m[MST_BURST];
		unsigned int got = 0;
		bool told = poll(&fd, 1, 0) == 1;

		for (uint16_t n = 1; n > 0; got += n) {
			n = rte_eth_rx_burst(p->dpdk_id, q, m, MST_BURST);
			rte_pktmbuf_free_bulk(m, n);
		}
		assert_int_equal(told, got > 0);
		assert_int_equal(poll(&fd, 1, 0), 0);
		readable += told;
	}
	assert_true(readable >= 1);
}

static unsigned int
receive(uint16_t id, uint16_t n_queues)
{
	uint64_t end = rte_get_timer_cycles() + 2 * rte_get_timer_hz();
	unsigned int got = 0;

	while (got < N_FRAMES && rte_get_timer_cycles() < end) {
		for (uint16_t q = 0; q < n_queues; q++) {
			struct rte_mbuf *m[MST_BURST];
			uint16_t n = rte_eth_rx_burst(id, q, m, MST_BURST);

			for (uint16_t i = 0; i < n; i++) {
				struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m[i], struct rte_ether_hdr *);

				got += eth->ether_type == htons(ETHER_TYPE_TEST) && m[i]->pkt_len == 1514;
			}
			rte_pktmbuf_free_bulk(m, n);
		}
	}
	return got;
}

static void
frames_arrive(void **state)
{
	uint8_t frame[1514] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xb5};
	unsigned int before = rte_mempool_avail_count(mst_port_pool());

	(void)state;
	for (int i = 0; i < N_FRAMES; i++)
		assert_int_equal(send(wire, frame, sizeof(frame), 0), sizeof(frame));
	assert_int_equal(receive(mst_port_get(0)->dpdk_id, mst_port_get(0)->n_rxq), N_FRAMES);
	assert_int_equal(rte_mempool_avail_count(mst_port_pool()), before);
}

static void
frames_leave(void **state)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(mst_port_pool());
	struct pollfd p = {.fd = wire, .events = POLLIN};
	uint8_t back[2048];
	char *data = rte_pktmbuf_append(m, 1514);

	(void)state;
	memset(data, 0xff, 1514);
	data[12] = (char)0x88;
	data[13] = (char)0xb5;
	assert_int_equal(rte_eth_tx_burst(mst_port_get(0)->dpdk_id, 0, &m, 1), 1);
	assert_int_equal(poll(&p, 1, 2000), 1);
	assert_int_equal(recv(wire, back, sizeof(back), 0), 1514);
	mst_port_stop_all();
}

static bool
make_wire(void)
{
	if (unshare(CLONE_NEWNET) != 0)
		return false;
	return system("ip link add mst-t0 type veth peer name mst-t1 && ip link set mst-t0 up && "
		      "ip link set mst-t1 up") == 0;
}

static int
start(void **state)
{
	char dir[512];

	(void)state;
	port_test_profiles_dir(dir, sizeof(dir));
	wire = open_far_end("mst-t1");
	if (wire < 0 || port_test_start_eal() < 0 || mst_port_profiles_load(dir, err, sizeof(err)) < 0)
		return -1;
	return mst_port_pool_create(4095, mst_port_data_room(1600));
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
		cmocka_unit_test(a_large_mtu_is_refused),
		cmocka_unit_test(every_socket_of_the_fanout_is_polled),
		cmocka_unit_test(each_queue_has_its_socket),
		cmocka_unit_test(frames_arrive),
		cmocka_unit_test(frames_leave),
	};

	if (!make_wire()) {
		printf("skipped: a network namespace or a veth cannot be made here\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, start, stop);
}
