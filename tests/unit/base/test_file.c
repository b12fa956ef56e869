// All of a descriptor, however it comes.
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "mst_base.h"
#include "mst_test.h"

static int ends[2];

// In pieces, with a signal between them.
static void *
write_slowly(void *reader)
{
	for (int i = 0; i < 10; i++) {
		assert_int_equal(write(ends[1], "0123456789", 10), 10);
		pthread_kill(*(pthread_t *)reader, SIGUSR1);
		usleep(1000);
	}
	close(ends[1]);
	return NULL;
}

static void
on_signal(int number)
{
	(void)number;
}

static void
pieces_come_together(void **state)
{
	struct sigaction action = {.sa_handler = on_signal}; // without SA_RESTART: read gives EINTR
	pthread_t self = pthread_self(), writer;
	char buf[128];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	assert_int_equal(pthread_create(&writer, NULL, write_slowly, &self), 0);
	assert_int_equal(mst_fd_read(ends[0], buf, sizeof(buf)), 100);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(buf[i], '0' + (char)(i % 10));
	assert_int_equal(pthread_join(writer, NULL), 0);
	assert_int_equal(mst_fd_read(ends[0], buf, sizeof(buf)), 0);
	close(ends[0]);
}

static void
no_more_than_asked_for(void **state)
{
	char buf[8] = "xxxxxxx";

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "abcdef", 6), 6);
	assert_int_equal(mst_fd_read(ends[0], buf, 0), 0);
	assert_int_equal(mst_fd_read(ends[0], buf, 4), 4);
	assert_string_equal(buf, "abcdxxx");
	close(ends[1]);
	assert_int_equal(mst_fd_read(ends[0], buf, 4), 2);
	close(ends[0]);
	assert_int_equal(mst_fd_read(ends[0], buf, 4), -EBADF);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_come_together),
		cmocka_unit_test(no_more_than_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
