// Results as JSON; the schema is in report.h. Main thread.
#include "report.h"

#define REPORT_VERSION 1

// A builder whose error sticks, as that of mst_str.
struct object {
	json_t *json;
	bool err;
};

static struct object
object(void)
{
	json_t *json = json_object();

	return (struct object){json, json == NULL};
}

// Takes over value, which may be NULL.
static void
set(struct object *o, const char *key, json_t *value)
{
	if (o->err || value == NULL || json_object_set_new(o->json, key, value) < 0)
		o->err = true;
}

static void
set_count(struct object *o, const char *key, uint64_t v)
{
	set(o, key, json_integer(v > INT64_MAX ? INT64_MAX : (json_int_t)v));
}

static void
set_text(struct object *o, const char *key, const char *text)
{
	set(o, key, text == NULL ? json_null() : json_string(text));
}

static void
set_flag(struct object *o, const char *key, bool v)
{
	set(o, key, json_boolean(v));
}

static json_t *
finish(struct object *o)
{
	if (!o->err)
		return o->json;
	json_decref(o->json);
	return NULL;
}

static json_t *
settings_json(const struct lg_report *r)
{
	struct object o = object();

#define SET_TEXT set_text
#define SET_COUNT set_count
#define X(type, field, key, help) SET_##type(&o, key, r->settings.field);
	LG_REPORT_SETTINGS(X)
#undef X
	return finish(&o);
}

static json_t *
control_json(const struct lg_report *r)
{
	struct object o = object();

#define X(field, key, help) set_count(&o, key, r->control.field);
	LG_REPORT_CONTROL(X)
#undef X
	return finish(&o);
}

static json_t *
failures_json(const struct lg_report *r)
{
	struct object o = object();

#define X(field, key, help) set_count(&o, key, r->failures.field);
	LG_REPORT_FAILURES(X)
#undef X
	return finish(&o);
}

static json_t *
latency_json(const struct lg_histogram *h)
{
	struct object o = object();

	set_count(&o, "count", h->n);
#define X(key, help, value) set_count(&o, key, value);
	LG_REPORT_LATENCY(X)
#undef X
	return finish(&o);
}

static json_t *
flow_json(const struct lg_report_flow *f, uint64_t ns)
{
	struct object o = object();

#define X(field, key, help) set_count(&o, key, f->field);
	LG_REPORT_FLOW(X)
#undef X
	set_count(&o, "loss_ppm", lg_track_loss_ppm(f->sent, f->lost));
	set_count(&o, "sent_pps", lg_report_per_second(f->sent, ns));
	set_count(&o, "received_pps", lg_report_per_second(f->received, ns));
	set_count(&o, "received_bps", lg_report_per_second(8 * f->received_bytes, ns));
	set(&o, "latency_ns", latency_json(&f->latency));
	return finish(&o);
}

static json_t *
search_json(const struct lg_search_report *s)
{
	struct object o = object();

	set_text(&o, "kind", lg_search_kind_name(s->kind));
	set_flag(&o, "found", s->found);
	set_flag(&o, "complete", s->complete);
	set_flag(&o, "sender_limited", s->sender_limited);
	set_count(&o, "trials", s->trials);
	set_count(&o, "goal_ppm", s->goal_ppm);
	set_count(&o, "low_pps", s->low.pps);
	set_count(&o, "low_loss_ppm", lg_track_loss_ppm(s->low.sent, s->low.lost));
	set_count(&o, "high_pps", s->high.pps);
	set_count(&o, "high_loss_ppm", lg_track_loss_ppm(s->high.sent, s->high.lost));
	set(&o, "mrr_mean_pps", json_real(s->mrr_mean_pps));
	set(&o, "mrr_stdev_pps", json_real(s->mrr_stdev_pps));
	return finish(&o);
}

json_t *
lg_report_json(const struct lg_report *r)
{
	struct object o = object();

	set_count(&o, "version", REPORT_VERSION);
	set_text(&o, "program", "mst-loadgen");
	set_text(&o, "release", MST_VERSION);
	set(&o, "seconds", json_real((double)r->measured_ns / (double)MST_NS_PER_S));
	set(&o, "settings", settings_json(r));
	set(&o, "control", control_json(r));
	set(&o, "failures", failures_json(r));
	for (enum lg_dir dir = LG_UP; dir < LG_N_DIRS; dir++)
		if (r->flow[dir].used)
			set(&o, lg_report_dir_name(dir), flow_json(&r->flow[dir], r->measured_ns));
	if (r->search.kind != LG_SEARCH_NONE)
		set(&o, "search", search_json(&r->search));
	return finish(&o);
}
