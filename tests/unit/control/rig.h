// A control lcore without listeners, taps and workers: its objects, real TLS clients on socket pairs, and what it
// handed to the worker read back from the inject ring.
#pragma once

#include "mst_eal.h"

#include "control.h"
#include "dtls_client.h"
#include "support.h"

extern struct mst_control *rig;	 // one object, made anew for each test
extern struct mst_conf rig_conf; // may be changed by a test; rig_reset makes it anew
extern struct files rig_files;

int rig_group_setup(void **state); // EAL, crypto, mbufs, certificate
int rig_group_teardown(void **state);
int rig_setup(void **state);	// tables and control, empty
int rig_teardown(void **state); // ends everything; every counter that must be zero is
void rig_turn(void);		// one round of events

struct control_login *rig_login(const char *user, char cookie[MST_COOKIE_TEXT_BYTES]);
// The login of a cookie; NULL: none lives.
struct control_login *rig_find(const char *cookie);
// What the next process finds: SIGKILL, then a start.
void rig_restart(void);
unsigned int rig_inject_drop(void); // frees what waits for the worker; how many
struct rte_mbuf *rig_inject_take(void);

// A device: TLS over a socket pair.
struct device {
	SSL_CTX *ctx;
	SSL *ssl;
	int fd;
	struct control_conn *conn; // of the other end; only good while it is open
};

void device_open(struct device *d, const char *remote);			     // TLS is up afterwards
void device_open_at(struct device *d, const char *remote, const char *host); // the same, asking for that host
// The same, with a certificate and its key.
void device_open_with(struct device *d, const char *remote, X509 *cert, EVP_PKEY *key);
void device_close(struct device *d); // without a word
void device_send(struct device *d, const void *data, size_t len);
// The next record; 0: none, -1: the gateway has closed.
int device_read(struct device *d, void *buf, size_t cap);
// CONNECT; the answer, NUL terminated, in text. extra: more header lines.
void device_connect(struct device *d, const char *cookie, const char *extra, char *text, size_t cap);
void device_frame(struct device *d, uint8_t type, const void *payload, size_t len);
bool device_gone(struct device *d); // the gateway has closed its end
// The number behind a header of an answer; -1: not there.
long header_number(const char *answer, const char *name);
void header_hex(const char *answer, const char *name, uint8_t *out, size_t len);

// Signs in, connects with DTLS offered; the cookie is written when it is not NULL.
struct control_login *rig_tunnel(struct device *d, const char *user, char *cookie);
// An association without a handshake.
struct mst_sa *rig_sa(struct mst_session *s, uint16_t port);
struct mst_sa_tuple rig_tuple(uint16_t port);
