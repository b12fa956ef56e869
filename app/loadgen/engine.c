// Start, the one loop, and the end: ports, sockets, timers, packets in turn. Main lcore.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <rte_cycles.h>

#include "mst_crypto.h"

#include "lg.h"

#define EVENTS 16 // a turn: a TLS handshake takes a good part of a millisecond, and the ports wait meanwhile
#define FILES_SPARE 256
#define PORT_MTU 1500
#define PASSWORD_BYTES 256
#define IDLE_TURNS 64  // without anything to do before the loop sleeps
#define IDLE_NS 50000  // for so long
#define BUSY_PPS 10000 // at this rate and above it never sleeps

// options.c has seen to it that nothing is sent to who is on no network of ours.
static int
check_addresses(const struct lg_options *o, char *err, size_t err_cap)
{
	bool is_ip4 = o->gateway.family == 4;

	for (size_t i = 0; i < o->outer.n_nets; i++)
		is_ip4 = is_ip4 && o->outer.nets[i].ip.family == 4;
	if (is_ip4)
		return 0;
	snprintf(err, err_cap,
		"--gateway, --address: devices of this generator speak IPv4 outside their tunnels");
	return -EAFNOSUPPORT;
}

// Every connection is a port of the kernel's range on one of the source addresses.
static int
check_tcp_ports(const struct lg *lg, char *err, size_t err_cap)
{
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	unsigned long long first = 32768, last = 60999;
	char line[64], *end;

	if (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		uint64_t a, b;
		size_t n = strcspn(line, " \t");

		end = line + n + strspn(line + n, " \t");
		if (mst_parse_u64(line, n, 1, 65535, &a) == 0 &&
			mst_parse_u64(end, strcspn(end, "\n"), 1, 65535, &b) == 0 && a <= b) {
			first = a;
			last = b;
		}
	}
	if (f != NULL)
		fclose(f);
	if ((last - first + 1) * lg->n_sources >= lg->o->devices && lg->port_turns > 0)
		return 0;
	snprintf(err, err_cap,
		"%u devices need more source addresses than %u: give --sources, or widen "
		"net.ipv4.ip_local_port_range (%llu to %llu)",
		lg->o->devices, lg->n_sources, first, last);
	return -EINVAL;
}

static int
read_password(struct lg *lg, char *err, size_t err_cap)
{
	const char *path = lg->o->password_file;
	char line[PASSWORD_BYTES];
	FILE *f = path == NULL ? NULL : fopen(path, "re");
	int rc = 0;

	if (f == NULL || fgets(line, sizeof(line), f) == NULL) {
		rc = f == NULL ? -errno : -EINVAL;
		snprintf(err, err_cap, "--password-file %s: %s", path == NULL ? "" : path,
			f == NULL ? strerror(-rc) : "no line in it");
	} else {
		line[strcspn(line, "\r\n")] = '\0';
		lg->password = strdup(line);
		if (lg->password == NULL)
			rc = -ENOMEM;
	}
	mst_wipe(line, sizeof(line));
	if (f != NULL)
		fclose(f);
	return rc;
}

static void
raise_file_limit(const struct lg_options *o)
{
	rlim_t kept = o->devices < o->connections ? o->devices : o->connections;
	rlim_t need = kept + o->in_flight + FILES_SPARE;
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur >= need)
		return;
	r.rlim_cur = need;
	r.rlim_max = r.rlim_max < need ? need : r.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &r) != 0)
		MST_LOG(WARNING, "loadgen", "not as many files may be open as there are devices");
}

static size_t
public_addresses(const struct lg_options *o, struct mst_net *out)
{
	size_t n = 0;

	for (size_t i = 0; i < o->outer.n_nets; i++)
		out[n++] = o->outer.nets[i];
	for (uint32_t i = 0; i < o->sources.n; i++) {
		struct mst_ip ip = mst_ip4_from_host(mst_ip4_host(&o->sources.first) + i);

		const struct mst_net *net = lg_options_net_for(&o->outer, &ip);

		// Beyond the port's networks: an address by itself, to which the gateway needs a route.
		out[n++] = (struct mst_net){.ip = ip, .depth = mst_net_contains(net, &ip) ? net->depth : 32};
	}
	return n;
}

static int
start_net(struct lg *lg, char *err, size_t err_cap)
{
	const struct lg_options *o = lg->o;
	struct mst_net *addresses = calloc(lg->n_sources, sizeof(*addresses));
	char taps[LG_NET_SIDES][16];
	struct lg_net_params p = {
		.n_ports = o->plain.device != NULL ? 2 : 1,
		.mtu = PORT_MTU,
		.cpu = o->lcore,
		.huge = (int)o->hugepages,
		.memory_mib = o->memory_mib,
		.file_prefix = o->file_prefix,
	};
	int rc;

	if (addresses == NULL)
		return -ENOMEM;
	// Names of their own, so that generators run side by side in one namespace.
	snprintf(taps[LG_NET_PUBLIC], sizeof(taps[0]), "lg-pub%u", (unsigned int)getpid() % 10000000);
	snprintf(taps[LG_NET_PLAIN], sizeof(taps[0]), "lg-pln%u", (unsigned int)getpid() % 10000000);
	p.ports[LG_NET_PUBLIC] = (struct lg_net_port_params){
		.device = o->outer.device,
		.tap = taps[LG_NET_PUBLIC],
		.addresses = addresses,
		.n_addresses = public_addresses(o, addresses),
		.peer = o->gateway,
	};
	p.ports[LG_NET_PLAIN] = (struct lg_net_port_params){
		.device = o->plain.device,
		.tap = taps[LG_NET_PLAIN],
		.addresses = o->plain.nets,
		.n_addresses = o->plain.n_nets,
		.peer = o->plain_via,
	};
	rc = lg_net_start(&p, err, err_cap);
	free(addresses);
	return rc;
}

static int
watch_net(struct lg *lg)
{
	lg->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (lg->epoll < 0)
		return -errno;
	for (unsigned int i = 0; i < lg_net_n_fds(); i++) {
		struct epoll_event e = {.events = EPOLLIN, .data.u64 = i};

		if (epoll_ctl(lg->epoll, EPOLL_CTL_ADD, lg_net_fd(i), &e) != 0)
			return -errno;
	}
	return 0;
}

static void
read_clock(struct lg *lg)
{
	lg->now_tsc = rte_rdtsc();
	lg->now_ms = (uint32_t)((lg->now_tsc - lg->start_tsc) / (lg->hz / 1000)) + 1;
}

static int
start_search(struct lg *lg)
{
	const struct lg_options *o = lg->o;
	struct lg_mix mix;
	struct lg_search_params p = {
		.kind = o->search,
		.min_pps = 1,
		.goal_ppm = o->loss_ppm,
		.trial_ms = o->trial_s * 1000,
	};

	if (o->search == LG_SEARCH_NONE)
		return 0;
	MST_TRY(lg_mix_init(&mix, &o->sizes, lg_mix_overhead(o->cipher, 4), LG_INNER_MAX_BYTES, o->seed));
	p.max_pps = lg_mix_pps(&mix, &o->rate);
	return lg_search_init(&lg->search, &p);
}

// Where devices send to: the plain side's address beside the gateway's there.
static uint32_t
sink_address(const struct lg_options *o)
{
	struct mst_ip any = {.family = 4};
	const struct mst_net *net =
		lg_options_net_for(&o->plain, o->plain_via.family == 4 ? &o->plain_via : &any);

	return o->plain.device != NULL && net != NULL ? mst_ip4_host(&net->ip) : 0;
}

int
lg_engine_start(struct lg *lg, char *err, size_t err_cap)
{
	const struct lg_options *o = lg->o;

	lg->epoll = -1;
	MST_TRY(check_addresses(o, err, err_cap));
	lg->n_sources = (uint32_t)o->outer.n_nets + o->sources.n;
	lg->port_turns = lg_data_port_turns(o->devices, lg->n_sources);
	lg->gateway = mst_ip4_host(&o->gateway);
	lg->sink = sink_address(o);
	MST_TRY(check_tcp_ports(lg, err, err_cap));
	MST_TRY(read_password(lg, err, err_cap));
	if (mst_crypto_init() < 0) {
		snprintf(err, err_cap, "the cipher self-test failed");
		return -EIO;
	}
	MST_TRY(lg_tls_create(lg, err, err_cap));
	MST_TRY(lg_dtls_create(lg, err, err_cap));
	raise_file_limit(o);
	MST_TRY(start_net(lg, err, err_cap));
	snprintf(err, err_cap, "not enough memory");
	MST_TRY(watch_net(lg));
	lg->hz = rte_get_tsc_hz();
	lg->start_tsc = lg->phase_tsc = rte_rdtsc();
	read_clock(lg);
	lg->line_tsc = lg->now_tsc;
	lg->report.settings.devices = o->devices;
	MST_TRY(start_search(lg));
	MST_TRY(lg_fleet_create(lg, err, err_cap));
	return lg_traffic_create(lg, err, err_cap);
}

static unsigned int
serve_events(struct lg *lg, bool may_sleep)
{
	struct epoll_event events[EVENTS];
	struct timespec wait = {.tv_nsec = may_sleep ? IDLE_NS : 0};
	int n = epoll_pwait2(lg->epoll, events, EVENTS, &wait, NULL);

	for (int i = 0; i < n; i++) {
		uint64_t what = events[i].data.u64;

		if (what < LG_WATCH_DEVICES) {
			lg_net_readable((unsigned int)what);
			continue;
		}
		struct lg_device *d = &lg->devices[what - LG_WATCH_DEVICES];
		lg->now_tsc = rte_rdtsc(); // what is read now has come now
		// Closed by an event before in this round.
		if (d->fd >= 0)
			lg_device_io(lg, d);
	}
	return n > 0 ? (unsigned int)n : 0;
}

static void
say_line(struct lg *lg)
{
	char text[LG_REPORT_LINE_BYTES];
	struct mst_str out = mst_str_init(text, sizeof(text));

	lg->report.control.connected = lg->n_up;
	for (unsigned int dir = 0; dir < LG_N_DIRS; dir++)
		lg_report_set_flow(&lg->report.flow[dir], &lg->sum[dir]);
	lg_report_line(
		&out, lg_fleet_phase(lg), &lg->report, &lg->line, lg_ns(lg, lg->now_tsc - lg->line_tsc));
	fprintf(stderr, "%s\n", text);
	lg->line = lg->report;
	lg->line_tsc = lg->now_tsc;
}

// Where packets are rare the loop gives its CPU away between them: machines with few CPUs need it for the gateway.
static bool
may_sleep(const struct lg *lg, unsigned int idle_turns)
{
	return idle_turns > IDLE_TURNS && (!lg->sending || lg->pace[LG_UP].pps < BUSY_PPS);
}

void
lg_engine_run(struct lg *lg)
{
	uint64_t next_tick = lg->now_tsc + lg->hz;
	unsigned int idle_turns = 0;

	while (lg->phase != LG_PHASE_END) {
		unsigned int work = lg_data_receive(lg);

		work += serve_events(lg, may_sleep(lg, idle_turns));
		read_clock(lg);
		(void)mst_wheel_turn(&lg->wheel, lg->now_ms * MST_NS_PER_MS, UINT_MAX);
		work += lg_fleet_turn(lg);
		work += lg_traffic_send(lg);
		work += lg_net_flush();
		idle_turns = work > 0 ? 0 : idle_turns + 1;
		if (lg->now_tsc < next_tick)
			continue;
		next_tick += lg->hz;
		lg_net_tick();
		if (!lg->o->quiet && lg->phase < LG_PHASE_BYE)
			say_line(lg);
	}
}

void
lg_engine_stop(struct lg *lg)
{
	lg_fleet_destroy(lg);
	lg_traffic_destroy(lg);
	lg_net_stop();
	lg_dtls_destroy(lg);
	lg_tls_destroy(lg);
	if (lg->epoll >= 0)
		close(lg->epoll);
	if (lg->password != NULL)
		mst_wipe(lg->password, strlen(lg->password));
	free(lg->password);
	lg->password = NULL;
}
