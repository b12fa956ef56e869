// The gateway's snapshot: load, free, compare. Control lcore.
#include <errno.h>
#include <string.h>

#include "conf.h"

static int
keep_source(struct mst_conf *conf, const char *name, const char *text, size_t len)
{
	conf->source = (struct mst_conf_source){.name = strdup(name), .text = malloc(len + 1), .len = len};
	if (conf->source.name == NULL || conf->source.text == NULL)
		return -ENOMEM;
	memcpy(conf->source.text, text, len);
	conf->source.text[len] = '\0';
	return 0;
}

int
mst_conf_load(struct mst_conf **out, const char *path, struct mst_conf_error *err)
{
	char *text;
	size_t len;
	int rc;

	MST_TRY(mst_conf_file_read(path, MST_CONF_FILE_BYTES_MAX, &text, &len, err));
	rc = mst_conf_load_text(out, path, text, len, err);
	free(text);
	return rc;
}

int
mst_conf_load_text(
	struct mst_conf **out, const char *name, const char *text, size_t len, struct mst_conf_error *err)
{
	struct mst_conf *conf = calloc(1, sizeof(*conf));
	int rc = -ENOMEM;

	*err = (struct mst_conf_error){.text = "out of memory"};
	if (conf == NULL)
		return rc;
	rc = mst_conf_read_text(&mst_conf_gateway, name, text, len, conf, err);
	if (rc == 0)
		rc = keep_source(conf, name, text, len);
	if (rc == 0)
		rc = conf_profiles_index(conf);
	if (rc < 0) {
		mst_conf_free(conf);
		return rc;
	}
	*out = conf;
	return 0;
}

void
mst_conf_free(struct mst_conf *conf)
{
	if (conf == NULL)
		return;
	free(conf->source.name);
	free(conf->source.text);
	free(conf->profile_slots);
	mst_conf_release(&mst_conf_gateway, conf);
	free(conf);
}

unsigned int
mst_conf_diff(const struct mst_conf *before, const struct mst_conf *after, mst_conf_diff_fn *cb, void *arg)
{
	return mst_conf_diff_read(&mst_conf_gateway, before, after, cb, arg);
}
