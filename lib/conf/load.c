// The gateway's snapshot: load, free, compare. Control lcore.
#include <errno.h>

#include "conf.h"

static int
create(struct mst_conf **out, struct mst_conf_error *err)
{
	*out = calloc(1, sizeof(**out));
	if (*out != NULL)
		return 0;
	*err = (struct mst_conf_error){.text = "out of memory"};
	return -ENOMEM;
}

int
mst_conf_load(struct mst_conf **out, const char *path, struct mst_conf_error *err)
{
	struct mst_conf *conf;
	int rc;

	MST_TRY(create(&conf, err));
	rc = mst_conf_read(&mst_conf_gateway, path, conf, err);
	if (rc < 0)
		free(conf);
	else
		*out = conf;
	return rc;
}

int
mst_conf_load_text(
	struct mst_conf **out, const char *name, const char *text, size_t len, struct mst_conf_error *err)
{
	struct mst_conf *conf;
	int rc;

	MST_TRY(create(&conf, err));
	rc = mst_conf_read_text(&mst_conf_gateway, name, text, len, conf, err);
	if (rc < 0)
		free(conf);
	else
		*out = conf;
	return rc;
}

void
mst_conf_free(struct mst_conf *conf)
{
	if (conf == NULL)
		return;
	mst_conf_release(&mst_conf_gateway, conf);
	free(conf);
}

unsigned int
mst_conf_diff(const struct mst_conf *before, const struct mst_conf *after, mst_conf_diff_fn *cb, void *arg)
{
	return mst_conf_diff_read(&mst_conf_gateway, before, after, cb, arg);
}
