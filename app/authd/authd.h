// Private to mst-authd: what it gives up before it reads the first byte.
#pragma once

#include "mst_base.h"

// What the source of passwords needs beyond the rest: modules of PAM programs, and sockets with an address of their own.
enum authd_needs { AUTHD_NOTHING, AUTHD_MODULES };

// man.c
void authd_man(void); // to stdout

// confine.c
// Becomes the user, or nobody where there is none of that name, for good: no privileges, no new ones, no way to listen,
// to look at others or to change the system; programs and sockets with an address only where it needs them.
// Logs what failed. Before any thread is started.
MST_MUST_USE int authd_confine(const char *user, enum authd_needs needs, int keep_fd);
