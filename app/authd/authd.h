// Private to mst-authd: what it gives up before it reads the first byte.
#pragma once

#include "mst_conf.h"

// Becomes the user, or nobody where there is none of that name, for good: no privileges, no new ones, no way to listen,
// to look at others or to change the system; programs and sockets of its own only where the source of passwords needs them.
// Logs what failed. Before any thread is started.
MST_MUST_USE int authd_confine(const char *user, enum mst_conf_password source, int keep_fd);
