// What tools read from DPDK's socket: whole JSON however many sessions there are, every verdict by name, no
// secret.
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <jansson.h>
#include <rte_eal.h>

#include "rig.h"

#define REPLY_MAX (1 << 20)

static struct rig_device devices[150];
static int fd = -1;
static char reply[REPLY_MAX];

static int
setup(void **state)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	(void)state;
	rig_start(2);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/dpdk_telemetry.v2", rte_eal_get_runtime_dir());
	fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_true(recv(fd, reply, sizeof(reply), 0) > 0); // the greeting
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	close(fd);
	rig_stop();
	return 0;
}

// The value under the name of the command; the caller lets go of it.
static json_t *
ask(const char *command, const char *params)
{
	char line[128];
	json_error_t error;
	json_t *root, *value;
	ssize_t n;

	snprintf(line, sizeof(line), "%s%s%s", command, params[0] == '\0' ? "" : ",", params);
	assert_true(send(fd, line, strlen(line), 0) > 0);
	n = recv(fd, reply, sizeof(reply) - 1, 0);
	assert_true(n > 0);
	reply[n] = '\0';
	root = json_loads(reply, 0, &error);
	if (root == NULL)
		fail_msg("%s: %s in %zd bytes", line, error.text, n);
	value = json_incref(json_object_get(root, command));
	json_decref(root);
	return value;
}

static json_int_t
number(const json_t *dict, const char *key)
{
	const json_t *v = json_object_get(dict, key);

	if (!json_is_integer(v))
		fail_msg("%s is not there", key);
	return json_integer_value(v);
}

static void
open_devices(unsigned int n, const char *user)
{
	for (unsigned int i = 0; i < n; i++) {
		struct mst_session_info info;

		rig_device_open(&devices[i], i % 3, 4);
		info = *devices[i].s->info;
		memset(info.user, 0, sizeof(info.user));
		for (size_t j = 0; j + 1 < sizeof(info.user) && user[0] != '\0'; j++)
			info.user[j] = user[j % strlen(user)];
		mst_session_set_info(devices[i].s, &info);
	}
}

static void
close_devices(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		mst_session_close(devices[i].s);
	mst_test_reclaim();
}

static void
sessions_are_counted(void **state)
{
	json_t *v;

	(void)state;
	open_devices(7, "a");
	v = ask("/mst/session/count", "");
	assert_int_equal(number(v, "sessions"), 7);
	assert_int_equal(number(v, "dtls"), 7);
	assert_int_equal(number(v, "capacity"), 200);
	assert_int_equal(number(v, "leases_free"), 254 - 7);
	json_decref(v);
	close_devices(7);
}

static bool listed[150];

// The id of the row is that of a device that was on no row before.
static void
assert_listed(const json_t *ids, size_t row)
{
	json_int_t id = json_integer_value(json_array_get(ids, row));

	for (unsigned int i = 0; i < MST_ARRAY_SIZE(listed); i++) {
		if (!listed[i] && devices[i].s->id == id) {
			listed[i] = true;
			return;
		}
	}
	fail_msg("session %d is not ours, or listed twice", (int)id);
}

// Pages follow each other until next is 0, each of them whole, every session on one of them.
static unsigned int
walk(void)
{
	unsigned int pages = 0, rows = 0;
	json_int_t next = 0;

	memset(listed, 0, sizeof(listed));
	do {
		char start[16];
		json_t *v;
		size_t n;

		snprintf(start, sizeof(start), "%d", (int)next);
		v = ask("/mst/session/list", start);
		assert_non_null(v);
		n = json_array_size(json_object_get(v, "id"));
		assert_in_range(n, 1, 100);
		assert_int_equal(json_array_size(json_object_get(v, "user")), n);
		assert_int_equal(json_array_size(json_object_get(v, "address")), n);
		for (size_t i = 0; i < n; i++)
			assert_listed(json_object_get(v, "id"), i);
		rows += (unsigned int)n;
		pages++;
		next = number(v, "next");
		json_decref(v);
	} while (next != 0);
	assert_int_equal(rows, 150);
	return pages;
}

static void
a_list_comes_in_whole_pages(void **state)
{
	(void)state;
	open_devices(150, "");
	assert_int_equal(walk(), 2);
	close_devices(150);
	open_devices(150, "user");
	assert_true(walk() > 2);
	close_devices(150);
	open_devices(150, "\"\\\""); // the worst that JSON does to a name
	assert_true(walk() > 2);
	close_devices(150);
}

static void
one_session_is_described_without_its_keys(void **state)
{
	static const char hex[] = "0123456789abcdef";
	char id[16], key[65] = "";
	json_t *v;

	(void)state;
	open_devices(2, "alice");
	snprintf(id, sizeof(id), "%u", devices[1].s->id);
	v = ask("/mst/session/info", id);
	assert_int_equal(number(v, "id"), devices[1].s->id);
	assert_string_equal(json_string_value(json_object_get(v, "address")), devices[1].addr4);
	assert_string_equal(json_string_value(json_object_get(v, "address6")), devices[1].addr6);
	assert_string_equal(json_string_value(json_object_get(v, "path")), "dtls");
	assert_string_equal(json_string_value(json_object_get(v, "dtls_cipher")), devices[1].suite->name);
	assert_int_equal(strncmp(json_string_value(json_object_get(v, "user")), "alicealice", 10), 0);
	for (unsigned int i = 0; i < 32; i++) {
		key[2 * i] = hex[devices[1].key_block[i] >> 4];
		key[2 * i + 1] = hex[devices[1].key_block[i] & 15];
	}
	assert_null(strstr(reply, key));
	json_decref(v);
	for (unsigned int i = 0; i < 3; i++) { // nobody, nothing, nonsense
		static const char *const bad[] = {"4000000000", "0", "x"};

		v = ask("/mst/session/info", bad[i]);
		assert_true(v == NULL || json_is_null(v));
		json_decref(v);
	}
	close_devices(2);
}

static void
workers_and_drops_are_there_by_name(void **state)
{
	uint8_t frame[RIG_FRAME_MAX], l3[100];
	char lcore[16];
	json_t *v;

	(void)state;
	open_devices(1, "a");
	rig_push(RIG_PUBLIC, frame,
		rig_data(&devices[0], 0, l3, rig_packet(l3, RIG_HOST4, RIG_HOST4, 17, 64, 10), frame));
	rig_turn(0);
	v = ask("/mst/worker/list", "");
	assert_int_equal(json_array_size(v), mst_rt_n_workers());
	assert_int_equal(json_integer_value(json_array_get(v, 0)), mst_rt_worker_lcore(0));
	json_decref(v);
	snprintf(lcore, sizeof(lcore), "%u", mst_rt_worker_lcore(0));
	v = ask("/mst/worker/stats", lcore);
	assert_int_equal(number(v, "rx_packets"), 1);
	assert_int_equal(number(v, "dtls_rx_packets"), 1);
	assert_int_equal(number(v, "drop_spoof"), 1);
	json_decref(v);
	v = ask("/mst/drop/stats", "");
	assert_int_equal(number(v, "drop_spoof"), 1);
	for (unsigned int i = 0; i < mst_verdict_count(); i++)
		if (mst_verdict_is_drop(i))
			assert_true(number(v, mst_verdict_name(i)) >= 0);
	json_decref(v);
	close_devices(1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions_are_counted),
		cmocka_unit_test(a_list_comes_in_whole_pages),
		cmocka_unit_test(one_session_is_described_without_its_keys),
		cmocka_unit_test(workers_and_drops_are_there_by_name),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
