// config-auth documents.
#include <string.h>

#include "mst_test.h"

#include "login.h"
#include "trace.h"

static enum mst_ac_fault
parse_bytes(struct ac_login *l, const char *doc, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	enum mst_ac_fault f;

	assert_non_null(copy);
	memcpy(copy, doc, len);
	memset(l, 0, sizeof(*l));
	f = ac_login_parse(l, copy, len);
	free(copy);
	return f;
}

static enum mst_ac_fault
parse(struct ac_login *l, const char *doc)
{
	return parse_bytes(l, doc, strlen(doc));
}

static void
documents_of_the_trace(void **state)
{
	(void)state;
	struct ac_login l;

	assert_int_equal(parse(&l, trace_init), MST_AC_F_NONE);
	assert_int_equal(l.kind, AC_LOGIN_INIT);
	assert_int_equal(parse(&l, trace_group), MST_AC_F_NONE);
	assert_int_equal(l.kind, AC_LOGIN_INIT);
	assert_string_equal(l.cred.group, "eng");
	assert_int_equal(parse(&l, trace_user), MST_AC_F_NONE);
	assert_int_equal(l.kind, AC_LOGIN_REPLY);
	assert_string_equal(l.cred.user, "alice");
	assert_string_equal(l.cred.group, "eng");
	assert_false(l.have[AC_LOGIN_password]);
	assert_int_equal(parse(&l, trace_password), MST_AC_F_NONE);
	assert_string_equal(l.cred.user, "alice");
	assert_string_equal(l.cred.password, "secret1");
}

#define R(x) "<config-auth type='auth-reply'>" x "</config-auth>"

static void
texts(void **state)
{
	(void)state;
	struct ac_login l;

	assert_int_equal(parse(&l, R("<auth><username>a&amp;b</username><password>&lt;&#x70;<![CDATA[&x<]]></"
				     "password></auth>")),
		MST_AC_F_NONE);
	assert_string_equal(l.cred.user, "a&b");
	assert_string_equal(l.cred.password, "<p&x<");
	// Fields elsewhere are not fields.
	assert_int_equal(parse(&l, R("<username>a</username><x><username>b</username></"
				     "x><auth><x><username>c</username></x></auth>")),
		MST_AC_F_NONE);
	assert_string_equal(l.cred.user, "");
	assert_int_equal(parse(&l, R("<auth><group-select>a</group-select><device-id>b</device-id></auth>"
				     "<x><x><group-select>c</group-select></x></x>")),
		MST_AC_F_NONE);
	assert_string_equal(l.cred.group, "");
	assert_int_equal(parse(&l, R("<x><device-id>d</device-id></x>")), MST_AC_F_NONE);
	assert_string_equal(l.cred.platform, "");
	assert_int_equal(parse(&l, R("<auth><username/><password></password></auth>")), MST_AC_F_NONE);
	assert_true(l.have[AC_LOGIN_user]);
	assert_true(l.have[AC_LOGIN_password]);
}

static void
bad_documents(void **state)
{
	(void)state;
	static const struct {
		const char *doc;
		enum mst_ac_fault f;
	} bad[] = {
		{"<", MST_AC_F_LOGIN_SYNTAX},
		{"<config-auth type='init'>", MST_AC_F_LOGIN_SYNTAX},
		{"<config-auth type='init'/><x/>", MST_AC_F_LOGIN_SYNTAX},
		{"<config-auth type='init'/>\nusername=a", MST_AC_F_LOGIN_SYNTAX},
		{"<config-auth/>", MST_AC_F_LOGIN_SYNTAX},
		{"<config-auth type='complete'/>", MST_AC_F_LOGIN_SYNTAX},
		{"<config-auth type='INIT'/>", MST_AC_F_LOGIN_SYNTAX},
		{"<config-auth type='init' type='auth-reply'/>", MST_AC_F_LOGIN_SYNTAX},
		{"<html type='init'/>", MST_AC_F_LOGIN_SYNTAX},
		{"<html type='auth-reply'/>", MST_AC_F_LOGIN_SYNTAX},
		{R("<auth><username>a</username><username>b</username></auth>"), MST_AC_F_LOGIN_SYNTAX},
		{R("<auth><username>a</username></auth><auth><username>b</username></auth>"),
			MST_AC_F_LOGIN_SYNTAX},
		{R("<auth><username>a<b>c</b>d</username></auth>"), MST_AC_F_LOGIN_SYNTAX},
		{R("<auth><username>a\nb</username></auth>"), MST_AC_F_LOGIN_SYNTAX},
		{R("<auth><username>a&#10;b</username></auth>"), MST_AC_F_LOGIN_SYNTAX},
		{R("<auth><username>a&#0;b</username></auth>"), MST_AC_F_LOGIN_SYNTAX},
		{R("<auth><username>a\xff</username></auth>"), MST_AC_F_LOGIN_SYNTAX},
		{R("<auth><username>&e;</username></auth>"), MST_AC_F_LOGIN_SYNTAX},
		{R("<group-select>a\tb</group-select>"), MST_AC_F_LOGIN_SYNTAX},
		{"<?xml version='1.0' encoding='UTF-7'?><config-auth type='init'>+ADw-</config-auth",
			MST_AC_F_LOGIN_SYNTAX},
		{"<!DOCTYPE config-auth><config-auth type='init'/>", MST_AC_F_XML_DTD},
		{"<!DOCTYPE config-auth SYSTEM 'http://127.0.0.1/x.dtd'><config-auth type='init'/>",
			MST_AC_F_XML_DTD},
		{"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>" R(
			 "<auth><username>&e;</username></auth>"),
			MST_AC_F_XML_DTD},
		{"<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'>]>" R(
			 "<auth><username>&b;</username></auth>"),
			MST_AC_F_XML_DTD},
	};
	struct ac_login l;

	for (size_t i = 0; i < MST_ARRAY_SIZE(bad); i++) {
		enum mst_ac_fault f = parse(&l, bad[i].doc);

		if (f != bad[i].f)
			fail_msg("%s for: %s", mst_ac_fault_name(f), bad[i].doc);
	}
	// NUL inside, and UTF-16 with its mark.
	assert_int_equal(
		parse_bytes(&l, "<config-auth type='init'>\0</config-auth>", 40), MST_AC_F_LOGIN_SYNTAX);
	assert_int_equal(parse_bytes(&l, "\xff\xfe<\0x\0/\0>\0", 10), MST_AC_F_LOGIN_SYNTAX);
	assert_int_equal(parse_bytes(&l, "<\0x\0/\0>\0", 8), MST_AC_F_LOGIN_SYNTAX);
	// A good document in another encoding: what was declared does not count.
	assert_int_equal(parse(&l, "<?xml version='1.0' encoding='ISO-8859-1'?>" R(
					   "<auth><username>J\xfcrgen</username></auth>")),
		MST_AC_F_LOGIN_SYNTAX);
}

static enum mst_ac_fault
nested(struct ac_login *l, unsigned int depth)
{
	static char doc[1024 * 1024];
	size_t len = (size_t)snprintf(doc, sizeof(doc), "<config-auth type='init'>");

	for (unsigned int i = 1; i < depth; i++)
		len += (size_t)snprintf(doc + len, sizeof(doc) - len, "<a>");
	for (unsigned int i = 1; i < depth; i++)
		len += (size_t)snprintf(doc + len, sizeof(doc) - len, "</a>");
	len += (size_t)snprintf(doc + len, sizeof(doc) - len, "</config-auth>");
	return parse_bytes(l, doc, len);
}

static void
depth_limit(void **state)
{
	(void)state;
	struct ac_login l;

	assert_int_equal(nested(&l, MST_AC_XML_DEPTH - 1), MST_AC_F_NONE);
	assert_int_equal(nested(&l, MST_AC_XML_DEPTH), MST_AC_F_NONE);
	assert_int_equal(nested(&l, MST_AC_XML_DEPTH + 1), MST_AC_F_XML_DEPTH);
	assert_int_equal(nested(&l, MST_AC_XML_MARKS / 2 - 1), MST_AC_F_XML_DEPTH);
	assert_int_equal(nested(&l, 100000), MST_AC_F_BODY_SIZE);
}

// Elements, attributes and references by the thousand are not even looked at; as many bytes of text are.
static void
marks_limit(void **state)
{
	static const char *const things[] = {"<a/>", "&lt;", "=", "\n", "\r"};
	static char doc[MST_AC_BODY_BYTES + 1];
	const size_t own = 3; // of the root
	struct ac_login l;

	(void)state;
	for (size_t t = 0; t < MST_ARRAY_SIZE(things); t++) {
		for (size_t n = MST_AC_XML_MARKS - 1; n <= MST_AC_XML_MARKS + 1; n++) {
			size_t len = (size_t)snprintf(doc, sizeof(doc), "<config-auth type='init'>");

			for (size_t i = own; i < n; i++)
				len += (size_t)snprintf(doc + len, sizeof(doc) - len, "%s", things[t]);
			len += (size_t)snprintf(doc + len, sizeof(doc) - len, "</config-auth>");
			assert_int_equal(parse_bytes(&l, doc, len),
				n <= MST_AC_XML_MARKS ? MST_AC_F_NONE : MST_AC_F_XML_MARKS);
		}
	}
	for (size_t n = MST_AC_BODY_BYTES - 1; n <= MST_AC_BODY_BYTES + 1; n++) {
		memset(doc, ' ', sizeof(doc));
		memcpy(doc, "<config-auth type='init'>", 25);
		memcpy(doc + n - 14, "</config-auth>", 14);
		assert_int_equal(
			parse_bytes(&l, doc, n), n <= MST_AC_BODY_BYTES ? MST_AC_F_NONE : MST_AC_F_BODY_SIZE);
	}
}

static void
field_limits(void **state)
{
	(void)state;
	char doc[1024], value[300];
	struct ac_login l;

	for (size_t n = sizeof(l.cred.user) - 2; n <= sizeof(l.cred.user); n++) {
		memset(value, 'u', n);
		value[n] = '\0';
		snprintf(doc, sizeof(doc), R("<auth><username>%s</username></auth>"), value);
		assert_int_equal(
			parse(&l, doc), n < sizeof(l.cred.user) ? MST_AC_F_NONE : MST_AC_F_LOGIN_SYNTAX);
	}
	for (size_t n = sizeof(l.cred.password) - 2; n <= sizeof(l.cred.password); n++) {
		memset(value, 'p', n);
		value[n] = '\0';
		snprintf(doc, sizeof(doc), R("<auth><password>%s</password></auth>"), value);
		assert_int_equal(
			parse(&l, doc), n < sizeof(l.cred.password) ? MST_AC_F_NONE : MST_AC_F_LOGIN_SYNTAX);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_of_the_trace),
		cmocka_unit_test(texts),
		cmocka_unit_test(bad_documents),
		cmocka_unit_test(depth_limit),
		cmocka_unit_test(marks_limit),
		cmocka_unit_test(field_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
