// The configuration file: any bytes give a snapshot or one line of error, and leak nothing.
#include <string.h>

#include "mst_conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mst_conf_error err;
	struct mst_conf *conf;

	if (mst_conf_load_text(&conf, "f", (const char *)data, size, &err) == 0) {
		MST_ASSERT(conf->ports.public.n_addresses > 0 &&
			   conf->tls.identity.n_certificates == conf->tls.identity.n_keys);
		mst_conf_free(conf);
	} else {
		MST_ASSERT(strncmp(err.text, "f:", 2) == 0 && strpbrk(err.text, "\n\r\033") == NULL);
	}
	return 0;
}
