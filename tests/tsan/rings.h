// Before every other header of this test: DPDK 22.11 has a producer of a ring wait for the one before it by relaxed loads.
// On x86 each load acquires, and later versions ask for it; the sanitizer goes by what is asked for.
#pragma once

#include <rte_pause.h>

#define rte_wait_until_equal_32(addr, expected, order)                                                       \
	rte_wait_until_equal_32(addr, expected, __ATOMIC_ACQUIRE)
