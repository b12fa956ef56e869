// The ledger's file: made, mapped, locked, and brought to another size at start. Control lcore, at start and end.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger.h"

static int
fail(struct mst_conf_error *err, const char *path, int code, const char *what)
{
	*err = (struct mst_conf_error){0};
	snprintf(err->text, sizeof(err->text), "%.300s: %s", path, what);
	return code;
}

static int
fail_errno(struct mst_conf_error *err, const char *path, int code)
{
	return fail(err, path, code, strerror(-code));
}

static size_t
bytes_of(uint32_t n)
{
	return sizeof(struct ledger_head) + (size_t)n * sizeof(struct mst_cookie_entry);
}

// fd -1: memory without a file. The ledger owns the descriptor in any case.
static int
map(struct mst_cookie_ledger **out, int fd, uint32_t n)
{
	int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	struct mst_cookie_ledger *l = calloc(1, sizeof(*l));
	void *p = MAP_FAILED;
	int ret;

	if (l != NULL)
		p = mmap(NULL, bytes_of(n), PROT_READ | PROT_WRITE, flags, fd, 0);
	if (p == MAP_FAILED) {
		ret = l == NULL ? -ENOMEM : -errno;
		if (fd >= 0)
			close(fd);
		free(l);
		return ret;
	}
	l->head = p;
	l->entries = (struct mst_cookie_entry *)(l->head + 1);
	l->n = n;
	l->bytes = bytes_of(n);
	l->fd = fd;
	*out = l;
	return 0;
}

static void
write_head(struct mst_cookie_ledger *l)
{
	memcpy(l->head->magic, LEDGER_MAGIC, LEDGER_MAGIC_BYTES);
	l->head->n_places = l->n;
}

int
mst_cookie_ledger_create(struct mst_cookie_ledger **out, uint32_t max_sessions)
{
	MST_TRY(map(out, -1, ledger_places(max_sessions)));
	write_head(*out);
	return 0;
}

void
mst_cookie_ledger_close(struct mst_cookie_ledger *l)
{
	if (l == NULL)
		return;
	munmap(l->head, l->bytes);
	if (l->fd >= 0)
		close(l->fd);
	free(l);
}

// What the file has. *out NULL: it is new, and empty.
static int
map_old(struct mst_cookie_ledger **out, int fd, const char *path, struct mst_conf_error *err)
{
	struct ledger_head head;
	struct stat st;
	int ret;

	*out = NULL;
	if (fstat(fd, &st) != 0)
		return fail_errno(err, path, -errno);
	if (!S_ISREG(st.st_mode) || (st.st_mode & 077) != 0)
		return fail(err, path, -EINVAL, "expected a file that only its owner can read: chmod 600");
	if (st.st_size == 0)
		return 0;
	if (pread(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
		!mst_ct_equal(head.magic, LEDGER_MAGIC, LEDGER_MAGIC_BYTES) ||
		(head.n_places & (head.n_places - 1)) != 0 || head.n_places == 0 ||
		(uint64_t)st.st_size != bytes_of(head.n_places))
		return fail(err, path, -EINVAL,
			"is not a ledger of sessions: move it away, and no device comes back without signing "
			"in");
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return fail_errno(err, path, -errno);
	ret = map(out, fd, head.n_places);
	return ret < 0 ? fail_errno(err, path, ret) : 0;
}

// Room is taken now: a store into a hole of a full disk would be the end of the process.
static int
make(struct mst_cookie_ledger **out, const char *path, uint32_t n)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int ret;

	if (fd < 0)
		return -errno;
	ret = flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : -errno;
	if (ret == 0)
		ret = -posix_fallocate(fd, 0, (off_t)bytes_of(n));
	if (ret < 0) {
		close(fd);
		return ret;
	}
	MST_TRY(map(out, fd, n));
	write_head(*out);
	return 0;
}

static void
take_over(struct mst_cookie_ledger *l, const struct mst_cookie_ledger *old, uint64_t now_unix_s)
{
	l->head->floor_unix_s = old->head->floor_unix_s;
	for (uint32_t i = 0; i < old->n; i++) {
		const struct mst_cookie_entry *e = &old->entries[i];

		if (e->known != MST_COOKIE_NEW && e->expires_unix_s > now_unix_s)
			ledger_put(l, e, now_unix_s);
	}
}

// Another size: a new file beside the old one, which takes its name when all is in it.
static int
resize(struct mst_cookie_ledger **out, const struct mst_cookie_ledger *old, const char *path, uint32_t n,
	uint64_t now_unix_s)
{
	struct mst_cookie_ledger *l = NULL;
	char fresh[PATH_MAX];

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	MST_TRY(make(&l, fresh, n));
	if (old != NULL)
		take_over(l, old, now_unix_s);
	if (msync(l->head, l->bytes, MS_SYNC) != 0 || rename(fresh, path) != 0) {
		int ret = -errno;

		mst_cookie_ledger_close(l);
		unlink(fresh);
		return ret;
	}
	*out = l;
	return 0;
}

int
mst_cookie_ledger_open(struct mst_cookie_ledger **out, const char *path, uint32_t max_sessions,
	uint64_t now_unix_s, struct mst_conf_error *err)
{
	struct mst_cookie_ledger *old = NULL;
	uint32_t n = ledger_places(max_sessions);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
	int ret;

	if (fd < 0)
		return fail_errno(err, path, -errno);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		ret = fail(err, path, -EBUSY, "another gateway uses it");
		goto end;
	}
	ret = map_old(&old, fd, path, err);
	if (ret == 0 && old != NULL && old->n == n) {
		*out = old;
		old = NULL;
	} else if (ret == 0) {
		ret = resize(out, old, path, n, now_unix_s);
		if (ret < 0)
			fail_errno(err, path, ret);
	}
end:
	mst_cookie_ledger_close(old);
	close(fd);
	return ret;
}
