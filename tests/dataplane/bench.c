// Prints cycles a packet of both pipelines, warm, on ports of rings, beside the bare AEAD on the same lengths
// in the same process. Numbers to look at, not to pass. Of every series the tenth percentile is printed: what
// is above it belongs to whoever else uses the machine.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"

#define ROUNDS 500
#define TURNS 8 // in a row, between two rests in which the packets of the next round are made
#define DEVICES 32

static struct rig_device devices[DEVICES];
static struct mst_dtls_keys client[DEVICES];
static uint8_t l3[RIG_FRAME_MAX], frame[RIG_FRAME_MAX];
static uint64_t series[ROUNDS];

static int
ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

// Of one packet.
static double
tenth_percentile(void)
{
	qsort(series, ROUNDS, sizeof(series[0]), ascending);
	return (double)series[ROUNDS / 10] / (TURNS * MST_BURST);
}

// What a device sends, sealed by ipsec-mb: OpenSSL would take longer than what is measured.
static size_t
fast_record(unsigned int i, size_t inner)
{
	struct rig_device *d = &devices[i];
	size_t head = mst_dtls_head_bytes(d->suite);
	uint8_t record[RIG_FRAME_MAX], *plain = record + head;
	size_t n;

	plain[0] = 0;
	n = rig_packet(plain + 1, d->addr4, RIG_HOST4, 17, 64, inner - 20);
	mst_dtls_seal(&client[i], 23, MST_DTLS_FIRST_DATA_SEQ + d->seq++, plain, n + 1);
	return rig_record_frame(d, record, head + n + 1 + 16, frame);
}

static void
drain(void)
{
	while (rig_pop(RIG_PUBLIC, frame) != 0)
		;
	while (rig_pop(RIG_PRIVATE, frame) != 0)
		;
}

static double
inbound(size_t inner)
{
	for (unsigned int r = 0; r < ROUNDS; r++) {
		uint64_t start;

		for (unsigned int i = 0; i < TURNS * MST_BURST; i++)
			rig_push(RIG_PUBLIC, frame, fast_record(i % DEVICES, inner));
		start = rte_rdtsc();
		for (unsigned int i = 0; i < TURNS; i++)
			(void)rig_turn(0);
		series[r] = rte_rdtsc() - start;
		drain();
	}
	return tenth_percentile();
}

static double
outbound(size_t inner)
{
	for (unsigned int r = 0; r < ROUNDS; r++) {
		uint64_t start;

		for (unsigned int i = 0; i < TURNS * MST_BURST; i++) {
			size_t n = rig_packet(l3, RIG_HOST4, devices[i % DEVICES].addr4, 17, 64, inner - 20);

			rig_push(RIG_PRIVATE, frame, rig_frame(frame, RIG_PRIVATE, l3, n));
		}
		start = rte_rdtsc();
		for (unsigned int i = 0; i < TURNS; i++)
			(void)rig_turn(0);
		series[r] = rte_rdtsc() - start;
		drain();
	}
	return tenth_percentile();
}

static double
bare(size_t inner)
{
	static uint8_t room[MST_BURST][RIG_FRAME_MAX];
	const uint8_t nonce[12] = {0}, aad[13] = {0};
	for (unsigned int r = 0; r < ROUNDS; r++) {
		uint64_t start = rte_rdtsc();

		for (unsigned int i = 0; i < TURNS * MST_BURST; i++)
			mst_aead_seal(&devices[i % DEVICES].sa->keys.tx, nonce, aad, 13, room[i % MST_BURST],
				inner + 1, room[i % MST_BURST] + inner + 1);
		series[r] = rte_rdtsc() - start;
	}
	return tenth_percentile();
}

static void
print_stages(void)
{
	struct mst_stage_stats rows[32];
	unsigned int n = mst_datapath_stages(0, rows, MST_ARRAY_SIZE(rows));

	printf("%-9s %-11s %10s %10s %9s %9s\n", "pipeline", "stage", "calls", "packets", "pkt/call",
		"cyc/pkt");
	for (unsigned int i = 0; i < n; i++) {
		if (rows[i].packets != 0)
			printf("%-9s %-11s %10llu %10llu %9.1f %9.1f\n", rows[i].pipeline, rows[i].stage,
				(unsigned long long)rows[i].calls, (unsigned long long)rows[i].packets,
				(double)rows[i].packets / (double)rows[i].calls,
				(double)rows[i].cycles / (double)rows[i].packets);
	}
}

int
main(void)
{
	static const size_t sizes[] = {64, 256, 570, 1024, 1400};

	rig_start(2);
	for (unsigned int i = 0; i < DEVICES; i++) {
		rig_device_open(&devices[i], 0, 4);
		if (mst_dtls_keys_init_client(&client[i], devices[i].suite, 1, devices[i].key_block,
			    mst_dtls_key_block_bytes(devices[i].suite)) != 0)
			return 1;
	}
	printf("%6s %10s %10s %10s\n", "bytes", "bare AEAD", "inbound", "outbound");
	for (size_t i = 0; i < MST_ARRAY_SIZE(sizes); i++)
		printf("%6zu %10.0f %10.0f %10.0f\n", sizes[i], bare(sizes[i]), inbound(sizes[i]),
			outbound(sizes[i]));
	print_stages();
	for (unsigned int i = 0; i < DEVICES; i++)
		mst_session_close(devices[i].s);
	mst_test_reclaim();
	rig_stop();
	return 0;
}
