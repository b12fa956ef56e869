// Questions of the helper to users, until they are answered: on the connection that a question came by, or on another one, for
// there are clients that close after each answer. The client keeps a handle for that as a cookie, 128 random bits,
// good for one answer, as long as the time for sign-in lasts. It goes where the device goes: one that fetches its code
// may change its network meanwhile, and who has the handle can but answer. To the address it is bound where cookies are
// (cookie.deny-roaming), and always to what the sign-in rests on: the site and the certificate. Control lcore.
#include "question.h"

#include <errno.h>
#include <string.h>

#include <rte_jhash.h>

#define SOURCES 1024 // that are told apart

// Put, and not answered yet.
static bool
waits(const struct control_question *q)
{
	return q->asked_ns != 0;
}

// ---- how it ends --------------------------------------------------------------------------------
static void
forget(struct control_question *q)
{
	if (q->conn != NULL)
		q->conn->question = NULL;
	mst_wheel_stop(&q->end);
	mst_wipe(q, sizeof(*q));
}

static void
give_up(struct control_question *q)
{
	mst_auth_cancel(q->c->auth, q->number);
	forget(q);
}

void
control_question_end(struct control_conn *conn)
{
	if (conn->question != NULL)
		forget(conn->question);
}

void
control_question_leave(struct control_conn *conn)
{
	if (conn->question != NULL)
		conn->question->conn = NULL;
	conn->question = NULL;
}

void
control_question_end_all(struct mst_control *c)
{
	for (size_t i = 0; i < MST_ARRAY_SIZE(c->questions->of); i++) {
		if (c->questions->of[i].number != 0)
			give_up(&c->questions->of[i]);
	}
}

// What is being judged then is told its result, or is asked nothing more.
static void
on_end(void *arg, uint64_t now_ns)
{
	struct control_question *q = arg;

	(void)now_ns;
	if (!waits(q))
		return;
	CONTROL_COUNT(q->c, auth_unanswered);
	give_up(q);
}

// ---- how it begins ------------------------------------------------------------------------------
// The same for all addresses of one host, as control_comeback_is_near has it. Two hosts may share one: nobody can choose whom
// with.
static size_t
source_of(const struct mst_control *c, const struct mst_ip *ip)
{
	return rte_jhash(ip->bytes, ip->family == 4 ? 4 : 8, c->hash_seed ^ ip->family) % SOURCES;
}

// Whoever asks to be asked without end crowds out himself: the oldest one of the source that has the most.
static struct control_question *
make_room(struct mst_control *c)
{
	uint16_t from[SOURCES] = {0};
	struct control_question *victim = NULL;
	unsigned int most = 0;

	for (size_t i = 0; i < MST_ARRAY_SIZE(c->questions->of); i++) {
		if (waits(&c->questions->of[i]))
			from[source_of(c, &c->questions->of[i].remote)]++;
	}
	for (size_t i = 0; i < MST_ARRAY_SIZE(c->questions->of); i++) {
		struct control_question *q = &c->questions->of[i];
		unsigned int n = waits(q) ? from[source_of(c, &q->remote)] : 0;

		if (n > most || (n != 0 && n == most && q->asked_ns < victim->asked_ns)) {
			victim = q;
			most = n;
		}
	}
	if (victim == NULL)
		return NULL;
	CONTROL_COUNT(c, auth_crowded);
	give_up(victim);
	return victim;
}

static struct control_question *
begin(struct control_conn *conn)
{
	const struct control_arrival from = control_conn_arrival(conn);
	struct mst_control *c = conn->c;
	struct control_question *q = NULL;

	for (size_t i = 0; i < MST_ARRAY_SIZE(c->questions->of) && q == NULL; i++) {
		if (c->questions->of[i].number == 0)
			q = &c->questions->of[i];
	}
	if (q == NULL)
		q = make_room(c);
	if (q == NULL)
		return NULL;
	*q = (struct control_question){.c = c, .conn = conn, .number = conn->number, .remote = from.remote};
	snprintf(q->host, sizeof(q->host), "%s", from.host);
	memcpy(q->certificate, from.certificate, sizeof(q->certificate));
	mst_wheel_timer_init(&q->end, on_end, q);
	mst_wheel_arm(&c->wheel, &q->end, conn->signin_end_ns);
	conn->question = q;
	return q;
}

int
control_question_put(struct control_conn *conn, char handle[CONTROL_HANDLE_TEXT_BYTES])
{
	struct control_question *q = conn->question != NULL ? conn->question : begin(conn);
	struct mst_str text = mst_str_init(handle, CONTROL_HANDLE_TEXT_BYTES);

	if (q == NULL)
		return -EBUSY;
	if (q->n_put == CONTROL_QUESTIONS_EACH || q->end.due_ns == 0)
		return -E2BIG;
	q->n_put++;
	q->asked_ns = mst_now_ns();
	mst_random(q->handle, sizeof(q->handle));
	mst_str_add_hex(&text, q->handle, sizeof(q->handle));
	return 0;
}

// ---- the answer ---------------------------------------------------------------------------------
// All are looked at, and whole: how long that takes tells nothing of any handle.
static struct control_question *
find(struct mst_control *c, const char *text)
{
	uint8_t handle[CONTROL_HANDLE_BYTES];
	struct control_question *found = NULL;

	if (mst_parse_hex(text, strlen(text), handle, sizeof(handle)) != 0)
		return NULL;
	for (size_t i = 0; i < MST_ARRAY_SIZE(c->questions->of); i++) {
		struct control_question *q = &c->questions->of[i];

		if (mst_ct_equal(q->handle, handle, sizeof(handle)) && waits(q))
			found = q;
	}
	mst_wipe(handle, sizeof(handle));
	return found;
}

static bool
fits(const struct control_question *q, const struct control_conn *conn)
{
	const struct control_arrival from = control_conn_arrival(conn);

	return strcmp(q->host, from.host) == 0 &&
	       mst_ct_equal(q->certificate, from.certificate, sizeof(q->certificate)) &&
	       (!conn->c->conf->cookie.deny_roaming || control_comeback_is_near(&q->remote, &from.remote));
}

bool
control_question_take(struct control_conn *conn, const char *handle)
{
	struct control_question *own = conn->question;
	struct control_question *q = handle[0] != '\0' ? find(conn->c, handle) : own;

	// Half a sign-in is continued or given up: there is no going over to another one.
	if (own != NULL && q != own) {
		give_up(own);
		return false;
	}
	if (q != NULL && q != own && !fits(q, conn)) {
		give_up(q); // whoever has the handle, it is not safe any more
		return false;
	}
	if (q == NULL)
		return false;
	if (q->conn != NULL)
		q->conn->question = NULL;
	q->conn = conn;
	conn->question = q;
	conn->number = q->number;
	q->asked_ns = 0;
	mst_wipe(q->handle, sizeof(q->handle));
	return true;
}
