// A tree, read by a table of keys into a struct; and the way back, freeing what the struct owns. Control
// lcore.
#include <errno.h>
#include <string.h>

#include "conf.h"

struct reader {
	const struct mst_conf_tree *tree;
	struct mst_conf_error *err;
	char path[CONF_PATH_BYTES];
	size_t path_len;
};

static void *
member(void *base, size_t offset)
{
	return (uint8_t *)base + offset;
}

// Names come from the table and depth is bounded: a path that does not fit is a table's fault.
MST_PRINTF(2, 3)
static void
path_push(struct reader *r, const char *fmt, ...)
{
	size_t room = sizeof(r->path) - r->path_len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(r->path + r->path_len, room, fmt, ap);
	va_end(ap);
	MST_ASSERT(n > 0 && (size_t)n < room);
	r->path_len += (size_t)n;
}

static void
path_cut(struct reader *r, size_t len)
{
	r->path[len] = '\0';
	r->path_len = len;
}

MST_PRINTF(4, 5)
static int
reject_at(struct reader *r, uint32_t line, uint32_t column, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	conf_error_set(r->err, r->tree->name, line, column, r->path_len > 0 ? r->path : "yaml", fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int
no_memory(struct reader *r)
{
	(void)reject_at(r, 0, 0, "out of memory");
	return -ENOMEM;
}

static int
reject_node(struct reader *r, const struct mst_conf_key *key, const struct conf_node *node, bool one_item)
{
	char want_buf[160];
	char found_buf[96];
	struct mst_str want = mst_str_init(want_buf, sizeof(want_buf));
	struct mst_str found = mst_str_init(found_buf, sizeof(found_buf));

	if (one_item)
		conf_describe_value(key, &want);
	else
		conf_describe_key(key, &want);
	conf_describe_node(node, &found);
	return reject_at(r, node->line, node->column, "expected %s, found %s", want_buf, found_buf);
}

static int
reject_missing(struct reader *r, const struct mst_conf_key *key, const struct conf_node *parent)
{
	char buf[160];
	struct mst_str want = mst_str_init(buf, sizeof(buf));

	conf_describe_key(key, &want);
	return reject_at(r, parent != NULL ? parent->key_line : 1, parent != NULL ? parent->key_column : 1,
		"expected %s, found no such key", buf);
}

static int
reject_unknown(struct reader *r, const struct mst_conf_key *keys, const struct conf_node *node)
{
	char buf[256];
	struct mst_str want = mst_str_init(buf, sizeof(buf));

	for (const struct mst_conf_key *k = keys; k->name != NULL; k++)
		mst_str_fmt(&want, "%s%s", k == keys ? "" : ", ", k->name);
	// The name is the file's, of any length.
	path_push(r, "%s%.60s", r->path_len > 0 ? "." : "", node->key);
	return reject_at(
		r, node->key_line, node->key_column, "expected one of %s, found an unknown key", buf);
}

static bool
is_auto(const struct mst_conf_key *key, const struct conf_node *node)
{
	return key->or_auto && node->kind == CONF_SCALAR && !node->quoted && strcmp(node->text, "auto") == 0;
}

static int read_map(
	struct reader *r, const struct mst_conf_key *keys, const struct conf_node *node, void *base);

static int
read_value(struct reader *r, const struct mst_conf_key *key, const struct conf_node *node, void *dest)
{
	int rc;

	if (key->type == MST_CONF_MAP && node->kind == CONF_MAP)
		return read_map(r, key->keys, node, dest);
	rc = key->type == MST_CONF_MAP ? -EINVAL : conf_value_parse(key, node, dest);
	if (rc == -ENOMEM)
		return no_memory(r);
	return rc < 0 ? reject_node(r, key, node, key->is_list) : 0;
}

static int
check_unique(struct reader *r, const struct mst_conf_key *key, const struct conf_node *node, uint8_t *items,
	uint32_t i)
{
	char buf[96];
	struct mst_str found = mst_str_init(buf, sizeof(buf));

	for (uint32_t j = 0; key->unique && j < i; j++) {
		if (!conf_value_equal(key, items + j * key->bytes, items + i * key->bytes))
			continue;
		conf_describe_node(node, &found);
		return reject_at(r, node->line, node->column, "expected each item once, found %s again", buf);
	}
	return 0;
}

static int
read_list(struct reader *r, const struct mst_conf_key *key, const struct conf_node *node, void *base)
{
	bool one = key->or_one && node->kind == CONF_SCALAR && !conf_node_is_nothing(node);
	const struct conf_node *item = one ? node : node->first;
	uint32_t n = one ? 1 : node->n;
	size_t path_len = r->path_len;
	uint8_t *items;

	if ((!one && node->kind != CONF_LIST) || n < key->min_items || n > key->max_items)
		return reject_node(r, key, node, false);
	if (n == 0)
		return 0;
	items = calloc(n, key->bytes);
	if (items == NULL)
		return no_memory(r);
	// The struct owns the items before they are filled: whoever fails below frees nothing.
	memcpy(member(base, key->offset), &items, sizeof(items));
	memcpy(member(base, key->count_offset), &n, sizeof(n));
	for (uint32_t i = 0; i < n; i++, item = item->next) {
		path_push(r, "[%u]", i);
		MST_TRY(read_value(r, key, item, items + i * key->bytes));
		MST_TRY(check_unique(r, key, item, items, i));
		path_cut(r, path_len);
	}
	return 0;
}

static int
read_leaf(struct reader *r, const struct mst_conf_key *key, const struct conf_node *node, void *base)
{
	if (is_auto(key, node))
		return 0;
	if (key->is_list)
		return read_list(r, key, node, base);
	return read_value(r, key, node, member(base, key->offset));
}

// The default is written as in the file, so it is read as the file is; that it fits is the table's promise.
static int
read_default(struct reader *r, const struct mst_conf_key *key, void *base)
{
	struct conf_node scalar = {.kind = CONF_SCALAR};
	struct mst_conf_tree tree = {0};
	struct conf_node *node = &scalar;
	struct mst_conf_error why;
	char *copy;
	int rc;

	if (key->def == NULL && (key->is_list || !conf_type_is_text(key->type)))
		return 0;
	copy = strdup(key->def != NULL ? key->def : "");
	if (copy == NULL)
		return no_memory(r);
	if (key->def == NULL) {
		memcpy(member(base, key->offset), &copy, sizeof(copy));
		return 0;
	}
	scalar.text = copy;
	rc = key->is_list ? conf_tree_parse(&tree, "default", copy, strlen(copy), &why) : 0;
	if (key->is_list)
		node = tree.root;
	if (rc == 0)
		rc = read_leaf(r, key, node, base);
	conf_tree_fini(&tree);
	free(copy);
	MST_ASSERT(rc != -EINVAL);
	return rc < 0 ? no_memory(r) : 0;
}

// node NULL: the map was left out, its members take their defaults.
static int
read_nested(struct reader *r, const struct mst_conf_key *key, const struct conf_node *node, void *base)
{
	bool present = node != NULL && !is_auto(key, node);

	if (present && node->kind != CONF_MAP)
		return reject_node(r, key, node, false);
	if (key->has_present)
		memcpy(member(base, key->present_offset), &present, sizeof(present));
	return read_map(r, key->keys, present ? node : NULL, member(base, key->offset));
}

static int
read_key(struct reader *r, const struct mst_conf_key *key, const struct conf_node *parent, void *base)
{
	const struct conf_node *node = conf_tree_child(parent, key->name, strlen(key->name));
	bool at_root = r->path_len == strlen(key->name);

	// Within a map that was left out nothing is missing; the whole file cannot be left out.
	if (node == NULL && key->required && (parent != NULL || at_root))
		return reject_missing(r, key, parent);
	if (conf_is_one_map(key))
		return read_nested(r, key, node, base);
	if (key->has_present)
		memcpy(member(base, key->present_offset), &(bool){node != NULL}, sizeof(bool));
	if (node == NULL)
		return read_default(r, key, base);
	return read_leaf(r, key, node, base);
}

static int
read_map(struct reader *r, const struct mst_conf_key *keys, const struct conf_node *node, void *base)
{
	size_t path_len = r->path_len;

	for (const struct conf_node *c = node != NULL ? node->first : NULL; c != NULL; c = c->next) {
		const struct mst_conf_key *k = keys;

		while (k->name != NULL && strcmp(k->name, c->key) != 0)
			k++;
		if (k->name == NULL)
			return reject_unknown(r, keys, c);
	}
	for (const struct mst_conf_key *k = keys; k->name != NULL; k++) {
		path_push(r, "%s%s", path_len > 0 ? "." : "", k->name);
		MST_TRY(read_key(r, k, node, base));
		path_cut(r, path_len);
	}
	return 0;
}

int
mst_conf_read_text(const struct mst_conf_schema *schema, const char *name, const char *text, size_t len,
	void *out, struct mst_conf_error *err)
{
	struct mst_conf_tree tree;
	struct reader r = {.tree = &tree, .err = err};
	int rc;

	memset(out, 0, schema->bytes);
	*err = (struct mst_conf_error){0};
	MST_TRY(conf_tree_parse(&tree, name, text, len, err));
	if (tree.root != NULL && tree.root->kind != CONF_MAP && !conf_node_is_nothing(tree.root))
		rc = reject_at(
			&r, tree.root->line, tree.root->column, "expected a map of keys, found other YAML");
	else
		rc = read_map(&r, schema->keys, tree.root, out);
	if (rc == 0 && schema->check != NULL)
		rc = schema->check(out, &tree, err);
	conf_tree_fini(&tree);
	if (rc < 0)
		mst_conf_release(schema, out);
	return rc;
}

int
mst_conf_read(const struct mst_conf_schema *schema, const char *path, void *out, struct mst_conf_error *err)
{
	char *text;
	size_t len;
	int rc;

	memset(out, 0, schema->bytes);
	MST_TRY(mst_conf_file_read(path, MST_CONF_FILE_BYTES_MAX, &text, &len, err));
	rc = mst_conf_read_text(schema, path, text, len, out, err);
	free(text);
	return rc;
}

static void release_map(const struct mst_conf_key *keys, void *base);

static void
release_text(void *at)
{
	void *text;

	memcpy(&text, at, sizeof(text));
	free(text);
}

static void
release_list(const struct mst_conf_key *key, void *base)
{
	uint8_t *items;
	uint32_t n;

	memcpy(&items, member(base, key->offset), sizeof(items));
	memcpy(&n, member(base, key->count_offset), sizeof(n));
	for (uint32_t i = 0; i < n; i++) {
		if (key->type == MST_CONF_MAP)
			release_map(key->keys, items + i * key->bytes);
		else if (conf_type_is_text(key->type))
			release_text(items + i * key->bytes);
	}
	free(items);
}

static void
release_map(const struct mst_conf_key *keys, void *base)
{
	for (const struct mst_conf_key *k = keys; k->name != NULL; k++) {
		if (k->is_list)
			release_list(k, base);
		else if (k->type == MST_CONF_MAP)
			release_map(k->keys, member(base, k->offset));
		else if (conf_type_is_text(k->type))
			release_text(member(base, k->offset));
	}
}

void
mst_conf_release(const struct mst_conf_schema *schema, void *out)
{
	release_map(schema->keys, out);
	memset(out, 0, schema->bytes);
}
