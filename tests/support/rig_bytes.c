// Packets and frames of the tests, built without the library that is tested with them.
#include <string.h>

#include "rig.h"

struct mst_ip
rig_ip(const char *text)
{
	struct mst_ip ip;

	assert_int_equal(mst_ip_parse(text, &ip), 0);
	return ip;
}

static void
put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint16_t
sum16(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

bool
rig_ip4_sums_up(const uint8_t *l3)
{
	return sum16(l3, 20) == 0xffff;
}

static size_t
ip_header(uint8_t *out, const char *src_text, const char *dst_text, uint8_t proto, uint8_t ttl, size_t len)
{
	struct mst_ip src = rig_ip(src_text), dst = rig_ip(dst_text);

	memset(out, 0, 40);
	if (src.family == 4) {
		out[0] = 0x45;
		put16(out + 2, 20 + len);
		out[8] = ttl;
		out[9] = proto;
		memcpy(out + 12, src.bytes, 4);
		memcpy(out + 16, dst.bytes, 4);
		put16(out + 10, (size_t)(uint16_t)~sum16(out, 20));
		return 20;
	}
	out[0] = 0x60;
	put16(out + 4, len);
	out[6] = proto;
	out[7] = ttl;
	memcpy(out + 8, src.bytes, 16);
	memcpy(out + 24, dst.bytes, 16);
	return 40;
}

size_t
rig_packet(uint8_t *out, const char *src, const char *dst, uint8_t proto, uint8_t ttl, size_t payload_len)
{
	size_t head = ip_header(out, src, dst, proto, ttl, payload_len);

	for (size_t i = 0; i < payload_len; i++)
		out[head + i] = (uint8_t)(i * 7 + 1);
	return head + payload_len;
}

size_t
rig_udp(uint8_t *out, const char *src, const char *dst, uint16_t sport, uint16_t dport, const void *payload,
	size_t len)
{
	size_t head = ip_header(out, src, dst, 17, 64, 8 + len);
	uint8_t *udp = out + head;

	put16(udp, sport);
	put16(udp + 2, dport);
	put16(udp + 4, 8 + len);
	put16(udp + 6, 0);
	memcpy(udp + 8, payload, len);
	return head + 8 + len;
}

size_t
rig_frame(uint8_t *out, unsigned int port, const void *l3, size_t len)
{
	const uint8_t *ip = l3;
	uint8_t mac[12] = {0x02, 0, 0, 0, 0, (uint8_t)port, 0x02, 0xcc, 0, 0, 0, 1};

	memcpy(out, mac, sizeof(mac));
	put16(out + 12, ip[0] >> 4 == 6 ? 0x86dd : 0x0800);
	memcpy(out + 14, l3, len);
	return 14 + len;
}
