// Names and help of the verdicts; for telemetry and the command line, any lcore.
#include "mst_wire.h"

static const struct {
	const char *name, *help;
} verdicts[MST_WIRE_VERDICT_COUNT] = {
#define X(name, word, help) [MST_WIRE_##name] = {word, help},
	MST_WIRE_VERDICTS(X)
#undef X
};

const char *
mst_wire_verdict_name(unsigned int verdict)
{
	return verdict < MST_WIRE_VERDICT_COUNT ? verdicts[verdict].name : "unknown";
}

const char *
mst_wire_verdict_help(unsigned int verdict)
{
	return verdict < MST_WIRE_VERDICT_COUNT ? verdicts[verdict].help : "unknown";
}
