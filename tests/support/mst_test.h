// What every cmocka test of ours includes: the headers cmocka wants before it, and cmocka.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mst_base.h"
