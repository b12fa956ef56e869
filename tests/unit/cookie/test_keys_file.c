// The file of the key ring: made once, refused when others can read it, turned whole or not at all.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mst_test.h"

#include "cookie.h"

#define NOW 1800000000ULL
#define LIFE 3600

static char dir[32], path[64];

static int
setup(void **state)
{
	(void)state;
	mst_log_set_level(MST_LOG_ERROR);
	snprintf(dir, sizeof(dir), "/tmp/mst-test.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/keys", dir);
	return 0;
}

static unsigned int
files_in_dir(void)
{
	DIR *d = opendir(dir);
	unsigned int n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2; // . and ..
}

static int
teardown(void **state)
{
	(void)state;
	assert_true(files_in_dir() <= 1); // nothing half done lies about
	unlink(path);
	rmdir(path);
	return rmdir(dir);
}

static struct mst_cookie_keys *
load(uint64_t now)
{
	struct mst_cookie_keys *keys = NULL;
	struct mst_conf_error err;

	if (mst_cookie_keys_load(&keys, path, now, &err) < 0)
		fail_msg("%s", err.text);
	return keys;
}

static void
refuse(int error, const char *word)
{
	struct mst_cookie_keys *keys = NULL;
	struct mst_conf_error err = {0};

	assert_int_equal(mst_cookie_keys_load(&keys, path, NOW, &err), error);
	assert_int_equal(strncmp(err.text, path, strlen(path)), 0);
	assert_non_null(strstr(err.text, word));
	assert_null(keys);
}

static void
the_first_start_makes_one_key(void **state)
{
	struct mst_cookie_keys *a = load(NOW), *b = load(NOW + 5);
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(a->n, 1);
	assert_int_equal(a->keys[0].created_unix_s, NOW);
	assert_int_equal(b->n, 1);
	assert_memory_equal(a->keys[0].bytes, b->keys[0].bytes, COOKIE_KEY_BYTES);
	mst_cookie_keys_destroy(a);
	unlink(path);
	a = load(NOW);
	assert_memory_not_equal(a->keys[0].bytes, b->keys[0].bytes, COOKIE_KEY_BYTES);
	mst_cookie_keys_destroy(a);
	mst_cookie_keys_destroy(b);
}

static void
others_may_not_read_it(void **state)
{
	static const mode_t modes[] = {0640, 0620, 0610, 0604, 0602, 0601, 0666};

	(void)state;
	mst_cookie_keys_destroy(load(NOW));
	for (size_t i = 0; i < MST_ARRAY_SIZE(modes); i++) {
		assert_int_equal(chmod(path, modes[i]), 0);
		refuse(-EINVAL, "chmod 600");
	}
	assert_int_equal(chmod(path, 0400), 0);
	mst_cookie_keys_destroy(load(NOW));
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 1, 0), 0);
		refuse(-EINVAL, "chown");
	}
}

static void
it_is_a_file_of_some_size(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	refuse(-EINVAL, "expected a file");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0); // and nobody waits for what comes out of it
	refuse(-EINVAL, "expected a file");
	assert_int_equal(unlink(path), 0);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(ftruncate(fd, MST_COOKIE_KEYS_FILE_BYTES), 0);
	refuse(-EINVAL, ":1: ");
	assert_int_equal(ftruncate(fd, MST_COOKIE_KEYS_FILE_BYTES + 1), 0);
	refuse(-EFBIG, "too large");
	close(fd);
}

static void
rotate(uint64_t now)
{
	struct mst_conf_error err;

	if (mst_cookie_keys_rotate(path, now, LIFE, &err) < 0)
		fail_msg("%s", err.text);
}

static void
a_turn_puts_a_new_key_before_the_old_ones(void **state)
{
	struct mst_cookie_keys *before = load(NOW), *after;
	struct mst_cookie_keys_info info;
	struct stat st;

	(void)state;
	rotate(NOW + 10);
	after = load(NOW + 10);
	assert_int_equal(after->n, 2);
	assert_memory_equal(after->keys[0].bytes, before->keys[0].bytes, COOKIE_KEY_BYTES);
	assert_memory_not_equal(after->keys[1].bytes, before->keys[0].bytes, COOKIE_KEY_BYTES);
	mst_cookie_keys_info(after, NOW + 10, &info);
	assert_int_equal(info.created_unix_s, NOW + 10);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	mst_cookie_keys_destroy(before);
	mst_cookie_keys_destroy(after);
}

// The first key seals until NOW + 10: what it sealed then lives until NOW + 10 + LIFE.
static void
a_key_goes_when_no_cookie_of_it_can_live(void **state)
{
	struct mst_cookie_keys *keys = load(NOW);
	uint32_t first = keys->keys[0].id;
	bool found;

	(void)state;
	mst_cookie_keys_destroy(keys);
	rotate(NOW + 10);
	rotate(NOW + 10 + LIFE - 1);
	keys = load(NOW);
	(void)cookie_keys_find(keys, first, &found);
	assert_true(found);
	assert_int_equal(keys->n, 3);
	mst_cookie_keys_destroy(keys);
	rotate(NOW + 10 + LIFE);
	keys = load(NOW);
	(void)cookie_keys_find(keys, first, &found);
	assert_false(found);
	assert_int_equal(keys->n, 3);
	mst_cookie_keys_destroy(keys);
}

static void
a_full_ring_stays_as_it_is(void **state)
{
	struct mst_cookie_keys *keys;
	struct mst_conf_error err;

	(void)state;
	mst_cookie_keys_destroy(load(NOW));
	for (unsigned int i = 1; i < MST_COOKIE_KEYS_MAX; i++)
		rotate(NOW + i);
	assert_int_equal(mst_cookie_keys_rotate(path, NOW + 100, LIFE, &err), -ENOSPC);
	assert_non_null(strstr(err.text, "64 keys"));
	keys = load(NOW);
	assert_int_equal(keys->n, MST_COOKIE_KEYS_MAX);
	mst_cookie_keys_destroy(keys);
}

static void
a_ring_that_cannot_be_read_is_not_replaced(void **state)
{
	struct mst_conf_error err;
	struct stat before, after;
	int fd;

	(void)state;
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, "not a key\n", 10), 10);
	close(fd);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(mst_cookie_keys_rotate(path, NOW, LIFE, &err), -EINVAL);
	assert_int_equal(stat(path, &after), 0);
	assert_true(before.st_ino == after.st_ino && after.st_size == 10);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_start_makes_one_key),
		TEST(others_may_not_read_it),
		TEST(it_is_a_file_of_some_size),
		TEST(a_turn_puts_a_new_key_before_the_old_ones),
		TEST(a_key_goes_when_no_cookie_of_it_can_live),
		TEST(a_full_ring_stays_as_it_is),
		TEST(a_ring_that_cannot_be_read_is_not_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
