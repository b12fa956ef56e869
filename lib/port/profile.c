// Driver profiles: the table of keys of a file of drivers-config/, and the set that is in use. Control lcore,
// at start.
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "port_private.h"

struct queue_keys {
	uint32_t rx_max, tx_max, spread;
};

struct descriptor_keys {
	uint32_t rx, tx;
};

struct offload_keys {
	bool rx_checksum, tx_checksum, rss;
};

struct file_keys {
	const char *driver, *summary, *devargs, *limits, *prepare;
	uint32_t exception, interface, wake;
	struct queue_keys queues;
	struct descriptor_keys descriptors;
	struct offload_keys offloads;
};

// clang-format off
static const char *const exception_words[] = {"tap", NULL};
static const char *const spread_words[] = {"any", "all", "pairs", NULL}; // order of enum mst_port_spread
static const char *const wake_words[] = {"none", "interrupt", "socket", NULL}; // order of enum mst_port_wake
static const char *const interface_words[] = {"none", "uses", "makes", NULL}; // order of enum mst_port_interface

#define ROW_UINT(key, type_, member, low, high, help_) \
	{.name = (key), .type = MST_CONF_UINT, MST_CONF_AT(type_, member), .required = true, .min = (low), .max = (high), \
	 .change = MST_CONF_RESTART, .help = (help_)}
#define ROW_BOOL(key, type_, member, help_) \
	{.name = (key), .type = MST_CONF_BOOL, MST_CONF_AT(type_, member), .required = true, .change = MST_CONF_RESTART, \
	 .help = (help_)}
#define ROW_MAP(key, member, table, help_) \
	{.name = (key), MST_CONF_MAP_AT(struct file_keys, member, table), .required = true, .change = MST_CONF_RESTART, \
	 .help = (help_)}
#define ROW_TEXT(key, member, low, high, ...) \
	{.name = (key), .type = MST_CONF_STRING, MST_CONF_AT(struct file_keys, member), .min = (low), .max = (high), \
	 .change = MST_CONF_RESTART, __VA_ARGS__}
#define ROW_WORD(key, member, words_, help_) \
	{.name = (key), .type = MST_CONF_WORD, MST_CONF_AT(struct file_keys, member), .required = true, .words = (words_), \
	 .change = MST_CONF_RESTART, .help = (help_)}
#define ROW_END {.name = NULL}
// An upper limit of text is the room in struct mst_port_profile.
#define ROOM(member) (sizeof(((struct mst_port_profile *)0)->member) - 1)

static const struct mst_conf_key queue_table[] = {
	ROW_UINT("rx-max", struct queue_keys, rx_max, 1, 1024, "receive queues that work, at most"),
	ROW_UINT("tx-max", struct queue_keys, tx_max, 1, 1024, "transmit queues that work, at most"),
	{.name = "spread", .type = MST_CONF_WORD, MST_CONF_AT(struct queue_keys, spread), .required = true,
	 .words = spread_words, .change = MST_CONF_RESTART,
	 .help = "over which queues the device spreads: any that are configured, all it was made with, all pairs in use"},
	ROW_END,
};

static const struct mst_conf_key descriptor_table[] = {
	ROW_UINT("rx", struct descriptor_keys, rx, 64, 32768, "descriptors of a receive queue"),
	ROW_UINT("tx", struct descriptor_keys, tx, 64, 32768, "descriptors of a transmit queue"),
	ROW_END,
};

static const struct mst_conf_key offload_table[] = {
	ROW_BOOL("rx-checksum", struct offload_keys, rx_checksum, "ask for it where the port has it; else software"),
	ROW_BOOL("tx-checksum", struct offload_keys, tx_checksum, "ask for it where the port has it; else software"),
	ROW_BOOL("rss", struct offload_keys, rss, "ask for RSS over addresses and ports when there are several queues"),
	ROW_END,
};

static const struct mst_conf_key file_table[] = {
	ROW_TEXT("driver", driver, 1, ROOM(driver), .required = true,
		.help = "what rte_eth_dev_info_get calls the driver; a vdev's name begins with it"),
	ROW_TEXT("summary", summary, 1, ROOM(summary), .required = true, .help = "one line for people"),
	ROW_WORD("interface", interface, interface_words,
		"what iface= names: none, an interface it uses, an interface it makes"),
	ROW_TEXT("devargs", devargs, 0, ROOM(devargs),
		.help = "arguments added where the operator's string lacks the key; {queues} is replaced"),
	ROW_MAP("queues", queues, queue_table, "how many queues"),
	ROW_MAP("descriptors", descriptors, descriptor_table, "how long they are; fitted to the device"),
	ROW_MAP("offloads", offloads, offload_table, "what to ask of the device"),
	ROW_WORD("wake", wake, wake_words, "what tells a sleeping worker of a packet"),
	ROW_WORD("exception", exception, exception_words, "how the kernel gets its packets"),
	ROW_TEXT("limits", limits, 1, ROOM(limits), .required = true, .multiline = true, .help = "known limits"),
	ROW_TEXT("prepare", prepare, 1, ROOM(prepare), .required = true, .multiline = true,
		.help = "what to run on the host before"),
	ROW_END,
};
// clang-format on

static const struct mst_conf_schema file_schema = {.keys = file_table, .bytes = sizeof(struct file_keys)};

const struct mst_port_profile port_profile_default = {
	.exception = "tap",
	.max_rxq = 64,
	.max_txq = 64,
	.rx_desc = 1024,
	.tx_desc = 1024,
	.rx_checksum = true,
	.rss = true,
};

// Changed only before workers run, read only by control.
static struct mst_port_profile profiles[PORT_PROFILES_MAX];
static size_t n_profiles;

int
port_profile_read(const char *path, struct mst_port_profile *out, struct mst_conf_error *err)
{
	struct file_keys k;

	MST_TRY(mst_conf_read(&file_schema, path, &k, err));
	*out = (struct mst_port_profile){
		.interface = (enum mst_port_interface)k.interface,
		.max_rxq = (uint16_t)k.queues.rx_max,
		.max_txq = (uint16_t)k.queues.tx_max,
		.spread = (enum mst_port_spread)k.queues.spread,
		.wake = (enum mst_port_wake)k.wake,
		.rx_desc = (uint16_t)k.descriptors.rx,
		.tx_desc = (uint16_t)k.descriptors.tx,
		.rx_checksum = k.offloads.rx_checksum,
		.tx_checksum = k.offloads.tx_checksum,
		.rss = k.offloads.rss,
	};
	snprintf(out->driver, sizeof(out->driver), "%s", k.driver);
	snprintf(out->summary, sizeof(out->summary), "%s", k.summary);
	snprintf(out->devargs, sizeof(out->devargs), "%s", k.devargs);
	snprintf(out->exception, sizeof(out->exception), "%s", exception_words[k.exception]);
	snprintf(out->limits, sizeof(out->limits), "%s", k.limits);
	snprintf(out->prepare, sizeof(out->prepare), "%s", k.prepare);
	mst_conf_release(&file_schema, &k);
	return 0;
}

static bool
is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

// A program of a build tree finds the folder at one of the parents of its own.
static bool
find_beside_program(char *out, size_t cap)
{
	char exe[512];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n <= 0)
		return false;
	exe[n] = '\0';
	for (char *slash = strrchr(exe, '/'); slash != NULL && slash != exe; slash = strrchr(exe, '/')) {
		*slash = '\0';
		if (snprintf(out, cap, "%s/drivers-config", exe) < (int)cap && is_folder(out))
			return true;
	}
	return false;
}

static int
find_folder(const char *dir, char *out, size_t cap, char *err, size_t err_cap)
{
	static const char *const installed[] = {
		"/usr/share/mst-gateway/drivers-config", "/usr/local/share/mst-gateway/drivers-config"};
	const char *told = dir != NULL ? dir : secure_getenv("MST_DRIVERS_CONFIG");

	if (told != NULL && told[0] != '\0') {
		snprintf(out, cap, "%s", told);
		return 0;
	}
	if (find_beside_program(out, cap))
		return 0;
	for (size_t i = 0; i < MST_ARRAY_SIZE(installed); i++) {
		snprintf(out, cap, "%s", installed[i]);
		if (is_folder(out))
			return 0;
	}
	snprintf(err, err_cap,
		"drivers-config: not found, neither installed nor beside the program; set "
		"MST_DRIVERS_CONFIG to the folder");
	return -ENOENT;
}

static int
is_profile(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return e->d_name[0] != '.' && len > 5 && strcmp(e->d_name + len - 5, ".yaml") == 0;
}

static int
read_folder(const char *dir, struct dirent **files, size_t n, struct mst_port_profile *out, char *err,
	size_t err_cap)
{
	for (size_t i = 0; i < n; i++) {
		char path[1024];
		struct mst_conf_error e;
		int rc;

		snprintf(path, sizeof(path), "%s/%s", dir, files[i]->d_name);
		rc = port_profile_read(path, &out[i], &e);
		if (rc < 0) {
			snprintf(err, err_cap, "%s", e.text);
			return rc;
		}
		for (size_t j = 0; j < i; j++) {
			if (strcmp(out[j].driver, out[i].driver) == 0) {
				snprintf(err, err_cap, "%s: driver %s has a file already: %s", path,
					out[i].driver, files[j]->d_name);
				return -EEXIST;
			}
		}
	}
	return 0;
}

int
mst_port_profiles_load(const char *dir, char *err, size_t err_cap)
{
	struct mst_port_profile *fresh = NULL;
	struct dirent **files = NULL;
	char path[512];
	int n;
	int rc;

	MST_TRY(find_folder(dir, path, sizeof(path), err, err_cap));
	n = scandir(path, &files, is_profile, alphasort);
	if (n < 0) {
		rc = -errno;
		snprintf(err, err_cap, "%s: %s", path, strerror(-rc));
		return rc;
	}
	fresh = calloc(PORT_PROFILES_MAX, sizeof(*fresh));
	if (fresh == NULL || n == 0 || n > PORT_PROFILES_MAX) {
		rc = fresh == NULL ? -ENOMEM : -EINVAL;
		snprintf(err, err_cap, "%s: holds %d profiles, 1 to %d are possible", path, n,
			PORT_PROFILES_MAX);
		goto out;
	}
	rc = read_folder(path, files, (size_t)n, fresh, err, err_cap);
	if (rc == 0) {
		memcpy(profiles, fresh, sizeof(profiles));
		n_profiles = (size_t)n;
	}
out:
	for (int i = 0; i < n; i++)
		free(files[i]);
	free(files);
	free(fresh);
	return rc;
}

const struct mst_port_profile *
mst_port_profile(const char *driver)
{
	for (size_t i = 0; i < n_profiles; i++) {
		if (strcmp(profiles[i].driver, driver) == 0)
			return &profiles[i];
	}
	return NULL;
}

const struct mst_port_profile *
port_profile_of_vdev(const char *name)
{
	const struct mst_port_profile *best = NULL;
	size_t best_len = 0;

	for (size_t i = 0; i < n_profiles; i++) {
		size_t len = strlen(profiles[i].driver);

		// net_virtio must not claim net_virtio_user0: a number follows the driver's name, or nothing.
		if (len > best_len && strncmp(name, profiles[i].driver, len) == 0 &&
			strspn(name + len, "0123456789") == strlen(name + len)) {
			best = &profiles[i];
			best_len = len;
		}
	}
	return best;
}
