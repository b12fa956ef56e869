// What the tests with interfaces share: parameters of a gateway with two ports, packets in and out of its
// rings.
#pragma once

#include <net/if.h>
#include <poll.h>
#include <string.h>

#include "mst_eal.h"
#include "mst_exception.h"
#include "mst_port.h"
#include "mst_wire_inline.h"

#define N_MBUFS 1023

static const uint8_t public_mac[6] = {2, 0, 0, 0, 1, 0}, private_mac[6] = {2, 0, 0, 0, 1, 1};

static inline struct mst_ip
ip(const char *text)
{
	struct mst_ip out;

	assert_int_equal(mst_ip_parse(text, &out), 0);
	return out;
}

static inline struct mst_net
net(const char *text)
{
	struct mst_net out;

	assert_int_equal(mst_net_parse(text, &out), 0);
	return out;
}

// Public 192.0.2.1 with a gateway, private 172.20.0.1 that forwards, pools of both families.
static inline struct mst_exception_params
two_ports(void)
{
	static struct mst_net public_addresses[2], private_addresses[2], pools[2];
	static struct mst_ip gateways[2];
	struct mst_exception_params p = {
		.n_ports = 2, .tun = "inner", .tun_mtu = 1400, .pools = pools, .n_pools = 2};

	public_addresses[0] = net("192.0.2.1/24");
	public_addresses[1] = net("2001:db8::1/64");
	private_addresses[0] = net("172.20.0.1/24");
	private_addresses[1] = net("2001:db8:20::1/64");
	gateways[0] = ip("192.0.2.254");
	gateways[1] = ip("2001:db8::fe");
	pools[0] = net("10.8.0.0/16");
	pools[1] = net("2001:db8:8::/64");
	p.ports[0] = (struct mst_exception_port){.port = 0,
		.tap = "pub",
		.mtu = 1500,
		.addresses = public_addresses,
		.n_addresses = 2,
		.gateways = gateways,
		.n_gateways = 2};
	p.ports[1] = (struct mst_exception_port){.port = 1,
		.tap = "priv",
		.mtu = 1450,
		.addresses = private_addresses,
		.n_addresses = 2,
		.forwards = true};
	memcpy(p.ports[0].mac, public_mac, 6);
	memcpy(p.ports[1].mac, private_mac, 6);
	for (unsigned int c = 0; c < MST_PUNT_COUNT; c++)
		p.rate_pps[c] = 1000;
	return p;
}

static inline bool
file_says(const char *path, const char *text)
{
	char buf[64] = "";
	FILE *f = fopen(path, "r");

	if (f == NULL)
		return false;
	if (fgets(buf, sizeof(buf), f) == NULL)
		buf[0] = '\0';
	fclose(f);
	return strncmp(buf, text, strlen(text)) == 0 &&
	       (buf[strlen(text)] == '\n' || buf[strlen(text)] == '\0');
}

// Into the kernel ring, as a worker puts it there; in pieces of at most seg bytes.
static inline void
punt(const void *data, size_t len, uint8_t port, uint8_t flags, size_t seg)
{
	struct rte_mbuf *head = NULL, *m;
	const uint8_t *from = data;

	while (len > 0) {
		size_t n = len < seg ? len : seg;

		m = rte_pktmbuf_alloc(mst_port_pool());
		assert_non_null(m);
		memcpy(rte_pktmbuf_append(m, (uint16_t)n), from, n);
		if (head == NULL)
			head = m;
		else
			assert_int_equal(rte_pktmbuf_chain(head, m), 0);
		from += n;
		len -= n;
	}
	*mst_pkt(head) = (struct mst_pkt){.port = port, .flags = flags};
	assert_int_equal(rte_ring_enqueue(mst_rt_ring(MST_RING_KERNEL), head), 0);
}

// The first packet that the kernel sends out of descriptor fd_index within 500 ms and that is() likes, off
// worker 0's ring; NULL without one. Others are freed.
typedef bool match_fn(const uint8_t *data, size_t len);
static inline struct rte_mbuf *
await(unsigned int fd_index, match_fn *is)
{
	uint64_t end = mst_now_ns() + 500 * MST_NS_PER_MS;
	struct rte_mbuf *found = NULL;
	void *m;

	while (found == NULL && mst_now_ns() < end) {
		struct pollfd pfd = {.fd = mst_exception_fd(fd_index), .events = POLLIN};

		if (poll(&pfd, 1, 10) > 0)
			mst_exception_input(fd_index);
		while (rte_ring_dequeue(mst_rt_ring_inject(0), &m) == 0) {
			if (found == NULL && is(rte_pktmbuf_mtod((struct rte_mbuf *)m, const uint8_t *),
						     rte_pktmbuf_data_len((struct rte_mbuf *)m)))
				found = m;
			else
				rte_pktmbuf_free(m);
		}
	}
	return found;
}
