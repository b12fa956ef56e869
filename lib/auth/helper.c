// The helper as a process: found, started with one end of a socket pair and nothing else, ended. Control lcore.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "auth.h"

#define HELPER_FD 3
#define SOCKET_BYTES (2 * 1024 * 1024) // of what the helper has not read: the longest queue of usual messages
#define DESCRIPTORS_MAX (MST_AUTH_N_FILES + 1)

extern char **environ;

static int
fail(struct mst_conf_error *err, int rc, const char *path, const char *what)
{
	*err = (struct mst_conf_error){0};
	snprintf(err->text, sizeof(err->text), "sign-in helper %.300s: %s: %s", path, what, strerror(-rc));
	return rc;
}

// Where it stands unless the configuration says so: beside us in the tree that we were built in, else installed.
static void
find(char *out, size_t cap)
{
	char self[512];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
		if (slash != NULL)
			*slash = '\0';
		snprintf(out, cap, "%s/../authd/mst-authd", self);
		if (access(out, X_OK) == 0)
			return;
	}
	snprintf(out, cap, "%s", MST_LIBEXECDIR "/mst-authd");
}

static int
prepare_actions(posix_spawn_file_actions_t *fa, int fd)
{
	int rc = posix_spawn_file_actions_addopen(fa, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	// Not our standard output, which somebody may wait for the end of. The log stays.
	if (rc == 0)
		rc = posix_spawn_file_actions_addopen(fa, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(fa, fd, HELPER_FD);
	if (rc == 0)
		rc = posix_spawn_file_actions_addclosefrom_np(fa, HELPER_FD + 1);
	return -rc;
}

// A session of its own, so that Ctrl-C at our terminal is ours to handle; signals as a fresh program has them.
static int
prepare_attributes(posix_spawnattr_t *attr)
{
	sigset_t all;
	sigset_t none;
	int rc;

	sigfillset(&all);
	sigemptyset(&none);
	rc = posix_spawnattr_setflags(
		attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (rc == 0)
		rc = posix_spawnattr_setsigmask(attr, &none);
	if (rc == 0)
		rc = posix_spawnattr_setsigdefault(attr, &all);
	return -rc;
}

static bool
needs_modules(const struct mst_conf *conf)
{
	struct mst_conf_auth auth;

	for (uint32_t i = 0; mst_conf_auth_at(conf, i, &auth); i++) {
		if (auth.password == MST_CONF_PASSWORD_PAM)
			return true;
	}
	return false;
}

static int
spawn(const char *path, const struct mst_conf_auth *conf, bool modules, int fd, pid_t *pid)
{
	char name[] = "mst-authd";
	char user[64];
	char needs[32];
	char *argv[] = {name, user, needs, NULL};
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	int rc;

	snprintf(user, sizeof(user), "--user=%s", conf->user);
	// What it may do beyond the rest; its --help explains.
	snprintf(needs, sizeof(needs), "--needs=%s", modules ? "modules" : "nothing");
	if (posix_spawn_file_actions_init(&fa) != 0)
		return -ENOMEM;
	if (posix_spawnattr_init(&attr) != 0) {
		posix_spawn_file_actions_destroy(&fa);
		return -ENOMEM;
	}
	rc = prepare_actions(&fa, fd);
	if (rc == 0)
		rc = prepare_attributes(&attr);
	if (rc == 0)
		rc = -posix_spawn(pid, path, &fa, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&fa);
	return rc;
}

int
auth_helper_start(struct auth_helper *h, const struct mst_conf *conf, struct mst_conf_error *err)
{
	const int bytes = SOCKET_BYTES;
	char path[600];
	int pair[2];
	int rc;

	if (conf->auth.helper[0] != '\0')
		snprintf(path, sizeof(path), "%s", conf->auth.helper);
	else
		find(path, sizeof(path));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(err, -errno, path, "no socket");
	// Forced where we are root, as far as the system lets anybody otherwise.
	if (setsockopt(pair[0], SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) < 0)
		(void)setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	h->has_modules = needs_modules(conf);
	rc = spawn(path, &conf->auth, h->has_modules, pair[1], &h->pid);
	close(pair[1]);
	if (rc < 0) {
		close(pair[0]);
		h->pid = 0;
		return fail(err, rc, path, "cannot start");
	}
	h->fd = pair[0];
	return 0;
}

int
auth_helper_suits(const struct auth_helper *h, const struct mst_conf *conf, struct mst_conf_error *err)
{
	if (h->has_modules || !needs_modules(conf))
		return 0;
	*err = (struct mst_conf_error){0};
	snprintf(err->text, sizeof(err->text),
		"%.300s: auth.password of a host: pam, where nobody had it before, is taken up by a restart",
		conf->source.name);
	return -EINVAL;
}

void
auth_helper_end(struct auth_helper *h)
{
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
	if (h->pid == 0)
		return;
	// It ends by itself when the socket is closed, unless something holds it.
	kill(h->pid, SIGKILL);
	h->dead = h->pid;
	h->pid = 0;
}

void
auth_helper_leave(struct auth_helper *h, unsigned int ms)
{
	const struct timespec moment = {.tv_nsec = (long)MST_NS_PER_MS};

	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
	for (; h->pid != 0 && ms > 0; ms--) {
		if (waitpid(h->pid, NULL, WNOHANG) != 0)
			h->pid = 0;
		else
			nanosleep(&moment, NULL);
	}
	auth_helper_end(h);
	while (!auth_helper_reap(h))
		nanosleep(&moment, NULL);
}

bool
auth_helper_reap(struct auth_helper *h)
{
	if (h->dead != 0 && waitpid(h->dead, NULL, WNOHANG) == 0)
		return false;
	h->dead = 0;
	return true;
}

int
auth_helper_send(struct auth_helper *h, const void *data, size_t len, const int *fds, size_t n_fds)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))];
	} ctl = {0};
	struct iovec iov = {.iov_len = len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (h->fd < 0)
		return -EPIPE;
	MST_ASSERT(n_fds <= DESCRIPTORS_MAX);
	memcpy(&iov.iov_base, &data, sizeof(data)); // sendmsg does not write to it
	if (n_fds > 0) {
		msg.msg_control = ctl.room;
		msg.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		ctl.head.cmsg_level = SOL_SOCKET;
		ctl.head.cmsg_type = SCM_RIGHTS;
		ctl.head.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(&ctl.head), fds, n_fds * sizeof(int));
	}
	return sendmsg(h->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

ssize_t
auth_helper_receive(struct auth_helper *h, void *buf, size_t cap)
{
	ssize_t n;

	if (h->fd < 0)
		return -EAGAIN;
	do
		n = recv(h->fd, buf, cap, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		return n;
	return n < 0 && (errno == EAGAIN || errno == ENOBUFS) ? -EAGAIN : -EPIPE;
}
