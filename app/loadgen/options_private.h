// What the files of the command line share. Main thread, at start.
#pragma once

#include "options.h"

struct lg_option;

// One value being read.
struct lg_taking {
	const struct lg_option *option;
	struct lg_options *out;
	const char *value; // NULL for an option without one
	char *err;
	size_t err_cap;
};

typedef int lg_take_fn(struct lg_taking *t);

// A row of the table of options.c.
struct lg_option {
	const char *section;
	const char *name;
	const char *arg; // "" for none
	const char *def; // read before the command line is, by the same function; NULL for none
	const char *help;
	lg_take_fn *take;
	size_t offset; // of the field in struct lg_options
	uint64_t min, max;
	char letter; // '\0' for none
};

// err = "--name value: " and what is expected; -EINVAL.
MST_MUST_USE int lg_option_wrong(struct lg_taking *t, const char *fmt, ...) MST_PRINTF(2, 3);

// ---- options_value.c: each reads a value into the field and checks it ---------------------------
lg_take_fn lg_take_flag, lg_take_switch, lg_take_action, lg_take_text, lg_take_name, lg_take_user;
lg_take_fn lg_take_u32, lg_take_u64, lg_take_lcore, lg_take_share, lg_take_max_loss;
lg_take_fn lg_take_cipher, lg_take_dirs, lg_take_search, lg_take_hugepages, lg_take_level, lg_take_pin;
lg_take_fn lg_take_rate, lg_take_sizes;

// ---- options_net.c ------------------------------------------------------------------------------
lg_take_fn lg_take_nets, lg_take_ip, lg_take_gateway, lg_take_sources;
// What the ports, the gateway and the next hops say of each other.
MST_MUST_USE int lg_options_check_net(const struct lg_options *o, char *err, size_t err_cap);
