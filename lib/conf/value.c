// One value: text of the file into the member of a struct, and in words what was expected and found. Control
// lcore.
#include <errno.h>
#include <string.h>

#include "conf.h"

struct unit {
	const char *suffix;
	uint64_t factor;
};

static const struct unit no_units[] = {{"", 1}, {NULL, 0}};
static const struct unit time_units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {NULL, 0}};
static const struct unit size_units[] = {
	{"", 1}, {"K", 1024}, {"M", 1024 * 1024}, {"G", 1024 * 1024 * 1024}, {NULL, 0}};

bool
conf_type_is_text(enum mst_conf_type type)
{
	return type == MST_CONF_STRING || type == MST_CONF_PATH;
}

bool
conf_node_is_nothing(const struct conf_node *node)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};

	if (node->kind != CONF_SCALAR || node->quoted)
		return false;
	for (size_t i = 0; i < MST_ARRAY_SIZE(words); i++) {
		if (strcmp(node->text, words[i]) == 0)
			return true;
	}
	return false;
}

static int
parse_number(const char *text, const struct unit *units, uint64_t *out)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t v;

	// YAML 1.1 reads 010 as eight, YAML 1.2 as ten.
	if (digits > 1 && text[0] == '0')
		return -EINVAL;
	MST_TRY(mst_parse_u64(text, digits, 0, UINT64_MAX, &v));
	for (const struct unit *u = units; u->suffix != NULL; u++) {
		if (strcmp(text + digits, u->suffix) == 0)
			return __builtin_mul_overflow(v, u->factor, out) ? -EINVAL : 0;
	}
	return -EINVAL;
}

static void
store_uint(void *dest, size_t bytes, uint64_t v)
{
	uint8_t v8 = (uint8_t)v;
	uint16_t v16 = (uint16_t)v;
	uint32_t v32 = (uint32_t)v;

	MST_ASSERT(bytes == 8 || v >> (8 * bytes) == 0);
	switch (bytes) {
	case 1:
		memcpy(dest, &v8, bytes);
		break;
	case 2:
		memcpy(dest, &v16, bytes);
		break;
	case 4:
		memcpy(dest, &v32, bytes);
		break;
	default:
		MST_ASSERT(bytes == sizeof(v));
		memcpy(dest, &v, bytes);
	}
}

static int
parse_uint(const struct mst_conf_key *key, const struct conf_node *node, const struct unit *units, void *dest)
{
	uint64_t v;

	if (node->quoted)
		return -EINVAL;
	MST_TRY(parse_number(node->text, units, &v));
	if (v < key->min || v > key->max)
		return -EINVAL;
	store_uint(dest, key->bytes, v);
	return 0;
}

static int
parse_bool(const struct mst_conf_key *key, const struct conf_node *node, void *dest)
{
	bool v = strcmp(node->text, "true") == 0;

	MST_ASSERT(key->bytes == sizeof(v));
	if (node->quoted || (!v && strcmp(node->text, "false") != 0))
		return -EINVAL;
	memcpy(dest, &v, sizeof(v));
	return 0;
}

static int
parse_word(const struct mst_conf_key *key, const struct conf_node *node, void *dest)
{
	for (uint64_t i = 0; key->words[i] != NULL; i++) {
		if (strcmp(node->text, key->words[i]) == 0) {
			store_uint(dest, key->bytes, i);
			return 0;
		}
	}
	return -EINVAL;
}

static int
parse_text(const struct mst_conf_key *key, const struct conf_node *node, void *dest)
{
	size_t len = strlen(node->text);
	char *copy;

	if (len < key->min || len > key->max || (key->type == MST_CONF_PATH && node->text[0] != '/'))
		return -EINVAL;
	// What is configured ends up in headers, in file names and in the log.
	for (const char *c = node->text; *c != '\0'; c++) {
		if (((unsigned char)*c < 0x20 || *c == 0x7f) && !(*c == '\n' && key->multiline))
			return -EINVAL;
	}
	copy = strdup(node->text);
	if (copy == NULL)
		return -ENOMEM;
	memcpy(dest, &copy, sizeof(copy));
	return 0;
}

static int
parse_ip(const struct mst_conf_key *key, const struct conf_node *node, void *dest)
{
	struct mst_ip ip;

	MST_ASSERT(key->bytes == sizeof(ip));
	MST_TRY(mst_ip_parse(node->text, &ip));
	if (key->family != 0 && ip.family != key->family)
		return -EINVAL;
	memcpy(dest, &ip, sizeof(ip));
	return 0;
}

static int
parse_net(const struct mst_conf_key *key, const struct conf_node *node, void *dest)
{
	struct mst_net net = {0};

	MST_ASSERT(key->bytes == sizeof(net));
	// An address without length is a whole address to mst_net_parse; here it is a length forgotten.
	if (strchr(node->text, '/') == NULL)
		return -EINVAL;
	MST_TRY(mst_net_parse(node->text, &net));
	if (key->family != 0 && net.ip.family != key->family)
		return -EINVAL;
	if (key->max != 0 && (net.depth < key->min || net.depth > key->max))
		return -EINVAL;
	memcpy(dest, &net, sizeof(net));
	return 0;
}

int
conf_value_parse(const struct mst_conf_key *key, const struct conf_node *node, void *dest)
{
	if (node->kind != CONF_SCALAR || conf_node_is_nothing(node))
		return -EINVAL;
	switch (key->type) {
	case MST_CONF_BOOL:
		return parse_bool(key, node, dest);
	case MST_CONF_UINT:
		return parse_uint(key, node, no_units, dest);
	case MST_CONF_SECONDS:
		return parse_uint(key, node, time_units, dest);
	case MST_CONF_SIZE:
		return parse_uint(key, node, size_units, dest);
	case MST_CONF_STRING:
	case MST_CONF_PATH:
		return parse_text(key, node, dest);
	case MST_CONF_WORD:
		return parse_word(key, node, dest);
	case MST_CONF_IP:
		return parse_ip(key, node, dest);
	case MST_CONF_NET:
		return parse_net(key, node, dest);
	case MST_CONF_MAP:
		break;
	}
	return -EINVAL;
}

bool
conf_value_equal(const struct mst_conf_key *key, const void *a, const void *b)
{
	struct mst_net nets[2];
	const char *texts[2];

	if (conf_type_is_text(key->type)) {
		memcpy(&texts[0], a, sizeof(texts[0]));
		memcpy(&texts[1], b, sizeof(texts[1]));
		return strcmp(texts[0], texts[1]) == 0;
	}
	if (key->type == MST_CONF_NET) {
		memcpy(&nets[0], a, sizeof(nets[0]));
		memcpy(&nets[1], b, sizeof(nets[1]));
		return nets[0].depth == nets[1].depth && mst_ip_equal(&nets[0].ip, &nets[1].ip);
	}
	// Integers, bools and struct mst_ip have no padding.
	return memcmp(a, b, key->bytes) == 0;
}

static void
describe_number(
	const struct mst_conf_key *key, const char *what, const struct unit *units, struct mst_str *out)
{
	mst_str_fmt(out, "%s from %llu to %llu", what, (unsigned long long)key->min,
		(unsigned long long)key->max);
	for (const struct unit *u = units; u->suffix != NULL; u++) {
		if (u->suffix[0] != '\0')
			mst_str_fmt(out, "%s%s", u == units + 1 ? " (" : " ", u->suffix);
	}
	if (units[1].suffix != NULL)
		mst_str_fmt(out, ")");
}

static void
describe_words(const struct mst_conf_key *key, struct mst_str *out)
{
	for (size_t i = 0; key->words[i] != NULL; i++)
		mst_str_fmt(out, "%s%s", i == 0 ? "" : " | ", key->words[i]);
}

static void
describe_address(const struct mst_conf_key *key, struct mst_str *out)
{
	const char *version = key->family == 4		 ? "IPv4 "
			      : key->family == 6	 ? "IPv6 "
			      : key->type == MST_CONF_IP ? "IP "
							 : "";

	if (key->type == MST_CONF_IP) {
		mst_str_fmt(out, "an %saddress", version);
		return;
	}
	mst_str_fmt(out, "%s %snetwork ADDRESS/LENGTH", version[0] != '\0' ? "an" : "a", version);
	if (key->max != 0)
		mst_str_fmt(out, " of length %u to %u", (unsigned int)key->min, (unsigned int)key->max);
}

void
conf_describe_value(const struct mst_conf_key *key, struct mst_str *out)
{
	switch (key->type) {
	case MST_CONF_BOOL:
		mst_str_fmt(out, "true | false");
		break;
	case MST_CONF_UINT:
		describe_number(key, "a number", no_units, out);
		break;
	case MST_CONF_SECONDS:
		describe_number(key, "seconds", time_units, out);
		break;
	case MST_CONF_SIZE:
		describe_number(key, "bytes", size_units, out);
		break;
	case MST_CONF_STRING:
		mst_str_fmt(out, "text of %u to %u bytes", (unsigned int)key->min, (unsigned int)key->max);
		break;
	case MST_CONF_PATH:
		mst_str_fmt(out, "an absolute path of at most %u bytes", (unsigned int)key->max);
		break;
	case MST_CONF_WORD:
		describe_words(key, out);
		break;
	case MST_CONF_IP:
	case MST_CONF_NET:
		describe_address(key, out);
		break;
	case MST_CONF_MAP:
		mst_str_fmt(out, "a map of keys");
		break;
	}
}

void
conf_describe_key(const struct mst_conf_key *key, struct mst_str *out)
{
	if (key->is_list)
		mst_str_fmt(out, "a list of %u to %u items, each ", key->min_items, key->max_items);
	conf_describe_value(key, out);
	if (key->is_list && key->or_one)
		mst_str_fmt(out, ", or one alone");
	if (key->or_auto)
		mst_str_fmt(out, " or auto");
}

void
conf_describe_node(const struct conf_node *node, struct mst_str *out)
{
	if (node->kind == CONF_MAP)
		mst_str_fmt(out, "a map");
	else if (node->kind == CONF_LIST)
		mst_str_fmt(out, "a list of %u", node->n);
	else if (conf_node_is_nothing(node))
		mst_str_fmt(out, "nothing");
	else
		mst_str_fmt(out, "%s\"%.60s%s\"", node->quoted ? "the text " : "", node->text,
			strlen(node->text) > 60 ? "..." : "");
}
