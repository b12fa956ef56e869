// mst-gateway: arguments, start, the control loop, the end. The thread that runs main is the control lcore.
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mst_rt.h"

#include "gateway.h"

#define CONF_DEFAULT "/etc/mstunnel/mst.yaml"

static const char usage_text[] =
	"usage: mst-gateway [-c FILE] [OPTION]\n"
	"\n"
	"  -c, --config FILE    configuration, " CONF_DEFAULT " unless given\n"
	"      --check          read and check everything the configuration names, then exit\n"
	"  -l, --log-level L    error, warning, notice, info or debug; goes before the file's log.level\n"
	"      --help-config    every key: type, default, when a change takes effect, what it does\n"
	"  -h, --help           this text\n"
	"  -V, --version        print the version\n"
	"\n"
	"signals: SIGHUP reads the configuration again (sessions stay), SIGTERM and SIGINT stop.\n"
	"exit:    0 stopped, 64 usage, 71 the host lacks something, 77 no permission, 78 configuration\n"
	"stdout:  one line, \"mst-gateway ready ...\", when devices can connect; the log is on stderr\n";

struct options {
	const char *conf_path;
	bool check;
	bool level_given;
	enum mst_log_level level;
};

enum { OPT_CHECK = 256, OPT_HELP_CONFIG };

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"check", no_argument, NULL, OPT_CHECK},
	{"log-level", required_argument, NULL, 'l'},
	{"help-config", no_argument, NULL, OPT_HELP_CONFIG},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

static int
help_config(void)
{
	char *text;

	if (mst_conf_schema_doc(&mst_conf_gateway, &text) < 0)
		return GATEWAY_HOST;
	fputs(text, stdout);
	free(text);
	return GATEWAY_OK;
}

static int
usage_error(void)
{
	fputs("try: mst-gateway --help\n", stderr);
	return GATEWAY_USAGE;
}

// -1: go on; else the exit code.
static int
parse_options(int argc, char **argv, struct options *o)
{
	int opt;

	while ((opt = getopt_long(argc, argv, "c:l:hV", long_options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			o->conf_path = optarg;
			break;
		case OPT_CHECK:
			o->check = true;
			break;
		case 'l':
			if (mst_log_level_parse(optarg, &o->level) < 0) {
				fprintf(stderr, "mst-gateway: no such log level: %s\n", optarg);
				return usage_error();
			}
			o->level_given = true;
			break;
		case OPT_HELP_CONFIG:
			return help_config();
		case 'h':
			fputs(usage_text, stdout);
			return GATEWAY_OK;
		case 'V':
			puts("mst-gateway " MST_VERSION);
			return GATEWAY_OK;
		default:
			return usage_error();
		}
	}
	if (optind != argc) {
		fprintf(stderr, "mst-gateway: unexpected argument: %s\n", argv[optind]);
		return usage_error();
	}
	return -1;
}

static int
exit_code(int error)
{
	switch (error) {
	case 0:
		return GATEWAY_OK;
	case -EINVAL:
	case -EKEYREJECTED:
		return GATEWAY_CONFIG;
	case -EPERM:
	case -EACCES:
		return GATEWAY_NOPERM;
	default:
		return GATEWAY_HOST;
	}
}

static void
on_stop(evutil_socket_t sig, short what, void *arg)
{
	struct gateway *g = arg;

	(void)what;
	MST_LOG(NOTICE, "gateway", "%s: stopping", sig == SIGTERM ? "SIGTERM" : "SIGINT");
	mst_control_request_stop(g->control);
}

static void
on_reload(evutil_socket_t sig, short what, void *arg)
{
	struct gateway *g = arg;
	char err[1024];

	(void)sig;
	(void)what;
	if (gateway_reload(g, err, sizeof(err)) < 0)
		MST_LOG(ERROR, "gateway", "not reloaded, the old configuration goes on: %s", err);
}

static int
watch_signals(struct gateway *g)
{
	g->sigterm = evsignal_new(g->base, SIGTERM, on_stop, g);
	g->sigint = evsignal_new(g->base, SIGINT, on_stop, g);
	g->sighup = evsignal_new(g->base, SIGHUP, on_reload, g);
	if (g->sigterm == NULL || g->sigint == NULL || g->sighup == NULL)
		return -ENOMEM;
	if (evsignal_add(g->sigterm, NULL) != 0 || evsignal_add(g->sigint, NULL) != 0 ||
		evsignal_add(g->sighup, NULL) != 0)
		return -ENOMEM;
	return 0;
}

// The one line on stdout, for whoever waits for us; its form is stable.
static void
say_ready(const struct gateway *g)
{
	char address[MST_IP_TEXT_BYTES];

	printf("mst-gateway ready version=%s pid=%d address=%s port=%u workers=%u\n", MST_VERSION,
		(int)getpid(), mst_ip_format(&g->conf->ports.public.addresses[0].ip, address),
		g->conf->listen.port, mst_rt_n_workers());
	fflush(stdout);
}

static int
serve(struct gateway *g)
{
	char err[1024] = "out of memory";
	int ret = gateway_start(g, err, sizeof(err));

	if (ret == 0)
		ret = watch_signals(g);
	if (ret < 0) {
		MST_LOG(ERROR, "gateway", "%s", err);
		gateway_stop(g);
		return exit_code(ret);
	}
	say_ready(g);
	mst_control_run(g->control);
	gateway_stop(g);
	MST_LOG(NOTICE, "gateway", "stopped");
	return GATEWAY_OK;
}

static int
check(const struct gateway *g)
{
	char err[1024];
	int ret = gateway_check(g->conf, err, sizeof(err));

	if (ret < 0) {
		fprintf(stderr, "mst-gateway: %s\n", err);
		return exit_code(ret);
	}
	printf("%s: the configuration is good\n", g->conf_path);
	return GATEWAY_OK;
}

int
main(int argc, char **argv)
{
	struct options o = {.conf_path = CONF_DEFAULT};
	struct gateway g = {.started_s = time(NULL)};
	struct mst_conf_error err;
	int ret = parse_options(argc, argv, &o);

	if (ret >= 0)
		return ret;
	g.conf_path = o.conf_path;
	g.level_given = o.level_given;
	ret = mst_conf_load(&g.conf, o.conf_path, &err);
	if (ret < 0) {
		fprintf(stderr, "mst-gateway: %s\n", err.text);
		return GATEWAY_CONFIG;
	}
	mst_log_set_level(o.level_given ? o.level : g.conf->log.level);
	ret = o.check ? check(&g) : serve(&g);
	mst_conf_free(g.conf);
	return ret;
}
