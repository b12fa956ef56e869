// All of a file that a buffer holds. Any lcore but workers'.
#include <errno.h>
#include <unistd.h>

#include "mst_base.h"

ssize_t
mst_fd_read(int fd, void *buf, size_t cap)
{
	size_t got = 0;

	while (got < cap) {
		ssize_t n = read(fd, (uint8_t *)buf + got, cap - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}
