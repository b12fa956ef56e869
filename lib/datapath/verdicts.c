// Names and texts of the verdict list. Any thread.
#include "verdicts.h"

#include "mst_datapath.h"

static const struct {
	const char *word, *help;
	enum mst_verdict_kind kind;
} rows[MST_VERDICT_COUNT] = {
#define X(name, kind, word, help) [MST_##name] = {word, help, MST_VERDICT_##kind},
	MST_VERDICTS(X)
#undef X
};

const char *
mst_verdict_name(unsigned int verdict)
{
	return verdict < MST_VERDICT_COUNT ? rows[verdict].word : "unknown";
}

const char *
mst_verdict_help(unsigned int verdict)
{
	return verdict < MST_VERDICT_COUNT ? rows[verdict].help : "no such verdict";
}

unsigned int
mst_verdict_count(void)
{
	return MST_VERDICT_COUNT;
}

enum mst_verdict_kind
datapath_verdict_kind(unsigned int verdict)
{
	return verdict < MST_VERDICT_COUNT ? rows[verdict].kind : MST_VERDICT_STAY;
}

bool
mst_verdict_is_drop(unsigned int verdict)
{
	return datapath_verdict_kind(verdict) == MST_VERDICT_DROP;
}
