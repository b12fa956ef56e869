// Checks of the parts of the pool that are kept for hosts, groups and users: each is of the pool, a single address is one
// owner's, and something is left in each. Control lcore.
#include <errno.h>
#include <string.h>

#include "conf.h"

// One that was written.
struct range {
	const struct mst_net *net;
	uint64_t first, end; // host order, end is behind the last
	uint32_t order;
	char key[32];
};

struct ranges {
	const struct mst_conf *conf;
	const struct mst_conf_tree *tree;
	struct mst_conf_error *err;
	struct range *list; // sorted: what contains another one stands before it
	uint32_t n;
	uint64_t pool_first, pool_end;
};

static void
add(struct ranges *r, const struct mst_net *net, const char *list, uint32_t i)
{
	struct range *at = &r->list[r->n];

	if (net->ip.family == 0)
		return;
	*at = (struct range){.net = net, .first = mst_ip4_host(&net->ip), .order = r->n};
	at->end = at->first + (1ULL << (32 - net->depth));
	snprintf(at->key, sizeof(at->key), "%s[%u].addresses", list, i);
	r->n++;
}

static int
check_place(const struct ranges *r, const struct range *at)
{
	char text[CONF_NET_TEXT_BYTES];
	char pool[CONF_NET_TEXT_BYTES];

	MST_TRY(conf_check_host_bits(r->tree, r->err, at->key, at->net));
	if (at->first < r->pool_first || at->end > r->pool_end)
		return mst_conf_reject(r->tree, r->err, at->key,
			"expected a part of pool.ipv4 (%s), found %s",
			mst_net_format(&r->conf->pool.ipv4, pool), mst_net_format(at->net, text));
	return 0;
}

static int
before(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if (x->end != y->end)
		return x->end > y->end ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

// Networks contain each other or have nothing in common, so what is behind the end of one is behind all in it.
static int
check_rest(const struct ranges *r, uint32_t i)
{
	const struct range *at = &r->list[i];
	// The pool's first and last address are nobody's.
	uint64_t left = at->end - at->first - (at->first == r->pool_first) - (at->end == r->pool_end);
	uint64_t to = at->first;
	char text[CONF_NET_TEXT_BYTES];

	for (uint32_t j = i + 1; j < r->n && r->list[j].first < at->end; j++) {
		const struct range *in = &r->list[j];

		if (in->first < to || in->end - in->first == at->end - at->first)
			continue;
		to = in->end;
		left -= in->end - in->first;
		// Counted already, as not his.
		left += (in->first == r->pool_first) + (in->end == r->pool_end);
	}
	if (left != 0)
		return 0;
	return mst_conf_reject(r->tree, r->err, at->key,
		"expected at least one address that a device can have and no smaller range takes, found none "
		"in %s",
		mst_net_format(at->net, text));
}

static int
check(struct ranges *r)
{
	char text[CONF_NET_TEXT_BYTES];

	for (uint32_t i = 0; i < r->n; i++)
		MST_TRY(check_place(r, &r->list[i]));
	qsort(r->list, r->n, sizeof(r->list[0]), before);
	for (uint32_t i = 0; i < r->n; i++) {
		const struct range *at = &r->list[i];

		if (i > 0 && at->net->depth == 32 && r->list[i - 1].first == at->first &&
			r->list[i - 1].end == at->end)
			return mst_conf_reject(r->tree, r->err, at->key,
				"expected an address of its own, found %s of %s again",
				mst_net_format(at->net, text), r->list[i - 1].key);
		MST_TRY(check_rest(r, i));
	}
	return 0;
}

int
conf_addresses_check(
	const struct mst_conf *conf, const struct mst_conf_tree *tree, struct mst_conf_error *err)
{
	struct ranges r = {.conf = conf, .tree = tree, .err = err};
	int rc;

	r.list = calloc(conf->n_hosts + conf->n_profiles + 1, sizeof(r.list[0]));
	if (r.list == NULL)
		return mst_conf_reject(tree, err, "profiles", "out of memory");
	r.pool_first = mst_ip4_host(&conf->pool.ipv4.ip);
	r.pool_end = r.pool_first + (1ULL << (32 - conf->pool.ipv4.depth));
	for (uint32_t i = 0; i < conf->n_hosts; i++)
		add(&r, &conf->hosts[i].addresses, "hosts", i);
	for (uint32_t i = 0; i < conf->n_profiles; i++)
		add(&r, &conf->profiles[i].addresses, "profiles", i);
	rc = check(&r);
	free(r.list);
	return rc;
}
