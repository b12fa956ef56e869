// The config-auth documents that answer a sign-in: forms, questions, notices, success. Control lcore.
#include <string.h>

#include "reply.h"

static const char xml_open[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			       "<config-auth client=\"vpn\" type=\"%s\"><version who=\"sg\">0.1(1)</version>";

static int
begin(struct mst_str *b, const char *type)
{
	MST_TRY(ac_reply_begin(b));
	mst_str_fmt(b, xml_open, type);
	return 0;
}

static void
add_element(struct mst_str *b, const char *name, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	mst_str_fmt(b, "<%s>", name);
	mst_str_add_xml(b, text);
	mst_str_fmt(b, "</%s>", name);
}

static void
add_hidden(struct mst_str *b, const char *name, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	mst_str_fmt(b, "<input type=\"hidden\" name=\"%s\" value=\"", name);
	mst_str_add_xml(b, value);
	mst_str_fmt(b, "\"/>");
}

static void
add_option(struct mst_str *b, const char *group, bool chosen)
{
	mst_str_fmt(b, "<option value=\"");
	mst_str_add_xml(b, group);
	mst_str_fmt(b, chosen ? "\" selected=\"true\">" : "\">");
	mst_str_add_xml(b, group);
	mst_str_fmt(b, "</option>");
}

// The chosen group comes first: a client that asked for a group takes the form only when it does.
static void
add_groups(struct mst_str *b, const struct ac_form *form)
{
	if (form->n_groups == 0)
		return;
	mst_str_fmt(b, "<select name=\"group_list\" label=\"Group:\">");
	for (size_t i = 0; i < form->n_groups; i++)
		if (strcmp(form->groups[i], form->chosen) == 0)
			add_option(b, form->groups[i], true);
	for (size_t i = 0; i < form->n_groups; i++)
		if (strcmp(form->groups[i], form->chosen) != 0)
			add_option(b, form->groups[i], false);
	mst_str_fmt(b, "</select>");
}

// The client asks for each input it knows, and sends hidden ones back: no state is kept here between two
// forms.
static void
add_inputs(struct mst_str *b, const struct ac_form *form)
{
	mst_str_fmt(b, "<form method=\"post\" action=\"/auth\">");
	if (form->known_user != NULL) {
		add_hidden(b, "username", form->known_user);
		add_hidden(b, "group_list", form->chosen);
	} else {
		mst_str_fmt(b, "<input type=\"text\" name=\"username\" label=\"Username:\"/>");
	}
	mst_str_fmt(b, "<input type=\"password\" name=\"password\" label=\"Password:\"/>");
	if (form->known_user == NULL)
		add_groups(b, form);
	mst_str_fmt(b, "</form>");
}

int
ac_reply_form(struct ac_reply *out, const struct ac_form *form, const struct ac_shown *how)
{
	struct mst_str b;

	MST_TRY(begin(&b, "auth-request"));
	mst_str_fmt(&b, "<auth id=\"main\">");
	add_element(&b, "banner", form->banner);
	// The same words whatever was wrong: the name, the password, the group or the account.
	add_element(
		&b, "error", form->failed ? "Sign-in failed: the name and the password do not match." : NULL);
	add_element(&b, "message",
		form->known_user != NULL ? "Enter your password."
					 : "Sign in with your user name and password.");
	add_inputs(&b, form);
	mst_str_fmt(&b, "</auth></config-auth>\n");
	return ac_reply_document(out, &b, how);
}

// Clients that make one-time codes by themselves do so for an input of this name, and for no other.
int
ac_reply_question(struct ac_reply *out, const struct ac_question *q, const struct ac_shown *how)
{
	const struct ac_shown with_handle = {.body = how->body, .close = how->close, .handle = q->handle};
	struct mst_str b;

	MST_TRY(begin(&b, "auth-request"));
	mst_str_fmt(&b, "<auth id=\"main\">");
	add_element(&b, "message", q->prompt);
	mst_str_fmt(&b,
		"<form method=\"post\" action=\"/auth\"><input type=\"%s\" name=\"secondary_password\" "
		"label=\"Answer:\"/></form></auth></config-auth>\n",
		q->echo ? "text" : "password");
	return ac_reply_document(out, &b, &with_handle);
}

int
ac_reply_ask_cert(struct ac_reply *out, const struct ac_shown *how)
{
	struct mst_str b;

	MST_TRY(begin(&b, "auth-request"));
	mst_str_fmt(&b, "<client-cert-request/></config-auth>\n");
	return ac_reply_document(out, &b, how);
}

int
ac_reply_notice(struct ac_reply *out, const char *text, const struct ac_shown *how)
{
	struct mst_str b;

	MST_TRY(begin(&b, "auth-request"));
	mst_str_fmt(&b, "<auth id=\"main\">");
	add_element(&b, "error", text);
	mst_str_fmt(&b, "</auth></config-auth>\n");
	return ac_reply_document(out, &b, how);
}

int
ac_reply_complete(struct ac_reply *out, const struct ac_shown *how)
{
	struct mst_str b;

	MST_TRY(begin(&b, "complete"));
	mst_str_fmt(&b, "<auth id=\"success\"><title>SSL VPN Service</title></auth></config-auth>\n");
	return ac_reply_document(out, &b, how);
}
