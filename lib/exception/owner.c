// Who has an interface of some name, for an error message. Control lcore, start only; reads /proc and /sys,
// and says less when it may see less.
#include <dirent.h>
#include <string.h>

#include "exception.h"

#define MAX_PROCESSES 65536
#define MAX_FDS 4096

// The file's line that begins with key, without key and line end; false when there is none.
static bool
line_of(const char *path, const char *key, char *out, size_t cap)
{
	FILE *f = fopen(path, "re");
	char line[256];
	bool found = false;

	while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(out, cap, "%s", line + strlen(key));
		found = true;
	}
	if (f != NULL)
		fclose(f);
	return found;
}

// A descriptor of /dev/net/tun says in its fdinfo which interface it carries.
static bool
process_has(const char *pid, const char *name)
{
	char path[512], iff[64];
	struct dirent *e;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fdinfo", pid);
	dir = opendir(path);
	for (unsigned int n = 0; dir != NULL && !found && n < MAX_FDS && (e = readdir(dir)) != NULL; n++) {
		snprintf(path, sizeof(path), "/proc/%s/fdinfo/%.32s", pid, e->d_name);
		found = e->d_name[0] != '.' && line_of(path, "iff:\t", iff, sizeof(iff)) &&
			strcmp(iff, name) == 0;
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

static bool
find_process(const char *name, char *out, size_t cap)
{
	DIR *proc = opendir("/proc");
	struct dirent *e;
	bool found = false;

	for (unsigned int n = 0; proc != NULL && !found && n < MAX_PROCESSES && (e = readdir(proc)) != NULL;
		n++) {
		char path[64], comm[32] = "?";

		if (e->d_name[0] < '0' || e->d_name[0] > '9' || strlen(e->d_name) > 10 ||
			!process_has(e->d_name, name))
			continue;
		snprintf(path, sizeof(path), "/proc/%.10s/comm", e->d_name);
		(void)line_of(path, "", comm, sizeof(comm));
		snprintf(out, cap, "a tap of %s (pid %.10s)", comm, e->d_name);
		found = true;
	}
	if (proc != NULL)
		closedir(proc);
	return found;
}

void
exception_owner(const char *name, char *out, size_t cap)
{
	char path[64], type[32];

	out[0] = '\0';
	if (if_nametoindex(name) == 0 || find_process(name, out, cap))
		return;
	snprintf(path, sizeof(path), "/sys/class/net/%.15s/uevent", name);
	if (line_of(path, "DEVTYPE=", type, sizeof(type)))
		snprintf(out, cap, "a %s interface", type);
	else
		snprintf(out, cap, "an interface of the host");
}
