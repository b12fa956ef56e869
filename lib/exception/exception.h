// What the files of lib/exception share. Control lcore, but policer.c and classify.c, which workers run.
#pragma once

#include <net/if.h>
#include <stdatomic.h>

#include "mst_exception.h"

#define EXCEPTION_MAX_FDS (MST_MAX_PORTS + 1)
#define EXCEPTION_INPUT_BURST 64
#define EXCEPTION_OUTPUT_BURST 256
#define EXCEPTION_MAX_SEGS 16 // segments of one packet towards the kernel

struct exception_if {
	int fd;
	int ifindex;
	char name[IFNAMSIZ];
	bool inner;   // the tun
	uint8_t port; // of a tap: our port index
};

extern struct exception_if exception_ifs[EXCEPTION_MAX_FDS]; // taps in port order, then the tun
extern unsigned int exception_n_ifs;

// Counters: control writes, anybody reads.
struct exception_count {
	_Atomic uint64_t to_kernel, to_kernel_dropped, from_kernel, from_kernel_dropped;
};
extern struct exception_count exception_count;

// tap.c: makes a tap (or tun) of this name, gone when the descriptor closes.
MST_MUST_USE int exception_tap_open(const char *name, bool inner, int *fd, char *err, size_t err_cap);
// owner.c: who has the interface of this name, in words: "a veth" or "a tap of openvpn (pid 123)".
void exception_owner(const char *name, char *out, size_t cap);
// sysctl.c: writes /proc/sys/net/<family>/conf/<name>/<key>; -ENOENT where this kernel lacks it.
MST_MUST_USE int exception_sysctl(const char *family, const char *name, const char *key, const char *value);
// Everything an interface of ours wants to be set; err on failure.
MST_MUST_USE int exception_sysctl_tap(const char *name, bool forwards, char *err, size_t err_cap);
MST_MUST_USE int exception_sysctl_tun(const char *name, bool has_ip6, char *err, size_t err_cap);

// netconf.c: one rtnetlink request each, answered by the kernel; 0 or its -errno.
struct mnl_socket;
MST_MUST_USE int netconf_open(struct mnl_socket **out);
void netconf_close(struct mnl_socket *nl);
MST_MUST_USE int netconf_link(
	struct mnl_socket *nl, int ifindex, const uint8_t *mac, uint16_t mtu, uint32_t txqlen);
MST_MUST_USE int netconf_up(struct mnl_socket *nl, int ifindex);
MST_MUST_USE int netconf_address(struct mnl_socket *nl, int ifindex, const struct mst_net *addr);
// gateway NULL: on link.
MST_MUST_USE int netconf_route(struct mnl_socket *nl, int ifindex, const struct mst_net *dst,
	const struct mst_ip *gateway, uint32_t metric);
// A host route on link with an MTU of its own, made or changed; mtu 0 takes it away.
MST_MUST_USE int netconf_route_mtu(
	struct mnl_socket *nl, int ifindex, const struct mst_ip *dst, uint16_t mtu);

// policer.c: rates of all workers together; before the workers run.
void exception_policer_set(const uint32_t rate_pps[MST_PUNT_COUNT], uint64_t tsc_hz, unsigned int n_workers);

// telemetry.c
MST_MUST_USE int exception_telemetry(void);
void exception_forget_policers(void);
