// mst-bench handshake: what the set-up of a device costs a control lcore, in the product's own lib/control: TLS 1.3 with
// a full handshake, CONNECT by cookie, DTLS by PSK, publication of the association. Only the server's calls are timed.
// Control lcore.
#include "handshake.h"

#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define PIPE_BYTES 32768
#define STEPS_MAX 20
#define FDS_SPARE 256
#define SETUPS_COUNT 2000
#define STORM_COUNT 100

static const char help[] =
	"usage: mst-bench handshake [OPTION...]\n\n"
	"Sets devices up with a cookie: TLS 1.3, CONNECT, DTLS 1.2 by PSK, publication of the association; "
	"prints what\n"
	"that costs the control lcore, and the memory of those that stay connected.\n\n"
	"  --mode memory    no sockets: CPU time of the gateway's calls (default)\n"
	"  --mode sockets   TCP over 127.0.0.1 and the whole loop; CPU time of the gateway's turns, kernel "
	"included\n"
	"  --mode storm     how long a DPD answer takes while devices connect; one thread, turns of the loop "
	"timed\n"
	"  --key KEY        p256 or rsa2048; both when left out\n"
	"  --count N        set-ups, or of the storm DPD requests (default 2000, storm: 100)\n"
	"  --waiting N      storm: devices that knock at the same time (default 256)\n"
	"  --json           one object a key: {key, mode, count, setups_per_s, us: {part: {p10, median}},\n"
	"                   bytes_per_session: {heap, rss, data_plane}}; storm: {key, mode, count, waiting,\n"
	"                   dpd_us and turn_us: {median, p99, max}, setups}\n"
	"  --help\n\n"
	"DTLS datagrams never pass a socket: workers hand them over by ring, and here they are handed over "
	"directly.\n";

// publish is timed apart, and taken out of what dtls took.
#define PARTS(X) X(tls) X(connect) X(dtls) X(publish) X(total)
enum part {
#define X(name) PART_##name,
	PARTS(X)
#undef X
		PART_COUNT
};
static const char *const part_names[] = {
#define X(name) #name,
	PARTS(X)
#undef X
};

struct bench {
	struct gateway *g;
	struct client_ctx ctx;
	const struct handshake_options *o;
	bool sockets;
	struct bench_series parts[PART_COUNT];
	int *fds;		    // the devices' ends, which stay open
	struct mst_tls_pipe *pipes; // the gateway's ends, when there are no sockets
	uint8_t out[PIPE_BYTES];
};

struct one { // a device on its way in
	struct client d;
	struct control_login *login;
	struct control_conn *conn;
	struct mst_tls_pipe *pipe;
	unsigned int number;
	int fd;
	double us[PART_COUNT];
};

// ---- the clock of the gateway's part ------------------------------------------------------------
// CPU time of this thread: what somebody else does with the machine meanwhile is not ours.
static double
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

// ---- TLS and CONNECT ----------------------------------------------------------------------------
// One answer of the gateway to what the device has said.
static int
serve_memory(struct bench *b, struct one *s, enum part part)
{
	const uint8_t *said;
	size_t n = client_tls_says(&s->d, &said);
	double before;

	*s->pipe = (struct mst_tls_pipe){.in = said, .in_len = n, .out = b->out, .out_cap = sizeof(b->out)};
	before = now_us();
	if (s->conn == NULL) {
		struct mst_ip remote = {.family = 4, .bytes = {127, 0, 0, 1}};
		struct mst_tls_conn *tls;

		MST_TRY(mst_tls_conn_create_memory(&tls, b->g->control->tls, s->pipe));
		s->conn = control_conn_adopt(b->g->control, tls, -1, &remote);
		if (s->conn == NULL)
			return -ENOMEM;
	}
	event_get_callback(s->conn->readable)(-1, EV_READ, s->conn);
	control_newcomers(b->g->control);
	s->us[part] += now_us() - before;
	client_tls_said(&s->d);
	client_tls_hear(&s->d, s->pipe->out, s->pipe->out_len);
	return 0;
}

static int
serve_sockets(struct bench *b, struct one *s, enum part part)
{
	const uint8_t *said;
	size_t n = client_tls_says(&s->d, &said);
	uint8_t heard[PIPE_BYTES];
	ssize_t got;
	double before;

	if (s->fd < 0)
		s->fd = gateway_connect(b->g);
	if (s->fd < 0)
		return s->fd;
	if (n != 0 && write(s->fd, said, n) != (ssize_t)n)
		return -EIO;
	client_tls_said(&s->d);
	before = now_us();
	control_turn(b->g->control);
	s->us[part] += now_us() - before;
	while ((got = read(s->fd, heard, sizeof(heard))) > 0)
		client_tls_hear(&s->d, heard, (size_t)got);
	return 0;
}

static int
serve(struct bench *b, struct one *s, enum part part)
{
	return b->sockets ? serve_sockets(b, s, part) : serve_memory(b, s, part);
}

static int
tls_up(struct bench *b, struct one *s)
{
	const uint8_t *said;

	for (int i = 0; i < STEPS_MAX; i++) {
		MST_TRY(client_tls_step(&s->d));
		if (s->d.tls_done && client_tls_says(&s->d, &said) == 0)
			return 0;
		MST_TRY(serve(b, s, PART_tls));
	}
	return -ETIMEDOUT;
}

static int
connect_up(struct bench *b, struct one *s)
{
	int ret = -EAGAIN;

	MST_TRY(client_connect(&s->d));
	for (int i = 0; i < STEPS_MAX && ret == -EAGAIN; i++) {
		MST_TRY(serve(b, s, PART_connect));
		ret = client_connected(&s->d);
	}
	return ret;
}

// ---- DTLS ---------------------------------------------------------------------------------------
static int
dtls_up(struct bench *b, struct one *s)
{
	struct mst_sa_tuple t = gateway_tuple(s->number);
	const uint8_t *said;
	double before;

	MST_TRY(client_dtls_start(&s->d, &b->ctx));
	for (int i = 0; i < STEPS_MAX && !s->d.dtls_done; i++) {
		MST_TRY(client_dtls_step(&s->d));
		size_t n = client_dtls_says(&s->d, &said);
		if (n == 0)
			return -EIO;
		before = now_us();
		control_handshake_datagram(b->g->control, &t, 0, said, n);
		s->us[PART_dtls] += now_us() - before;
		client_dtls_said(&s->d);
		if (gateway_deliver(&s->d) == 0)
			return -EIO;
	}
	return s->d.dtls_done ? 0 : -ETIMEDOUT;
}

// Once more what the end of the handshake did, on the same tuple.
static int
publish_again(struct one *s)
{
	static const uint8_t block[MST_DTLS_KEY_BLOCK_MAX_BYTES] = {1};
	struct mst_session *session = s->login->session;
	struct mst_sa_params p = {.tuple = gateway_tuple(s->number)};
	const struct mst_sa *sa = atomic_load(&session->sa);
	const struct mst_dtls_suite *suite = sa->keys.suite;
	struct mst_sa *again;
	double before;

	mst_sa_retire(session);
	before = now_us();
	MST_TRY(mst_sa_create(&again, session, &p));
	MST_TRY(mst_dtls_keys_init(&again->keys, suite, 1, block, mst_dtls_key_block_bytes(suite)));
	MST_TRY(mst_sa_publish(again));
	s->us[PART_publish] = now_us() - before;
	mst_rt_reclaim();
	return 0;
}

static int
set_up(struct bench *b, unsigned int number)
{
	struct one s = {.number = number, .fd = -1, .pipe = &b->pipes[number]};
	int ret;

	MST_TRY(client_init(&s.d, &b->ctx));
	ret = gateway_sign_in(b->g, number, &s.d, &s.login);
	if (ret == 0)
		ret = tls_up(b, &s);
	if (ret == 0)
		ret = connect_up(b, &s);
	if (ret == 0)
		ret = dtls_up(b, &s);
	if (ret == 0)
		ret = publish_again(&s);
	client_fini(&s.d);
	b->fds[number] = s.fd;
	if (ret < 0)
		return ret;
	s.us[PART_dtls] -= s.us[PART_publish];
	for (enum part p = 0; p < PART_total; p++)
		s.us[PART_total] += s.us[p];
	for (enum part p = 0; p < PART_COUNT; p++)
		bench_series_add(&b->parts[p], s.us[p]);
	return 0;
}

// ---- what stays with a session ------------------------------------------------------------------
struct memory {
	double heap, rss;
};

static struct memory
memory_now(void)
{
	struct mallinfo2 m = mallinfo2();
	unsigned long size = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f != NULL) {
		if (fscanf(f, "%lu %lu", &size, &resident) != 2)
			resident = 0;
		fclose(f);
	}
	return (struct memory){
		.heap = (double)(m.uordblks + m.hblkhd),
		.rss = (double)resident * (double)sysconf(_SC_PAGESIZE),
	};
}

// Of the pools that the session tables make at start.
#define DATA_PLANE_BYTES (sizeof(struct mst_session) + sizeof(struct mst_sa))

// ---- report -------------------------------------------------------------------------------------
static void
print_json(struct bench *b, enum gateway_key key, const struct memory *m)
{
	printf("{\"key\":\"%s\",\"mode\":\"%s\",\"count\":%u,\"setups_per_s\":%.0f,\"us\":{",
		gateway_key_name(key), b->o->mode, b->o->count,
		1e6 / bench_series_at(&b->parts[PART_total], 0.5));
	for (enum part p = 0; p < PART_COUNT; p++)
		printf("%s\"%s\":{\"p10\":%.1f,\"median\":%.1f}", p != 0 ? "," : "", part_names[p],
			bench_series_at(&b->parts[p], 0.1), bench_series_at(&b->parts[p], 0.5));
	printf("},\"bytes_per_session\":{\"heap\":%.0f,\"rss\":%.0f,\"data_plane\":%zu}}\n", m->heap, m->rss,
		DATA_PLANE_BYTES);
}

static void
print_text(struct bench *b, enum gateway_key key, const struct memory *m)
{
	printf("%s, %s, %u set-ups: %.0f a second and control lcore (p10: %.0f)\n", gateway_key_name(key),
		b->o->mode, b->o->count, 1e6 / bench_series_at(&b->parts[PART_total], 0.5),
		1e6 / bench_series_at(&b->parts[PART_total], 0.1));
	printf("  %-10s %10s %10s  us\n", "", "p10", "median");
	for (enum part p = 0; p < PART_COUNT; p++)
		printf("  %-10s %10.1f %10.1f\n", part_names[p], bench_series_at(&b->parts[p], 0.1),
			bench_series_at(&b->parts[p], 0.5));
	printf("  bytes a session that stays: heap %.0f, RSS of the process %.0f; in the data plane %zu, "
	       "taken at start\n",
		m->heap, m->rss, DATA_PLANE_BYTES);
}

static void
report(struct bench *b, enum gateway_key key, const struct memory *before)
{
	struct memory after = memory_now(), each;

	each.heap = (after.heap - before->heap) / b->o->count;
	each.rss = (after.rss - before->rss) / b->o->count;
	if (b->o->json)
		print_json(b, key, &each);
	else
		print_text(b, key, &each);
}

static int
bench_init(struct bench *b, uint32_t n)
{
	b->fds = calloc(n, sizeof(*b->fds));
	b->pipes = calloc(n, sizeof(*b->pipes));
	if (b->fds == NULL || b->pipes == NULL)
		return -ENOMEM;
	memset(b->fds, 0xff, n * sizeof(*b->fds));
	memset(b->pipes, 0, n * sizeof(*b->pipes));
	for (enum part p = 0; p < PART_COUNT; p++)
		bench_series_init(&b->parts[p], n);
	return client_ctx_init(&b->ctx);
}

static void
bench_fini(struct bench *b, uint32_t n)
{
	for (enum part p = 0; p < PART_COUNT; p++)
		bench_series_fini(&b->parts[p]);
	for (uint32_t i = 0; b->fds != NULL && i < n; i++)
		if (b->fds[i] >= 0)
			close(b->fds[i]);
	free(b->fds);
	free(b->pipes);
	client_ctx_fini(&b->ctx);
}

// The first ones, untimed, pay for what libcrypto loads once.
#define WARM_UP 20

static int
setups(struct gateway *g, enum gateway_key key, const struct handshake_options *o)
{
	uint32_t n = o->count + WARM_UP;
	struct bench b = {.g = g, .o = o, .sockets = strcmp(o->mode, "sockets") == 0};
	struct memory before = {0};
	int ret = bench_init(&b, n);

	for (uint32_t i = 0; ret == 0 && i < n; i++) {
		if (i == WARM_UP) {
			for (enum part p = 0; p < PART_COUNT; p++)
				b.parts[p].n = 0;
			before = memory_now();
		}
		ret = set_up(&b, i);
	}
	if (ret == 0)
		report(&b, key, &before);
	gateway_stop(g); // before the pipes that its connections write to
	bench_fini(&b, n);
	return ret;
}

// ---- arguments ----------------------------------------------------------------------------------
static int
parse(int argc, char **argv, struct handshake_options *o)
{
	static const struct option options[] = {
		{"mode", required_argument, NULL, 'm'},
		{"key", required_argument, NULL, 'k'},
		{"count", required_argument, NULL, 'n'},
		{"waiting", required_argument, NULL, 'w'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	uint64_t v;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'm')
			o->mode = optarg;
		else if (c == 'k')
			o->key = optarg;
		else if (c == 'j')
			o->json = true;
		else if (c == 'n' && mst_parse_u64(optarg, strlen(optarg), 1, 64000, &v) == 0)
			o->count = (uint32_t)v;
		else if (c == 'w' && mst_parse_u64(optarg, strlen(optarg), 1, 4000, &v) == 0)
			o->waiting = (uint32_t)v;
		else
			return c == 'h' ? 1 : -EINVAL;
	}
	if (o->count == 0)
		o->count = strcmp(o->mode, "storm") == 0 ? STORM_COUNT : SETUPS_COUNT;
	if (optind != argc ||
		(o->key != NULL && strcmp(o->key, "p256") != 0 && strcmp(o->key, "rsa2048") != 0))
		return -EINVAL;
	return strcmp(o->mode, "memory") == 0 || strcmp(o->mode, "sockets") == 0 ||
			       strcmp(o->mode, "storm") == 0
		       ? 0
		       : -EINVAL;
}

// Both ends of each connection are files of this process.
static void
raise_file_limit(uint32_t n)
{
	struct rlimit r = {.rlim_cur = 2 * (rlim_t)n + FDS_SPARE, .rlim_max = 2 * (rlim_t)n + FDS_SPARE};
	struct rlimit now;

	if (getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur < r.rlim_cur &&
		setrlimit(RLIMIT_NOFILE, &r) != 0) {
		now.rlim_cur = now.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &now);
	}
}

static int
run_key(const struct handshake_options *o, enum gateway_key key)
{
	struct gateway g;
	char err[512];
	int ret = gateway_start(&g, key, o->count + o->waiting + 2 * FDS_SPARE, err, sizeof(err));

	if (ret < 0) {
		fprintf(stderr, "mst-bench handshake: %s\n", err);
		return ret;
	}
	ret = strcmp(o->mode, "storm") == 0 ? handshake_storm(&g, key, o) : setups(&g, key, o);
	gateway_stop(&g);
	if (ret < 0)
		fprintf(stderr, "mst-bench handshake: a set-up failed: %s\n", strerror(-ret));
	return ret;
}

int
bench_handshake(int argc, char **argv)
{
	struct handshake_options o = {.mode = "memory", .waiting = 256};
	int ret = parse(argc, argv, &o);
	char err[512];

	if (ret != 0) {
		fputs(help, ret == 1 ? stdout : stderr);
		return ret == 1 ? 0 : EX_USAGE;
	}
	mst_log_set_level(MST_LOG_ERROR);
	raise_file_limit(o.count + o.waiting);
	if (gateway_host_start(o.count + o.waiting, err, sizeof(err)) < 0) {
		fprintf(stderr, "mst-bench handshake: %s\n", err);
		return EX_OSERR;
	}
	for (enum gateway_key key = 0; key < GATEWAY_KEY_COUNT && ret == 0; key++) {
		if (o.key == NULL || (strcmp(o.key, "p256") == 0) == (key == GATEWAY_KEY_P256))
			ret = run_key(&o, key);
	}
	gateway_host_stop();
	return ret == 0 ? 0 : EX_SOFTWARE;
}
