// Makes the exception path and takes it away: taps, tun, addresses, routes. Control lcore. Everything made
// here hangs on a descriptor, so that closing the descriptors is the whole of undoing.
#include "exception.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>

#define TAP_TXQLEN 1000
#define TUN_TXQLEN 256 // what waits here has left TCP's sight: little

struct exception_if exception_ifs[EXCEPTION_MAX_FDS];
unsigned int exception_n_ifs;
struct exception_count exception_count;

// Open as long as the exception path is there: routes of single devices come and go with sessions.
static struct mnl_socket *nl;
static uint16_t tun_mtu;

static int
failed(int ret, const char *name, const char *what, char *err, size_t err_cap)
{
	if (ret != 0)
		snprintf(err, err_cap, "interface %s: %s: %s", name, what,
			ret == -EPERM ? "not permitted, needs CAP_NET_ADMIN" : strerror(-ret));
	return ret;
}

static int
add_interface(const char *name, bool inner, uint8_t port, char *err, size_t err_cap)
{
	struct exception_if *nif = &exception_ifs[exception_n_ifs];
	int fd;

	MST_TRY(exception_tap_open(name, inner, &fd, err, err_cap));
	*nif = (struct exception_if){.fd = fd, .inner = inner, .port = port};
	memcpy(nif->name, name, strlen(name)); // exception_tap_open has refused longer ones
	exception_n_ifs++;
	nif->ifindex = (int)if_nametoindex(name);
	return nif->ifindex > 0 ? 0 : failed(-errno, name, "index", err, err_cap);
}

static int
add_gateway(const struct exception_if *nif, const struct mst_ip *gateway, char *err, size_t err_cap)
{
	struct mst_net all = {.ip = {.family = gateway->family}};
	// The first port's default route comes first; of IPv6 1 is the lowest metric there is.
	uint32_t metric = nif->port * 100u + (gateway->family == 6 ? 1 : 0);
	char text[MST_IP_TEXT_BYTES];
	int ret = netconf_route(nl, nif->ifindex, &all, gateway, metric);

	mst_ip_format(gateway, text);
	if (ret == -EEXIST)
		snprintf(err, err_cap,
			"interface %s: there is a default route of metric %u already (ip route show "
			"default); delete it, or leave "
			"the gateway %s out and add narrower routes with ip route",
			nif->name, metric, text);
	else if (ret == -ENETUNREACH || ret == -EHOSTUNREACH || ret == -EINVAL)
		snprintf(err, err_cap, "interface %s: the gateway %s is in none of the port's networks",
			nif->name, text);
	else
		return failed(ret, nif->name, "default route", err, err_cap);
	return ret;
}

static int
set_up_tap(const struct mst_exception_port *p, char *err, size_t err_cap)
{
	const struct exception_if *nif;

	MST_TRY(add_interface(p->tap, false, p->port, err, err_cap));
	nif = &exception_ifs[exception_n_ifs - 1];
	MST_TRY(exception_sysctl_tap(nif->name, p->forwards, err, err_cap));
	MST_TRY(failed(netconf_link(nl, nif->ifindex, p->mac, p->mtu, TAP_TXQLEN), nif->name,
		"MAC address and MTU", err, err_cap));
	MST_TRY(failed(netconf_up(nl, nif->ifindex), nif->name, "up", err, err_cap));
	for (size_t i = 0; i < p->n_addresses; i++) {
		char what[MST_IP_TEXT_BYTES + 16] = "address ";

		mst_net_format(&p->addresses[i], what + strlen(what));
		MST_TRY(failed(
			netconf_address(nl, nif->ifindex, &p->addresses[i]), nif->name, what, err, err_cap));
	}
	for (size_t i = 0; i < p->n_gateways; i++)
		MST_TRY(add_gateway(nif, &p->gateways[i], err, err_cap));
	return 0;
}

static int
set_up_tun(const struct mst_exception_params *p, char *err, size_t err_cap)
{
	const struct exception_if *nif;
	bool has_ip6 = false;

	for (size_t i = 0; i < p->n_pools; i++)
		has_ip6 = has_ip6 || p->pools[i].ip.family == 6;
	MST_TRY(add_interface(p->tun, true, 0, err, err_cap));
	nif = &exception_ifs[exception_n_ifs - 1];
	MST_TRY(exception_sysctl_tun(nif->name, has_ip6, err, err_cap));
	MST_TRY(failed(netconf_link(nl, nif->ifindex, NULL, p->tun_mtu, TUN_TXQLEN), nif->name, "MTU", err,
		err_cap));
	MST_TRY(failed(netconf_up(nl, nif->ifindex), nif->name, "up", err, err_cap));
	for (size_t i = 0; i < p->n_pools; i++) {
		char what[MST_IP_TEXT_BYTES + 24] = "route of pool ";

		mst_net_format(&p->pools[i], what + strlen(what));
		MST_TRY(failed(netconf_route(nl, nif->ifindex, &p->pools[i], NULL, 0), nif->name, what, err,
			err_cap));
	}
	return 0;
}

int
mst_exception_create(const struct mst_exception_params *p, char *err, size_t err_cap)
{
	int ret;

	if (exception_n_ifs > 0 || p->n_ports > MST_MAX_PORTS) {
		snprintf(err, err_cap, "exception path: %s",
			exception_n_ifs > 0 ? "created already" : "too many ports");
		return -EINVAL;
	}
	tun_mtu = p->tun_mtu;
	exception_policer_set(p->rate_pps, rte_get_tsc_hz(), mst_rt_n_workers() > 0 ? mst_rt_n_workers() : 1);
	ret = netconf_open(&nl);
	if (ret != 0) {
		snprintf(err, err_cap, "cannot open rtnetlink: %s", strerror(-ret));
		return ret;
	}
	for (unsigned int i = 0; ret == 0 && i < p->n_ports; i++)
		ret = set_up_tap(&p->ports[i], err, err_cap);
	if (ret == 0 && p->tun != NULL)
		ret = set_up_tun(p, err, err_cap);
	if (ret == 0)
		ret = exception_telemetry();
	if (ret != 0)
		mst_exception_destroy();
	return ret;
}

void
mst_exception_destroy(void)
{
	exception_forget_policers();
	// The interfaces are not persistent: with the descriptor go interface, addresses and routes.
	while (exception_n_ifs > 0)
		close(exception_ifs[--exception_n_ifs].fd);
	netconf_close(nl);
	nl = NULL;
}

uint16_t
mst_exception_tun_mtu(void)
{
	return tun_mtu;
}

int
mst_exception_device_mtu(const struct mst_ip *addr, uint16_t mtu)
{
	const struct exception_if *tun = exception_n_ifs > 0 ? &exception_ifs[exception_n_ifs - 1] : NULL;

	if (tun == NULL || !tun->inner)
		return -ENODEV;
	return netconf_route_mtu(nl, tun->ifindex, addr, mtu);
}

unsigned int
mst_exception_n_fds(void)
{
	return exception_n_ifs;
}

int
mst_exception_fd(unsigned int i)
{
	return i < exception_n_ifs ? exception_ifs[i].fd : -1;
}

int
mst_exception_ifindex(unsigned int port)
{
	for (unsigned int i = 0; i < exception_n_ifs; i++)
		if (!exception_ifs[i].inner && exception_ifs[i].port == port)
			return exception_ifs[i].ifindex;
	return -1;
}

void
mst_exception_counters(struct mst_exception_counters *out)
{
	*out = (struct mst_exception_counters){
		.to_kernel = atomic_load_explicit(&exception_count.to_kernel, memory_order_relaxed),
		.to_kernel_dropped =
			atomic_load_explicit(&exception_count.to_kernel_dropped, memory_order_relaxed),
		.from_kernel = atomic_load_explicit(&exception_count.from_kernel, memory_order_relaxed),
		.from_kernel_dropped =
			atomic_load_explicit(&exception_count.from_kernel_dropped, memory_order_relaxed),
	};
}
