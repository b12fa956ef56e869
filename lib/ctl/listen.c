// The socket file of the server: made, found stale, replaced, removed. Control lcore, at start and end.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl.h"

#define BACKLOG 16

// 0: nobody answers there; -EADDRINUSE: somebody does, or may.
static int
nobody_answers(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc;

	if (fd < 0)
		return -errno;
	// unix(7): only ECONNREFUSED says that the file has no listener; EAGAIN is a listener with a full
	// backlog.
	rc = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0 && errno == ECONNREFUSED
		     ? 0
		     : -EADDRINUSE;
	close(fd);
	return rc;
}

static int
remove_stale(const struct sockaddr_un *addr)
{
	struct stat st;

	if (lstat(addr->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	MST_TRY(nobody_answers(addr));
	MST_LOG(NOTICE, "ctl", "%s: nobody answers there, replaced", addr->sun_path);
	return unlink(addr->sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

int
ctl_listener_open(struct ctl_listener *out, const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct stat st;
	int fd;
	int rc;

	if (path[0] == '\0' || strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	MST_TRY(remove_stale(&addr));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	// Linux gives the file the mode of the unbound socket, less the umask: it is 0600 from its first
	// moment, and the umask, which is the whole process's, stays as it is.
	if (fchmod(fd, S_IRUSR | S_IWUSR) < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		rc = -errno;
		goto err_fd;
	}
	if (stat(path, &st) < 0 || listen(fd, BACKLOG) < 0) {
		rc = -errno;
		goto err_file;
	}
	*out = (struct ctl_listener){.fd = fd, .dev = st.st_dev, .ino = st.st_ino};
	snprintf(out->path, sizeof(out->path), "%s", path);
	return 0;

err_file:
	unlink(path);
err_fd:
	close(fd);
	return rc;
}

void
ctl_listener_close(struct ctl_listener *l)
{
	struct stat st;

	if (lstat(l->path, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino)
		unlink(l->path);
	close(l->fd);
	l->fd = -1;
}
