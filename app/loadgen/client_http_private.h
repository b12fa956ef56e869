// What the files of the device's HTTP share. Control lcore.
#pragma once

#include "client_http.h"

// ---- client_tunnel.c ----------------------------------------------------------------------------
// A field of an answer to CONNECT; one that is not known is passed over.
enum lg_http_fault lg_tunnel_field(struct lg_http *h, const char *name, const char *value);
// All fields were read.
enum lg_http_fault lg_tunnel_check(const struct lg_http *h);

// ---- client_form.c ------------------------------------------------------------------------------
// The body: a form, written to h->form, or *complete.
enum lg_http_fault lg_form_parse(struct lg_http *h, bool *complete);
