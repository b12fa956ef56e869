// /mst/info and /mst/handshake/stats. The callbacks run on EAL's telemetry thread and only read: counters are
// words that the control lcore writes alone, so a value may be a moment old and is never torn.
#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

#include "mst_port.h"

#include "control.h"

static _Atomic(struct mst_control *) subject;

typedef void fill_fn(const struct mst_control *c, struct rte_tel_data *d);

// As a reader: control_telemetry_forget, and the free behind it, wait until the copy is made.
static int
with_subject(fill_fn *fill, struct rte_tel_data *d)
{
	const struct mst_control *c;

	mst_rt_reader_enter();
	c = atomic_load(&subject);
	if (c != NULL)
		fill(c, d);
	mst_rt_reader_leave();
	return c != NULL ? 0 : -ENODEV;
}

static void
fill_info(const struct mst_control *c, struct rte_tel_data *d)
{
	unsigned int mbufs, in_use;

	mst_port_pool_usage(&mbufs, &in_use);
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_string(d, "version", MST_VERSION);
	rte_tel_data_add_dict_int(d, "pid", (int)getpid());
	rte_tel_data_add_dict_uint(d, "workers", mst_rt_n_workers());
	rte_tel_data_add_dict_string(d, "crypto", mst_crypto_engine());
	rte_tel_data_add_dict_uint(d, "session_capacity", mst_session_capacity());
	rte_tel_data_add_dict_uint(d, "connections", c->n_conns);
	rte_tel_data_add_dict_uint(d, "half_open", c->n_half_open);
	rte_tel_data_add_dict_uint(d, "cookies", c->n_logins);
	rte_tel_data_add_dict_uint(d, "handshakes_in_progress", c->n_handshakes);
	rte_tel_data_add_dict_uint(d, "mbufs", mbufs);
	rte_tel_data_add_dict_uint(d, "mbufs_in_use", in_use);
	rte_tel_data_add_dict_uint(d, "control_busy_ns", c->busy_ns);
	rte_tel_data_add_dict_uint(d, "control_total_ns", c->busy_ns + c->idle_ns);
}

static int
info(const char *cmd, const char *params, struct rte_tel_data *d)
{
	(void)cmd;
	(void)params;
	return with_subject(fill_info, d);
}

static void
fill_stats(const struct mst_control *c, struct rte_tel_data *d)
{
	rte_tel_data_start_dict(d);
#define X(name, help) rte_tel_data_add_dict_uint(d, #name, c->counters.name);
	MST_CONTROL_COUNTERS(X)
#undef X
}

static int
handshake_stats(const char *cmd, const char *params, struct rte_tel_data *d)
{
	(void)cmd;
	(void)params;
	return with_subject(fill_stats, d);
}

static const struct mst_telemetry_row rows[] = {
	{"/mst/info", info, "Returns what runs: version, workers, crypto engine, load of the control lcore"},
	{"/mst/handshake/stats", handshake_stats, "Returns counters of sign-in, TLS, DTLS and session ends"},
};

int
control_telemetry_register(struct mst_control *c)
{
	static bool registered; // for the process: DPDK cannot take a command back

	if (!registered)
		MST_TRY(mst_rt_telemetry(rows, MST_ARRAY_SIZE(rows)));
	registered = true;
	atomic_store(&subject, c);
	return 0;
}

void
control_telemetry_forget(void)
{
	mst_rt_reader_enter(); // a reader finishes first
	atomic_store(&subject, NULL);
	mst_rt_reader_leave();
}
