// The ways to verify a user, as mst-authd runs them: a server on the other end of mst_auth's channel.
// One thread serves; ways that compute or wait do so on threads of the library's own.
#pragma once

#include <stddef.h>

#include "mst_auth.h"

// Of a users file. A line is "user:group1,group2:hash": the format of ocpasswd, hashes as crypt(5) describes them
// ($y$ $2b$ $6$ $5$ $1$). Group "*" or nothing: no group. A hash that begins with '!' or '*' locks the user.
// Empty lines and lines that begin with '#' are skipped. Names are compared byte by byte.
#define MST_IDENTITY_FILE_BYTES_MAX (32 * 1024 * 1024)
#define MST_IDENTITY_LINE_BYTES_MAX 1024
#define MST_IDENTITY_USERS_MAX 100000

// Serves the gateway at the other end of fd until that closes it: 0; or -errno.
MST_MUST_USE int mst_identity_serve(int fd);

// Of a file of one-time code secrets. A line is "HOTP/T30 USER - HEXSECRET", the format of liboath's usersfile: codes by
// time (RFC 6238) with steps of T30 or T60 seconds, and /6 /7 or /8 digits. What follows the secret is skipped.

// Of a file of proxies, as Microsoft's setup writes it: lines of a shell, of which those count that set https_proxy,
// http_proxy or no_proxy, in capitals or not, to text that needs no shell; the last one of a name counts. Others are
// skipped.

// Is this text a users file, one of secrets, one of proxies? Any thread. As the server judges it, without keeping anything.
MST_MUST_USE int mst_identity_check_users(
	const char *name, const char *text, size_t len, struct mst_conf_error *err);
MST_MUST_USE int mst_identity_check_oath(
	const char *name, const char *text, size_t len, struct mst_conf_error *err);
MST_MUST_USE int mst_identity_check_environment(
	const char *name, const char *text, size_t len, struct mst_conf_error *err);
