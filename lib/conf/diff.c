// What differs between two structs that were read by one table. Control lcore.
#include <string.h>

#include "conf.h"

struct walk {
	mst_conf_diff_fn *cb;
	void *arg;
	unsigned int n;
};

static const uint8_t *
member(const void *base, size_t offset)
{
	return (const uint8_t *)base + offset;
}

static void walk_map(
	struct walk *w, const struct mst_conf_key *keys, const char *prefix, const void *a, const void *b);

static void
ignore(const char *key, enum mst_conf_class change, void *arg)
{
	(void)key;
	(void)change;
	(void)arg;
}

static bool
item_equal(const struct mst_conf_key *key, const void *a, const void *b)
{
	struct walk w = {.cb = ignore};

	if (key->type != MST_CONF_MAP)
		return conf_value_equal(key, a, b);
	walk_map(&w, key->keys, "", a, b);
	return w.n == 0;
}

static bool
leaf_equal(const struct mst_conf_key *key, const void *a, const void *b)
{
	const uint8_t *items[2];
	uint32_t n[2];

	if (!key->is_list)
		return conf_value_equal(key, member(a, key->offset), member(b, key->offset));
	memcpy(&items[0], member(a, key->offset), sizeof(items[0]));
	memcpy(&items[1], member(b, key->offset), sizeof(items[1]));
	memcpy(&n[0], member(a, key->count_offset), sizeof(n[0]));
	memcpy(&n[1], member(b, key->count_offset), sizeof(n[1]));
	if (n[0] != n[1])
		return false;
	for (uint32_t i = 0; i < n[0]; i++) {
		if (!item_equal(key, items[0] + i * key->bytes, items[1] + i * key->bytes))
			return false;
	}
	return true;
}

static bool
is_present(const struct mst_conf_key *key, const void *base)
{
	bool present = true;

	if (key->has_present)
		memcpy(&present, member(base, key->present_offset), sizeof(present));
	return present;
}

static void
report(struct walk *w, const char *path, const struct mst_conf_key *key)
{
	w->n++;
	w->cb(path, key->change, w->arg);
}

static void
walk_map(struct walk *w, const struct mst_conf_key *keys, const char *prefix, const void *a, const void *b)
{
	char path[CONF_PATH_BYTES];

	for (const struct mst_conf_key *k = keys; k->name != NULL; k++) {
		bool both_present = is_present(k, a) && is_present(k, b);

		snprintf(path, sizeof(path), "%s%s%s", prefix, prefix[0] != '\0' ? "." : "", k->name);
		if (!conf_is_one_map(k)) {
			if (is_present(k, a) != is_present(k, b) || !leaf_equal(k, a, b))
				report(w, path, k);
		} else if (both_present) {
			walk_map(w, k->keys, path, member(a, k->offset), member(b, k->offset));
		} else if (is_present(k, a) != is_present(k, b)) {
			report(w, path, k);
		}
	}
}

unsigned int
mst_conf_diff_read(const struct mst_conf_schema *schema, const void *before, const void *after,
	mst_conf_diff_fn *cb, void *arg)
{
	struct walk w = {.cb = cb, .arg = arg};

	walk_map(&w, schema->keys, "", before, after);
	return w.n;
}

const char *
mst_conf_class_name(enum mst_conf_class change)
{
	static const char *const names[] = {"live", "reload", "restart"};

	return names[change];
}
