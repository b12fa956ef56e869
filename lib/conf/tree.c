// YAML into a tree of maps, lists and scalars that know their line and column. Control lcore.
// Of YAML only what a configuration needs: no anchor, alias, tag, directive or second document, bounded in
// depth and in number, each key once. What remains cannot expand, and means one thing.
#include <errno.h>
#include <string.h>

#include <yaml.h>

#include "conf.h"

struct level {
	struct conf_node *node;
	char *key; // in a map: read, and its value not complete yet
	uint32_t key_line;
	uint32_t key_column;
};

struct builder {
	yaml_parser_t parser;
	struct mst_conf_tree *tree;
	struct mst_conf_error *err;
	struct level levels[MST_CONF_DEPTH_MAX];
	unsigned int depth;
	bool done;
	bool seen_document;
};

static void
escape_controls(char *text)
{
	for (char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
}

void
conf_error_set(struct mst_conf_error *err, const char *name, uint32_t line, uint32_t column, const char *key,
	const char *fmt, va_list ap)
{
	int head;

	err->line = line;
	err->column = column;
	// A long path keeps its end, which tells files apart.
	if (strlen(name) > 160)
		name += strlen(name) - 160;
	head = snprintf(
		err->text, sizeof(err->text), "%s:%u:%u: %.*s: ", name, line, column, CONF_PATH_BYTES, key);
	if (head > 0 && (size_t)head < sizeof(err->text))
		vsnprintf(err->text + head, sizeof(err->text) - (size_t)head, fmt, ap);
	escape_controls(err->text);
}

static void
open_path(const struct builder *b, struct mst_str *path)
{
	for (unsigned int i = 0; i < b->depth; i++) {
		const struct level *l = &b->levels[i];

		if (l->node->kind == CONF_LIST)
			mst_str_fmt(path, "[%u]", l->node->n);
		else if (l->key != NULL)
			mst_str_fmt(path, "%s%.40s", path->len > 0 ? "." : "", l->key);
	}
	if (path->len == 0)
		mst_str_fmt(path, "yaml");
}

MST_PRINTF(3, 4)
static int
reject(struct builder *b, const yaml_mark_t *mark, const char *fmt, ...)
{
	char buf[CONF_PATH_BYTES];
	struct mst_str path = mst_str_init(buf, sizeof(buf));
	va_list ap;

	open_path(b, &path);
	va_start(ap, fmt);
	conf_error_set(
		b->err, b->tree->name, (uint32_t)mark->line + 1, (uint32_t)mark->column + 1, buf, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int
no_memory(struct builder *b)
{
	(void)reject(b, &b->parser.mark, "out of memory");
	return -ENOMEM;
}

static struct level *
top(struct builder *b)
{
	return b->depth > 0 ? &b->levels[b->depth - 1] : NULL;
}

static bool
wants_key(struct builder *b)
{
	struct level *l = top(b);

	return l != NULL && l->node->kind == CONF_MAP && l->key == NULL;
}

// The value of the innermost open key is complete.
static void
value_done(struct builder *b)
{
	struct level *l = top(b);

	if (l == NULL)
		return;
	l->node->n++;
	free(l->key);
	l->key = NULL;
}

static int
add_key(struct builder *b, const yaml_event_t *ev)
{
	struct level *l = top(b);
	const char *text = (const char *)ev->data.scalar.value;
	const struct conf_node *twin;

	if (ev->data.scalar.length != strlen(text) || text[0] == '\0')
		return reject(b, &ev->start_mark, "expected a word as key, found other bytes");
	if (l->node->n >= MST_CONF_MAP_KEYS_MAX)
		return reject(
			b, &ev->start_mark, "expected at most %u keys, found more", MST_CONF_MAP_KEYS_MAX);
	twin = conf_tree_child(l->node, text, strlen(text));
	l->key = strdup(text);
	if (l->key == NULL)
		return no_memory(b);
	l->key_line = (uint32_t)ev->start_mark.line + 1;
	l->key_column = (uint32_t)ev->start_mark.column + 1;
	if (twin != NULL)
		return reject(b, &ev->start_mark, "expected each key once, found it again (first in line %u)",
			twin->key_line);
	return 0;
}

static void
attach(struct builder *b, struct conf_node *node)
{
	struct level *l = top(b);

	node->all_next = b->tree->all;
	b->tree->all = node;
	b->tree->n_nodes++;
	if (l == NULL) {
		b->tree->root = node;
		return;
	}
	if (l->node->last != NULL)
		l->node->last->next = node;
	else
		l->node->first = node;
	l->node->last = node;
	if (l->key != NULL) {
		node->key_line = l->key_line;
		node->key_column = l->key_column;
	}
}

static int
add_node(struct builder *b, const yaml_event_t *ev, enum conf_kind kind, struct conf_node **out)
{
	struct level *l = top(b);
	struct conf_node *node;

	if (b->tree->n_nodes >= MST_CONF_NODES_MAX)
		return reject(
			b, &ev->start_mark, "expected at most %u values, found more", MST_CONF_NODES_MAX);
	node = calloc(1, sizeof(*node));
	if (node == NULL)
		return no_memory(b);
	node->kind = kind;
	node->line = node->key_line = (uint32_t)ev->start_mark.line + 1;
	node->column = node->key_column = (uint32_t)ev->start_mark.column + 1;
	attach(b, node);
	if (l != NULL && l->key != NULL) {
		node->key = strdup(l->key);
		if (node->key == NULL)
			return no_memory(b);
	}
	*out = node;
	return 0;
}

static int
on_scalar(struct builder *b, const yaml_event_t *ev)
{
	const char *text = (const char *)ev->data.scalar.value;
	struct conf_node *node;

	if (ev->data.scalar.anchor != NULL || ev->data.scalar.tag != NULL)
		return reject(b, &ev->start_mark, "expected a plain value, found an anchor or a tag");
	if (wants_key(b))
		return add_key(b, ev);
	if (ev->data.scalar.length != strlen(text))
		return reject(b, &ev->start_mark, "expected text, found a NUL byte");
	MST_TRY(add_node(b, ev, CONF_SCALAR, &node));
	node->quoted = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	node->text = strdup(text);
	if (node->text == NULL)
		return no_memory(b);
	value_done(b);
	return 0;
}

static int
on_start(struct builder *b, const yaml_event_t *ev, enum conf_kind kind)
{
	bool marked = kind == CONF_MAP
			      ? ev->data.mapping_start.anchor != NULL || ev->data.mapping_start.tag != NULL
			      : ev->data.sequence_start.anchor != NULL || ev->data.sequence_start.tag != NULL;
	struct conf_node *node;

	if (marked)
		return reject(b, &ev->start_mark, "expected a plain value, found an anchor or a tag");
	if (wants_key(b))
		return reject(b, &ev->start_mark, "expected a word as key, found a %s",
			kind == CONF_MAP ? "map" : "list");
	if (b->depth == MST_CONF_DEPTH_MAX)
		return reject(
			b, &ev->start_mark, "expected at most %u levels, found more", MST_CONF_DEPTH_MAX);
	MST_TRY(add_node(b, ev, kind, &node));
	b->levels[b->depth++] = (struct level){.node = node};
	return 0;
}

static int
on_document(struct builder *b, const yaml_event_t *ev)
{
	if (b->seen_document)
		return reject(b, &ev->start_mark, "expected one document, found a second");
	if (ev->data.document_start.version_directive != NULL ||
		ev->data.document_start.tag_directives.start != ev->data.document_start.tag_directives.end)
		return reject(b, &ev->start_mark, "expected keys, found a directive");
	b->seen_document = true;
	return 0;
}

static int
on_event(struct builder *b, const yaml_event_t *ev)
{
	switch (ev->type) {
	case YAML_DOCUMENT_START_EVENT:
		return on_document(b, ev);
	case YAML_SCALAR_EVENT:
		return on_scalar(b, ev);
	case YAML_MAPPING_START_EVENT:
		return on_start(b, ev, CONF_MAP);
	case YAML_SEQUENCE_START_EVENT:
		return on_start(b, ev, CONF_LIST);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		b->depth--;
		value_done(b);
		return 0;
	case YAML_ALIAS_EVENT:
		return reject(b, &ev->start_mark, "expected a plain value, found an alias");
	case YAML_STREAM_END_EVENT:
		b->done = true;
		return 0;
	default:
		return 0;
	}
}

static int
next_event(struct builder *b)
{
	const yaml_parser_t *p = &b->parser;
	yaml_event_t ev;
	int rc;

	if (yaml_parser_parse(&b->parser, &ev) == 0) {
		if (p->error == YAML_MEMORY_ERROR)
			return no_memory(b);
		// The reader, which checks the encoding, gives no mark of its own.
		return reject(b, p->error == YAML_READER_ERROR ? &p->mark : &p->problem_mark,
			"expected well-formed YAML, found \"%s\"",
			p->problem != NULL ? p->problem : "an error");
	}
	rc = on_event(b, &ev);
	yaml_event_delete(&ev);
	return rc;
}

int
conf_tree_parse(struct mst_conf_tree *tree, const char *name, const char *text, size_t len,
	struct mst_conf_error *err)
{
	struct builder b = {.tree = tree, .err = err};
	int rc = 0;

	*tree = (struct mst_conf_tree){.name = name};
	if (yaml_parser_initialize(&b.parser) == 0)
		return no_memory(&b);
	if (len > MST_CONF_FILE_BYTES_MAX) {
		rc = reject(
			&b, &b.parser.mark, "expected at most %u bytes, found more", MST_CONF_FILE_BYTES_MAX);
	} else {
		yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
		yaml_parser_set_input_string(&b.parser, (const unsigned char *)text, len);
	}
	while (rc == 0 && !b.done)
		rc = next_event(&b);
	yaml_parser_delete(&b.parser);
	for (unsigned int i = 0; i < MST_CONF_DEPTH_MAX; i++)
		free(b.levels[i].key);
	if (rc < 0)
		conf_tree_fini(tree);
	return rc;
}

void
conf_tree_fini(struct mst_conf_tree *tree)
{
	for (struct conf_node *node = tree->all, *next; node != NULL; node = next) {
		next = node->all_next;
		free(node->key);
		free(node->text);
		free(node);
	}
	*tree = (struct mst_conf_tree){0};
}

const struct conf_node *
conf_tree_child(const struct conf_node *map, const char *key, size_t key_len)
{
	if (map == NULL || map->kind != CONF_MAP)
		return NULL;
	for (const struct conf_node *c = map->first; c != NULL; c = c->next) {
		if (strlen(c->key) == key_len && memcmp(c->key, key, key_len) == 0)
			return c;
	}
	return NULL;
}

static const struct conf_node *
list_item(const struct conf_node *list, uint64_t index)
{
	const struct conf_node *c = list->kind == CONF_LIST ? list->first : NULL;

	// One value, written where a list may stand.
	if (list->kind == CONF_SCALAR && index == 0)
		return list;
	for (; c != NULL && index > 0; index--)
		c = c->next;
	return c;
}

int
mst_conf_reject(
	const struct mst_conf_tree *tree, struct mst_conf_error *err, const char *key, const char *fmt, ...)
{
	const struct conf_node *at = tree->root;
	const struct conf_node *next = at;
	const char *p = key;
	va_list ap;

	while (next != NULL && *p != '\0') {
		size_t len = strcspn(p, ".[]");
		uint64_t index;

		if (p > key && p[-1] == '[')
			next = mst_parse_u64(p, len, 0, UINT32_MAX, &index) == 0 ? list_item(at, index)
										 : NULL;
		else if (len > 0)
			next = conf_tree_child(at, p, len);
		if (next != NULL)
			at = next;
		p += len;
		p += *p != '\0';
	}
	va_start(ap, fmt);
	// A key that was found: its value is at fault. One left out: the map it should stand in.
	if (at == NULL)
		conf_error_set(err, tree->name, 1, 1, key, fmt, ap);
	else if (next != NULL)
		conf_error_set(err, tree->name, at->line, at->column, key, fmt, ap);
	else
		conf_error_set(err, tree->name, at->key_line, at->key_column, key, fmt, ap);
	va_end(ap);
	return -EINVAL;
}
