// Every file of drivers-config/ loads and says all it must; a bad one is refused at its line and column.
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "port_private.h"
#include "port_test.h"

static char err[1024];

static const char good[] = "driver: net_x\n"
			   "summary: for the test\n"
			   "interface: none\n"
			   "queues: {rx-max: 2, tx-max: 2, spread: any}\n"
			   "descriptors: {rx: 64, tx: 64}\n"
			   "offloads: {rx-checksum: true, tx-checksum: false, rss: true}\n"
			   "wake: none\n"
			   "exception: tap\n"
			   "limits: none\n"
			   "prepare: nothing\n";

static void
make_folder(char *dir)
{
	memcpy(dir, "/tmp/mst-profiles-XXXXXX", sizeof("/tmp/mst-profiles-XXXXXX"));
	assert_non_null(mkdtemp(dir));
}

static void
put(const char *dir, const char *name, const char *text, size_t len)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
}

static void
remove_folder(const char *dir)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
	assert_int_equal(system(cmd), 0);
}

static void
the_files_of_the_tree(void **state)
{
	static const char *const expected[] = {"net_af_packet", "net_af_xdp", "net_tap", "net_memif",
		"net_ring", "net_virtio", "net_virtio_user"};
	char dir[512];
	unsigned int n = 0;
	DIR *d;
	struct dirent *e;

	(void)state;
	port_test_profiles_dir(dir, sizeof(dir));
	assert_int_equal(mst_port_profiles_load(dir, err, sizeof(err)), 0);
	d = opendir(dir);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		char driver[64];
		const struct mst_port_profile *p;
		size_t len = strlen(e->d_name);

		if (len <= 5 || strcmp(e->d_name + len - 5, ".yaml") != 0)
			continue;
		snprintf(driver, sizeof(driver), "%.*s", (int)len - 5, e->d_name);
		p = mst_port_profile(driver); // the file is called as its driver
		assert_non_null(p);
		assert_true(p->max_rxq > 0 && p->max_txq > 0 && p->rx_desc >= 64 && p->tx_desc >= 64);
		assert_string_equal(p->exception, "tap");
		assert_true(p->summary[0] != '\0' && p->limits[0] != '\0' && p->prepare[0] != '\0');
		n++;
	}
	closedir(d);
	assert_int_equal(n, MST_ARRAY_SIZE(expected));
	for (size_t i = 0; i < n; i++)
		assert_non_null(mst_port_profile(expected[i]));
	assert_null(mst_port_profile("net_null"));
	assert_int_equal(mst_port_profile("net_af_packet")->interface, MST_PORT_INTERFACE_USES);
	assert_int_equal(mst_port_profile("net_af_packet")->spread, MST_PORT_SPREAD_ALL);
	assert_int_equal(mst_port_profile("net_af_packet")->wake, MST_PORT_WAKE_SOCKET);
	assert_int_equal(mst_port_profile("net_tap")->wake, MST_PORT_WAKE_INTERRUPT);
	assert_non_null(strstr(mst_port_profile("net_af_packet")->devargs, "qpairs={queues}"));
	assert_non_null(strstr(mst_port_profile("net_af_packet")->prepare, "ingress"));
}

static void
a_vdev_finds_its_driver(void **state)
{
	(void)state;
	assert_string_equal(port_profile_of_vdev("net_virtio_user0")->driver, "net_virtio_user");
	assert_string_equal(port_profile_of_vdev("net_tap12")->driver, "net_tap");
	assert_string_equal(port_profile_of_vdev("net_tap")->driver, "net_tap");
	assert_null(port_profile_of_vdev("net_tapx"));
	assert_null(port_profile_of_vdev("net_null0"));
}

// Each required key, left out in turn.
static void
each_key_is_required(void **state)
{
	char dir[32];
	unsigned int n = 0;

	(void)state;
	make_folder(dir);
	put(dir, "net_x.yaml", good, strlen(good));
	assert_int_equal(mst_port_profiles_load(dir, err, sizeof(err)), 0);
	assert_true(mst_port_profile("net_x")->rss);
	for (const char *line = good; *line != '\0'; line = strchr(line, '\n') + 1) {
		char text[512];
		const char *after = strchr(line, '\n') + 1;
		size_t colon = strcspn(line, ":");
		char key[32];

		snprintf(text, sizeof(text), "%.*s%s", (int)(line - good), good, after);
		snprintf(key, sizeof(key), "%.*s", (int)colon, line);
		put(dir, "net_x.yaml", text, strlen(text));
		assert_int_equal(mst_port_profiles_load(dir, err, sizeof(err)), -EINVAL);
		assert_non_null(strstr(err, key));
		n++;
	}
	assert_int_equal(n, 10);
	remove_folder(dir);
}

static void
bad_values_are_named_by_place(void **state)
{
	static const struct {
		const char *from, *to, *place;
	} cases[] = {
		{"rx-max: 2", "rx-max: 0", "net_x.yaml:4:"},
		{"rx: 64", "rx: many", "net_x.yaml:5:"},
		{"spread: any", "spread: rss", "net_x.yaml:4:"},
		{"exception: tap", "exception: kni", "net_x.yaml:8:12"},
		{"wake: none", "wake: bell", "net_x.yaml:7:7"},
		{"rss: true", "rss: yes", "net_x.yaml:6:"},
		{"summary: for", "sumary: for", "net_x.yaml:2:1"},
		{"driver: net_x", "driver: net_x_with_a_name_that_is_far_too_long", "net_x.yaml:1:9"},
	};
	char dir[32];
	char text[1024];

	(void)state;
	make_folder(dir);
	for (size_t i = 0; i < MST_ARRAY_SIZE(cases); i++) {
		const char *at = strstr(good, cases[i].from);

		assert_non_null(at);
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - good), good, cases[i].to,
			at + strlen(cases[i].from));
		put(dir, "net_x.yaml", text, strlen(text));
		assert_int_equal(mst_port_profiles_load(dir, err, sizeof(err)), -EINVAL);
		assert_non_null(strstr(err, cases[i].place));
	}
	remove_folder(dir);
}

static void
folders_that_cannot_be(void **state)
{
	char dir[32];

	(void)state;
	assert_int_equal(mst_port_profiles_load("/nonexistent", err, sizeof(err)), -ENOENT);
	make_folder(dir);
	assert_int_equal(mst_port_profiles_load(dir, err, sizeof(err)), -EINVAL);
	put(dir, "a.yaml", good, strlen(good));
	put(dir, "b.yaml", good, strlen(good));
	assert_int_equal(mst_port_profiles_load(dir, err, sizeof(err)), -EEXIST);
	assert_non_null(strstr(err, "b.yaml"));
	assert_non_null(strstr(err, "a.yaml"));
	remove_folder(dir);
}

static void
found_by_the_environment(void **state)
{
	char dir[512];

	(void)state;
	port_test_profiles_dir(dir, sizeof(dir));
	assert_int_equal(setenv("MST_DRIVERS_CONFIG", dir, 1), 0);
	assert_int_equal(mst_port_profiles_load(NULL, err, sizeof(err)), 0);
	assert_int_equal(setenv("MST_DRIVERS_CONFIG", "/nonexistent", 1), 0);
	assert_int_equal(mst_port_profiles_load(NULL, err, sizeof(err)), -ENOENT);
	assert_non_null(mst_port_profile("net_tap")); // those in use stay
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_files_of_the_tree),
		cmocka_unit_test(a_vdev_finds_its_driver),
		cmocka_unit_test(each_key_is_required),
		cmocka_unit_test(bad_values_are_named_by_place),
		cmocka_unit_test(folders_that_cannot_be),
		cmocka_unit_test(found_by_the_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
