// Private to mst-authd: what it gives up before it reads the first byte.
#pragma once

#include "mst_base.h"

// Becomes the user, or nobody where there is none of that name, for good: no privileges, no new ones, no way to listen,
// to run programs, to look at others or to change the system. Logs what failed. Before any thread is started.
MST_MUST_USE int authd_confine(const char *user, int keep_fd);
