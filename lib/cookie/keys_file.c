// The ring of keys as a file, which only its owner may read, and which is replaced whole or not at all. Loading: control
// lcore, at start and reload. Turning the ring waits for the disk, so it is another thread's.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cookie.h"

static const char head[] = "# Keys that seal the cookies of devices: ID, seconds since 1970, key. Secret.\n";

static int
fail(struct mst_conf_error *err, const char *path, int code, const char *what)
{
	*err = (struct mst_conf_error){0};
	snprintf(err->text, sizeof(err->text), "%.300s: %s: %s", path, what, strerror(-code));
	return code;
}

static int
refuse(struct mst_conf_error *err, const char *path, const char *what)
{
	*err = (struct mst_conf_error){0};
	snprintf(err->text, sizeof(err->text), "%.300s: %s", path, what);
	return -EINVAL;
}

// Who reads the keys makes cookies.
static int
check_secret(int fd, const char *path, struct mst_conf_error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return fail(err, path, -errno, "cannot look at it");
	if (!S_ISREG(st.st_mode))
		return refuse(err, path, "expected a file, found something else");
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return refuse(err, path, "expected a file of root or of the gateway's user: chown it");
	if ((st.st_mode & 077) != 0)
		return refuse(err, path, "expected a file that only its owner can read: chmod 600");
	return 0;
}

static int
read_text(int fd, const char *path, char text[MST_COOKIE_KEYS_FILE_BYTES + 1], size_t *len,
	struct mst_conf_error *err)
{
	// One byte more than allowed tells a full file from one that is too long.
	ssize_t n = mst_fd_read(fd, text, MST_COOKIE_KEYS_FILE_BYTES + 1);

	if (n < 0)
		return fail(err, path, (int)n, "cannot read");
	if (n > MST_COOKIE_KEYS_FILE_BYTES)
		return fail(err, path, -EFBIG, "cannot read");
	*len = (size_t)n;
	return 0;
}

static int
read_ring(struct mst_cookie_keys **out, int fd, const char *path, struct mst_conf_error *err)
{
	char text[MST_COOKIE_KEYS_FILE_BYTES + 1];
	size_t len = 0;
	int ret = check_secret(fd, path, err);

	if (ret == 0)
		ret = read_text(fd, path, text, &len, err);
	if (ret == 0)
		ret = mst_cookie_keys_parse(out, path, text, len, err);
	mst_wipe(text, sizeof(text));
	return ret;
}

// ---- writing ------------------------------------------------------------------------------------
static void
ring_text(const struct mst_cookie_keys *keys, struct mst_str *out)
{
	mst_str_add(out, head, strlen(head));
	for (uint32_t i = 0; i < keys->n; i++) {
		const struct cookie_key *k = &keys->keys[i];

		mst_str_fmt(out, "%08x %llu ", k->id, (unsigned long long)k->created_unix_s);
		mst_str_add_hex(out, k->bytes, sizeof(k->bytes));
		mst_str_add(out, "\n", 1);
	}
}

static int
write_all(int fd, const char *text, size_t len)
{
	while (len != 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return fsync(fd) == 0 ? 0 : -errno;
}

// The folder holds the new name for good only when it has been written, too.
static int
sync_folder(const char *path)
{
	char folder[PATH_MAX];
	char *slash;
	int fd;
	int ret;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash == NULL)
		return 0;
	slash[slash == folder] = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = fsync(fd) == 0 ? 0 : -errno;
	close(fd);
	return ret;
}

static int
write_ring(const struct mst_cookie_keys *keys, const char *path, struct mst_conf_error *err)
{
	char text[MST_COOKIE_KEYS_FILE_BYTES];
	struct mst_str s = mst_str_init(text, sizeof(text));
	char fresh[PATH_MAX];
	int fd;
	int ret;

	snprintf(fresh, sizeof(fresh), "%s.XXXXXX", path);
	fd = mkostemp(fresh, O_CLOEXEC); // mode 0600
	if (fd < 0)
		return fail(err, path, -errno, "cannot write");
	ring_text(keys, &s);
	MST_ASSERT(!s.err);
	ret = write_all(fd, text, s.len);
	mst_wipe(text, sizeof(text));
	if (close(fd) != 0 && ret == 0)
		ret = -errno;
	if (ret == 0 && rename(fresh, path) != 0)
		ret = -errno;
	if (ret < 0) {
		unlink(fresh);
		return fail(err, path, ret, "cannot write");
	}
	ret = sync_folder(path);
	return ret < 0 ? fail(err, path, ret, "cannot write") : 0;
}

static int
make_first(struct mst_cookie_keys **out, const char *path, uint64_t now_unix_s, struct mst_conf_error *err)
{
	struct mst_cookie_keys *keys;
	int ret;

	if (mst_cookie_keys_create(&keys, now_unix_s) < 0)
		return fail(err, path, -ENOMEM, "cannot make keys");
	ret = write_ring(keys, path, err);
	if (ret < 0) {
		mst_cookie_keys_destroy(keys);
		return ret;
	}
	MST_LOG(NOTICE, "cookie", "%s: made, with one random key", path);
	*out = keys;
	return 0;
}

int
mst_cookie_keys_load(
	struct mst_cookie_keys **out, const char *path, uint64_t now_unix_s, struct mst_conf_error *err)
{
	// O_NONBLOCK: a FIFO in place of the file must not hold the control lcore.
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int ret;

	if (fd < 0 && errno == ENOENT)
		return make_first(out, path, now_unix_s, err);
	if (fd < 0)
		return fail(err, path, -errno, "cannot open");
	ret = read_ring(out, fd, path, err);
	close(fd);
	return ret;
}

// A key can open a living cookie until one life after its successor came.
static void
drop_dead(struct mst_cookie_keys *keys, uint64_t now_unix_s, uint64_t life_s)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < keys->n; i++) {
		uint64_t successor = UINT64_MAX;

		for (uint32_t k = 0; k < keys->n; k++) {
			uint64_t at = keys->keys[k].created_unix_s;

			if (at > keys->keys[i].created_unix_s && at < successor)
				successor = at;
		}
		if (successor == UINT64_MAX || successor + life_s > now_unix_s)
			keys->keys[kept++] = keys->keys[i];
	}
	keys->n = kept;
}

int
mst_cookie_keys_rotate(const char *path, uint64_t now_unix_s, uint64_t life_s, struct mst_conf_error *err)
{
	struct mst_cookie_keys *keys;
	int ret;

	MST_TRY(mst_cookie_keys_load(&keys, path, now_unix_s, err));
	drop_dead(keys, now_unix_s, life_s);
	if (keys->n == MST_COOKIE_KEYS_MAX) {
		ret = fail(err, path, -ENOSPC, "all its 64 keys are still needed");
	} else {
		cookie_key_make(&keys->keys[keys->n++], now_unix_s);
		ret = write_ring(keys, path, err);
	}
	mst_cookie_keys_destroy(keys);
	return ret;
}
