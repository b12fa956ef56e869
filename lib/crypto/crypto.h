// What the files of lib/crypto share.
#pragma once

#include "mst_crypto.h"

// ipsec_mb.c. Control lcore. Start takes the manager: 0, -ENOMEM, -ENOTSUP or -EIO, logged. Stop gives it
// back.
MST_MUST_USE int crypto_engine_start(void);
void crypto_engine_stop(void);
bool crypto_engine_running(void);
