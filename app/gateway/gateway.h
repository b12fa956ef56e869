// Private to mst-gateway: what is up, in the order it came up.
#pragma once

#include <event2/event.h>

#include "mst_conf.h"
#include "mst_control.h"
#include "mst_ctl.h"

// sysexits.h: what a service manager must not answer by starting us again.
enum gateway_exit {
	GATEWAY_OK = 0,
	GATEWAY_USAGE = 64,
	GATEWAY_HOST = 71,   // EX_OSERR: the host lacks something
	GATEWAY_NOPERM = 77, // EX_NOPERM
	GATEWAY_CONFIG = 78, // EX_CONFIG
};

struct gateway {
	const char *conf_path;
	struct mst_conf *conf;
	struct event_base *base;
	struct mst_control *control;
	struct mst_ctl_server *ctl;
	struct event *sigterm, *sigint, *sighup;
	time_t started_s;
	bool workers_up;
	bool level_given; // on the command line: goes before log.level of the file
};

// start.c: everything from EAL to the workers. err in plain words; -EINVAL is the configuration's fault.
MST_MUST_USE int gateway_start(struct gateway *g, char *err, size_t err_cap);
void gateway_stop(struct gateway *g); // in reverse; whatever is up
// All that can be found wrong without touching ports: certificate, key, users file, driver profiles.
MST_MUST_USE int gateway_check(const struct mst_conf *conf, char *err, size_t err_cap);
MST_MUST_USE int gateway_reload(struct gateway *g, char *err, size_t err_cap);

// commands.c
int gateway_command(void *arg, enum mst_ctl_id id, const char *const *args, size_t n_args, json_t **data,
	char *err, size_t err_cap);

// front.c
void gateway_put_certificate(const struct gateway *g, json_t *status);
int gateway_front(struct gateway *g, enum mst_ctl_id id, const char *const *args, size_t n_args,
	json_t **data, char *err, size_t err_cap);

// hosts.c
json_t *gateway_hosts(const struct gateway *g);
int gateway_ranges(const struct gateway *g, const char *start, json_t **data, char *err, size_t err_cap);

// change.c: the commands that change something
int gateway_change(struct gateway *g, enum mst_ctl_id id, const char *const *args, size_t n_args,
	json_t **data, char *err, size_t err_cap);
MST_MUST_USE int gateway_parse_id(const char *text, uint32_t *id, char *err, size_t err_cap);
