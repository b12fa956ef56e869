// Pieces of a peer's text: spans without NUL, compared and copied by length. Control lcore.
#pragma once

#include "mst_base.h"

struct ac_text {
	const char *p; // NULL: absent
	size_t len;
};

// A cursor over t; an absent text reads as an empty one.
struct mst_rd ac_text_rd(struct ac_text t);
// Reads up to stop and over it, or to the end; true if stop was there.
bool ac_text_until(struct mst_rd *r, char stop, struct ac_text *out);
// Without blanks and tabs at both ends (RFC 9110 section 5.5, OWS).
struct ac_text ac_text_trim(struct ac_text t);
bool ac_text_is(struct ac_text t, const char *word);
// ASCII letters of either case are equal: names of header fields (RFC 9110 section 5.1).
bool ac_text_is_nocase(struct ac_text t, const char *word);
bool ac_text_has(struct ac_text t, const char *part);
enum ac_case { AC_CASE_EXACT, AC_CASE_IGNORE };
// True if one of the elements between the sep characters is word.
bool ac_text_lists(struct ac_text list, char sep, const char *word, enum ac_case how);
// Into out as printable ASCII, other bytes as '?', cut to cap - 1, with NUL.
void ac_text_copy_printable(char *out, size_t cap, struct ac_text t);
// Well-formed UTF-8 (RFC 3629) without control characters.
bool ac_text_is_clean_utf8(struct ac_text t);
