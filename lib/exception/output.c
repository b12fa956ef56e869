// To the kernel: drains the workers' ring into the taps and the tun. Control lcore.
#include <sys/uio.h>

#include "exception.h"

static const struct exception_if *
interface_of(const struct mst_pkt *pkt)
{
	for (unsigned int i = 0; i < exception_n_ifs; i++) {
		const struct exception_if *nif = &exception_ifs[i];
		bool inner = (pkt->flags & MST_PKT_INNER) != 0;

		if (nif->inner == inner && (inner || nif->port == pkt->port))
			return nif;
	}
	return NULL;
}

// One packet, whole or not at all: a full queue of the interface, or one that is down, loses it like a wire
// would.
static bool
give(struct rte_mbuf *m)
{
	const struct exception_if *nif = interface_of(mst_pkt(m));
	struct iovec iov[EXCEPTION_MAX_SEGS];
	int n = 0;

	if (nif == NULL || m->nb_segs > EXCEPTION_MAX_SEGS)
		return false;
	for (struct rte_mbuf *seg = m; seg != NULL; seg = seg->next)
		iov[n++] =
			(struct iovec){.iov_base = rte_pktmbuf_mtod(seg, void *), .iov_len = seg->data_len};
	return writev(nif->fd, iov, n) == (ssize_t)m->pkt_len;
}

unsigned int
mst_exception_output(void)
{
	struct rte_mbuf *m[MST_BURST];
	unsigned int done = 0, n;

	do {
		n = rte_ring_dequeue_burst(mst_rt_ring(MST_RING_KERNEL), (void **)m, MST_BURST, NULL);
		for (unsigned int i = 0; i < n; i++)
			mst_counter_add(
				give(m[i]) ? &exception_count.to_kernel : &exception_count.to_kernel_dropped,
				1);
		if (n > 0)
			rte_pktmbuf_free_bulk(m, n);
		done += n;
	} while (n == MST_BURST && done < EXCEPTION_OUTPUT_BURST);
	return done;
}
