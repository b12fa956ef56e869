// Shared inside lib/identity: the one spelling of a user. Any thread of the helper.
#pragma once

#include "who.h"

#define CANONICAL_TEXT_BYTES_MAX 255 // of a name as somebody types it

// Domains that are one with no domain, from the configuration: "corp", "corp.example.com". Strings stay the caller's.
struct canonical_rules {
	const char *const *strip_domains;
	uint32_t n_strip_domains;
};

// Every spelling of one person gives one text, which has the factors, the bans and the sessions of that person:
// Unicode NFKC and case folding; invisible characters away; no blank around a part and no dot behind it; DOMAIN\user is
// user@domain, and user alone where the domain is to be stripped. -EINVAL for what is nobody's name: nothing left of a
// part, more than one separator, a character that is no letter, digit, mark, sign or blank, or not UTF-8; longer than
// IDENTITY_USER_BYTES - 1; -ENOMEM.
MST_MUST_USE int canonical_name(
	const struct canonical_rules *rules, const char *text, char out[IDENTITY_USER_BYTES]);
