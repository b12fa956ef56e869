// Prints what it costs to hand packets to another worker: cycles a packet of the same turns with and without, alternating
// in one process, both workers on this thread. Of the difference the median is printed. What it does not show is the
// way of the lines from one core to another. Numbers to look at, not to pass.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"

#define PAIRS 400
#define TURNS 8
#define DEVICES 32

static struct rig_device devices[DEVICES];
static struct mst_dtls_keys client[DEVICES];
static uint8_t l3[RIG_FRAME_MAX], frame[RIG_FRAME_MAX];

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *series)
{
	qsort(series, PAIRS, sizeof(series[0]), ascending);
	return series[PAIRS / 2];
}

static void
fill_in(size_t inner)
{
	for (unsigned int i = 0; i < TURNS * MST_BURST; i++) {
		struct rig_device *d = &devices[i % DEVICES];
		size_t head = mst_dtls_head_bytes(d->suite), n;
		uint8_t record[RIG_FRAME_MAX], *plain = record + head;

		plain[0] = 0;
		n = rig_packet(plain + 1, d->addr4, RIG_HOST4, 17, 64, inner - 20);
		mst_dtls_seal(&client[i % DEVICES], 23, MST_DTLS_FIRST_DATA_SEQ + d->seq++, plain, n + 1);
		rig_push(RIG_PUBLIC, frame, rig_record_frame(d, record, head + n + 1 + 16, frame));
	}
}

static void
fill_out(size_t inner)
{
	for (unsigned int i = 0; i < TURNS * MST_BURST; i++) {
		size_t n = rig_packet(l3, RIG_HOST4, devices[i % DEVICES].addr4, 17, 64, inner - 20);

		rig_push(RIG_PRIVATE, frame, rig_frame(frame, RIG_PRIVATE, l3, n));
	}
}

// One block: who owns the devices does the work behind the lookup.
static double
block(uint16_t owner, void (*fill)(size_t inner), size_t inner)
{
	uint64_t start, end;

	for (unsigned int i = 0; i < DEVICES; i++)
		devices[i].sa->owner = devices[i].s->home = owner;
	fill(inner);
	start = rte_rdtsc();
	for (unsigned int i = 0; i < TURNS; i++) {
		(void)rig_turn(0);
		if (owner != 0)
			(void)rig_turn(owner);
	}
	end = rte_rdtsc();
	while (rig_pop(RIG_PUBLIC, frame) != 0 || rig_pop(RIG_PRIVATE, frame) != 0)
		;
	return (double)(end - start) / (TURNS * MST_BURST);
}

static void
compare(const char *way, void (*fill)(size_t inner), size_t inner)
{
	static double own[PAIRS], more[PAIRS];

	for (unsigned int i = 0; i < PAIRS; i++) {
		own[i] = block(0, fill, inner);
		more[i] = block(1, fill, inner) - own[i];
	}
	printf("%-9s %6zu %10.0f %+10.0f\n", way, inner, median(own), median(more));
}

int
main(void)
{
	static const size_t sizes[] = {64, 570, 1400};

	rig_start(2);
	rig_worker(0)->spread_in = rig_worker(0)->spread_out = true;
	for (unsigned int p = 0; p < 2; p++) // the second sends by itself: here there is one thread
		rig_worker(1)->port[p].tx_worker = 1;
	for (unsigned int i = 0; i < DEVICES; i++) {
		rig_device_open(&devices[i], 0, 4);
		if (mst_dtls_keys_init_client(&client[i], devices[i].suite, 1, devices[i].key_block,
			    mst_dtls_key_block_bytes(devices[i].suite)) != 0)
			return 1;
	}
	printf("%-9s %6s %10s %10s\n", "way", "bytes", "own", "handed");
	for (size_t i = 0; i < MST_ARRAY_SIZE(sizes); i++) {
		compare("inbound", fill_in, sizes[i]);
		compare("outbound", fill_out, sizes[i]);
	}
	for (unsigned int i = 0; i < DEVICES; i++)
		mst_session_close(devices[i].s);
	mst_test_reclaim();
	rig_stop();
	return 0;
}
