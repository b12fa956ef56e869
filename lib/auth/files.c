// The configuration and the files that it names, opened here and handed to the helper, which may open nothing that is
// not everybody's; and whether one has changed since. Control lcore.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "auth.h"

struct wanted {
	const char *path;
	enum mst_auth_need need;
};

// Is a password asked for that this one knows, by the site or by a host?
static bool
asks(const struct mst_conf *conf, enum mst_conf_password who)
{
	struct mst_conf_auth auth;

	for (uint32_t i = 0; mst_conf_auth_at(conf, i, &auth); i++) {
		if (auth.password == who && mst_conf_wants_passwords(&auth))
			return true;
	}
	return false;
}

static void
want(const struct mst_conf *conf, struct wanted out[MST_AUTH_N_FILES])
{
#define X(name, path_, need_)                                                                                \
	out[MST_AUTH_FILE_##name] = (struct wanted){.path = (path_), .need = (enum mst_auth_need)(need_)};
	MST_AUTH_FILES(X)
#undef X
}

static void
look(const char *path, struct stat *out)
{
	if (stat(path, out) < 0)
		memset(out, 0, sizeof(*out));
}

static bool
same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

bool
auth_files_changed(const struct auth_files *files, const struct mst_conf *conf)
{
	struct wanted wanted[MST_AUTH_N_FILES];
	struct stat now;

	want(conf, wanted);
	for (size_t i = 0; i < MST_AUTH_N_FILES; i++) {
		if (wanted[i].need == MST_AUTH_NOT_NEEDED)
			continue;
		look(wanted[i].path, &now);
		if (!same(&now, &files->seen[i]))
			return true;
	}
	return false;
}

static int
fail(struct mst_conf_error *err, const char *path, int rc, const char *what)
{
	*err = (struct mst_conf_error){0};
	snprintf(err->text, sizeof(err->text), "%.300s: %s: %s", path, what, strerror(-rc));
	return rc;
}

// The configuration as text that nobody can change behind the reader.
static int
conf_open(const struct mst_conf *conf)
{
	int fd = memfd_create("mst.yaml", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = pwrite(fd, conf->source.text, conf->source.len, 0); // the reader begins where we stand
	if (n < 0 || (size_t)n != conf->source.len ||
		fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0) {
		close(fd);
		return -EIO;
	}
	return fd;
}

static void
close_all(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
}

int
auth_files_send(struct auth_files *files, struct auth_helper *h, const struct mst_conf *conf,
	uint32_t generation, uint64_t codes_from_s, struct mst_conf_error *err)
{
	struct mst_auth_message m = {.kind = MST_AUTH_CONFIGURE,
		.configure = {
			.generation = generation, .codes_from_s = codes_from_s, .conf = conf->source.name}};
	struct wanted wanted[MST_AUTH_N_FILES];
	uint8_t buf[2048 + 1024 * MST_AUTH_N_FILES];
	int fds[1 + MST_AUTH_N_FILES] = {conf_open(conf)};
	size_t n = 1;
	int rc = fds[0];

	if (rc < 0)
		return fail(err, conf->source.name, rc, "cannot be handed to the sign-in helper");
	want(conf, wanted);
	// First looked at, then opened: a change in between is found by the next look.
	for (size_t i = 0; i < MST_AUTH_N_FILES; i++)
		look(wanted[i].path, &files->seen[i]);
	for (size_t i = 0; i < MST_AUTH_N_FILES; i++) {
		if (wanted[i].need == MST_AUTH_NOT_NEEDED)
			continue;
		// O_NONBLOCK: a FIFO in place of the file must not hold the control lcore.
		fds[n] = open(wanted[i].path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fds[n] < 0 && errno == ENOENT && wanted[i].need == MST_AUTH_WHERE_THERE)
			continue;
		if (fds[n] < 0) {
			rc = fail(err, wanted[i].path, -errno, "cannot open");
			goto out;
		}
		n++;
		m.configure.files[i] = wanted[i].path;
	}
	rc = mst_auth_message_write(&m, buf, sizeof(buf));
	if (rc >= 0)
		rc = auth_helper_send(h, buf, (size_t)rc, fds, n);
	if (rc < 0)
		(void)fail(err, conf->source.name, rc, "cannot be handed to the sign-in helper");
out:
	close_all(fds, n);
	return rc;
}
