// What the administrator is shown of sessions and refused sign-ins. Control lcore.
#pragma once

#include "mst_control.h"

struct control_login;

struct control_event_ring {
	struct mst_control_event of[MST_CONTROL_EVENTS]; // number 0: none yet
	uint64_t n;					 // that there have been
};

struct control_events {
	struct control_event_ring sessions, refusals;
	uint64_t next; // number of the next one; 0: there was none yet
};

// what is a constant; reason is copied.
void control_event_of(const struct control_login *l, const char *what, const char *reason);
void control_event_refused(
	struct mst_control *c, const char *user, const struct mst_ip *remote, const char *reason);
