// mst-loadgen: arguments, run, report, exit code.
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "lg.h"

static struct lg fleet;

static void
on_stop(int sig)
{
	(void)sig;
	fleet.stop = true;
}

static int
handle_signals(void)
{
	struct sigaction stop = {.sa_handler = on_stop};
	struct sigaction none = {.sa_handler = SIG_IGN};

	// A gateway that closes a connection is a result, not an end.
	return sigaction(SIGINT, &stop, NULL) == 0 && sigaction(SIGTERM, &stop, NULL) == 0 &&
			       sigaction(SIGPIPE, &none, NULL) == 0
		       ? 0
		       : -errno;
}

static int
exit_code(int error)
{
	switch (error) {
	case -EINVAL:
	case -EAFNOSUPPORT:
		return LG_EXIT_USAGE;
	case -EPERM:
	case -EACCES:
		return LG_EXIT_NOPERM;
	default:
		return LG_EXIT_HOST;
	}
}

static int
say_report(const struct lg_report *r, bool json)
{
	json_t *root;
	int rc;

	if (!json) {
		lg_report_print(stdout, r);
		return 0;
	}
	root = lg_report_json(r);
	if (root == NULL)
		return -ENOMEM;
	rc = json_dumpf(root, stdout, JSON_INDENT(2)) == 0 ? 0 : -EIO;
	fputc('\n', stdout);
	json_decref(root);
	return rc;
}

static void
fill_settings(struct lg *lg, char *gateway, char *sizes, size_t cap)
{
	const struct lg_options *o = lg->o;
	struct lg_report *r = &lg->report;
	struct mst_str s = mst_str_init(sizes, cap);
	size_t overhead = lg_mix_overhead(o->cipher, 4);

	mst_ip_format(&o->gateway, gateway);
	if (lg->mixed)
		lg_mix_describe(&lg->mix, &o->sizes, overhead, &s);
	r->settings.gateway = gateway;
	r->settings.transport = o->dtls ? "dtls" : "cstp";
	r->settings.cipher = lg_options_cipher_name(o->cipher);
	r->settings.sizes = sizes;
	r->settings.udp_blocked = o->udp_blocked_ppm;
	r->settings.churn = o->churn_ppm;
	r->settings.seed = o->seed;
	r->control.dtls_up = lg->dtls_at_end;
	r->search = lg->search.report;
	for (unsigned int dir = 0; dir < LG_N_DIRS; dir++) {
		struct lg_track_sum sum = lg->sum[dir];

		sum.lost = sum.sent > sum.received + sum.late ? sum.sent - sum.received - sum.late : 0;
		lg_report_set_flow(&r->flow[dir], &sum);
		r->flow[dir].missed = lg->pace[dir].missed;
	}
}

static int
verdict(const struct lg *lg)
{
	const struct lg_report *r = &lg->report;

	if (lg->came_up == 0)
		return LG_EXIT_UNAVAILABLE;
	if (r->control.connected < lg->o->devices)
		return LG_EXIT_LOSSY;
	for (unsigned int dir = 0; lg->o->has_max_loss && dir < LG_N_DIRS; dir++) {
		if (lg_track_loss_ppm(r->flow[dir].sent, r->flow[dir].lost) > lg->o->max_loss_ppm)
			return LG_EXIT_LOSSY;
	}
	return LG_EXIT_OK;
}

static int
run(struct lg *lg)
{
	char err[1024] = "out of memory", gateway[MST_IP_TEXT_BYTES], sizes[256] = "";
	int rc = handle_signals();

	if (rc == 0)
		rc = lg_engine_start(lg, err, sizeof(err));
	if (rc < 0) {
		fprintf(stderr, "mst-loadgen: %s\n", err);
		lg_engine_stop(lg);
		return exit_code(rc);
	}
	lg_engine_run(lg);
	fill_settings(lg, gateway, sizes, sizeof(sizes));
	rc = say_report(&lg->report, lg->o->json);
	lg_engine_stop(lg);
	return rc < 0 ? LG_EXIT_HOST : verdict(lg);
}

int
main(int argc, char **argv)
{
	char err[LG_OPTIONS_ERR_BYTES];
	struct lg_options o;

	if (lg_options_parse(&o, argc, argv, err, sizeof(err)) < 0) {
		fprintf(stderr, "mst-loadgen: %s\ntry: mst-loadgen --help\n", err);
		return LG_EXIT_USAGE;
	}
	switch (o.action) {
	case LG_ACTION_HELP:
		lg_options_help(stdout);
		return LG_EXIT_OK;
	case LG_ACTION_MAN:
		lg_options_man(stdout);
		return LG_EXIT_OK;
	case LG_ACTION_VERSION:
		puts("mst-loadgen " MST_VERSION);
		return LG_EXIT_OK;
	default:
		break;
	}
	mst_log_set_level(o.log_level);
	fleet.o = &o;
	return run(&fleet);
}
