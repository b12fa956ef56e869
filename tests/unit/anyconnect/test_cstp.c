// CSTP frames.
#include <string.h>

#include "mst_anyconnect.h"
#include "mst_test.h"

static enum mst_cstp_verdict
parse(const void *rec, size_t len, struct mst_cstp_frame *f)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	enum mst_cstp_verdict v;

	assert_non_null(copy);
	if (len > 0)
		memcpy(copy, rec, len);
	v = mst_cstp_parse(copy, len, f);
	free(copy); // the payload is not looked at through this copy
	return v;
}

static void
good_frames(void **state)
{
	(void)state;
	static const uint8_t data[] = {'S', 'T', 'F', 1, 0, 3, 0, 0, 0x45, 1, 2};
	static const uint8_t empty[] = {'S', 'T', 'F', 1, 0, 0, 3, 0};
	struct mst_cstp_frame f;

	assert_int_equal(mst_cstp_parse(data, sizeof(data), &f), MST_CSTP_V_OK);
	assert_int_equal(f.type, MST_CSTP_DATA);
	assert_int_equal(f.len, 3);
	assert_ptr_equal(f.payload, data + 8);
	assert_int_equal(mst_cstp_parse(empty, sizeof(empty), &f), MST_CSTP_V_OK);
	assert_int_equal(f.type, MST_CSTP_DPD_REQ);
	assert_int_equal(f.len, 0);
}

// Every way a record is not one frame; out stays as it was.
static void
bad_frames(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t len;
		enum mst_cstp_verdict v;
	} bad[] = {
		{"", 0, MST_CSTP_V_SHORT},
		{"STF\1\0\0\0", 7, MST_CSTP_V_SHORT},
		{"STG\1\0\0\0\0", 8, MST_CSTP_V_MAGIC},
		{"STF\2\0\0\0\0", 8, MST_CSTP_V_MAGIC},
		{"\0TF\1\0\0\0\0", 8, MST_CSTP_V_MAGIC},
		{"STF\1\0\0\0\1", 8, MST_CSTP_V_RESERVED},
		{"STF\1\0\1\0\0", 8, MST_CSTP_V_LENGTH},
		{"STF\1\0\0\0\0x", 9, MST_CSTP_V_LENGTH},
		{"STF\1\0\2\0\0x", 9, MST_CSTP_V_LENGTH},
		{"STF\1\xff\xff\0\0x", 9, MST_CSTP_V_LENGTH},
		// Two frames in one record.
		{"STF\1\0\0\3\0STF\1\0\0\3\0", 16, MST_CSTP_V_LENGTH},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(bad); i++) {
		struct mst_cstp_frame f = {.type = 0xee};

		assert_int_equal(parse(bad[i].bytes, bad[i].len, &f), bad[i].v);
		assert_int_equal(f.type, 0xee);
	}
}

static void
length_limits(void **state)
{
	(void)state;
	static uint8_t rec[8 + 65536];
	struct mst_cstp_frame f;

	for (size_t len = 65534; len <= 65535; len++) {
		mst_cstp_header(rec, MST_CSTP_DATA, (uint16_t)len);
		assert_int_equal(parse(rec, 8 + len - 1, &f), MST_CSTP_V_LENGTH);
		assert_int_equal(parse(rec, 8 + len, &f), MST_CSTP_V_OK);
		assert_int_equal(f.len, len);
		assert_int_equal(parse(rec, 8 + len + 1, &f), MST_CSTP_V_LENGTH);
	}
}

static void
header_bytes(void **state)
{
	(void)state;
	static const uint8_t want[] = {0x53, 0x54, 0x46, 0x01, 0x00, 0x12, 0x05, 0x00};
	uint8_t out[MST_CSTP_HEADER_BYTES];

	memset(out, 0xff, sizeof(out));
	mst_cstp_header(out, MST_CSTP_DISCONNECT, 0x12);
	assert_memory_equal(out, want, sizeof(want));
}

static void
reasons(void **state)
{
	(void)state;
	// As openconnect sends it on Ctrl-C.
	static const uint8_t aborted[] = "STF\1\0\x12\5\0\xb0"
					 "Aborted by caller";
	static const struct {
		uint8_t type;
		uint8_t reason;
		uint16_t len;
		enum mst_bye bye;
	} rows[] = {
		{MST_CSTP_DISCONNECT, 0xb0, 1, MST_BYE_ENDS_SESSION},
		{MST_CSTP_DISCONNECT, 0x70, 1, MST_BYE_ENDS_SESSION},
		{MST_CSTP_DISCONNECT, 0x91, 1, MST_BYE_KEEPS_SESSION},
		{MST_CSTP_DISCONNECT, 0xd1, 1, MST_BYE_KEEPS_SESSION},
		{MST_CSTP_DISCONNECT, 0x00, 1, MST_BYE_KEEPS_SESSION},
		{MST_CSTP_DISCONNECT, 0xb0, 0, MST_BYE_KEEPS_SESSION},
		{MST_CSTP_DATA, 0xb0, 1, MST_BYE_KEEPS_SESSION},
	};
	struct mst_cstp_frame f;

	assert_int_equal(mst_cstp_parse(aborted, sizeof(aborted) - 1, &f), MST_CSTP_V_OK);
	assert_int_equal(mst_cstp_bye(&f), MST_BYE_ENDS_SESSION);
	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		f = (struct mst_cstp_frame){
			.type = rows[i].type, .payload = &rows[i].reason, .len = rows[i].len};
		assert_int_equal(mst_cstp_bye(&f), rows[i].bye);
	}
}

static void
names(void **state)
{
	(void)state;
	assert_string_equal(mst_cstp_verdict_name(MST_CSTP_V_MAGIC), "MAGIC");
	assert_string_equal(mst_cstp_verdict_name(MST_CSTP_N_VERDICTS), "?");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_frames),
		cmocka_unit_test(bad_frames),
		cmocka_unit_test(length_limits),
		cmocka_unit_test(header_bytes),
		cmocka_unit_test(reasons),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
