// The manual page of mst-authd, in roff.
#include <stdio.h>

#include "authd.h"

static const char page[] = ".TH MST-AUTHD 8 \"\" \"MST Gateway " MST_VERSION "\"\n"
			   ".SH NAME\n"
			   "mst-authd \\- verifies users for mst-gateway\n"
			   ".SH SYNOPSIS\n"
			   ".B mst-authd\n"
			   "[\\fB--user\\fR \\fINAME\\fR] [\\fB--needs\\fR \\fBnothing\\fR|\\fBmodules\\fR]\n"
			   ".SH DESCRIPTION\n"
			   "mst-gateway(8) starts this program with one end of a socket as descriptor 3, "
			   "starts it again when it ends, and hands\n"
			   "it the configuration and the files that this names. Sessions do not notice when "
			   "it ends. It is of no use by itself.\n"
			   ".P\n"
			   "Before it reads the first byte it becomes the user, without groups or "
			   "capabilities, sets no_new_privs, and gives up the\n"
			   "system calls that it does not need: it never takes connections.\n"
			   ".SH OPTIONS\n"
			   ".TP\n"
			   "\\fB--user\\fR \\fINAME\\fR\n"
			   "User to run as when started as root: auth.user of the configuration, mst-authd "
			   "unless set. Without such a user: nobody.\n"
			   ".TP\n"
			   "\\fB--needs\\fR \\fIWHAT\\fR\n"
			   "nothing: neither programs nor sockets with an address of their own. modules: "
			   "both, for those of PAM.\n"
			   ".TP\n"
			   "\\fB-h\\fR, \\fB--help\\fR; \\fB-V\\fR, \\fB--version\\fR; \\fB--man\\fR\n"
			   "Print a summary, the version, this page.\n"
			   ".SH EXIT STATUS\n"
			   "0 the gateway has closed the socket, 64 usage, 71 the host lacks something, 76 "
			   "what the gateway sent was none of its\n"
			   "messages.\n"
			   ".SH SEE ALSO\n"
			   "mst-gateway --help-config, section auth; mst-cli(8)\n";

void
authd_man(void)
{
	fputs(page, stdout);
}
