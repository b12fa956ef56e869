// The table of commands: no row hides another, words find their row, slips are recognised.
#include <errno.h>
#include <string.h>

#include "mst_test.h"

#include "ctl.h"

static void
rows_do_not_hide_each_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < mst_ctl_n_commands; i++) {
		const struct mst_ctl_command *a = &mst_ctl_commands[i];
		size_t len = strlen(a->words);

		assert_int_equal(a->id, i);
		assert_true(a->help[0] != '\0');
		assert_true(len > 0 && len < 64);
		for (size_t j = 0; j < mst_ctl_n_commands; j++) {
			const char *b = mst_ctl_commands[j].words;

			// The first row that fits is taken: more words stand in front of fewer.
			if (j > i)
				assert_false(
					strncmp(a->words, b, len) == 0 && (b[len] == ' ' || b[len] == '\0'));
		}
	}
}

static void
every_row_is_found_by_its_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < mst_ctl_n_commands; i++) {
		const struct mst_ctl_command *c = &mst_ctl_commands[i];
		const struct mst_ctl_command *found = NULL;
		const char *argv[MST_CTL_WORDS] = {0};
		char text[64];
		size_t n = 0;
		size_t n_words = 0;
		size_t min;
		size_t max;

		snprintf(text, sizeof(text), "%s", c->words);
		for (char *w = text; w != NULL; n++) {
			argv[n] = strsep(&w, " ");
		}
		ctl_arg_range(c, &min, &max);
		for (size_t k = 0; k < max; k++)
			argv[n + k] = "x";
		assert_int_equal(mst_ctl_match(argv, n + max, &found, &n_words), 0);
		assert_ptr_equal(found, c);
		assert_int_equal(n_words, n);
		assert_int_equal(mst_ctl_match(argv, n + min, &found, &n_words), 0);
		argv[n + max] = "y";
		assert_int_equal(mst_ctl_match(argv, n + max + 1, &found, &n_words), -EINVAL);
		assert_ptr_equal(found, c);
		if (min > 0)
			assert_int_equal(mst_ctl_match(argv, n + min - 1, &found, &n_words), -EINVAL);
	}
}

static void
argument_counts(void **state)
{
	(void)state;
	const struct mst_ctl_command optional = {.words = "a b", .args = "ONE [TWO]"};
	const struct mst_ctl_command none = {.words = "a", .args = ""};
	size_t min;
	size_t max;

	ctl_arg_range(&optional, &min, &max);
	assert_int_equal(min, 1);
	assert_int_equal(max, 2);
	ctl_arg_range(&none, &min, &max);
	assert_int_equal(min, 0);
	assert_int_equal(max, 0);
	assert_int_equal(ctl_word_count("server show id"), 3);
}

static void
other_words_are_unknown(void **state)
{
	(void)state;
	const struct mst_ctl_command *found;
	size_t n;
	const char *const partial[] = {"server", "show"};
	const char *const longer[] = {"server", "show", "statusx"};
	const char *const shorter[] = {"server", "show", "statu"};
	const char *const joined[] = {"server show", "status"};

	assert_int_equal(mst_ctl_match(partial, 0, &found, &n), -ENOENT);
	assert_int_equal(mst_ctl_match(partial, 2, &found, &n), -ENOENT);
	assert_int_equal(mst_ctl_match(longer, 3, &found, &n), -ENOENT);
	assert_int_equal(mst_ctl_match(shorter, 3, &found, &n), -ENOENT);
	assert_int_equal(mst_ctl_match(joined, 2, &found, &n), -ENOENT);
}

static void
slips_are_recognised(void **state)
{
	(void)state;
	static const struct {
		const char *argv[4];
		size_t n;
		const char *meant;
	} cases[] = {
		{{"server", "shwo", "users"}, 3, "server show users"},
		{{"show", "users"}, 2, "server show users"},
		{{"servr", "show", "user", "alice"}, 4, "server show user"},
		{{"relod"}, 1, "server reload"},
		{{"conf", "check"}, 2, "config check"},
		{{"make", "coffee"}, 2, NULL},
		{{"x"}, 1, NULL},
	};
	char too_long[200];
	const char *const one[] = {too_long};

	for (size_t i = 0; i < MST_ARRAY_SIZE(cases); i++) {
		const struct mst_ctl_command *c = mst_ctl_suggest(cases[i].argv, cases[i].n);

		if (cases[i].meant == NULL) {
			assert_null(c);
		} else {
			assert_non_null(c);
			assert_string_equal(c->words, cases[i].meant);
		}
	}
	memset(too_long, 'a', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	assert_null(mst_ctl_suggest(one, 1));
	assert_null(mst_ctl_suggest(one, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_do_not_hide_each_other),
		cmocka_unit_test(every_row_is_found_by_its_words),
		cmocka_unit_test(argument_counts),
		cmocka_unit_test(other_words_are_unknown),
		cmocka_unit_test(slips_are_recognised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
