// Accounting by RADIUS (RFC 2866): reports of sessions in a queue of their own, and a thread that sends one after the other.
// What the servers do not take in time is lost, and told.
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "radius.h"

#define QUEUE_MAX 2048
#define LAST_WORDS_NS (3 * MST_NS_PER_S) // for what is queued when the gateway stops
#define SERVICE_FRAMED 2
#define PORT_VIRTUAL 5

struct report {
	struct identity_settings *settings;
	uint8_t *message;
	size_t len;
	uint64_t queued_ns;
};

struct identity_accounts {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	bool stop;
	uint64_t end_ns; // when stop: not a report after that
	unsigned int head, n;
	uint64_t lost;
	struct report queue[QUEUE_MAX];
};

static void
add_counters(struct radius_packet *p, const struct mst_auth_account *a)
{
	radius_packet_add_number(p, RADIUS_ACCT_INPUT_OCTETS, (uint32_t)a->rx_bytes);
	radius_packet_add_number(p, RADIUS_ACCT_INPUT_GIGAWORDS, (uint32_t)(a->rx_bytes >> 32));
	radius_packet_add_number(p, RADIUS_ACCT_OUTPUT_OCTETS, (uint32_t)a->tx_bytes);
	radius_packet_add_number(p, RADIUS_ACCT_OUTPUT_GIGAWORDS, (uint32_t)(a->tx_bytes >> 32));
	radius_packet_add_number(p, RADIUS_ACCT_INPUT_PACKETS, (uint32_t)a->rx_packets);
	radius_packet_add_number(p, RADIUS_ACCT_OUTPUT_PACKETS, (uint32_t)a->tx_packets);
	radius_packet_add_number(p, RADIUS_ACCT_SESSION_TIME, a->session_s);
}

static int
make_request(const struct identity_radius *r, const struct mst_auth_account *a, uint32_t delay_s,
	struct radius_packet *p)
{
	// RFC 2866 sections 5.1 and 5.10.
	static const uint32_t status[] = {
		[MST_AUTH_ACCOUNT_START] = 1, [MST_AUTH_ACCOUNT_STOP] = 2, [MST_AUTH_ACCOUNT_INTERIM] = 3};
	static const uint32_t causes[] = {
		[MST_AUTH_CAUSE_NONE] = 10, // the NAS, for reasons of its own
		[MST_AUTH_CAUSE_USER] = 1,
		[MST_AUTH_CAUSE_LOST] = 2,
		[MST_AUTH_CAUSE_IDLE] = 4,
		[MST_AUTH_CAUSE_LIMIT] = 5,
		[MST_AUTH_CAUSE_ADMIN] = 6,
		[MST_AUTH_CAUSE_STOP] = 11,
	};
	char remote[MST_IP_TEXT_BYTES] = "";

	if (a->remote.family != 0)
		mst_ip_format(&a->remote, remote);
	radius_packet_begin(p, RADIUS_ACCOUNTING_REQUEST);
	radius_packet_add_number(p, RADIUS_ACCT_STATUS_TYPE, status[a->kind]);
	radius_packet_add_text(p, RADIUS_ACCT_SESSION_ID, a->session);
	radius_packet_add_text(p, RADIUS_USER_NAME, a->user);
	radius_packet_add_text(p, RADIUS_CLASS, a->group);
	radius_packet_add_text(p, RADIUS_NAS_IDENTIFIER, r->conf->nas_identifier);
	radius_packet_add_number(p, RADIUS_SERVICE_TYPE, SERVICE_FRAMED);
	radius_packet_add_number(p, RADIUS_NAS_PORT_TYPE, PORT_VIRTUAL);
	radius_packet_add_ip(p, RADIUS_FRAMED_IP_ADDRESS, &a->inner4);
	radius_packet_add_ip(p, RADIUS_FRAMED_IP_ADDRESS, &a->inner6);
	radius_packet_add_text(p, RADIUS_CALLING_STATION_ID, remote);
	radius_packet_add_text(p, RADIUS_CONNECT_INFO, a->user_agent);
	radius_packet_add_number(p, RADIUS_ACCT_DELAY_TIME, delay_s);
	if (a->kind != MST_AUTH_ACCOUNT_START)
		add_counters(p, a);
	if (a->kind == MST_AUTH_ACCOUNT_STOP)
		radius_packet_add_number(p, RADIUS_ACCT_TERMINATE_CAUSE, causes[a->cause]);
	return radius_packet_finish(p, r->secret);
}

static void
send_report(const struct report *report)
{
	const struct identity_radius *r = report->settings->radius;
	const struct mst_conf_radius *conf = r->conf;
	struct radius_packet request, reply;
	struct mst_auth_message m;
	uint64_t delay_s = (mst_now_ns() - report->queued_ns) / MST_NS_PER_S;

	if (mst_auth_message_read(&m, report->message, report->len) < 0 ||
		make_request(r, &m.account, (uint32_t)delay_s, &request) < 0)
		return;
	if (radius_exchange(r, conf->accounting, conf->n_accounting, "1813", &request, &reply) !=
		RADIUS_ACCOUNTING_RESPONSE)
		MST_LOG(ERROR, "identity", "a report of a session of '%s' is lost: no RADIUS server takes it",
			m.account.user);
}

static void
release(struct report *report)
{
	free(report->message);
	identity_settings_put(report->settings);
	*report = (struct report){0};
}

static void *
run(void *arg)
{
	struct identity_accounts *a = arg;

	pthread_mutex_lock(&a->lock);
	while (!a->stop || (a->n > 0 && mst_now_ns() < a->end_ns)) {
		struct report report;

		if (a->n == 0) {
			pthread_cond_wait(&a->work, &a->lock);
			continue;
		}
		report = a->queue[a->head];
		a->head = (a->head + 1) % QUEUE_MAX;
		a->n--;
		pthread_mutex_unlock(&a->lock);
		send_report(&report);
		release(&report);
		pthread_mutex_lock(&a->lock);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

struct identity_accounts *
identity_accounts_create(void)
{
	struct identity_accounts *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->work, NULL);
	if (pthread_create(&a->thread, NULL, run, a) == 0)
		return a;
	free(a);
	return NULL;
}

void
identity_accounts_destroy(struct identity_accounts *a)
{
	if (a == NULL)
		return;
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	a->end_ns = mst_now_ns() + LAST_WORDS_NS;
	pthread_cond_signal(&a->work);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	for (; a->n > 0; a->n--) {
		release(&a->queue[a->head]);
		a->head = (a->head + 1) % QUEUE_MAX;
	}
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->work);
	free(a);
}

void
identity_accounts_add(
	struct identity_accounts *a, struct identity_settings *settings, const uint8_t *message, size_t len)
{
	struct report report = {.message = malloc(len), .len = len, .queued_ns = mst_now_ns()};
	uint64_t lost = 0;

	if (report.message == NULL)
		return;
	memcpy(report.message, message, len);
	report.settings = identity_settings_get(settings);
	pthread_mutex_lock(&a->lock);
	if (a->n < QUEUE_MAX) {
		a->queue[(a->head + a->n++) % QUEUE_MAX] = report;
		pthread_cond_signal(&a->work);
	} else {
		lost = ++a->lost;
	}
	pthread_mutex_unlock(&a->lock);
	if (lost == 0)
		return;
	if (lost % QUEUE_MAX == 1)
		MST_LOG(ERROR, "identity", "RADIUS servers do not keep up: %llu reports of sessions lost",
			(unsigned long long)lost);
	release(&report);
}
