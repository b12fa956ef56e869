// Files of the operator's: read whole, within a bound, and told apart when something is wrong. Control lcore.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tls_private.h"

static int
read_all(struct tls_file *f, int fd)
{
	ssize_t n;

	f->bytes = malloc(f->len);
	if (f->bytes == NULL)
		return -ENOMEM;
	n = mst_fd_read(fd, f->bytes, f->len);
	if (n >= 0)
		f->len = (size_t)n; // it has been cut meanwhile
	return n < 0 ? (int)n : 0;
}

static int
check_stat(struct tls_file *f, int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode)) {
		tls_text_set(f->err, f->err_cap, "%s %s is not a regular file", f->what, f->path);
		return -EINVAL;
	}
	if (st.st_size == 0) {
		tls_text_set(f->err, f->err_cap, "%s %s is empty", f->what, f->path);
		return -EINVAL;
	}
	if ((size_t)st.st_size > f->max_bytes) {
		tls_text_set(
			f->err, f->err_cap, "%s %s is larger than %zu bytes", f->what, f->path, f->max_bytes);
		return -EINVAL;
	}
	f->len = (size_t)st.st_size;
	f->mode = st.st_mode;
	return 0;
}

void
tls_file_fini(struct tls_file *f)
{
	if (f->bytes != NULL)
		mst_wipe(f->bytes, f->len);
	free(f->bytes);
	f->bytes = NULL;
}

// O_NONBLOCK: a FIFO in place of the file must not stop the control lcore.
int
tls_file_load(struct tls_file *f)
{
	int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int rc;

	if (fd < 0) {
		rc = -errno;
		tls_text_set(f->err, f->err_cap, "cannot open %s %s: %s", f->what, f->path, strerror(-rc));
		return rc;
	}
	rc = check_stat(f, fd);
	if (rc == 0)
		rc = read_all(f, fd);
	close(fd);
	if (rc < 0 && rc != -EINVAL)
		tls_text_set(f->err, f->err_cap, "cannot read %s %s: %s", f->what, f->path, strerror(-rc));
	return rc;
}
