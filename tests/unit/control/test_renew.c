// Renewal of keys: in time, spread out; and by use, whatever the time, with counters set near their ends.
#include <string.h>

#include "mst_port.h"
#include "mst_wire.h"

#include "rig.h"

#define PORT 1000
#define HEADERS (MST_IP4_HDR_BYTES + MST_UDP_HDR_BYTES)

static struct device device;
static struct control_login *login;
static struct mst_dtls_keys keys; // of the device's side

static int
setup(void **state)
{
	const struct mst_dtls_suite *suite = mst_dtls_suite_at(0);
	uint8_t block[MST_DTLS_KEY_BLOCK_MAX_BYTES];
	size_t len = mst_dtls_key_block_bytes(suite);
	struct mst_sa_params p = {.tuple = rig_tuple(PORT)};
	struct mst_sa *sa = NULL;

	rig_setup(state);
	rig_conf.timeouts.rekey_s = 1000;
	login = rig_tunnel(&device, "bob", NULL);
	mst_random(block, sizeof(block));
	assert_int_equal(mst_sa_create(&sa, login->session, &p), 0);
	assert_int_equal(mst_dtls_keys_init(&sa->keys, suite, 1, block, len), 0);
	assert_int_equal(mst_dtls_keys_init_client(&keys, suite, 1, block, len), 0);
	assert_int_equal(mst_sa_publish(sa), 0);
	return 0;
}

static int
teardown(void **state)
{
	device_close(&device);
	return rig_teardown(state);
}

static struct mst_sa *
association(void)
{
	return atomic_load(&login->session->sa);
}

// The alert that was sent to the device: whether there was one.
static bool
alert_sent(void)
{
	struct rte_mbuf *m = rig_inject_take();
	struct mst_dtls_header h;
	uint8_t *rec, *plain;
	size_t len, plain_len;

	if (m == NULL)
		return false;
	rec = rte_pktmbuf_mtod_offset(m, uint8_t *, HEADERS);
	len = rte_pktmbuf_data_len(m) - HEADERS;
	assert_int_equal(mst_dtls_parse(rec, len, &h), MST_DTLS_OK);
	assert_int_equal(h.type, MST_DTLS_ALERT);
	assert_int_equal(mst_dtls_open(&keys, rec, len, &h, &plain, &plain_len), MST_DTLS_OK);
	assert_int_equal(plain_len, 2);
	assert_int_equal(plain[0], 2);
	rte_pktmbuf_free(m);
	return true;
}

static void
look(void)
{
	control_look(login, mst_now_ns());
}

static void
the_device_is_asked_when_our_key_has_sent_enough(void **state)
{
	struct mst_sa *sa = association();

	(void)state;
	atomic_store(&sa->tx_seq, MST_DTLS_KEY_RECORDS_RENEW - 1);
	look();
	assert_false(alert_sent());
	assert_int_equal(atomic_load(&login->session->path), MST_PATH_DTLS);
	atomic_store(&sa->tx_seq, MST_DTLS_KEY_RECORDS_RENEW);
	look();
	assert_true(alert_sent());
	assert_int_equal(atomic_load(&sa->tx_seq), MST_DTLS_KEY_RECORDS_RENEW + 1);
	// What is for it goes by CSTP until it has new keys, and what comes from it is still opened.
	assert_int_equal(atomic_load(&login->session->path), MST_PATH_STREAM);
	assert_ptr_equal(mst_sa_lookup(&sa->tuple), sa);
	look();
	assert_false(alert_sent());
	control_look(login, login->asked_ns + 60 * MST_NS_PER_S);
	assert_true(alert_sent());
	assert_int_equal(rig->counters.dtls_asked_to_renew, 2);
}

static void
and_when_its_own_has(void **state)
{
	struct mst_sa *sa = association();

	(void)state;
	assert_true(mst_dtls_window_commit(&sa->window, MST_DTLS_KEY_RECORDS_RENEW - 2));
	look();
	assert_false(alert_sent());
	assert_true(mst_dtls_window_commit(&sa->window, MST_DTLS_KEY_RECORDS_RENEW - 1));
	look();
	assert_true(alert_sent());
}

static void
what_is_used_up_is_no_path_any_more(void **state)
{
	struct mst_sa *sa = association();

	(void)state;
	atomic_store(&sa->tx_seq, MST_DTLS_KEY_RECORDS - 1);
	look();
	assert_true(alert_sent()); // with the last number
	assert_ptr_equal(association(), sa);
	look();
	assert_false(alert_sent());
	assert_null(association());
	assert_int_equal(atomic_load(&login->session->path), MST_PATH_STREAM);
	assert_int_equal(rig->counters.dtls_used_up, 1);
}

static void
tls_is_renewed_in_time(void **state)
{
	uint8_t buf[MST_TLS_RECORD_BYTES];
	uint64_t due_ns = device.conn->next_renew_ns;

	(void)state;
	rig_conf.timeouts.dpd_s = 0;
	assert_in_range(device.conn->renew_ns / MST_NS_PER_S, 900, 1100);
	control_stream_tick(device.conn, due_ns - 1);
	assert_int_equal(rig->counters.tls_renewed, 0);
	control_stream_tick(device.conn, due_ns);
	assert_int_equal(rig->counters.tls_renewed, 1);
	assert_int_equal(device.conn->next_renew_ns, due_ns + device.conn->renew_ns);
	device_frame(&device, MST_CSTP_DPD_REQ, "x", 1);
	assert_int_equal(device_read(&device, buf, sizeof(buf)), MST_CSTP_HEADER_BYTES + 1);
}

static void
who_connects_together_does_not_renew_together(void **state)
{
	uint32_t least = UINT32_MAX, most = 0;

	(void)state;
	for (unsigned int i = 0; i < 200; i++) {
		uint32_t s = control_renew_interval_s(device.conn);

		least = s < least ? s : least;
		most = s > most ? s : most;
	}
	assert_in_range(least, 900, 950);
	assert_in_range(most, 1050, 1100);
	rig_conf.timeouts.rekey_s = 0;
	assert_int_equal(control_renew_interval_s(device.conn), 0);
	control_renew_begin(device.conn, 0, 5);
	assert_int_equal(device.conn->next_renew_ns, UINT64_MAX);
}

static void
the_device_is_told_how(void **state)
{
	struct device d;
	char cookie[MST_COOKIE_TEXT_BYTES], answer[4096];
	struct control_login *l = rig_login("eve", cookie);

	(void)state;
	device_open(&d, "198.51.100.8");
	device_connect(&d, cookie, "", answer, sizeof(answer));
	assert_in_range(header_number(answer, "X-CSTP-Rekey-Time: "), 900, 1100);
	assert_non_null(strstr(answer, "X-CSTP-Rekey-Method: ssl\r\n"));
	assert_null(strstr(answer, "X-DTLS-Rekey"));
	assert_non_null(l->conn);
	device_close(&d);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_device_is_asked_when_our_key_has_sent_enough),
		TEST(and_when_its_own_has),
		TEST(what_is_used_up_is_no_path_any_more),
		TEST(tls_is_renewed_in_time),
		TEST(who_connects_together_does_not_renew_together),
		TEST(the_device_is_told_how),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
