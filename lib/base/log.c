// The log: one line on stderr an event, one write(2) a line. Any thread but workers.
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mst_base.h"

#define LINE_BYTES 1024

static enum mst_log_level log_max = MST_LOG_INFO;
static const char *const level_words[] = {"error", "warning", "notice", "info", "debug"};

void
mst_log_set_level(enum mst_log_level max)
{
	log_max = max;
}

enum mst_log_level
mst_log_level(void)
{
	return log_max;
}

int
mst_log_level_parse(const char *word, enum mst_log_level *out)
{
	for (size_t i = 0; i < MST_ARRAY_SIZE(level_words); i++) {
		if (strcmp(word, level_words[i]) == 0) {
			*out = (enum mst_log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

// A peer chooses parts of what is logged: nothing of it may start a line or drive a terminal.
static void
escape_controls(char *text)
{
	for (char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
}

void
mst_log(enum mst_log_level level, const char *lib, const char *fmt, ...)
{
	char line[LINE_BYTES];
	struct timespec ts;
	struct tm tm;
	va_list ap;
	int head;
	int body;

	if (level > log_max)
		return;
	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	head = snprintf(line, sizeof(line), "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ %s %s: ", tm.tm_year + 1900,
		tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, ts.tv_nsec / 1000000,
		level_words[level], lib);
	va_start(ap, fmt);
	body = vsnprintf(line + head, sizeof(line) - (size_t)head - 1, fmt, ap);
	va_end(ap);
	if (body < 0)
		return;
	escape_controls(line + head);

	size_t len = strlen(line);
	line[len++] = '\n';
	(void)!write(STDERR_FILENO, line, len);
}
