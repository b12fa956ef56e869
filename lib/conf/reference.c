// A table of keys as reference text: what --help-config prints and the manual holds. Control lcore.
#include <errno.h>
#include <string.h>

#include "conf.h"

static void
write_row(FILE *f, const struct mst_conf_key *key, const char *path)
{
	char buf[512];
	struct mst_str type = mst_str_init(buf, sizeof(buf));

	conf_describe_key(key, &type);
	fprintf(f, "%s\n    %s; ", path, buf);
	if (key->required)
		fprintf(f, "required");
	else if (key->def != NULL)
		fprintf(f, "default %s", key->def);
	else
		fprintf(f, "default none");
	fprintf(f, "; %s\n    %s\n", mst_conf_class_name(key->change), key->help);
}

static void
write_map(FILE *f, const struct mst_conf_key *keys, const char *prefix)
{
	char path[CONF_PATH_BYTES];

	for (const struct mst_conf_key *k = keys; k->name != NULL; k++) {
		snprintf(path, sizeof(path), "%s%s%s", prefix, prefix[0] != '\0' ? "." : "", k->name);
		write_row(f, k, path);
		if (k->type != MST_CONF_MAP)
			continue;
		if (k->is_list)
			snprintf(path + strlen(path), sizeof(path) - strlen(path), "[]");
		write_map(f, k->keys, path);
	}
}

int
mst_conf_schema_doc(const struct mst_conf_schema *schema, char **out)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		return -ENOMEM;
	write_map(f, schema->keys, "");
	if (fclose(f) != 0) {
		free(text);
		return -ENOMEM;
	}
	*out = text;
	return 0;
}
