// Shared by the tables of keys: rows that many of them have.
#pragma once

#include "conf.h"

// clang-format off
#define ROW_UINT(key, type_, member, low, high, def_, change_, help_) \
	{.name = (key), .type = MST_CONF_UINT, MST_CONF_AT(type_, member), .min = (low), .max = (high), \
	 .def = (def_), .change = (change_), .help = (help_)}
#define ROW_SECONDS(key, type_, member, low, high, def_, change_, help_) \
	{.name = (key), .type = MST_CONF_SECONDS, MST_CONF_AT(type_, member), .min = (low), .max = (high), \
	 .def = (def_), .change = (change_), .help = (help_)}
#define ROW_END {.name = NULL}

#define PATH_MAX_BYTES 1023
#define DAY_S 86400

// Of rows that two tables have: how it is noted that a key was written, and its default.
#define NO_MARK(key)
#define DEFAULT(text) .def = (text),
// clang-format on
