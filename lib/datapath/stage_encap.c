// Fourth stage of the way out: the IP and UDP headers of the association's template, then lengths and
// checksums. Worker lcores.
#include <string.h>

#include "mst_session.h"
#include "mst_wire_inline.h"

#include "worker.h"

// The checksum continues the sum of the template. DF is clear, so the id has to differ among packets that may
// meet in one reassembly (RFC 6864 section 4.2): the sequence number does. UDP over IPv4 may go without a
// checksum (RFC 768); the tag of the record covers more.
static inline void
finish4(uint8_t *h, const struct mst_sa *sa, uint16_t udp_len, uint64_t seq)
{
	uint16_t total_be = rte_cpu_to_be_16((uint16_t)(udp_len + MST_IP4_HDR_BYTES));
	uint16_t id_be = rte_cpu_to_be_16((uint16_t)seq);
	uint16_t checksum = (uint16_t)~mst_wire_fold((uint64_t)sa->ip_csum_base + total_be + id_be);

	memcpy(h + 2, &total_be, 2);
	memcpy(h + 4, &id_be, 2);
	memcpy(h + 10, &checksum, 2);
	mst_wire_put16(h + MST_IP4_HDR_BYTES + 4, udp_len);
}

// Over IPv6 the checksum is not optional (RFC 8200 section 8.1).
static inline void
finish6(uint8_t *h, uint16_t udp_len)
{
	uint8_t *udp = h + MST_IP6_HDR_BYTES;
	uint16_t checksum;

	mst_wire_put16(h + 4, udp_len);
	mst_wire_put16(udp + 4, udp_len);
	checksum = mst_wire_udp_checksum(h, udp, udp_len);
	memcpy(udp + 6, &checksum, 2);
}

static enum mst_verdict
encap_one(const struct mst_worker *w, const struct mst_burst *b, struct rte_mbuf *m, struct mst_pkt *p)
{
	const struct mst_sa *sa = p->sa;
	uint16_t udp_len = (uint16_t)(m->data_len + MST_UDP_HDR_BYTES);
	uint8_t *h = (uint8_t *)rte_pktmbuf_prepend(m, sa->template_len);

	(void)w;
	(void)b;
	if (unlikely(h == NULL))
		return MST_DROP_ROOM;
	if (likely(sa->ip_version == 4)) {
		memcpy(h, sa->template_bytes, MST_IP4_HDR_BYTES + MST_UDP_HDR_BYTES);
		finish4(h, sa, udp_len, p->seq);
	} else {
		memcpy(h, sa->template_bytes, MST_IP6_HDR_BYTES + MST_UDP_HDR_BYTES);
		finish6(h, udp_len);
	}
	p->ip_version = sa->ip_version;
	p->l3_len = m->data_len;
	p->flags &= (uint8_t)~MST_PKT_INNER;
	return MST_NEXT;
}

void
stage_encap(const struct mst_worker *w, struct mst_burst *b)
{
	burst_each(w, b, encap_one);
}
