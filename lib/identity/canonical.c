// The one spelling of a user: no second spelling may get past a second factor. Any thread of the helper.
#include "canonical.h"

#include <errno.h>
#include <string.h>
#include <utf8proc.h>

// Like Unicode's NFKC_Casefold. Code points that are not assigned yet might fold in a later Unicode: they are refused.
#define FOLDING                                                                                              \
	(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE |        \
		UTF8PROC_REJECTNA)

struct part {
	const char *text;
	size_t len;
};

// The caller frees it; NULL: not UTF-8, or no memory.
static char *
fold(const char *text)
{
	utf8proc_uint8_t *out = NULL;
	utf8proc_ssize_t n;

	n = utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)strlen(text), &out, FOLDING);
	if (n >= 0)
		return (char *)out;
	free(out);
	return NULL;
}

static bool
is_of_names(utf8proc_int32_t c)
{
	switch (utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_CS:
	case UTF8PROC_CATEGORY_CO:
	case UTF8PROC_CATEGORY_CN:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return false;
	case UTF8PROC_CATEGORY_ZS:
		return c == ' ';
	default:
		return true;
	}
}

static bool
all_are_of_names(const char *text)
{
	const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)text;

	while (*at != '\0') {
		utf8proc_int32_t c;
		utf8proc_ssize_t n = utf8proc_iterate(at, -1, &c);

		if (n <= 0 || !is_of_names(c))
			return false;
		at += n;
	}
	return true;
}

// A Windows directory takes "anna" for "anna." and "anna " too.
static struct part
trim(const char *text, size_t len)
{
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '.'))
		len--;
	while (len > 0 && text[0] == ' ') {
		text++;
		len--;
	}
	return (struct part){text, len};
}

static bool
equals(const struct part *part, const char *text)
{
	return strlen(text) == part->len && mst_ct_equal(text, part->text, part->len);
}

static bool
is_stripped(const struct canonical_rules *rules, const struct part *domain)
{
	for (uint32_t i = 0; i < rules->n_strip_domains; i++) {
		char *folded = fold(rules->strip_domains[i]);
		bool is_this = folded != NULL && equals(domain, folded);

		free(folded);
		if (is_this)
			return true;
	}
	return false;
}

static int
put_together(const struct canonical_rules *rules, const char *text, char out[IDENTITY_USER_BYTES])
{
	size_t len = strlen(text);
	size_t cut = strcspn(text, "\\@");
	struct part user = trim(text, cut);
	struct part domain = {0};
	struct mst_str s;

	if (cut < len) {
		domain = trim(text + cut + 1, len - cut - 1);
		if (domain.len == 0 || strpbrk(text + cut + 1, "\\@") != NULL)
			return -EINVAL;
	}
	if (text[cut] == '\\') {
		struct part swap = user;

		user = domain;
		domain = swap;
	}
	if (user.len == 0 || (cut < len && domain.len == 0))
		return -EINVAL;
	s = mst_str_init(out, IDENTITY_USER_BYTES);
	mst_str_add(&s, user.text, user.len);
	if (domain.len > 0 && !is_stripped(rules, &domain)) {
		mst_str_add(&s, "@", 1);
		mst_str_add(&s, domain.text, domain.len);
	}
	return s.err ? -EINVAL : 0;
}

int
canonical_name(const struct canonical_rules *rules, const char *text, char out[IDENTITY_USER_BYTES])
{
	char *folded;
	int rc = -EINVAL;

	if (strnlen(text, CANONICAL_TEXT_BYTES_MAX + 1) > CANONICAL_TEXT_BYTES_MAX)
		return -EINVAL;
	folded = fold(text);
	if (folded == NULL)
		return -EINVAL;
	if (all_are_of_names(folded))
		rc = put_together(rules, folded, out);
	free(folded);
	return rc;
}
