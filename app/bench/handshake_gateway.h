// The gateway's side of the handshake benchmark: a control lcore of the product's own, without ports and workers.
#pragma once

#include "control.h"
#include "handshake_client.h"

enum gateway_key { GATEWAY_KEY_P256, GATEWAY_KEY_RSA2048, GATEWAY_KEY_COUNT };
const char *gateway_key_name(enum gateway_key key);

struct gateway {
	struct mst_conf *conf;
	struct event_base *base;
	struct mst_control *control;
	int files[3];	 // certificate, key and users, in memory
	char folder[32]; // of cookie keys and ledger, which are replaced by name
};

// EAL, crypto and packet buffers, once for the process; err as mst_rt_start. Main thread.
MST_MUST_USE int gateway_host_start(uint32_t sessions, char *err, size_t err_cap);
void gateway_host_stop(void);

MST_MUST_USE int gateway_start(
	struct gateway *g, enum gateway_key key, uint32_t sessions, char *err, size_t err_cap);
void gateway_stop(struct gateway *g);
// The port of 127.0.0.1 where it listens.
MST_MUST_USE int gateway_connect(const struct gateway *g); // a non-blocking socket; or -errno
// As after a password: the cookie is the device's.
MST_MUST_USE int gateway_sign_in(
	struct gateway *g, unsigned int number, struct client *d, struct control_login **out);
// The outer addresses of a device.
struct mst_sa_tuple gateway_tuple(unsigned int number);
// What control gave to the worker for a device goes to that device; how many datagrams.
unsigned int gateway_deliver(struct client *d);
