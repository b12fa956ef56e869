// Bodies of answers: config-auth documents by expat, with no document type and bounded depth; the size is
// bounded by the reader of answers. Control lcore.
#include <string.h>

#include <expat.h>

#include "client_http_private.h"

struct reader {
	XML_Parser parser;
	struct lg_http_form *form;
	enum lg_http_fault fault;
	unsigned int depth;
	bool complete;
	bool is_request; // of type auth-request
	bool has_form;
	bool in_form;
	bool in_groups;	  // within <select name="group_list">
	bool text_counts; // the text of an <option> without a value
	bool selected;
	bool has_selected;
	char option[LG_HTTP_VALUE_BYTES + 1];
};

static void
stop(struct reader *rd, enum lg_http_fault fault)
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
	stop(user, LG_HTTP_F_XML);
}

static const char *
attr_of(const XML_Char **attrs, const char *name)
{
	for (; attrs[0] != NULL; attrs += 2)
		if (strcmp(attrs[0], name) == 0)
			return attrs[1];
	return NULL;
}

// False when it does not fit.
static bool
copy(char *out, size_t cap, const char *text)
{
	size_t len = strlen(text);

	if (len >= cap)
		return false;
	memcpy(out, text, len + 1);
	return true;
}

// It becomes the name of an element, and must not break out of it.
static bool
is_name(const char *text)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char more[] = "0123456789-.";

	if (text[0] == '\0' || strchr(first, text[0]) == NULL)
		return false;
	for (; *text != '\0'; text++)
		if (strchr(first, *text) == NULL && strchr(more, *text) == NULL)
			return false;
	return true;
}

// It becomes part of a request line.
static bool
is_path(const char *text)
{
	if (text[0] != '/')
		return false;
	for (; *text != '\0'; text++)
		if (*text < 0x21 || *text > 0x7e)
			return false;
	return true;
}

static void
on_input(struct reader *rd, const XML_Char **attrs)
{
	static const char *const types[] = {
		[LG_HTTP_TEXT] = "text", [LG_HTTP_PASSWORD] = "password", [LG_HTTP_HIDDEN] = "hidden"};
	const char *type = attr_of(attrs, "type"), *name = attr_of(attrs, "name");
	const char *value = attr_of(attrs, "value");
	struct lg_http_form *f = rd->form;
	struct lg_http_input *in;

	for (uint8_t i = 0; type != NULL && i < MST_ARRAY_SIZE(types); i++) {
		if (strcmp(type, types[i]) != 0)
			continue;
		if (f->n_inputs == LG_HTTP_INPUTS || name == NULL || !is_name(name)) {
			stop(rd, LG_HTTP_F_FORM);
			return;
		}
		in = &f->inputs[f->n_inputs++];
		in->type = i;
		f->asks_password |= i == LG_HTTP_PASSWORD;
		if (!copy(in->name, sizeof(in->name), name) ||
			!copy(in->value, sizeof(in->value), value == NULL ? "" : value))
			stop(rd, LG_HTTP_F_FORM);
		return;
	}
	// submit, reset, and types that no device knows, are not answered.
}

static void
on_option(struct reader *rd, const XML_Char **attrs)
{
	const char *value = attr_of(attrs, "value"), *selected = attr_of(attrs, "selected");

	rd->selected = selected != NULL && strcmp(selected, "true") == 0;
	rd->text_counts = value == NULL;
	rd->option[0] = '\0';
	if (value != NULL && !copy(rd->option, sizeof(rd->option), value))
		stop(rd, LG_HTTP_F_FORM);
}

static void
on_form(struct reader *rd, const XML_Char **attrs)
{
	const char *action = attr_of(attrs, "action");

	if (rd->has_form || action == NULL || !is_path(action) ||
		!copy(rd->form->action, sizeof(rd->form->action), action)) {
		stop(rd, LG_HTTP_F_FORM);
		return;
	}
	rd->has_form = rd->in_form = true;
}

static void
on_root(struct reader *rd, const XML_Char *name, const XML_Char **attrs)
{
	const char *type = attr_of(attrs, "type");

	rd->is_request = type != NULL && strcmp(type, "auth-request") == 0;
	if (strcmp(name, "config-auth") != 0 ||
		(!rd->is_request && (type == NULL || strcmp(type, "complete") != 0)))
		stop(rd, LG_HTTP_F_XML);
}

static void XMLCALL
on_start(void *user, const XML_Char *name, const XML_Char **attrs)
{
	struct reader *rd = user;
	const char *id = attr_of(attrs, "id"), *own_name = attr_of(attrs, "name");

	if (rd->fault != LG_HTTP_F_NONE)
		return;
	if (++rd->depth > LG_HTTP_XML_DEPTH)
		stop(rd, LG_HTTP_F_XML);
	else if (rd->depth == 1)
		on_root(rd, name, attrs);
	else if (rd->depth == 2 && strcmp(name, "auth") == 0)
		rd->complete |= id != NULL && strcmp(id, "success") == 0;
	else if (rd->depth == 3 && strcmp(name, "form") == 0)
		on_form(rd, attrs);
	else if (rd->in_form && strcmp(name, "input") == 0)
		on_input(rd, attrs);
	else if (rd->in_form && strcmp(name, "select") == 0)
		rd->in_groups = own_name != NULL && strcmp(own_name, "group_list") == 0;
	else if (rd->in_groups && strcmp(name, "option") == 0)
		on_option(rd, attrs);
}

static void
end_of_option(struct reader *rd)
{
	rd->text_counts = false;
	if (rd->form->group[0] != '\0' && (!rd->selected || rd->has_selected))
		return;
	rd->has_selected |= rd->selected;
	memcpy(rd->form->group, rd->option, sizeof(rd->option));
}

static void XMLCALL
on_end(void *user, const XML_Char *name)
{
	struct reader *rd = user;

	if (rd->fault != LG_HTTP_F_NONE)
		return;
	if (rd->in_groups && strcmp(name, "option") == 0)
		end_of_option(rd);
	else if (rd->in_groups && strcmp(name, "select") == 0)
		rd->in_groups = false;
	else if (rd->depth == 3 && strcmp(name, "form") == 0)
		rd->in_form = false;
	rd->depth--;
}

static void XMLCALL
on_text(void *user, const XML_Char *text, int len)
{
	struct reader *rd = user;
	size_t have = strlen(rd->option);

	if (rd->fault != LG_HTTP_F_NONE || !rd->text_counts)
		return;
	if (have + (size_t)len >= sizeof(rd->option)) {
		stop(rd, LG_HTTP_F_FORM);
		return;
	}
	memcpy(rd->option + have, text, (size_t)len);
	rd->option[have + (size_t)len] = '\0';
}

enum lg_http_fault
lg_form_parse(struct lg_http *h, bool *complete)
{
	struct reader rd = {.form = &h->form};
	enum XML_Status status;

	// The encoding given here beats the document's: UTF-16 and UTF-7 do not parse.
	rd.parser = XML_ParserCreate("UTF-8");
	if (rd.parser == NULL)
		return LG_HTTP_F_MEMORY;
	XML_SetUserData(rd.parser, &rd);
	XML_SetParamEntityParsing(rd.parser, XML_PARAM_ENTITY_PARSING_NEVER);
	XML_SetStartDoctypeDeclHandler(rd.parser, on_doctype);
	XML_SetElementHandler(rd.parser, on_start, on_end);
	XML_SetCharacterDataHandler(rd.parser, on_text);
	status = XML_Parse(rd.parser, (const char *)h->body, (int)h->body_len, XML_TRUE);
	XML_ParserFree(rd.parser);
	if (rd.fault != LG_HTTP_F_NONE)
		return rd.fault;
	if (status != XML_STATUS_OK)
		return LG_HTTP_F_XML;
	*complete = rd.complete;
	// A form without inputs is a refusal with a text for the user.
	if (!rd.complete &&
		(!rd.is_request || !rd.has_form || (h->form.n_inputs == 0 && h->form.group[0] == '\0')))
		return LG_HTTP_F_FORM;
	return LG_HTTP_F_NONE;
}
