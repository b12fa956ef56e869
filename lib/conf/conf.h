// Shared inside lib/conf: the tree of a YAML file, and one value of it. Control lcore.
#pragma once

#include "mst_conf.h"

enum conf_kind { CONF_SCALAR, CONF_MAP, CONF_LIST };

struct conf_node {
	enum conf_kind kind;
	bool quoted; // a scalar that is text whatever it looks like
	uint32_t line;
	uint32_t column;
	uint32_t key_line; // of the key; of the value where there is none
	uint32_t key_column;
	uint32_t n; // children
	char *key;
	char *text; // scalar
	struct conf_node *first;
	struct conf_node *last;
	struct conf_node *next;
	struct conf_node *all_next;
};

struct mst_conf_tree {
	const char *name;
	struct conf_node *root; // NULL: an empty file
	struct conf_node *all;
	uint32_t n_nodes;
};

// schema.c
extern const struct mst_conf_key conf_profile_keys[];

// schema_auth.c: section auth, and what of it a host may have.
extern const struct mst_conf_key conf_auth_keys[];
extern const struct mst_conf_key conf_host_auth_keys[];

// validate_network.c: the network section and the profiles.
#define CONF_NET_TEXT_BYTES (MST_IP_TEXT_BYTES + 4)
MST_MUST_USE int conf_networks_check(
	const struct mst_conf *conf, const struct mst_conf_tree *tree, struct mst_conf_error *err);
bool conf_is_domain(const char *text);
// A network is written by its first address.
MST_MUST_USE int conf_check_host_bits(const struct mst_conf_tree *tree, struct mst_conf_error *err,
	const char *key, const struct mst_net *net);

// validate_addresses.c: the parts of the pool that are kept for some.
MST_MUST_USE int conf_addresses_check(
	const struct mst_conf *conf, const struct mst_conf_tree *tree, struct mst_conf_error *err);

// tree.c. On success the caller ends with conf_tree_fini; name must outlive the tree. On failure err is
// filled.
MST_MUST_USE int conf_tree_parse(struct mst_conf_tree *tree, const char *name, const char *text, size_t len,
	struct mst_conf_error *err);
void conf_tree_fini(struct mst_conf_tree *tree);
const struct conf_node *conf_tree_child(const struct conf_node *map, const char *key, size_t key_len);
void conf_error_set(struct mst_conf_error *err, const char *name, uint32_t line, uint32_t column,
	const char *key, const char *fmt, va_list ap) MST_PRINTF(6, 0);

// value.c
// A scalar as the key wants it, into dest; the word auto was handled before. -EINVAL, -ENOMEM.
MST_MUST_USE int conf_value_parse(const struct mst_conf_key *key, const struct conf_node *node, void *dest);
bool conf_value_equal(const struct mst_conf_key *key, const void *a, const void *b);
bool conf_node_is_nothing(const struct conf_node *node);
// Type and bounds of one value, or of the whole key.
void conf_describe_value(const struct mst_conf_key *key, struct mst_str *out);
void conf_describe_key(const struct mst_conf_key *key, struct mst_str *out);
void conf_describe_node(const struct conf_node *node, struct mst_str *out);
// Strings and lists of strings are kept as pointers.
bool conf_type_is_text(enum mst_conf_type type);

// A list of maps is read and compared item by item, as other lists are.
static inline bool
conf_is_one_map(const struct mst_conf_key *key)
{
	return key->type == MST_CONF_MAP && !key->is_list;
}

// path of a key while a table is walked
#define CONF_PATH_BYTES 192

// profile.c. Profiles are found by their names from now on; -ENOMEM.
MST_MUST_USE int conf_profiles_index(struct mst_conf *conf);

// validate.c
int conf_gateway_check(const void *conf, const struct mst_conf_tree *tree, struct mst_conf_error *err);
