// The two orders of stages and where a packet may enter them. Worker lcores.
#pragma once

#include "burst.h"

enum pipeline_id { PIPELINE_IN, PIPELINE_OUT, PIPELINE_COUNT };
#define PIPELINE_MAX_STAGES 8

// Every way in is a suffix of one of the two orders.
enum in_stage { IN_OUTER, IN_RECORD, IN_LOOKUP, IN_OPEN, IN_INNER, IN_ROUTE, IN_REWRITE, IN_END };
enum out_stage { OUT_PRIVATE, OUT_LOOKUP, OUT_SEAL, OUT_ENCAP, OUT_ROUTE, OUT_REWRITE, OUT_END };
static_assert(IN_END <= PIPELINE_MAX_STAGES && OUT_END <= PIPELINE_MAX_STAGES,
	"room for the counters of the stages");

struct pipeline_stage {
	const char *name;
	mst_stage_fn *run;
};

struct pipeline {
	const char *name;
	unsigned int n_stages;
	struct pipeline_stage stages[PIPELINE_MAX_STAGES];
};

const struct pipeline *datapath_pipeline(enum pipeline_id id);

// Runs the burst from stage `from` to the end, sends what is left in it, ends or forwards what left it. The
// burst is empty afterwards.
void datapath_run(struct mst_worker *w, enum pipeline_id id, unsigned int from, struct mst_burst *b);

mst_stage_fn stage_outer, stage_record, stage_lookup_in, stage_open, stage_inner, stage_route_inner,
	stage_rewrite_inner;
mst_stage_fn stage_private, stage_lookup_out, stage_seal, stage_encap, stage_route_outer, stage_rewrite_outer;
