// From the kernel to the wire and to the devices: what the host stack sent out of a tap or the tun. Control
// lcore.
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "mst_port.h"
#include "mst_wire_inline.h"

#include "exception.h"

// One packet off the descriptor that has no mbuf to go to, so that the queue moves on.
static ssize_t
discard(int fd)
{
	uint8_t scratch[64]; // a tap gives what fits and drops the rest

	mst_counter_add(&exception_count.from_kernel_dropped, 1);
	return read(fd, scratch, sizeof(scratch));
}

// The worker of an inner packet, by its destination: packets of one device stay in order.
static unsigned int
worker_of(const struct mst_wire_ip *ip)
{
	const uint8_t *last = ip->dst + (ip->version == 4 ? 3 : 15);

	return *last % mst_rt_n_workers();
}

static int
inject_inner(struct rte_mbuf *m)
{
	struct mst_pkt *pkt = mst_pkt(m);
	struct mst_wire_ip ip;

	if (mst_wire_ip_parse(rte_pktmbuf_mtod(m, const uint8_t *), rte_pktmbuf_data_len(m), false, &ip) !=
		MST_WIRE_OK) {
		rte_pktmbuf_free(m);
		return -EBADMSG;
	}
	pkt->flags = MST_PKT_INNER;
	pkt->ip_version = ip.version;
	pkt->l3_len = (uint16_t)ip.total_len;
	return mst_rt_inject(worker_of(&ip), m, MST_ENTRY_TO_DEVICE);
}

static int
inject(const struct exception_if *i, struct rte_mbuf *m)
{
	struct mst_pkt *pkt = mst_pkt(m);

	memset(pkt, 0, sizeof(*pkt));
	if (i->inner)
		return inject_inner(m);
	pkt->port = i->port;
	// One worker a port keeps the frames of a TCP connection in order.
	return mst_rt_inject(i->port % mst_rt_n_workers(), m, MST_ENTRY_FRAME);
}

void
mst_exception_input(unsigned int i)
{
	const struct exception_if *nif;

	if (i >= exception_n_ifs)
		return;
	nif = &exception_ifs[i];
	for (unsigned int n = 0; n < EXCEPTION_INPUT_BURST; n++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(mst_port_pool());
		uint16_t room;
		ssize_t len;

		if (m == NULL) {
			if (discard(nif->fd) < 0)
				return;
			continue;
		}
		room = rte_pktmbuf_tailroom(m);
		len = read(nif->fd, rte_pktmbuf_mtod(m, void *), room);
		// A frame that fills the room may have been longer.
		if (len <= 0 || len == room) {
			rte_pktmbuf_free(m);
			if (len <= 0)
				return;
			mst_counter_add(&exception_count.from_kernel_dropped, 1);
			continue;
		}
		m->data_len = (uint16_t)len;
		m->pkt_len = (uint32_t)len;
		mst_counter_add(inject(nif, m) == 0 ? &exception_count.from_kernel
						    : &exception_count.from_kernel_dropped,
			1);
	}
}
