// Results as text: the table at the end, the line while it runs. Main thread.
#include "report.h"

#include <string.h>

const char *
lg_report_dir_name(enum lg_dir dir)
{
	return dir == LG_UP ? "up" : "down";
}

void
lg_report_set_flow(struct lg_report_flow *f, const struct lg_track_sum *sum)
{
	f->sent = sum->sent;
	f->received = sum->received;
	f->lost = sum->lost;
	f->reordered = sum->reordered;
	f->duplicated = sum->duplicated;
	f->late = sum->late;
}

uint64_t
lg_report_failures(const struct lg_report *r)
{
	uint64_t sum = 0;

#define X(field, key, help) sum += r->failures.field;
	LG_REPORT_FAILURES(X)
#undef X
	return sum;
}

uint64_t
lg_report_per_second(uint64_t n, uint64_t ns)
{
	return ns == 0 ? 0 : (uint64_t)((double)n * (double)MST_NS_PER_S / (double)ns);
}

// ---- table --------------------------------------------------------------------------------------
#define ROW "  %-18s %16llu  %s\n"

static void
put_row(FILE *out, const char *key, uint64_t value, const char *help)
{
	fprintf(out, ROW, key, (unsigned long long)value, help);
}

static void
put_text(FILE *out, const char *key, const char *text)
{
	fprintf(out, "  %-18s %s\n", key, text == NULL ? "-" : text);
}

static void
print_settings(FILE *out, const struct lg_report *r)
{
	fputs("settings\n", out);
#define PRINT_TEXT(key, value, help) put_text(out, key, value);
#define PRINT_COUNT(key, value, help) put_row(out, key, value, help);
#define X(type, field, key, help) PRINT_##type(key, r->settings.field, help)
	LG_REPORT_SETTINGS(X)
#undef X
}

static void
print_counts(FILE *out, const struct lg_report *r)
{
	fputs("\ndevices\n", out);
#define X(field, key, help) put_row(out, key, r->control.field, help);
	LG_REPORT_CONTROL(X)
#undef X
	if (lg_report_failures(r) == 0)
		return;
	fputs("\nfailures\n", out);
#define X(field, key, help)                                                                                  \
	if (r->failures.field > 0)                                                                           \
		put_row(out, key, r->failures.field, help);
	LG_REPORT_FAILURES(X)
#undef X
}

// 5000 is "0.5000 %".
static void
put_share(FILE *out, const char *key, uint32_t ppm, const char *help)
{
	fprintf(out, "  %-18s %11u.%04u %%  %s\n", key, ppm / 10000, ppm % 10000, help);
}

static void
print_flow(FILE *out, const struct lg_report *r, enum lg_dir dir)
{
	const struct lg_report_flow *f = &r->flow[dir];
	const struct lg_histogram *h = &f->latency;

	fprintf(out, "\n%s, %llu.%03llu s\n", lg_report_dir_name(dir),
		(unsigned long long)(r->measured_ns / MST_NS_PER_S),
		(unsigned long long)(r->measured_ns / MST_NS_PER_MS % 1000));
#define X(field, key, help) put_row(out, key, f->field, help);
	LG_REPORT_FLOW(X)
#undef X
	put_share(out, "loss", lg_track_loss_ppm(f->sent, f->lost), "of the packets sent");
	put_row(out, "sent_pps", lg_report_per_second(f->sent, r->measured_ns), "packets sent a second");
	put_row(out, "received_pps", lg_report_per_second(f->received, r->measured_ns), "received a second");
	put_row(out, "received_bps", lg_report_per_second(8 * f->received_bytes, r->measured_ns),
		"bits of inner packets received a second");
	if (h->n == 0)
		return;
#define X(key, help, value) put_row(out, "latency_" key "_ns", value, help);
	LG_REPORT_LATENCY(X)
#undef X
}

static void
print_bound(FILE *out, const char *key, const struct lg_search_bound *b, const char *help)
{
	if (b->pps == 0)
		return;
	put_row(out, key, b->pps, help);
	put_share(out, "  its loss", lg_track_loss_ppm(b->sent, b->lost), "in its last trials");
}

static void
print_search(FILE *out, const struct lg_search_report *s)
{
	fprintf(out, "\n%s: %s%s\n", lg_search_kind_name(s->kind), s->found ? "found" : "not found",
		s->complete ? "" : ", and broken off before the interval was narrow enough");
	put_row(out, "trials", s->trials, "made");
	if (s->sender_limited)
		fputs("  the generator could not offer what was asked for: the gateway may carry more\n",
			out);
	if (s->kind == LG_SEARCH_MRR) {
		print_bound(out, "offered_pps", &s->low, "packets a second");
		put_row(out, "mrr_mean_pps", (uint64_t)(s->mrr_mean_pps + 0.5),
			"received, mean of the trials");
		put_row(out, "mrr_stdev_pps", (uint64_t)(s->mrr_stdev_pps + 0.5), "and their deviation");
		return;
	}
	put_share(out, "goal", s->goal_ppm, "loss allowed");
	print_bound(out, "low_pps", &s->low, "highest load that kept to the goal");
	print_bound(out, "high_pps", &s->high, "lowest load that did not");
}

void
lg_report_print(FILE *out, const struct lg_report *r)
{
	print_settings(out, r);
	print_counts(out, r);
	for (enum lg_dir dir = LG_UP; dir < LG_N_DIRS; dir++)
		if (r->flow[dir].used)
			print_flow(out, r, dir);
	if (r->search.kind != LG_SEARCH_NONE)
		print_search(out, &r->search);
}

// ---- line ---------------------------------------------------------------------------------------
// At most 6 characters: "999", "12.3k", "18.4E".
static void
add_short(struct mst_str *out, uint64_t v)
{
	static const char units[] = " kMGTPE";
	uint64_t scale = 1;
	size_t i = 0;

	while (v / scale >= 1000) {
		scale *= 1000;
		i++;
	}
	if (i == 0)
		mst_str_fmt(out, "%u", (unsigned int)v);
	else
		mst_str_fmt(out, "%u.%u%c", (unsigned int)(v / scale),
			(unsigned int)(v % scale / (scale / 10)), units[i]);
}

static void
add_flow(struct mst_str *out, const char *name, const struct lg_report_flow *now,
	const struct lg_report_flow *before, uint64_t ns)
{
	mst_str_fmt(out, "  %s ", name);
	add_short(out, lg_report_per_second(now->sent - before->sent, ns));
	mst_str_fmt(out, ">");
	add_short(out, lg_report_per_second(now->received - before->received, ns));
	mst_str_fmt(out, " pps lost ");
	add_short(out, now->lost);
}

void
lg_report_line(struct mst_str *out, const char *phase, const struct lg_report *now,
	const struct lg_report *before, uint64_t ns)
{
	uint64_t failures = lg_report_failures(now);

	mst_str_fmt(out, "%.12s  devices ", phase);
	add_short(out, now->control.connected);
	mst_str_fmt(out, "/");
	add_short(out, now->settings.devices);
	mst_str_fmt(out, " dtls ");
	add_short(out, now->control.dtls_up);
	for (enum lg_dir dir = LG_UP; dir < LG_N_DIRS; dir++)
		if (now->flow[dir].used)
			add_flow(out, lg_report_dir_name(dir), &now->flow[dir], &before->flow[dir], ns);
	if (failures == 0)
		return;
	mst_str_fmt(out, "  failures ");
	add_short(out, failures);
}
