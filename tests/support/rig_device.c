// Devices: sessions with keys, records made and opened by OpenSSL.
#include <string.h>

#include "rig.h"

enum half { CLIENT, SERVER };

static const uint8_t *
key_of(const struct rig_device *d, enum half h)
{
	return d->key_block + (h == SERVER ? d->suite->key_bytes : 0);
}

static const uint8_t *
iv_of(const struct rig_device *d, enum half h)
{
	return d->key_block + 2 * d->suite->key_bytes + (h == SERVER ? d->suite->iv_bytes : 0);
}

static void
be(uint8_t *p, uint64_t v, unsigned int n)
{
	while (n-- > 0) {
		p[n] = (uint8_t)v;
		v >>= 8;
	}
}

struct mst_sa *
rig_device_sa(struct rig_device *d, uint16_t port)
{
	struct mst_ip peer = rig_ip(d->peer), gw = rig_ip(d->gw);
	struct mst_sa_params p = {.owner = 0};
	struct mst_sa *sa;

	d->port = port;
	mst_random(d->key_block, sizeof(d->key_block));
	memcpy(p.tuple.peer, peer.bytes, sizeof(p.tuple.peer));
	memcpy(p.tuple.local, gw.bytes, sizeof(p.tuple.local));
	p.tuple.peer_port_be = rte_cpu_to_be_16(port);
	p.tuple.local_port_be = rte_cpu_to_be_16(RIG_DTLS_PORT);
	p.tuple.version = peer.family;
	assert_int_equal(mst_sa_create(&sa, d->s, &p), 0);
	assert_int_equal(
		mst_dtls_keys_init(&sa->keys, d->suite, 1, d->key_block, mst_dtls_key_block_bytes(d->suite)),
		0);
	return sa;
}

void
rig_device_open(struct rig_device *d, size_t suite, int ip)
{
	static uint16_t next_port = 20000;
	struct mst_session_info info = {.user = "alice"};
	struct mst_ip addr = {.family = 6};

	*d = (struct rig_device){.suite = mst_dtls_suite_at(suite),
		.peer = ip == 4 ? RIG_PEER4 : RIG_PEER6,
		.gw = ip == 4 ? RIG_GW4 : RIG_GW6,
		.seq = 1};
	assert_int_equal(mst_session_open(&d->s, &info, RIG_INNER_MTU), 0);
	memcpy(addr.bytes, d->s->addr6, sizeof(addr.bytes));
	mst_ip_format(&addr, d->addr6);
	addr = mst_ip4_from_host(d->s->addr4);
	mst_ip_format(&addr, d->addr4);
	mst_session_set_path(d->s, MST_PATH_STREAM);
	if (d->suite == NULL)
		return;
	d->sa = rig_device_sa(d, next_port++);
	assert_int_equal(mst_sa_publish(d->sa), 0);
}

void
rig_device_close(struct rig_device *d)
{
	mst_session_close(d->s);
	mst_test_reclaim();
}

static void
nonce_of(const struct rig_device *d, enum half h, uint64_t epoch_seq, const uint8_t *explicit_nonce,
	uint8_t nonce[12])
{
	uint8_t pad[12] = {0};

	memcpy(nonce, iv_of(d, h), d->suite->iv_bytes);
	if (d->suite->explicit_bytes != 0) {
		memcpy(nonce + 4, explicit_nonce, 8);
		return;
	}
	be(pad + 4, epoch_seq, 8);
	for (unsigned int i = 0; i < 12; i++)
		nonce[i] ^= pad[i];
}

static void
aad_of(uint8_t aad[13], uint8_t type, uint64_t epoch_seq, size_t len)
{
	be(aad, epoch_seq, 8);
	aad[8] = type;
	be(aad + 9, 0xfefd, 2);
	be(aad + 11, len, 2);
}

size_t
rig_record(const struct rig_device *d, uint8_t type, uint16_t epoch, uint64_t seq, const void *plain,
	size_t len, uint8_t *out)
{
	uint64_t epoch_seq = (uint64_t)epoch << 48 | seq;
	size_t head = mst_dtls_head_bytes(d->suite);
	uint8_t nonce[12], aad[13];

	out[0] = type;
	be(out + 1, 0xfefd, 2);
	be(out + 3, epoch_seq, 8);
	be(out + 11, head - 13 + len + 16, 2);
	be(out + 13, 0x1122334455667788 ^ seq, 8); // a device may choose it as it likes
	memcpy(out + head, plain, len);
	nonce_of(d, CLIENT, epoch_seq, out + 13, nonce);
	aad_of(aad, type, epoch_seq, len);
	assert_int_equal(mst_oracle_seal((enum mst_aead_alg)d->suite->aead, key_of(d, CLIENT), nonce, aad, 13,
				 out + head, len, out + head + len),
		0);
	return head + len + 16;
}

size_t
rig_record_frame(const struct rig_device *d, const void *record, size_t len, uint8_t *out)
{
	uint8_t l3[RIG_FRAME_MAX];
	size_t n = rig_udp(l3, d->peer, d->gw, d->port, RIG_DTLS_PORT, record, len);

	return rig_frame(out, RIG_PUBLIC, l3, n);
}

size_t
rig_data(struct rig_device *d, uint8_t message, const void *body, size_t len, uint8_t *out)
{
	uint8_t plain[RIG_FRAME_MAX], record[RIG_FRAME_MAX];
	size_t n;

	plain[0] = message;
	memcpy(plain + 1, body, len);
	n = rig_record(d, 23, 1, d->seq++, plain, len + 1, record);
	return rig_record_frame(d, record, n, out);
}

static uint64_t
get(const uint8_t *p, unsigned int n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

// RFC 768 over the pseudo header of IPv6; the sum with the field in it is all ones.
static bool
udp6_sums_up(const uint8_t *l3, size_t udp_len)
{
	uint64_t sum = 17 + udp_len;

	for (size_t i = 8; i < 40; i += 2)
		sum += get(l3 + i, 2);
	for (size_t i = 0; i < udp_len; i += 2)
		sum += i + 1 < udp_len ? get(l3 + 40 + i, 2) : (uint64_t)l3[40 + i] << 8;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

static const uint8_t *
check_headers(const struct rig_device *d, const uint8_t *f, size_t len)
{
	const uint8_t *l3 = f + 14, *udp = l3 + (rig_ip(d->peer).family == 4 ? 20 : 40);
	struct mst_ip peer = rig_ip(d->peer), gw = rig_ip(d->gw);
	const uint8_t mac[12] = {0x02, 0xbb, 0, 0, 0, RIG_PUBLIC, 0x02, 0, 0, 0, 0, RIG_PUBLIC};

	assert_memory_equal(f, mac, sizeof(mac));
	if (peer.family == 4) {
		assert_int_equal(get(f + 12, 2), 0x0800);
		assert_int_equal(get(l3, 2), 0x4500);
		assert_int_equal(get(l3 + 2, 2), len - 14);
		assert_int_equal(get(l3 + 6, 2), 0); // DF clear, no fragment
		assert_int_equal(get(l3 + 8, 2), 64 << 8 | 17);
		assert_true(rig_ip4_sums_up(l3));
		assert_memory_equal(l3 + 12, gw.bytes, 4);
		assert_memory_equal(l3 + 16, peer.bytes, 4);
		assert_int_equal(get(udp + 6, 2), 0);
	} else {
		assert_int_equal(get(f + 12, 2), 0x86dd);
		assert_int_equal(get(l3, 4), 0x60000000);
		assert_int_equal(get(l3 + 4, 2), len - 54);
		assert_int_equal(get(l3 + 6, 2), 17 << 8 | 64);
		assert_memory_equal(l3 + 8, gw.bytes, 16);
		assert_memory_equal(l3 + 24, peer.bytes, 16);
		assert_true(udp6_sums_up(l3, len - 54));
	}
	assert_int_equal(get(udp, 2), RIG_DTLS_PORT);
	assert_int_equal(get(udp + 2, 2), d->port);
	assert_int_equal(get(udp + 4, 2), f + len - udp);
	return udp + 8;
}

size_t
rig_unwrap(const struct rig_device *d, const uint8_t *frame, size_t len, uint8_t *plain, uint64_t *seq)
{
	const uint8_t *rec = check_headers(d, frame, len);
	size_t head = mst_dtls_head_bytes(d->suite), rec_len = (size_t)(frame + len - rec);
	size_t n = rec_len - head - 16;
	uint64_t epoch_seq = get(rec + 3, 8);
	uint8_t nonce[12], aad[13];

	assert_true(rec_len >= head + 16 + 1);
	assert_int_equal(get(rec, 3), 0x17fefd);
	assert_int_equal(epoch_seq >> 48, 1);
	assert_int_equal(get(rec + 11, 2), rec_len - 13);
	nonce_of(d, SERVER, epoch_seq, rec + 13, nonce);
	aad_of(aad, 23, epoch_seq, n);
	memcpy(plain, rec + head, n);
	assert_int_equal(mst_oracle_open((enum mst_aead_alg)d->suite->aead, key_of(d, SERVER), nonce, aad, 13,
				 plain, n, rec + head + n),
		0);
	*seq = epoch_seq & 0xffffffffffff;
	return n;
}
