// The two pipelines and the worker loop. Everything here runs on worker lcores but what says otherwise.
#pragma once

#include "mst_base.h"
#include "mst_rt.h"

// What a worker does when there is nothing to do; order of the words of dpdk.idle.
enum mst_idle { MST_IDLE_POLL, MST_IDLE_PAUSE, MST_IDLE_INTERRUPT, MST_IDLE_AUTO };

struct mst_datapath_params {
	uint16_t udp_port; // DTLS port, host order; 0: DTLS off
	// Per source (IPv6: per /64) and worker, before the control ring; 0: no limit.
	uint32_t handshakes_per_s;
	enum mst_idle idle; // all but POLL and PAUSE sleep: ports are added with wake then
};
// Control, before launch: after mst_rt_start, all mst_port_add, the session tables, routes and exception
// path. Makes the workers and shares the queues of the ports out among them. -ENOMEM; -E2BIG: more queues
// than a worker polls.
MST_MUST_USE int mst_datapath_create(const struct mst_datapath_params *p, char *err, size_t err_cap);
void mst_datapath_destroy(void); // control, when the workers have returned
// The lcore function: pass to mst_rt_launch.
int mst_datapath_worker(void *arg);
// One turn of that loop on the calling thread, for a program that drives a worker itself and never launches
// it. Returns how many packets there were.
unsigned int mst_datapath_turn(unsigned int worker);

// ---- reading: telemetry and mst-cli, any thread -------------------------------------------------
// Verdicts are how packets leave a pipeline, numbered from 0; names are words of [a-z0-9_].
// mst_verdict_is_drop: the packet ended where it should not. Out of range, counters read as 0.
const char *mst_verdict_name(unsigned int verdict);
const char *mst_verdict_help(unsigned int verdict);
unsigned int mst_verdict_count(void);
bool mst_verdict_is_drop(unsigned int verdict);
uint64_t mst_datapath_verdicts(unsigned int worker, unsigned int verdict);
struct mst_stage_stats {
	const char *pipeline, *stage;
	uint64_t calls, packets, cycles;
};
// The stages of a worker in the order of the pipelines, with what stands around them ("io": rx, enter, leave, tx).
// Returns how many there are, of which the first cap were written.
unsigned int mst_datapath_stages(unsigned int worker, struct mst_stage_stats *out, unsigned int cap);
struct mst_worker_stats {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes; // frames of the ports
	uint64_t turns, busy_cycles, total_cycles;	     // busy: turns that had a packet
	uint64_t sleeps, woken, longest_sleep_us;	     // woken: by a packet, not by the end of its time
	uint64_t no_mbuf;			       // of the ports whose first queue is this worker's
	uint64_t dtls_rx_packets, dtls_tx_packets;     // records opened, records sealed
	uint64_t stream_rx_packets, stream_tx_packets; // from and to devices by their TLS stream
	// Given to other workers: records that the device's spread put here though another owns them; what software
	// spreads because a port has fewer receive queues than workers; frames, because it has fewer transmit queues.
	uint64_t handed_strays, handed_spread, handed_tx;
};
void mst_datapath_worker_stats(unsigned int worker, struct mst_worker_stats *out);
