// Help, completion script and manual page of mst-cli, all from the tables. mst-cli.
#include <errno.h>
#include <string.h>

#include "ctl.h"

static const struct {
	int code;
	const char *help;
} exits[] = {
#define X(id, code, help) {code, help},
	MST_CTL_EXITS(X)
#undef X
};

static int
usage_width(const struct mst_ctl_command *c)
{
	return (int)(strlen(c->words) + (c->args[0] != '\0') + strlen(c->args));
}

static void
help_command(FILE *out, const struct mst_ctl_command *c, int width)
{
	fprintf(out, "  %s%s%s%*s  %s\n", c->words, c->args[0] != '\0' ? " " : "", c->args,
		width - usage_width(c), "", c->help);
}

static void
help_options(FILE *out)
{
	fputs("\nOptions:\n", out);
	for (size_t i = 0; i < mst_ctl_n_options; i++) {
		const struct mst_ctl_option *o = &mst_ctl_options[i];
		char text[32];
		struct mst_str s = mst_str_init(text, sizeof(text));

		if (o->letter != '\0')
			mst_str_fmt(&s, "-%c, ", o->letter);
		else
			mst_str_fmt(&s, "    ");
		mst_str_fmt(&s, "--%s%s%s", o->name, o->arg[0] != '\0' ? " " : "", o->arg);
		fprintf(out, "  %-22s  %s\n", text, o->help);
	}
	fputs("\nExit codes:\n", out);
	for (size_t i = 0; i < MST_ARRAY_SIZE(exits); i++)
		fprintf(out, "  %-4d%s\n", exits[i].code, exits[i].help);
}

int
mst_ctl_help(FILE *out, const char *const *words, size_t n)
{
	int width = 0;
	size_t found = 0;

	for (size_t i = 0; i < mst_ctl_n_commands; i++) {
		if (ctl_begins_with(&mst_ctl_commands[i], words, n)) {
			int w = usage_width(&mst_ctl_commands[i]);

			found++;
			width = w > width ? w : width;
		}
	}
	if (found == 0)
		return -ENOENT;
	fputs("Usage: mst-cli [OPTION]... ", out);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s ", words[i]);
	fputs(n == 0 ? "COMMAND...\n\nCommands:\n" : "...\n\nCommands:\n", out);
	for (size_t i = 0; i < mst_ctl_n_commands; i++) {
		if (ctl_begins_with(&mst_ctl_commands[i], words, n))
			help_command(out, &mst_ctl_commands[i], width);
	}
	if (n == 0)
		help_options(out);
	return 0;
}

// ---- completion ----

// Does an earlier command begin with the first len bytes of words, up to a word's end?
static bool
seen_before(size_t before, const char *words, size_t len)
{
	for (size_t i = 0; i < before; i++) {
		const char *w = mst_ctl_commands[i].words;

		if (strncmp(w, words, len) == 0 && (w[len] == ' ' || w[len] == '\0'))
			return true;
	}
	return false;
}

// The distinct words that follow the first len bytes (0, or up to a word's end) of prefix.
static void
next_words(FILE *out, const char *prefix, size_t len)
{
	const char *gap = "";

	for (size_t i = 0; i < mst_ctl_n_commands; i++) {
		const char *w = mst_ctl_commands[i].words;
		size_t skip = len == 0 ? 0 : len + 1;
		size_t word;

		if (strncmp(w, prefix, len) != 0 || (len != 0 && w[len] != ' '))
			continue;
		word = strcspn(w + skip, " ");
		if (seen_before(i, w, skip + word))
			continue;
		fprintf(out, "%s%.*s", gap, (int)word, w + skip);
		gap = " ";
	}
}

static void
completion_cases(FILE *out)
{
	fputs("\t\"\") next=\"", out);
	next_words(out, "", 0);
	fputs("\" ;;\n", out);
	for (size_t i = 0; i < mst_ctl_n_commands; i++) {
		const struct mst_ctl_command *c = &mst_ctl_commands[i];

		for (const char *end = strchr(c->words, ' '); end != NULL; end = strchr(end + 1, ' ')) {
			size_t len = (size_t)(end - c->words);

			if (seen_before(i, c->words, len))
				continue;
			fprintf(out, "\t\" %.*s\") next=\"", (int)len, c->words);
			next_words(out, c->words, len);
			fputs("\" ;;\n", out);
		}
		if (strstr(c->args, "FILE") != NULL)
			fprintf(out, "\t\" %s\") files=1 ;;\n", c->words);
	}
}

static void
completion_options(FILE *out)
{
	fputs("\tif [[ $cur == -* ]]; then\n\t\tfiles=\n\t\tnext=\"", out);
	for (size_t i = 0; i < mst_ctl_n_options; i++)
		fprintf(out, "%s--%s", i > 0 ? " " : "", mst_ctl_options[i].name);
	fputs("\"\n\tfi\n", out);
}

void
mst_ctl_completion_bash(FILE *out)
{
	fputs("# bash completion of mst-cli; written by mst-cli --completion bash\n"
	      "_mst_cli() {\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} words=\"\" next=\"\" files=\"\" i\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\tcase ${COMP_WORDS[i]} in\n",
		out);
	for (size_t i = 0; i < mst_ctl_n_options; i++) {
		const struct mst_ctl_option *o = &mst_ctl_options[i];

		if (o->arg[0] != '\0' && o->letter != '\0')
			fprintf(out, "\t\t-%c | --%s) ((i++)) ;;\n", o->letter, o->name);
		else if (o->arg[0] != '\0')
			fprintf(out, "\t\t--%s) ((i++)) ;;\n", o->name);
	}
	fputs("\t\t-*) ;;\n\t\t*) words=\"$words ${COMP_WORDS[i]}\" ;;\n\t\tesac\n\tdone\n\tcase $words in\n",
		out);
	completion_cases(out);
	fputs("\tesac\n", out);
	completion_options(out);
	fputs("\tif [[ -n $files ]]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	      "\telse\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W \"$next\" -- \"$cur\")\n"
	      "\tfi\n"
	      "}\n"
	      "complete -F _mst_cli mst-cli\n",
		out);
}

// ---- manual page ----

static void
man_commands(FILE *out)
{
	fputs(".SH COMMANDS\n", out);
	for (size_t i = 0; i < mst_ctl_n_commands; i++) {
		const struct mst_ctl_command *c = &mst_ctl_commands[i];

		fputs(".TP\n\\fB", out);
		mst_put_roff(out, c->words);
		fputs("\\fR", out);
		if (c->args[0] != '\0')
			fprintf(out, " \\fI%s\\fR", c->args);
		fputc('\n', out);
		mst_put_roff(out, c->help);
		fputs(".\n", out);
	}
}

static void
man_options(FILE *out)
{
	fputs(".SH OPTIONS\n", out);
	for (size_t i = 0; i < mst_ctl_n_options; i++) {
		const struct mst_ctl_option *o = &mst_ctl_options[i];

		fputs(".TP\n", out);
		if (o->letter != '\0')
			fprintf(out, "\\fB\\-%c\\fR, ", o->letter);
		fprintf(out, "\\fB\\-\\-%s\\fR", o->name);
		if (o->arg[0] != '\0')
			fprintf(out, " \\fI%s\\fR", o->arg);
		fputc('\n', out);
		mst_put_roff(out, o->help);
		fputs(".\n", out);
	}
}

void
mst_ctl_man(FILE *out)
{
	fputs(".TH MST\\-CLI 8 \"\" \"MST Gateway " MST_VERSION "\" \"System Administration\"\n"
	      ".SH NAME\nmst\\-cli \\- command the MST gateway of this host\n"
	      ".SH SYNOPSIS\n.B mst\\-cli\n[\\fIOPTION\\fR]... \\fICOMMAND\\fR [\\fIARGUMENT\\fR]\n"
	      ".SH DESCRIPTION\n"
	      "Sends one command to the running gateway over its control socket and prints the answer.\n"
	      "Only root and the user that the gateway runs as may do so.\n",
		out);
	man_commands(out);
	man_options(out);
	fputs(".SH EXIT STATUS\n", out);
	for (size_t i = 0; i < MST_ARRAY_SIZE(exits); i++) {
		fprintf(out, ".TP\n.B %d\n", exits[i].code);
		mst_put_roff(out, exits[i].help);
		fputs(".\n", out);
	}
	fputs(".SH FILES\n.TP\n.I ", out);
	mst_put_roff(out, MST_CTL_SOCKET);
	fputs("\nthe control socket.\n", out);
}
