// The table of commands, and how words find their row. Any thread.
#include <errno.h>
#include <string.h>

#include "ctl.h"

const struct mst_ctl_command mst_ctl_commands[] = {
#define X(id, words, args, view, help) {words, args, help, MST_CTL_##id, MST_CTL_##view},
	MST_CTL_COMMANDS(X)
#undef X
};
const size_t mst_ctl_n_commands = MST_ARRAY_SIZE(mst_ctl_commands);

const struct mst_ctl_option mst_ctl_options[] = {
#define X(id, letter, name, arg, help) {name, arg, help, MST_CTL_OPT_##id, letter},
	MST_CTL_OPTIONS(X)
#undef X
};
const size_t mst_ctl_n_options = MST_ARRAY_SIZE(mst_ctl_options);

size_t
ctl_word_count(const char *words)
{
	size_t n = *words != '\0';

	for (const char *c = words; *c != '\0'; c++)
		n += *c == ' ';
	return n;
}

void
ctl_arg_range(const struct mst_ctl_command *command, size_t *min, size_t *max)
{
	*max = ctl_word_count(command->args);
	*min = *max;
	for (const char *c = command->args; *c != '\0'; c++)
		*min -= *c == '[';
}

bool
ctl_begins_with(const struct mst_ctl_command *command, const char *const *words, size_t n)
{
	const char *pos = command->words;

	for (size_t i = 0; i < n; i++) {
		size_t len = strcspn(pos, " ");

		if (len == 0 || strlen(words[i]) != len || memcmp(words[i], pos, len) != 0)
			return false;
		pos += len;
		pos += strspn(pos, " ");
	}
	return true;
}

int
mst_ctl_match(const char *const *argv, size_t n, const struct mst_ctl_command **out, size_t *n_words)
{
	for (size_t i = 0; i < mst_ctl_n_commands; i++) {
		const struct mst_ctl_command *c = &mst_ctl_commands[i];
		size_t words = ctl_word_count(c->words);
		size_t min;
		size_t max;

		if (n < words || !ctl_begins_with(c, argv, words))
			continue;
		ctl_arg_range(c, &min, &max);
		*out = c;
		*n_words = words;
		return n - words < min || n - words > max ? -EINVAL : 0;
	}
	return -ENOENT;
}

#define LINE 64

static size_t
smallest(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

// Levenshtein distance; LINE when either text is too long to be a slip of the finger.
static size_t
distance(const char *a, const char *b)
{
	size_t row[LINE];
	size_t len_a = strlen(a);
	size_t len_b = strlen(b);

	if (len_a >= LINE || len_b >= LINE)
		return LINE;
	for (size_t j = 0; j <= len_b; j++)
		row[j] = j;
	for (size_t i = 1; i <= len_a; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= len_b; j++) {
			size_t above = row[j];

			row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[len_b];
}

// Distance of what was typed from the command, whose first words may have been left out.
static size_t
distance_from(const struct mst_ctl_command *command, const char *const *argv, size_t n)
{
	size_t best = LINE;

	for (const char *tail = command->words; tail != NULL; tail = strchr(tail, ' ')) {
		char text[LINE];
		struct mst_str typed = mst_str_init(text, sizeof(text));
		size_t words;
		size_t d;

		tail += *tail == ' ';
		words = ctl_word_count(tail);
		for (size_t i = 0; i < n && i < words; i++)
			mst_str_fmt(&typed, "%s%s", i > 0 ? " " : "", argv[i]);
		d = typed.err ? LINE : distance(text, tail);
		if (d < best && d <= 2 && d < strlen(tail) / 2)
			best = d;
	}
	return best;
}

const struct mst_ctl_command *
mst_ctl_suggest(const char *const *argv, size_t n)
{
	const struct mst_ctl_command *found = NULL;
	size_t best = LINE;

	for (size_t i = 0; i < mst_ctl_n_commands; i++) {
		size_t d = distance_from(&mst_ctl_commands[i], argv, n);

		if (d < best) {
			best = d;
			found = &mst_ctl_commands[i];
		}
	}
	return found;
}
