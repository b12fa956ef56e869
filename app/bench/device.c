// The devices' end, written from the standards and by OpenSSL, so that a mistake of the pipelines in nonce, AAD or header
// cannot hide in its own mirror. Main lcore; nothing here is timed but bench_device_evp.
#include <errno.h>
#include <string.h>

#include <openssl/evp.h>
#include <rte_mbuf.h>

#include "mst_rt.h"
#include "mst_session.h"

#include "bench.h"

#define ETH_BYTES 14
#define IP_BYTES 20
#define UDP_BYTES 8
#define RECORD_HEADER_BYTES 13
#define TAG_BYTES 16
#define INNER_MTU 1434

static void
put16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static void
put64(uint8_t *p, uint64_t v)
{
	put32(p, (uint32_t)(v >> 32));
	put32(p + 4, (uint32_t)v);
}

static const char *const ciphers[] = {
	"AES-256-GCM", "ChaCha20-Poly1305", "AES-128-GCM"}; // in the order of the suites

static int
set_keys(struct bench_device *d, const struct mst_dtls_suite *suite, size_t suite_index)
{
	uint8_t block[MST_DTLS_KEY_BLOCK_MAX_BYTES];
	size_t len = mst_dtls_key_block_bytes(suite);
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, ciphers[suite_index], NULL);
	int ok;

	mst_random(block, len);
	MST_TRY(mst_dtls_keys_init(&d->sa->keys, suite, 1, block, len));
	// RFC 5246 6.3: the client's key comes first, the client's IV behind both keys.
	memcpy(d->iv, block + 2 * (size_t)suite->key_bytes, suite->iv_bytes);
	d->evp = EVP_CIPHER_CTX_new();
	ok = d->evp != NULL && cipher != NULL && EVP_EncryptInit_ex2(d->evp, cipher, block, NULL, NULL) == 1;
	EVP_CIPHER_free(cipher);
	mst_wipe(block, sizeof(block));
	return ok ? 0 : -ENOMEM;
}

static int
open_one(struct bench_device *d, uint32_t i, size_t suite_index)
{
	struct mst_session_info info = {.user = "bench"};
	struct mst_sa_params p = {.tuple = {.version = 4}};
	const struct mst_dtls_suite *suite = mst_dtls_suite_at(suite_index);

	d->peer4 = 0xc6120000 + i / 16; // 198.18.0.0/15: 16 devices behind an address
	d->peer_port = (uint16_t)(20000 + i % 16 * 1777);
	d->seq = MST_DTLS_FIRST_DATA_SEQ;
	put32(p.tuple.peer, d->peer4);
	put32(p.tuple.local, BENCH_GATEWAY4);
	put16((uint8_t *)&p.tuple.peer_port_be, d->peer_port);
	put16((uint8_t *)&p.tuple.local_port_be, BENCH_DTLS_PORT);
	MST_TRY(mst_session_open(&d->s, &info, INNER_MTU));
	MST_TRY(mst_sa_create(&d->sa, d->s, &p));
	MST_TRY(set_keys(d, suite, suite_index));
	return mst_sa_publish(d->sa);
}

int
bench_devices_open(struct bench_device **out, uint32_t n, size_t suite)
{
	struct bench_device *d = calloc(n, sizeof(*d));
	int ret = d == NULL ? -ENOMEM : 0;

	for (uint32_t i = 0; i < n && ret == 0; i++)
		ret = open_one(&d[i], i, suite);
	if (ret == 0)
		*out = d;
	else
		fprintf(stderr, "mst-bench: %u sessions: %s\n", n, strerror(-ret));
	return ret;
}

void
bench_devices_close(struct bench_device *d, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		EVP_CIPHER_CTX_free(d[i].evp);
		mst_session_close(d[i].s);
	}
	free(d);
	for (unsigned int i = 0; i < 2 * (n / 256 + 1); i++)
		mst_rt_reclaim();
}

static uint16_t
checksum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

static void
put_ip_udp(uint8_t *p, uint32_t src, uint32_t dst, unsigned int sport, unsigned int dport, unsigned int total)
{
	static const uint8_t head[IP_BYTES] = {0x45, [8] = 64, [9] = 17};

	memcpy(p, head, sizeof(head));
	put16(p + 2, total);
	put32(p + 12, src);
	put32(p + 16, dst);
	put16(p + 10, checksum(p, IP_BYTES));
	put16(p + 20, sport);
	put16(p + 22, dport);
	put16(p + 24, total - IP_BYTES);
	put16(p + 26, 0);
}

// A whole Ethernet frame of len bytes; returns where its IP header is to stand.
static uint8_t *
put_frame(struct rte_mbuf *m, enum bench_port port, size_t len)
{
	uint8_t *p;

	rte_pktmbuf_reset(m);
	p = (uint8_t *)rte_pktmbuf_append(m, (uint16_t)len);
	MST_ASSERT(p != NULL);
	bench_world_headers(port, p);
	put16(p + 12, 0x0800);
	return p + ETH_BYTES;
}

// RFC 6347 4.1, RFC 5246 6.2.3.3, RFC 5288 3, RFC 7905 2.
static void
seal(struct bench_device *d, uint8_t *record, uint8_t *body, unsigned int len, bool explicit_nonce)
{
	uint8_t nonce[12], aad[13];
	int n;

	memcpy(nonce, d->iv, sizeof(nonce));
	if (explicit_nonce)
		memcpy(nonce + 4, record + RECORD_HEADER_BYTES, 8);
	else
		for (unsigned int i = 0; i < 8; i++)
			nonce[4 + i] ^= record[3 + i];
	memcpy(aad, record + 3, 8);
	memcpy(aad + 8, record, 3);
	put16(aad + 11, len);
	MST_ASSERT(EVP_EncryptInit_ex2(d->evp, NULL, NULL, nonce, NULL) == 1 &&
		   EVP_EncryptUpdate(d->evp, NULL, &n, aad, sizeof(aad)) == 1 &&
		   EVP_EncryptUpdate(d->evp, body, &n, body, (int)len) == 1 &&
		   EVP_EncryptFinal_ex(d->evp, body + len, &n) == 1 &&
		   EVP_CIPHER_CTX_ctrl(d->evp, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, body + len) == 1);
}

void
bench_device_frame(
	struct bench_device *d, struct rte_mbuf *m, unsigned int inner_len, bool sealed, uint8_t **body)
{
	bool explicit_nonce = d->sa->keys.suite->explicit_bytes != 0;
	unsigned int head = RECORD_HEADER_BYTES + (explicit_nonce ? 8U : 0U), plain = 1 + inner_len;
	unsigned int total = IP_BYTES + UDP_BYTES + head + plain + TAG_BYTES;
	uint8_t *ip = put_frame(m, BENCH_PUBLIC, ETH_BYTES + total), *record = ip + IP_BYTES + UDP_BYTES;

	put_ip_udp(ip, d->peer4, BENCH_GATEWAY4, d->peer_port, BENCH_DTLS_PORT, total);
	record[0] = 23;
	put16(record + 1, 0xfefd);
	put64(record + 3, 1ULL << 48 | d->seq);
	put16(record + 11, total - IP_BYTES - UDP_BYTES - RECORD_HEADER_BYTES);
	put64(record + 13, d->seq);
	*body = record + head;
	(*body)[0] = 0;
	put_ip_udp(*body + 1, d->s->addr4, BENCH_LAN_HOST4 + (uint32_t)(d->seq % BENCH_LAN_HOSTS), 5001, 5001,
		inner_len);
	if (sealed)
		seal(d, record, *body, plain, explicit_nonce);
	d->seq++;
}

void
bench_lan_frame(const struct bench_device *d, struct rte_mbuf *m, unsigned int inner_len, uint8_t **body)
{
	uint8_t *ip = put_frame(m, BENCH_PRIVATE, ETH_BYTES + inner_len);

	put_ip_udp(ip, BENCH_LAN_HOST4, d->s->addr4, 5001, 5001, inner_len);
	*body = ip - 1;
}

void
bench_device_evp(struct bench_device *d, uint8_t *body, unsigned int len)
{
	uint8_t record[RECORD_HEADER_BYTES + 8] = {23, 0xfe, 0xfd, 0, 1};

	seal(d, record, body, len, d->sa->keys.suite->explicit_bytes != 0);
}
