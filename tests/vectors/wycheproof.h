// Project Wycheproof's files, which are not part of the tree.
#pragma once

#include <jansson.h>

#include "mst_test.h"

#define WYCHEPROOF_SKIPPED 77 // what meson takes for "skipped"

// Below the folder MST_VECTORS, or below ../shared/vectors. False, and says where: they are not at hand.
bool wycheproof_find(void);
json_t *wycheproof_load(const char *name);
