// A whole file into memory, bounded. Control lcore.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "mst_conf.h"

static int
fail(struct mst_conf_error *err, const char *path, int code, const char *what)
{
	*err = (struct mst_conf_error){0};
	snprintf(err->text, sizeof(err->text), "%.300s: %s: %s", path, what, strerror(-code));
	return code;
}

int
mst_conf_fd_read(
	int fd, const char *path, size_t max_bytes, char **out, size_t *len, struct mst_conf_error *err)
{
	char *buf = NULL;
	size_t cap = 64 * 1024;
	ssize_t n;

	for (size_t got = 0;; cap *= 2) {
		// One byte more than allowed tells a full file from one that is too long; one more for the
		// NUL.
		size_t want = cap < max_bytes ? cap : max_bytes + 1;
		char *more = realloc(buf, want + 1);

		n = -ENOMEM;
		if (more == NULL)
			goto err;
		buf = more;
		n = mst_fd_read(fd, buf + got, want - got);
		if (n < 0)
			goto err;
		got += (size_t)n;
		n = -EFBIG;
		if (got > max_bytes)
			goto err;
		if (got < want) {
			buf[got] = '\0';
			*len = got;
			break;
		}
	}
	*out = buf;
	return 0;
err:
	free(buf);
	return fail(err, path, (int)n, "cannot read");
}

int
mst_conf_file_read(const char *path, size_t max_bytes, char **out, size_t *len, struct mst_conf_error *err)
{
	// O_NONBLOCK: a FIFO in place of the file must not hold the control lcore.
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int rc;

	if (fd < 0)
		return fail(err, path, -errno, "cannot open");
	rc = mst_conf_fd_read(fd, path, max_bytes, out, len, err);
	close(fd);
	return rc;
}
