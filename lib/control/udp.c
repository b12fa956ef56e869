// Datagrams that the control lcore itself sends (DTLS handshake flights): built as outer IP packets and
// handed to the worker that serves the peer, whose stage_route and stage_rewrite do the rest. Control lcore.
#include <string.h>

#include "mst_port.h"
#include "mst_wire.h"

#include "control.h"

#define OUTER_TTL 64

void
control_udp_send(
	struct mst_control *c, const struct mst_sa_tuple *t, uint16_t worker, const uint8_t *data, size_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(mst_port_pool());
	size_t ip_len = t->version == 4 ? MST_IP4_HDR_BYTES : MST_IP6_HDR_BYTES;
	uint16_t udp_len = (uint16_t)(MST_UDP_HDR_BYTES + len);
	uint8_t *l3;
	uint16_t checksum;

	if (m == NULL || (l3 = (uint8_t *)rte_pktmbuf_append(m, (uint16_t)(ip_len + udp_len))) == NULL) {
		rte_pktmbuf_free(m);
		CONTROL_COUNT(c, no_mbuf);
		return;
	}
	if (t->version == 4)
		mst_wire_ip4_build(l3, t->local, t->peer, MST_PROTO_UDP, OUTER_TTL, udp_len);
	else
		mst_wire_ip6_build(l3, t->local, t->peer, MST_PROTO_UDP, OUTER_TTL, udp_len);
	mst_wire_udp_build(l3 + ip_len, t->local_port_be, t->peer_port_be, (uint16_t)len);
	memcpy(l3 + ip_len + MST_UDP_HDR_BYTES, data, len);
	checksum = mst_wire_udp_checksum(l3, l3 + ip_len, udp_len);
	memcpy(l3 + ip_len + 6, &checksum, sizeof(checksum));
	mst_pkt(m)->ip_version = (uint8_t)t->version;
	mst_pkt(m)->l3_len = (uint16_t)(ip_len + udp_len);
	(void)mst_rt_inject(worker, m, MST_ENTRY_OUTER);
}
