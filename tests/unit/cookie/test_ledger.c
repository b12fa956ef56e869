// The ledger: what it remembers, across processes and sizes, and that it refuses whom it had to forget.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mst_test.h"

#include "ledger.h"

#define NOW 1800000000ULL
#define WINDOW 32

static char dir[32], path[64];

static int
setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/mst-test.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/sessions", dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static struct mst_cookie_ledger *
open_ledger(uint32_t sessions)
{
	struct mst_cookie_ledger *l = NULL;
	struct mst_conf_error err;

	if (mst_cookie_ledger_open(&l, path, sessions, NOW, &err) < 0)
		fail_msg("%s", err.text);
	return l;
}

// Cookies of one number more, of the same window for each thousand.
static struct mst_cookie
cookie(uint32_t window, uint32_t number)
{
	struct mst_cookie c = {.issued_unix_s = NOW - 100,
		.expires_unix_s = NOW + 1000,
		.addr4 = {.family = 4, .bytes = {10, 0, 0, 1}}};

	memcpy(c.id, &window, sizeof(window));
	memcpy(c.id + 8, &number, sizeof(number));
	c.id[15] = 1;
	return c;
}

static void
expect(const struct mst_cookie_ledger *l, struct mst_cookie c, enum mst_cookie_known known)
{
	assert_int_equal(mst_cookie_ledger_look(l, &c, NOW), known);
}

static void
a_life_from_begin_to_end(void **state)
{
	struct mst_cookie_ledger *l = open_ledger(10);
	struct mst_cookie c = cookie(5, 1), other = cookie(5, 2);
	const struct mst_cookie_entry *e;
	uint32_t at = 0;

	(void)state;
	expect(l, c, MST_COOKIE_NEW);
	mst_cookie_ledger_note(l, &c, MST_COOKIE_LIVES, NOW);
	expect(l, c, MST_COOKIE_LIVES);
	expect(l, other, MST_COOKIE_NEW);
	e = mst_cookie_ledger_next(l, &at, MST_COOKIE_LIVES, NOW);
	assert_non_null(e);
	assert_memory_equal(e->id, c.id, sizeof(c.id));
	assert_int_equal(e->addr4, 0x0a000001);
	assert_int_equal(e->expires_unix_s, NOW + 1000);
	assert_null(mst_cookie_ledger_next(l, &at, MST_COOKIE_LIVES, NOW));
	at = 0;
	assert_null(mst_cookie_ledger_next(l, &at, MST_COOKIE_LIVES, NOW + 1000));
	at = 0;
	assert_null(mst_cookie_ledger_next(l, &at, MST_COOKIE_ENDED, NOW));
	mst_cookie_ledger_note(l, &c, MST_COOKIE_ENDED, NOW);
	expect(l, c, MST_COOKIE_ENDED);
	at = 0;
	assert_null(mst_cookie_ledger_next(l, &at, MST_COOKIE_LIVES, NOW));
	assert_int_equal(mst_cookie_ledger_forgotten(l), 0);
	mst_cookie_ledger_close(l);
}

static void
each_bit_of_an_id_counts(void **state)
{
	struct mst_cookie_ledger *l = open_ledger(10);
	struct mst_cookie c = cookie(5, 1);

	(void)state;
	mst_cookie_ledger_note(l, &c, MST_COOKIE_ENDED, NOW);
	for (unsigned int bit = 0; bit < 8 * sizeof(c.id); bit++) {
		struct mst_cookie other = c;

		other.id[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		expect(l, other, MST_COOKIE_NEW);
	}
	expect(l, c, MST_COOKIE_ENDED);
	mst_cookie_ledger_close(l);
}

// The next process has it, with no word from this one: what was mapped is not closed here.
static void
the_next_process_knows(void **state)
{
	struct mst_cookie_ledger *l;
	struct mst_cookie lives = cookie(5, 1), ended = cookie(7, 2);
	struct stat st;

	(void)state;
	l = open_ledger(10);
	mst_cookie_ledger_note(l, &lives, MST_COOKIE_LIVES, NOW);
	mst_cookie_ledger_note(l, &ended, MST_COOKIE_ENDED, NOW);
	close(l->fd); // as SIGKILL does: the lock goes, and nothing is written
	l->fd = -1;
	mst_cookie_ledger_close(l);
	l = open_ledger(10);
	expect(l, lives, MST_COOKIE_LIVES);
	expect(l, ended, MST_COOKIE_ENDED);
	mst_cookie_ledger_close(l);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void
another_size_takes_over_what_was_known(void **state)
{
	static const uint32_t sizes[] = {10, 5000, 100, 256, 257};
	struct mst_cookie_ledger *l = open_ledger(sizes[0]);
	struct mst_cookie c;

	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		c = cookie(i * 7919, i);
		mst_cookie_ledger_note(l, &c, i % 2 ? MST_COOKIE_LIVES : MST_COOKIE_ENDED, NOW);
	}
	for (size_t s = 1; s < MST_ARRAY_SIZE(sizes); s++) {
		mst_cookie_ledger_close(l);
		l = open_ledger(sizes[s]);
		assert_int_equal(l->n, ledger_places(sizes[s]));
		for (uint32_t i = 0; i < 100; i++)
			expect(l, cookie(i * 7919, i), i % 2 ? MST_COOKIE_LIVES : MST_COOKIE_ENDED);
	}
	mst_cookie_ledger_close(l);
}

static void
what_is_over_is_forgotten(void **state)
{
	struct mst_cookie_ledger *l = open_ledger(10);
	struct mst_cookie c = cookie(5, 1);

	(void)state;
	mst_cookie_ledger_note(l, &c, MST_COOKIE_ENDED, NOW);
	assert_int_equal(mst_cookie_ledger_look(l, &c, NOW + 999), MST_COOKIE_ENDED);
	assert_int_equal(mst_cookie_ledger_look(l, &c, NOW + 1000), MST_COOKIE_NEW);
	for (uint32_t i = 2; i < 2 + WINDOW; i++) { // its place is free then
		struct mst_cookie later = cookie(5, i);

		later.expires_unix_s = NOW + 5000;
		mst_cookie_ledger_note(l, &later, MST_COOKIE_ENDED, NOW + 1000);
	}
	assert_int_equal(mst_cookie_ledger_forgotten(l), 0);
	mst_cookie_ledger_close(l);
}

// One window full at n - 1, n and n + 1: who had to be forgotten is refused with all who signed in before him, and who
// lives is not forgotten for who has ended.
static void
who_is_forgotten_is_refused(void **state)
{
	struct mst_cookie_ledger *l = open_ledger(10);
	struct mst_cookie lives = cookie(5, 1000), c, first;

	(void)state;
	lives.expires_unix_s = NOW + 1; // sooner over than all others
	mst_cookie_ledger_note(l, &lives, MST_COOKIE_LIVES, NOW);
	for (uint32_t i = 1; i < WINDOW; i++) {
		c = cookie(5, i);
		c.issued_unix_s = NOW - 50 + i;
		c.expires_unix_s = NOW + 100 + i;
		mst_cookie_ledger_note(l, &c, MST_COOKIE_ENDED, NOW);
	}
	assert_int_equal(mst_cookie_ledger_forgotten(l), 0);
	c = cookie(5, WINDOW);
	c.expires_unix_s = NOW + 500;
	mst_cookie_ledger_note(l, &c, MST_COOKIE_ENDED, NOW);
	assert_int_equal(mst_cookie_ledger_forgotten(l), 1);
	assert_int_equal(l->head->floor_unix_s, NOW - 49);
	first = cookie(5, 1);
	first.issued_unix_s = NOW - 49;
	expect(l, first, MST_COOKIE_ENDED); // though no entry says so
	expect(l, lives, MST_COOKIE_LIVES); // the floor is below who is known
	c = cookie(99, 1);
	c.issued_unix_s = NOW - 49;
	expect(l, c, MST_COOKIE_ENDED);
	c.issued_unix_s = NOW - 48;
	expect(l, c, MST_COOKIE_NEW);
	mst_cookie_ledger_close(l);
	l = open_ledger(5000); // and it stays so
	c.issued_unix_s = NOW - 49;
	expect(l, c, MST_COOKIE_ENDED);
	mst_cookie_ledger_close(l);
}

static void
refuse(int error, const char *word)
{
	struct mst_cookie_ledger *l = NULL;
	struct mst_conf_error err = {0};

	assert_int_equal(mst_cookie_ledger_open(&l, path, 10, NOW, &err), error);
	assert_int_equal(strncmp(err.text, path, strlen(path)), 0);
	assert_non_null(strstr(err.text, word));
	assert_null(l);
}

static void
one_gateway_at_a_time(void **state)
{
	struct mst_cookie_ledger *l = open_ledger(10);

	(void)state;
	refuse(-EBUSY, "another gateway");
	mst_cookie_ledger_close(l);
	mst_cookie_ledger_close(open_ledger(5000)); // of another size: it is another file
	l = open_ledger(10);
	refuse(-EBUSY, "another gateway");
	mst_cookie_ledger_close(l);
}

static void
other_files_are_left_alone(void **state)
{
	struct ledger_head head = {.magic = LEDGER_MAGIC, .n_places = 1024};
	struct stat st;
	int fd;

	(void)state;
	fd = open(path, O_CREAT | O_RDWR, 0600);
	assert_int_equal(write(fd, "users: none\n", 12), 12);
	refuse(-EINVAL, "not a ledger");
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 12);
	assert_int_equal(pwrite(fd, &head, sizeof(head), 0), sizeof(head)); // says more than there is
	refuse(-EINVAL, "not a ledger");
	head.n_places = 3;
	assert_int_equal(pwrite(fd, &head, sizeof(head), 0), sizeof(head));
	assert_int_equal(ftruncate(fd, sizeof(head) + 3 * 32), 0);
	refuse(-EINVAL, "not a ledger");
	head.n_places = 0;
	assert_int_equal(pwrite(fd, &head, sizeof(head), 0), sizeof(head));
	assert_int_equal(ftruncate(fd, sizeof(head)), 0);
	refuse(-EINVAL, "not a ledger");
	close(fd);
	mst_cookie_ledger_close((unlink(path), open_ledger(10)));
	assert_int_equal(chmod(path, 0640), 0);
	refuse(-EINVAL, "chmod 600");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	refuse(-EINVAL, "expected a file");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_life_from_begin_to_end),
		TEST(each_bit_of_an_id_counts),
		TEST(the_next_process_knows),
		TEST(another_size_takes_over_what_was_known),
		TEST(what_is_over_is_forgotten),
		TEST(who_is_forgotten_is_refused),
		TEST(one_gateway_at_a_time),
		TEST(other_files_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
