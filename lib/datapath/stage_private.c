// First stage of the way out: is this frame a packet to the address of a device? What is for the gateway goes
// to the kernel. The frame is left whole: until it is known to fit the device, the kernel may have to answer
// it. Worker lcores.
#include "mst_route.h"
#include "mst_session.h"

#include "frame.h"

static inline bool
in_pool(uint8_t version, const uint8_t *addr)
{
	return version == 4 ? mst_session_in_pool4(mst_wire_be32(addr)) : mst_session_in_pool6(addr);
}

static enum mst_verdict
private_one(const struct mst_worker *w, const struct mst_burst *b, struct rte_mbuf *m, struct mst_pkt *p)
{
	struct mst_wire_ip ip;
	enum mst_verdict v = frame_parse(w, m, p, &ip);

	(void)b;
	if (unlikely(v != MST_NEXT))
		return v;
	// Addresses of the pool are behind the tunnels and nowhere else (RFC 2827).
	if (unlikely(in_pool(ip.version, ip.src)))
		return MST_DROP_SPOOF;
	if (likely(in_pool(ip.version, ip.dst)))
		return likely(!frame_is_group(pkt_data(m))) ? MST_NEXT : MST_DROP_MAC;
	if (frame_dst_is_link(&ip) || frame_dst_kind(&ip) == MST_ADJ_LOCAL)
		return MST_KERNEL;
	return MST_DROP_NOT_OURS;
}

void
stage_private(const struct mst_worker *w, struct mst_burst *b)
{
	burst_each(w, b, private_one);
}
