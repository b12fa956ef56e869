// mst-authd: verifies users for mst-gateway, which starts it with one end of a socket as descriptor 3 and ends it by
// closing the other. Arguments, confinement, the server.
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "mst_identity.h"

#include "authd.h"

#define GATEWAY_FD 3

static const char usage_text[] =
	"usage: mst-authd [OPTION]...\n"
	"\n"
	"Verifies users for mst-gateway, which starts it, starts it again when it ends, and hands it the "
	"configuration and\n"
	"the files that this names over a socket, descriptor 3. It is of no use by itself.\n"
	"\n"
	"      --user NAME        user to run as when started as root (auth.user of the configuration)\n"
	"      --needs WHAT       nothing (usual); modules: those of PAM may run programs and bind sockets. "
	"It never takes\n"
	"                         connections\n"
	"  -h, --help             this text\n"
	"      --man              print the manual page in roff\n"
	"  -V, --version          print the version\n"
	"\n"
	"exit:    0 the gateway has closed the socket, 64 usage, 71 the host lacks something, 76 the gateway "
	"talks nonsense\n";

static const struct option long_options[] = {
	{"user", required_argument, NULL, 'u'},
	{"needs", required_argument, NULL, 'n'},
	{"help", no_argument, NULL, 'h'},
	{"man", no_argument, NULL, 'm'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

static bool
parse_needs(const char *word, enum authd_needs *out)
{
	static const char *const words[] = {"nothing", "modules"};

	for (unsigned int i = 0; i < MST_ARRAY_SIZE(words); i++) {
		if (strcmp(word, words[i]) != 0)
			continue;
		*out = (enum authd_needs)i;
		return true;
	}
	fprintf(stderr, "mst-authd: --needs: expected nothing or modules, found %s\n", word);
	return false;
}

// -1: go on; else the exit code.
static int
parse_options(int argc, char **argv, const char **user, enum authd_needs *needs)
{
	int opt;

	while ((opt = getopt_long(argc, argv, "hV", long_options, NULL)) != -1) {
		switch (opt) {
		case 'u':
			*user = optarg;
			break;
		case 'n':
			if (!parse_needs(optarg, needs))
				return EX_USAGE;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return EX_OK;
		case 'm':
			authd_man();
			return EX_OK;
		case 'V':
			puts("mst-authd " MST_VERSION);
			return EX_OK;
		default:
			fputs("try: mst-authd --help\n", stderr);
			return EX_USAGE;
		}
	}
	if (optind != argc) {
		fprintf(stderr, "mst-authd: unexpected argument: %s\n", argv[optind]);
		return EX_USAGE;
	}
	return -1;
}

static bool
is_gateway(int fd)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET;
}

int
main(int argc, char **argv)
{
	const char *user = "mst-authd";
	enum authd_needs needs = AUTHD_NOTHING;
	int rc = parse_options(argc, argv, &user, &needs);

	if (rc >= 0)
		return rc;
	if (!is_gateway(GATEWAY_FD)) {
		fputs("mst-authd: descriptor 3 is not a socket of mst-gateway, which starts this program\n",
			stderr);
		return EX_USAGE;
	}
	if (authd_confine(user, needs, GATEWAY_FD) < 0)
		return EX_OSERR;
	rc = mst_identity_serve(GATEWAY_FD);
	if (rc < 0 && rc != -EPIPE && rc != -ECONNRESET) {
		MST_LOG(ERROR, "authd", "%s", strerror(-rc));
		_exit(rc == -EBADMSG || rc == -EMSGSIZE ? EX_PROTOCOL : EX_OSERR);
	}
	// Nothing that libraries do at an end is wanted here, and much of it is forbidden.
	_exit(EX_OK);
}
