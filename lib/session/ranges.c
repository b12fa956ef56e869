// Parts of the pool that are kept for some: which there are, and which one an address is in. Control lcore changes them, as
// a reader of its own, because telemetry looks at them.
#include <errno.h>
#include <string.h>

#include "session.h"

static struct mst_net nets[MST_SESSION_RANGES_MAX]; // of leases.ranges[1] and on
static uint16_t n_nets;

// The larger ones first.
static int
compare(const void *a, const void *b)
{
	const struct mst_net *x = a, *y = b;
	uint32_t first = mst_ip4_host(&x->ip), other = mst_ip4_host(&y->ip);

	if (x->depth != y->depth)
		return x->depth < y->depth ? -1 : 1;
	return first < other ? -1 : first > other;
}

static uint16_t
sort(struct mst_net *list, uint32_t n)
{
	uint16_t kept = 0;

	qsort(list, n, sizeof(*list), compare);
	for (uint32_t i = 0; i < n; i++)
		if (kept == 0 || compare(&list[kept - 1], &list[i]) != 0)
			list[kept++] = list[i];
	return kept;
}

static bool
are_in_force(const struct mst_net *sorted, uint16_t n)
{
	for (uint16_t i = 0; i < n && n == n_nets; i++)
		if (compare(&sorted[i], &nets[i]) != 0)
			return false;
	return n == n_nets;
}

static bool
is_in_pool(const struct mst_net *net)
{
	const struct mst_session_table *t = &mst_session_table_;
	uint32_t first = mst_ip4_host(&net->ip) - t->base4;
	uint64_t size;

	if (net->ip.family != 4 || net->depth > 32)
		return false;
	size = 1ULL << (32 - net->depth);
	return first < t->n_slots && t->n_slots - first >= size && (first & (size - 1)) == 0;
}

int
mst_session_set_ranges(const struct mst_net *ranges, uint32_t n)
{
	struct mst_net sorted[MST_SESSION_RANGES_MAX];
	struct session_range indices[MST_SESSION_RANGES_MAX];
	uint16_t kept;

	if (n > MST_SESSION_RANGES_MAX)
		return -E2BIG;
	for (uint32_t i = 0; i < n; i++) {
		if (!is_in_pool(&ranges[i]))
			return -EINVAL;
		sorted[i] = ranges[i];
	}
	kept = sort(sorted, n);
	// Nothing has changed: no address loses its place in its queue.
	if (are_in_force(sorted, kept))
		return 0;
	for (uint16_t i = 0; i < kept; i++)
		indices[i] = (struct session_range){
			.first = mst_ip4_host(&sorted[i].ip) - mst_session_table_.base4,
			.n_addresses = (uint32_t)1 << (32 - sorted[i].depth)};
	mst_rt_reader_enter();
	session_leases_set_ranges(&session_state.leases, indices, kept);
	memcpy(nets, sorted, kept * sizeof(nets[0]));
	n_nets = kept;
	mst_rt_reader_leave();
	return 0;
}

void
session_ranges_forget(void)
{
	n_nets = 0;
}

int
session_range_number(const struct mst_net *range)
{
	const struct mst_net *found;

	if (range == NULL)
		return 0;
	found = bsearch(range, nets, n_nets, sizeof(nets[0]), compare);
	return found != NULL ? (int)(found - nets) + 1 : -1;
}

void
session_range_net(uint16_t number, struct mst_net *out)
{
	*out = number > 0 && number <= n_nets ? nets[number - 1] : (struct mst_net){0};
}

bool
mst_session_is_kept_for(uint32_t addr4, const struct mst_net *range)
{
	uint32_t index = addr4 - mst_session_table_.base4;

	return index < mst_session_table_.n_slots &&
	       session_state.leases.range_of[index] == session_range_number(range);
}

bool
mst_session_range_at(uint32_t i, struct mst_session_range *out)
{
	const struct session_range *r;

	mst_rt_reader_enter();
	*out = (struct mst_session_range){0};
	if (mst_session_table_.slots != NULL && i <= n_nets) {
		r = &session_state.leases.ranges[i];
		out->size = r->size;
		out->n_free = r->n_free;
		session_range_net((uint16_t)i, &out->net);
	}
	mst_rt_reader_leave();
	return mst_session_table_.slots != NULL && i <= n_nets;
}
