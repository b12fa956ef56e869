// One TLS record as a CSTP frame; what is taken must read back the same.
#include <string.h>

#include "mst_anyconnect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mst_cstp_frame f;
	uint8_t header[MST_CSTP_HEADER_BYTES];
	enum mst_cstp_verdict v = mst_cstp_parse(data, size, &f);

	MST_ASSERT(v < MST_CSTP_N_VERDICTS);
	if (v != MST_CSTP_V_OK)
		return 0;
	MST_ASSERT((size_t)f.len + sizeof(header) == size && f.payload == data + sizeof(header));
	mst_cstp_header(header, f.type, f.len);
	MST_ASSERT(memcmp(header, data, sizeof(header)) == 0);
	MST_ASSERT(mst_cstp_bye(&f) == MST_BYE_KEEPS_SESSION || f.payload[0] != 0);
	return 0;
}
