// What the files of the handshake benchmark share. Control lcore.
#pragma once

#include "bench.h"
#include "handshake_gateway.h"

struct handshake_options {
	const char *mode;
	const char *key; // NULL: both
	uint32_t count;
	uint32_t waiting; // devices that knock at once, of the storm
	bool json;
};

MST_MUST_USE int handshake_storm(struct gateway *g, enum gateway_key key, const struct handshake_options *o);
