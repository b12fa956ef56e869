// Control socket: a request frame as the gateway parses it, and the same bytes as mst-cli would parse a
// reply.
#include "mst_ctl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mst_ctl_request req;
	char err[MST_CTL_ERR_BYTES];
	json_t *reply = NULL;

	if (mst_ctl_request_parse(data, size, &req, err, sizeof(err)) == 0) {
		MST_ASSERT(req.command != NULL && req.n_args <= MST_CTL_WORDS);
		for (size_t i = 0; i < req.n_args; i++)
			MST_ASSERT(mst_ctl_put_safe(NULL, req.args[i]) <= 4 * MST_CTL_WORD_BYTES);
		mst_ctl_request_fini(&req);
	}
	if (mst_ctl_reply_parse(data, size, &reply, err, sizeof(err)) == 0) {
		MST_ASSERT(reply != NULL);
		json_decref(reply);
	}
	return 0;
}
