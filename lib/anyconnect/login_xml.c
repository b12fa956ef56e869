// config-auth documents by expat: no document type, no entities but the five of XML, bounded depth; the size
// is bounded by the HTTP body. Control lcore.
#include <stdlib.h>
#include <string.h>

#include <expat.h>

#include "login.h"

struct reader {
	XML_Parser parser;
	struct ac_login *login;
	enum mst_ac_fault fault;
	unsigned int depth;
	bool in_auth;		  // the element at depth 2 is <auth>
	enum ac_login_field open; // whose text is being read; AC_LOGIN_N_FIELDS = nobody's
	unsigned int open_depth;
};

// ---- expat's memory has copies of the password: it is wiped when it is given back ---------------
struct block {
	size_t len;
	max_align_t data[];
};

static void *
secret_malloc(size_t len)
{
	struct block *b;

	if (len > SIZE_MAX - sizeof(*b))
		return NULL;
	b = malloc(sizeof(*b) + len);
	if (b == NULL)
		return NULL;
	b->len = len;
	return b->data;
}

static struct block *
block_of(void *p)
{
	return (struct block *)((uint8_t *)p - offsetof(struct block, data));
}

static void
secret_free(void *p)
{
	if (p == NULL)
		return;
	mst_wipe(p, block_of(p)->len);
	free(block_of(p));
}

static void *
secret_realloc(void *p, size_t len)
{
	void *fresh = secret_malloc(len);

	if (p == NULL || fresh == NULL)
		return fresh;
	memcpy(fresh, p, block_of(p)->len < len ? block_of(p)->len : len);
	secret_free(p);
	return fresh;
}

// ---- handlers -----------------------------------------------------------------------------------
static void
stop(struct reader *rd, enum mst_ac_fault fault)
{
	rd->fault = fault;
	XML_StopParser(rd->parser, XML_FALSE);
}

static void XMLCALL
on_doctype(void *user, const XML_Char *name, const XML_Char *sysid, const XML_Char *pubid, int has_subset)
{
	(void)name;
	(void)sysid;
	(void)pubid;
	(void)has_subset;
	stop(user, MST_AC_F_XML_DTD);
}

// The type of the root decides what the document is.
static void
on_root(struct reader *rd, const XML_Char *name, const XML_Char **attrs)
{
	const char *type = "";

	for (; attrs[0] != NULL; attrs += 2)
		if (strcmp(attrs[0], "type") == 0)
			type = attrs[1];
	if (strcmp(name, "config-auth") == 0 && strcmp(type, "init") == 0)
		rd->login->kind = AC_LOGIN_INIT;
	else if (strcmp(name, "config-auth") == 0 && strcmp(type, "auth-reply") == 0)
		rd->login->kind = AC_LOGIN_REPLY;
	else
		stop(rd, MST_AC_F_LOGIN_SYNTAX);
}

static enum ac_login_field
field_here(const struct reader *rd, const XML_Char *name)
{
	if (rd->depth == 2 && strcmp(name, "group-select") == 0)
		return AC_LOGIN_group;
	if (rd->depth == 2 && strcmp(name, "device-id") == 0)
		return AC_LOGIN_platform;
	if (rd->depth == 3 && rd->in_auth)
		return ac_login_field((struct ac_text){name, strlen(name)});
	return AC_LOGIN_N_FIELDS;
}

static void XMLCALL
on_start(void *user, const XML_Char *name, const XML_Char **attrs)
{
	struct reader *rd = user;

	if (rd->fault != MST_AC_F_NONE)
		return;
	if (++rd->depth > MST_AC_XML_DEPTH) {
		stop(rd, MST_AC_F_XML_DEPTH);
		return;
	}
	if (rd->depth == 1) {
		on_root(rd, name, attrs);
		return;
	}
	if (rd->depth == 2)
		rd->in_auth = strcmp(name, "auth") == 0;
	if (rd->depth == 2 && strcmp(name, "client-cert-fail") == 0)
		rd->login->cert_failed = true;
	if (rd->open != AC_LOGIN_N_FIELDS) {
		stop(rd, MST_AC_F_LOGIN_SYNTAX); // an element inside the text of a field
		return;
	}
	rd->open = field_here(rd, name);
	rd->open_depth = rd->depth;
	if (rd->open != AC_LOGIN_N_FIELDS && ac_login_open(rd->login, rd->open) < 0)
		stop(rd, MST_AC_F_LOGIN_SYNTAX);
}

static void XMLCALL
on_end(void *user, const XML_Char *name)
{
	struct reader *rd = user;

	(void)name;
	if (rd->open != AC_LOGIN_N_FIELDS && rd->depth == rd->open_depth)
		rd->open = AC_LOGIN_N_FIELDS;
	rd->depth--;
}

static void XMLCALL
on_text(void *user, const XML_Char *text, int len)
{
	struct reader *rd = user;

	if (rd->fault != MST_AC_F_NONE || rd->open == AC_LOGIN_N_FIELDS)
		return;
	if (ac_login_add(rd->login, rd->open, text, (size_t)len) < 0)
		stop(rd, MST_AC_F_LOGIN_SYNTAX);
}

// What expat has to do grows with the things in a document far more than with its bytes: a thousand times what a client
// sends would hold up everybody else.
static bool
is_modest(const uint8_t *body, size_t len)
{
	size_t marks = 0;

	for (size_t i = 0; i < len; i++) {
		uint8_t c = body[i];

		marks += c == '<' || c == '=' || c == '&' || c == '\r' || c == '\n';
	}
	return marks <= MST_AC_XML_MARKS;
}

enum mst_ac_fault
ac_login_parse_xml(struct ac_login *l, const uint8_t *body, size_t len)
{
	static const XML_Memory_Handling_Suite memory = {secret_malloc, secret_realloc, secret_free};
	struct reader rd = {.login = l, .open = AC_LOGIN_N_FIELDS};
	enum XML_Status status;

	if (len > MST_AC_BODY_BYTES)
		return MST_AC_F_BODY_SIZE;
	if (!is_modest(body, len))
		return MST_AC_F_XML_MARKS;
	// The encoding given here beats the document's: UTF-16 and UTF-7 do not parse.
	rd.parser = XML_ParserCreate_MM("UTF-8", &memory, NULL);
	if (rd.parser == NULL)
		return MST_AC_F_NO_MEMORY;
	XML_SetUserData(rd.parser, &rd);
	XML_SetParamEntityParsing(rd.parser, XML_PARAM_ENTITY_PARSING_NEVER);
	XML_SetStartDoctypeDeclHandler(rd.parser, on_doctype);
	XML_SetElementHandler(rd.parser, on_start, on_end);
	XML_SetCharacterDataHandler(rd.parser, on_text);
	status = XML_Parse(rd.parser, (const char *)body, (int)len, XML_TRUE);
	XML_ParserFree(rd.parser);
	if (rd.fault != MST_AC_F_NONE)
		return rd.fault;
	if (status != XML_STATUS_OK || ac_login_check(l) < 0)
		return MST_AC_F_LOGIN_SYNTAX;
	return MST_AC_F_NONE;
}
