// config check: the gateway's own validator, so that there is one. A process of its own, no lcore.
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "mst_ctl.h"

#include "cli.h"

#define GATEWAY "mst-gateway"

// The gateway that lies beside this program, so that a build or a package checks with its own.
static int
path_beside(char *out, size_t cap)
{
	ssize_t len = readlink("/proc/self/exe", out, cap - 1);
	char *slash;

	if (len < 0)
		return -errno;
	out[len] = '\0';
	slash = strrchr(out, '/');
	if (slash == NULL || (size_t)(slash + 1 - out) + sizeof(GATEWAY) > cap)
		return -ENAMETOOLONG;
	memcpy(slash + 1, GATEWAY, sizeof(GATEWAY));
	return access(out, X_OK) < 0 ? -errno : 0;
}

int
cli_config_check(char *file)
{
	char program[] = GATEWAY;
	char check[] = "--check";
	char config[] = "-c";
	char path[PATH_MAX];
	char *argv[] = {program, check, file != NULL ? config : NULL, file, NULL};

	if (path_beside(path, sizeof(path)) == 0)
		execv(path, argv);
	execvp(program, argv);
	fprintf(stderr, "mst-cli: cannot start %s: %s\n", GATEWAY, strerror(errno));
	return MST_CTL_EXIT_UNAVAILABLE;
}
