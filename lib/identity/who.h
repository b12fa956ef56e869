// Shared inside lib/identity: who somebody is, as one way to verify has found it. Any thread of the helper.
#pragma once

#include "mst_base.h"

#define IDENTITY_USER_BYTES 128
#define IDENTITY_GROUPS_MAX 16
#define IDENTITY_GROUP_BYTES 64
#define IDENTITY_DEVICE_BYTES 128

struct identity_who {
	char user[IDENTITY_USER_BYTES]; // as its source spells it
	char device_id[IDENTITY_DEVICE_BYTES];
	uint8_t n_groups;
	char groups[IDENTITY_GROUPS_MAX][IDENTITY_GROUP_BYTES];
	uint64_t expires_unix_s; // when what was shown is over; 0: never
};
