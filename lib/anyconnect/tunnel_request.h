// CONNECT as the device sent it. Control lcore.
#pragma once

#include "http.h"

// Never fails: what is malformed reads as absent.
void ac_tunnel_request(struct mst_ac_connect_request *out, const struct ac_request *q);
