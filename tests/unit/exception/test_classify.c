// Which class a packet for the kernel is of, for frames and for inner packets; broken ones are of the last
// class.
#include <string.h>

#include "mst_test.h"
#include "mst_wire_inline.h"

#include "exception.h"

struct packet {
	const char *name;
	uint8_t version, proto, first, ttl; // first byte of the payload: the type of an ICMP message
	uint16_t frag;			    // IPv4 flags and offset
	enum mst_punt_class want;
};

// clang-format off
static const struct packet packets[] = {
	{"tcp over IPv4",             4, 6,  0,   64,  0x4000, MST_PUNT_TCP},
	{"tcp over IPv6",             6, 6,  0,   64,  0,      MST_PUNT_TCP},
	{"echo request",              4, 1,  8,   64,  0x4000, MST_PUNT_ICMP},
	{"ICMPv6 echo request",       6, 58, 128, 64,  0,      MST_PUNT_ICMP},
	{"router solicitation",       6, 58, 133, 255, 0,      MST_PUNT_ND},
	{"neighbour solicitation",    6, 58, 135, 255, 0,      MST_PUNT_ND},
	{"neighbour advertisement",   6, 58, 136, 255, 0,      MST_PUNT_ND},
	{"redirect",                  6, 58, 137, 255, 0,      MST_PUNT_ND},
	{"solicitation from afar",    6, 58, 135, 254, 0,      MST_PUNT_ICMP},
	{"multicast listener report", 6, 58, 143, 1,   0,      MST_PUNT_ICMP},
	{"udp",                       4, 17, 0,   64,  0,      MST_PUNT_OTHER},
	{"ICMPv6 number over IPv4",   4, 58, 135, 255, 0,      MST_PUNT_OTHER},
	{"first fragment of tcp",     4, 6,  0,   64,  0x2000, MST_PUNT_OTHER},
	{"later fragment of icmp",    4, 1,  8,   64,  0x0010, MST_PUNT_OTHER},
	{"ospf",                      4, 89, 2,   1,   0,      MST_PUNT_OTHER},
};
// clang-format on

// The packet behind an Ethernet header and n_vlan tags; all in a heap block of the exact size.
static uint8_t *
make(const struct packet *t, unsigned int n_vlan, size_t *len, size_t *l3_off)
{
	const uint8_t a[16] = {0x20, 1}, b[16] = {0x20, 2};
	size_t hdr = t->version == 4 ? 20 : 40;
	uint8_t *p, *l3;

	*l3_off = MST_ETH_HDR_BYTES + n_vlan * MST_VLAN_TAG_BYTES;
	*len = *l3_off + hdr + 24;
	p = calloc(1, *len);
	for (unsigned int i = 0; i < n_vlan; i++)
		mst_wire_put16(p + 12 + i * 4, MST_ETH_VLAN);
	mst_wire_put16(p + *l3_off - 2, t->version == 4 ? MST_ETH_IP4 : MST_ETH_IP6);
	l3 = p + *l3_off;
	if (t->version == 4) {
		mst_wire_ip4_build(l3, a, b, t->proto, t->ttl, 24);
		mst_wire_put16(l3 + 6, t->frag);
	} else {
		mst_wire_ip6_build(l3, a, b, t->proto, t->ttl, 24);
	}
	l3[hdr] = t->first;
	return p;
}

static void
table(void **state)
{
	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(packets); i++)
		for (unsigned int n_vlan = 0; n_vlan < 3; n_vlan++) {
			size_t len, off;
			uint8_t *p = make(&packets[i], n_vlan, &len, &off);

			if (mst_punt_classify(p, len, false) != packets[i].want ||
				mst_punt_classify(p + off, len - off, true) != packets[i].want)
				fail_msg("%s", packets[i].name);
			// Cut anywhere it is of no class that is meant for somebody.
			for (size_t cut = 0; cut < len; cut++) {
				uint8_t *part = malloc(cut > 0 ? cut : 1);

				memcpy(part, p, cut);
				assert_int_equal(mst_punt_classify(part, cut, false), MST_PUNT_OTHER);
				free(part);
			}
			free(p);
		}
}

static void
frames_that_are_not_ip(void **state)
{
	(void)state;
	uint8_t f[60] = {0};

	mst_wire_put16(f + 12, MST_ETH_ARP);
	assert_int_equal(mst_punt_classify(f, sizeof(f), false), MST_PUNT_ARP);
	mst_wire_put16(f + 12, MST_ETH_VLAN);
	mst_wire_put16(f + 16, MST_ETH_ARP);
	assert_int_equal(mst_punt_classify(f, sizeof(f), false), MST_PUNT_ARP);
	mst_wire_put16(f + 12, 0x88cc); // LLDP
	assert_int_equal(mst_punt_classify(f, sizeof(f), false), MST_PUNT_OTHER);
	mst_wire_put16(f + 12, MST_ETH_IP4); // says IP, is not
	assert_int_equal(mst_punt_classify(f, sizeof(f), false), MST_PUNT_OTHER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(frames_that_are_not_ip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
