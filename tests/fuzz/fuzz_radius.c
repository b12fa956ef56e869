// Attributes of a RADIUS answer that has the right authenticator: they are refused, or every one lies within the packet,
// and the groups of a Class are text that has room.
#include <string.h>

#include <openssl/evp.h>

#include "../../lib/identity/radius.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look_at_groups(struct mst_rd value)
{
	struct mst_auth_result r = {0};

	identity_radius_add_groups(value.pos, mst_rd_left(&value), &r);
	MST_ASSERT(r.n_groups <= MST_AUTH_GROUPS_MAX);
	for (uint8_t i = 0; i < r.n_groups; i++) {
		size_t len = strnlen(r.groups[i], MST_AUTH_GROUP_BYTES);

		MST_ASSERT(
			len > 0 && len < MST_AUTH_GROUP_BYTES && strpbrk(r.groups[i], "\n\r\033;") == NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct radius_packet request, answer = {.len = RADIUS_HEADER_BYTES + size};
	uint8_t text[RADIUS_PACKET_BYTES + 1];
	struct mst_rd r, value;
	uint8_t type;

	if (answer.len > sizeof(answer.bytes))
		return 0;
	radius_packet_begin(&request, RADIUS_ACCESS_REQUEST);
	memcpy(answer.bytes, request.bytes, RADIUS_HEADER_BYTES);
	answer.bytes[0] = RADIUS_ACCESS_ACCEPT;
	answer.bytes[2] = (uint8_t)(answer.len >> 8);
	answer.bytes[3] = (uint8_t)answer.len;
	memcpy(&answer.bytes[RADIUS_HEADER_BYTES], data, size);
	memcpy(text, answer.bytes, answer.len);
	text[answer.len] = 's';
	MST_ASSERT(EVP_Digest(text, answer.len + 1, &answer.bytes[4], NULL, EVP_md5(), NULL) == 1);
	if (radius_packet_check(answer.bytes, answer.len, &request, "s", false) < 0)
		return 0;
	r = radius_packet_attributes(answer.bytes, answer.len);
	while (radius_packet_next(&r, &type, &value)) {
		MST_ASSERT(value.pos >= &answer.bytes[RADIUS_HEADER_BYTES + 2] &&
			   value.end <= answer.bytes + answer.len);
		look_at_groups(value);
	}
	MST_ASSERT(!r.err && mst_rd_left(&r) == 0);
	return 0;
}
