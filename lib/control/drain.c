// Drain: nobody is taken in any more, and the connections of devices are closed without a word, spread over the time that
// was given, so that they come back elsewhere by their cookies and not all at once. Sessions stay until their cookie's time
// is over: a drain that is undone takes them up again. Control lcore.
#include "control.h"

#define STEP_NS (100 * MST_NS_PER_MS)

static void
close_some(struct mst_control *c, unsigned int n)
{
	struct control_conn *conn, *next;

	for (conn = TAILQ_FIRST(&c->conns); conn != NULL && n != 0; conn = next) {
		next = TAILQ_NEXT(conn, all);
		if (conn->state != CONN_TUNNEL)
			continue;
		CONTROL_COUNT(c, drained);
		control_conn_close(conn);
		n--;
	}
}

static uint32_t
tunnels(const struct mst_control *c)
{
	return c->n_conns - c->n_half_open;
}

// Many in each step, or one in many.
static void
on_step(void *arg, uint64_t now_ns)
{
	struct mst_control *c = arg;
	uint64_t left_ns = now_ns < c->drain_end_ns ? c->drain_end_ns - now_ns : 0;
	uint64_t steps = left_ns / STEP_NS + 1;
	uint64_t wait_ns = STEP_NS;

	close_some(c, (unsigned int)((tunnels(c) + steps - 1) / steps));
	if (tunnels(c) == 0) {
		MST_LOG(NOTICE, "control", "drained: no device is connected");
		return;
	}
	if (left_ns / tunnels(c) > wait_ns)
		wait_ns = left_ns / tunnels(c);
	mst_wheel_arm(&c->wheel, &c->drain_step, now_ns + wait_ns);
}

void
mst_control_drain(struct mst_control *c, uint32_t seconds)
{
	uint64_t now_ns = mst_now_ns();

	c->draining = true;
	c->drain_end_ns = now_ns + seconds * MST_NS_PER_S;
	mst_wheel_stop(&c->drain_step);
	mst_wheel_timer_init(&c->drain_step, on_step, c);
	mst_wheel_arm(&c->wheel, &c->drain_step, now_ns);
	MST_LOG(NOTICE, "control", "draining: %u device(s) go elsewhere within %u s",
		c->n_conns - c->n_half_open, seconds);
}

bool
mst_control_undrain(struct mst_control *c)
{
	if (!c->draining)
		return false;
	c->draining = false;
	mst_wheel_stop(&c->drain_step);
	MST_LOG(NOTICE, "control", "no drain any more");
	return true;
}
