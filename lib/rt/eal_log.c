// EAL's and the drivers' log lines go through ours, and the last error is kept: the return codes of EAL and
// of most drivers are a bare -1, the reason is only in the log. Any thread.
#include <pthread.h>
#include <string.h>

#include <rte_log.h>

#include "rt_private.h"

static pthread_mutex_t first_lock = PTHREAD_MUTEX_INITIALIZER;
static char first_error[256];

static void
keep(const char *line)
{
	pthread_mutex_lock(&first_lock);
	if (first_error[0] == '\0')
		snprintf(first_error, sizeof(first_error), "%s", line);
	pthread_mutex_unlock(&first_lock);
}

void
mst_rt_eal_error(char *out, size_t cap)
{
	pthread_mutex_lock(&first_lock);
	snprintf(out, cap, "%s", first_error);
	first_error[0] = '\0';
	pthread_mutex_unlock(&first_lock);
}

static ssize_t
on_write(void *cookie, const char *data, size_t len)
{
	char line[256];
	size_t n = len;

	(void)cookie;
	if (len > 5 && memcmp(data, "EAL: ", 5) == 0) {
		data += 5;
		n -= 5;
	}
	while (n > 0 && (data[n - 1] == '\n' || data[n - 1] == ' '))
		n--;
	if (n >= sizeof(line))
		n = sizeof(line) - 1;
	memcpy(line, data, n);
	line[n] = '\0';
	if (n == 0)
		return (ssize_t)len;
	// Warnings of EAL are about hosts it does not know (no hugetlbfs mount, no 1G pages): for debugging
	// only.
	if (rte_log_cur_msg_loglevel() > (int)RTE_LOG_ERR) {
		MST_LOG(DEBUG, "eal", "%s", line);
	} else {
		MST_LOG(WARNING, "eal", "%s", line);
		keep(line);
	}
	return (ssize_t)len;
}

void
rt_eal_log_open(void)
{
	static FILE *stream;

	if (stream == NULL)
		stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = on_write});
	if (stream != NULL)
		(void)rte_openlog_stream(stream);
}
