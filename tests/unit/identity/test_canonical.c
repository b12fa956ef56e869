// Two hundred spellings of a few people, and what is nobody's name.
#include <errno.h>
#include <string.h>
#include <utf8proc.h>

#include "mst_test.h"

#include "canonical.h"

static const char *const domains[] = {"CORP", "corp.example.com"};
static const struct canonical_rules strip = {.strip_domains = domains, .n_strip_domains = 2};
static const struct canonical_rules keep = {0};

static void
expect(const struct canonical_rules *rules, const char *text, const char *want)
{
	char out[IDENTITY_USER_BYTES] = "untouched";
	char again[IDENTITY_USER_BYTES];

	if (canonical_name(rules, text, out) != 0)
		fail_msg("\"%s\" is refused", text);
	if (strcmp(out, want) != 0)
		fail_msg("\"%s\" is \"%s\", expected \"%s\"", text, out, want);
	// What is canonical stays as it is.
	assert_int_equal(canonical_name(rules, out, again), 0);
	assert_string_equal(again, out);
}

static void
refuse(const char *text)
{
	char out[IDENTITY_USER_BYTES];

	if (canonical_name(&strip, text, out) != -EINVAL)
		fail_msg("\"%s\" is \"%s\"", text, out);
}

// Every way to write the name with and without a domain that is stripped: one identity.
static void
spellings_of_anna(void **state)
{
	(void)state;
	static const char *const names[] = {"anna", "Anna", "ANNA", "aNNa", "anna ", " anna", "anna.",
		"Anna. .", "anna...",
		"\xef\xbc\xa1nna",		// fullwidth A
		"an\xe2\x80\x8bna",		// zero width space
		"an\xc2\xadna",			// soft hyphen
		"\342\200\252anna\342\200\254", // embedding of directions
		"\xf0\x9d\x90\x80nna",		// mathematical bold A
		"\xe2\x92\xb6nna",		// circled A
		"anna\xc2\xa0",			// no-break space
		"anna\xe3\x80\x80"};		// ideographic space
	static const char *const forms[] = {"%s", "CORP\\%s", "corp\\%s", "Corp \\%s", "%s@corp",
		"%s@CORP.example.com", "%s@corp.EXAMPLE.com.", "%s@ corp ", "corp.example.com\\%s",
		"\xef\xbc\xa3orp\\%s", "corp\xef\xbc\xbc%s", "%s\357\274\240corp"};
	unsigned int n = 0;

	for (size_t i = 0; i < MST_ARRAY_SIZE(names); i++) {
		for (size_t j = 0; j < MST_ARRAY_SIZE(forms); j++, n++) {
			const char *at = strstr(forms[j], "%s");
			char text[128];

			snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - forms[j]), forms[j], names[i],
				at + 2);
			expect(&strip, text, "anna");
		}
	}
	assert_true(n >= 200);
}

static void
other_people(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *strip;
		const char *keep;
	} rows[] = {
		{"anna@other.example.com", "anna@other.example.com", "anna@other.example.com"},
		{"OTHER\\Anna", "anna@other", "anna@other"},
		{"Anna@Corp", "anna", "anna@corp"},
		{"corp\\anna", "anna", "anna@corp"},
		{"anna@corp.example.com.evil", "anna@corp.example.com.evil", "anna@corp.example.com.evil"},
		{"anna@xcorp", "anna@xcorp", "anna@xcorp"},
		{"anna@cor", "anna@cor", "anna@cor"},
		{"anna@cors", "anna@cors", "anna@cors"},
		{"corp", "corp", "corp"},
		{"an na", "an na", "an na"},
		{"an.na", "an.na", "an.na"},
		{".anna", ".anna", ".anna"},
		{"anna-maria_1+x", "anna-maria_1+x", "anna-maria_1+x"},
		// Composed and decomposed, and folds that change the length.
		{"J\xc3\xb6rg", "j\xc3\xb6rg", "j\xc3\xb6rg"},
		{"Jo\xcc\x88rg", "j\xc3\xb6rg", "j\xc3\xb6rg"},
		{"J\xc3\x96RG", "j\xc3\xb6rg", "j\xc3\xb6rg"},
		{"WEI\xe1\xba\x9e", "weiss", "weiss"},
		{"wei\xc3\x9f", "weiss", "weiss"},
		{"\xef\xac\x81n", "fin", "fin"},
		{"\xce\xa3\xce\x9f\xce\xa6\xce\x9f\xce\xa3", "\xcf\x83\xce\xbf\xcf\x86\xce\xbf\xcf\x83",
			"\xcf\x83\xce\xbf\xcf\x86\xce\xbf\xcf\x83"},
		{"\xcf\x83\xce\xbf\xcf\x86\xce\xbf\xcf\x82", "\xcf\x83\xce\xbf\xcf\x86\xce\xbf\xcf\x83",
			"\xcf\x83\xce\xbf\xcf\x86\xce\xbf\xcf\x83"},
		{"\342\204\252im", "kim", "kim"}, // the sign of kelvin
		{"\xe5\xb1\xb1\xe7\x94\xb0", "\xe5\xb1\xb1\xe7\x94\xb0", "\xe5\xb1\xb1\xe7\x94\xb0"},
		// A Cyrillic a looks the same and is another letter.
		{"\xd0\xb0nna", "\xd0\xb0nna", "\xd0\xb0nna"},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		expect(&strip, rows[i].text, rows[i].strip);
		expect(&keep, rows[i].text, rows[i].keep);
	}
}

static void
nobodys_names(void **state)
{
	(void)state;
	static const char *const texts[] = {"", " ", ".", " . ", "...", "\\", "@", "@corp", "anna@", "corp\\",
		"\\anna", ".\\anna", "anna@.", "a@b@c", "a\\b\\c", "corp\\anna@corp", "corp\\@anna", "an\nna",
		"an\rna", "an\tna", "anna\x7f", "\x01", "an\xc2\x85na", "an\xe2\x80\xa8na",
		"an\xe2\x80\xa9na", "\xff", "an\xc3", "\xc0\xae", "\xed\xa0\x80", "\xf4\x90\x80\x80",
		"\xe2\x80\x8b", "\xee\x80\x80", "\xcd\xb8", "\xe1\x9a\x80x", "\330\200\061"};

	for (size_t i = 0; i < MST_ARRAY_SIZE(texts); i++)
		refuse(texts[i]);
}

static void
bounds(void **state)
{
	(void)state;
	char text[300];
	char out[IDENTITY_USER_BYTES];

	snprintf(text, sizeof(text), "%0127d", 1);
	expect(&strip, text, text);
	snprintf(text, sizeof(text), "%0128d", 1);
	refuse(text);
	snprintf(text, sizeof(text), "anna%*s", 251, "");
	assert_int_equal(canonical_name(&strip, text, out), 0);
	snprintf(text, sizeof(text), "anna%*s", 252, "");
	refuse(text);
	// U+FDFA folds to 33 bytes and more.
	refuse("\xef\xb7\xba\xef\xb7\xba\xef\xb7\xba\xef\xb7\xba\xef\xb7\xba\xef\xb7\xba");
}

// Whatever single character is let pass folds to something that folds to itself.
static void
folding_twice_changes_nothing(void **state)
{
	(void)state;
	unsigned int n = 0;

	for (utf8proc_int32_t c = 1; c < 0x20000; c++) {
		utf8proc_uint8_t text[8] = "x";
		char out[IDENTITY_USER_BYTES];
		char again[IDENTITY_USER_BYTES];

		if (!utf8proc_codepoint_valid(c))
			continue;
		text[1 + utf8proc_encode_char(c, text + 1)] = '\0';
		if (canonical_name(&keep, (const char *)text, out) != 0)
			continue;
		n++;
		assert_int_equal(canonical_name(&keep, out, again), 0);
		assert_string_equal(again, out);
	}
	assert_true(n > 50000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spellings_of_anna),
		cmocka_unit_test(other_people),
		cmocka_unit_test(nobodys_names),
		cmocka_unit_test(bounds),
		cmocka_unit_test(folding_twice_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
