// Questions to users that are answered on another connection than they were put on, and handles that are worth nothing.
#include "form.h"

#define HERE "198.51.100.7"

static char handle[FORM_HANDLE + 1];

// Nobody was asked anything, and nobody is signed in: the device has the form again.
static void
assert_stale(unsigned int n_answers)
{
	assert_int_equal(fake.n_answers, n_answers);
	assert_int_equal(rig->n_logins, 0);
	assert_form("name=\"username\"");
	assert_form("webvpncontext=;");
}

static void
the_answer_may_come_by_another_connection(void **state)
{
	struct device a, b;
	uint64_t token = form_half(&a, HERE, "anna", handle);

	(void)state;
	device_close(&a);
	assert_int_equal(rig->n_conns, 0);
	assert_int_equal(fake.n_cancels, 0);
	form_answer_by(&b, HERE, handle);
	assert_true(fake.answered == token);
	assert_string_equal(fake.answer, "123456");
	form_result(&b, token, MST_AUTH_OK, "anna");
	assert_form("Set-Cookie: webvpn=");
	assert_form("webvpncontext=;");
	assert_non_null(control_login_by_user(rig, "anna", NULL));
	assert_int_equal(rig->counters.auth_stale, 0);
	device_close(&b);
	assert_int_equal(fake.n_cancels, 0);
}

static void
on_its_own_connection_it_needs_no_handle(void **state)
{
	struct device a;
	uint64_t token = form_half(&a, HERE, "anna", handle);

	(void)state;
	form_post(&a, NULL, "secondary_password=123456");
	assert_true(fake.answered == token);
	form_result(&a, token, MST_AUTH_MORE, "");
	form_take_handle(handle);
	form_post(&a, handle, "secondary_password=654321");
	assert_string_equal(fake.answer, "654321");
	form_result(&a, token, MST_AUTH_OK, "anna");
	assert_int_equal(rig->n_logins, 1);
	device_close(&a);
}

// The first connection may still stand: the sign-in goes on where its answer came.
static void
the_question_is_taken_from_where_it_was_put(void **state)
{
	struct device a, b;
	uint64_t token = form_half(&a, HERE, "anna", handle);

	(void)state;
	form_answer_by(&b, HERE, handle);
	assert_true(fake.answered == token);
	form_post(&a, NULL, "secondary_password=111111");
	assert_stale(1);
	device_close(&a);
	assert_int_equal(fake.n_cancels, 0);
	form_result(&b, token, MST_AUTH_OK, "anna");
	assert_int_equal(rig->n_logins, 1);
	device_close(&b);
}

static void
a_handle_is_good_once(void **state)
{
	struct device a, b, c;
	char second[FORM_HANDLE + 1];
	uint64_t token = form_half(&a, HERE, "anna", handle);

	(void)state;
	device_close(&a);
	form_answer_by(&b, HERE, handle);
	form_answer_by(&c, HERE, handle); // while it is judged
	assert_stale(1);
	device_close(&c);
	form_result(&b, token, MST_AUTH_MORE, "");
	form_take_handle(second);
	assert_string_not_equal(second, handle);
	form_answer_by(&c, HERE, handle); // while the next question waits
	assert_stale(1);
	device_close(&c);
	form_post(&b, second, "secondary_password=x");
	form_result(&b, token, MST_AUTH_NO, "anna");
	form_answer_by(&c, HERE, second); // when all is over
	assert_stale(2);
	assert_int_equal(rig->counters.auth_stale, 3);
	device_close(&c);
	device_close(&b);
}

static void
no_other_handle_will_do(void **state)
{
	static const char *const wrong[] = {"00000000000000000000000000000000", "0", "", "zz",
		"000000000000000000000000000000000000000000000000000000000000000000000000"};
	struct device a, b;
	char other[FORM_HANDLE + 1];

	(void)state;
	form_half(&a, HERE, "anna", handle);
	device_close(&a);
	for (size_t i = 0; i < MST_ARRAY_SIZE(wrong); i++) {
		form_answer_by(&b, HERE, wrong[i]);
		assert_stale(0);
		device_close(&b);
	}
	for (size_t bit = 0; bit < 4 * FORM_HANDLE; bit++) {
		uint8_t bytes[CONTROL_HANDLE_BYTES];
		struct mst_str s = mst_str_init(other, sizeof(other));

		assert_int_equal(mst_parse_hex(handle, FORM_HANDLE, bytes, sizeof(bytes)), 0);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		mst_str_add_hex(&s, bytes, sizeof(bytes));
		form_answer_by(&b, HERE, other);
		assert_stale(0);
		device_close(&b);
	}
	form_answer_by(&b, HERE, handle);
	assert_int_equal(fake.n_answers, 1);
	device_close(&b);
}

// Half a sign-in goes on by its own handle, not by that of somebody who is half-way, too.
static void
another_users_handle_ends_ones_own_sign_in(void **state)
{
	struct device a, b;
	char bobs[FORM_HANDLE + 1];
	uint64_t token = form_half(&a, HERE, "anna", handle);
	uint64_t bob = form_half(&b, FORM_ELSEWHERE, "bob", bobs);

	(void)state;
	form_post(&b, handle, "secondary_password=123456");
	assert_stale(0);
	assert_true(fake.cancelled == bob);
	form_post(&b, bobs, "secondary_password=123456");
	assert_stale(0);
	form_post(&a, handle, "secondary_password=123456");
	assert_true(fake.answered == token);
	device_close(&a);
	device_close(&b);
}

// On that connection the user begins anew, and the number of the sign-in before is nobody's.
static void
after_a_stale_answer_a_sign_in_begins_anew(void **state)
{
	struct device a;
	uint64_t token = form_half(&a, HERE, "anna", handle);

	(void)state;
	form_post(&a, "00000000000000000000000000000000", "secondary_password=1");
	assert_stale(0);
	form_post(&a, NULL, "username=bob&password=secret");
	assert_true(fake.submitted != token);
	form_result(&a, token, MST_AUTH_OK, "anna");
	assert_int_equal(rig->n_logins, 0);
	form_result(&a, fake.submitted, MST_AUTH_OK, "bob");
	assert_non_null(control_login_by_user(rig, "bob", NULL));
	device_close(&a);
}

static void
a_question_waits_as_long_as_a_sign_in_may_take(void **state)
{
	struct device a, b;
	uint64_t token = form_half(&a, HERE, "anna", handle);
	uint64_t end = a.conn->signin_end_ns;

	(void)state;
	device_close(&a);
	mst_wheel_turn(&rig->wheel, end - 1, 100);
	assert_int_equal(fake.n_cancels, 0);
	mst_wheel_turn(&rig->wheel, end + 2 * rig->wheel.slot_ns, 100);
	assert_int_equal(fake.n_cancels, 1);
	assert_true(fake.cancelled == token);
	assert_int_equal(rig->counters.auth_unanswered, 1);
	form_answer_by(&b, HERE, handle);
	assert_stale(0);
	device_close(&b);
}

// Another connection gives no more time: what is being judged then is told its result, and nothing more is asked.
static void
when_its_time_is_over_nothing_more_is_asked(void **state)
{
	struct device a, b;
	uint64_t token = form_half(&a, HERE, "anna", handle);

	(void)state;
	device_close(&a);
	form_answer_by(&b, HERE, handle);
	mst_wheel_stop(&b.conn->limit);
	mst_wheel_turn(&rig->wheel, b.conn->question->end.due_ns + 2 * rig->wheel.slot_ns, 100);
	assert_int_equal(rig->counters.auth_unanswered, 0);
	assert_int_equal(fake.n_cancels, 0);
	form_result(&b, token, MST_AUTH_MORE, "");
	assert_form("name=\"username\"");
	assert_true(fake.cancelled == token);
	device_close(&b);
}

// What one host has asked is not answered at another one.
static void
a_question_belongs_to_its_host(void **state)
{
	struct control_question *q = &rig->questions->of[0];
	struct device a, b;
	uint64_t token = form_half(&a, HERE, "anna", handle);

	(void)state;
	device_close(&a);
	assert_true(q->number == token);
	assert_string_equal(q->host, "");
	snprintf(q->host, sizeof(q->host), "partners.example.com");
	form_answer_by(&b, HERE, handle);
	assert_stale(0);
	assert_true(fake.cancelled == token);
	device_close(&b);
}

static void
a_sign_in_has_so_many_questions(void **state)
{
	struct device d;
	uint64_t token = form_half(&d, HERE, "anna", handle);

	(void)state;
	for (unsigned int i = 1; i < CONTROL_QUESTIONS_EACH; i++) {
		device_close(&d);
		form_answer_by(&d, HERE, handle);
		form_result(&d, token, MST_AUTH_MORE, "");
		form_take_handle(handle);
	}
	device_close(&d);
	assert_int_equal(fake.n_cancels, 0);
	form_answer_by(&d, HERE, handle);
	form_result(&d, token, MST_AUTH_MORE, "");
	assert_form("name=\"username\"");
	assert_true(fake.cancelled == token);
	assert_int_equal(rig->counters.auth_failed, 1);
	device_close(&d);
}

static void
it_goes_where_the_device_goes(void **state)
{
	static const struct {
		const char *comes_from;
		bool deny, taken;
	} roads[] = {
		{FORM_ELSEWHERE, false, true},
		{FORM_ELSEWHERE, true, false},
		{HERE, true, true},
		{"2001:db8::7", false, true},
		{"2001:db8::7", true, false},
	};

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(roads); i++) {
		struct device a, b;
		uint64_t token = form_half(&a, HERE, "anna", handle);

		fake.n_answers = fake.n_cancels = 0;
		rig_conf.cookie.deny_roaming = roads[i].deny;
		device_close(&a);
		form_answer_by(&b, roads[i].comes_from, handle);
		assert_int_equal(fake.n_answers, roads[i].taken);
		assert_int_equal(fake.n_cancels, !roads[i].taken);
		if (roads[i].taken)
			form_result(&b, token, MST_AUTH_NO, "anna");
		device_close(&b);
	}
}

// Full of one source's questions, the table lets go that source's oldest, and nobody else's.
static void
a_flood_crowds_out_itself(void **state)
{
	struct device d;
	char anna[FORM_HANDLE + 1], first[FORM_HANDLE + 1], second[FORM_HANDLE + 1];
	uint64_t token = form_half(&d, FORM_ELSEWHERE, "anna", anna);

	(void)state;
	device_close(&d);
	for (unsigned int i = 1; i < CONTROL_QUESTIONS; i++) {
		form_half(&d, HERE, "eve", i == 1 ? first : i == 2 ? second : handle);
		device_close(&d);
	}
	assert_int_equal(fake.n_cancels, 0);
	form_half(&d, HERE, "eve", handle);
	device_close(&d);
	assert_int_equal(fake.n_cancels, 1);
	assert_int_equal(rig->counters.auth_crowded, 1);
	form_answer_by(&d, HERE, first);
	assert_stale(0);
	device_close(&d);
	form_answer_by(&d, HERE, second);
	assert_int_equal(fake.n_answers, 1);
	device_close(&d);
	form_answer_by(&d, FORM_ELSEWHERE, anna);
	assert_true(fake.answered == token);
	form_result(&d, token, MST_AUTH_OK, "anna");
	assert_int_equal(rig->n_logins, 1);
	device_close(&d);
}

static void
the_end_leaves_nothing(void **state)
{
	static const struct control_question nobody;
	struct device d;

	(void)state;
	form_half(&d, HERE, "anna", handle);
	device_close(&d);
	form_half(&d, HERE, "bob", handle);
	control_question_end_all(rig);
	assert_null(d.conn->question);
	assert_int_equal(fake.n_cancels, 2);
	for (size_t i = 0; i < MST_ARRAY_SIZE(rig->questions->of); i++)
		assert_memory_equal(&rig->questions->of[i], &nobody, sizeof(nobody));
	device_close(&d);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, form_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_answer_may_come_by_another_connection),
		TEST(on_its_own_connection_it_needs_no_handle),
		TEST(the_question_is_taken_from_where_it_was_put),
		TEST(a_handle_is_good_once),
		TEST(no_other_handle_will_do),
		TEST(another_users_handle_ends_ones_own_sign_in),
		TEST(after_a_stale_answer_a_sign_in_begins_anew),
		TEST(a_question_waits_as_long_as_a_sign_in_may_take),
		TEST(when_its_time_is_over_nothing_more_is_asked),
		TEST(a_question_belongs_to_its_host),
		TEST(a_sign_in_has_so_many_questions),
		TEST(it_goes_where_the_device_goes),
		TEST(a_flood_crowds_out_itself),
		TEST(the_end_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
