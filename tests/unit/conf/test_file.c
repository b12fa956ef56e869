// Files that cannot be read, and that are too long.
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mst_conf.h"
#include "mst_test.h"

static char dir[] = "/tmp/mst-test-file-XXXXXX";
static char path[64];

static int
set_up(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/f", dir);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static void
write_file(size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	for (size_t i = 0; i < len; i++)
		fputc('a' + (int)(i % 26), f);
	assert_int_equal(fclose(f), 0);
}

static void
reads_up_to_the_bound(void **state)
{
	(void)state;
	static const size_t lens[] = {0, 1, 65535, 65536, 65537, 200000};
	struct mst_conf_error err;
	char *text;
	size_t len;

	for (size_t i = 0; i < MST_ARRAY_SIZE(lens); i++) {
		write_file(lens[i]);
		assert_int_equal(mst_conf_file_read(path, 200000, &text, &len, &err), 0);
		assert_int_equal(len, lens[i]);
		assert_int_equal(strlen(text), len);
		free(text);
	}
	write_file(200001);
	assert_int_equal(mst_conf_file_read(path, 200000, &text, &len, &err), -EFBIG);
	write_file(5);
	assert_int_equal(mst_conf_file_read(path, 4, &text, &len, &err), -EFBIG);
	assert_int_equal(mst_conf_file_read(path, 5, &text, &len, &err), 0);
	free(text);
}

static void
says_why_it_cannot(void **state)
{
	(void)state;
	struct mst_conf_error err;
	struct mst_conf *conf = NULL;
	char fifo[80];

	assert_int_equal(mst_conf_load(&conf, "/nonexistent/mst.yaml", &err), -ENOENT);
	assert_string_equal(err.text, "/nonexistent/mst.yaml: cannot open: No such file or directory");
	assert_int_equal(mst_conf_load(&conf, "/tmp", &err), -EISDIR);
	assert_string_equal(err.text, "/tmp: cannot read: Is a directory");
	assert_null(conf);
	// A FIFO that nobody writes to reads as empty; it does not block.
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(mst_conf_load(&conf, fifo, &err), -EINVAL);
	unlink(fifo);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_up_to_the_bound),
		cmocka_unit_test(says_why_it_cannot),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
