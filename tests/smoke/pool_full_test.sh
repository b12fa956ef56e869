#!/bin/bash
# No address is free: sign-in is answered by 503, counted; the next one gets the address that was given back.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

CONF_POOL=10.99.0.0/30
lab_up
gw_start
LAB_STATE=$(gw_state)
OC_USER=user1 oc_start 1
OC_USER=user2 oc_start 2
OC_USER=user3 oc_spawn 3
wait_for 20 oc_gone 3 || fail "the third client is still there"
oc_log_has 3 'Unexpected 503 result' || fail "the third client was not told"
[ "$(counter login_full)" -ge 1 ] || fail "not counted"
freed=$(oc_ip 1)
oc_stop 1
sleep 1
OC_USER=user3 oc_start 3
[ "$(oc_ip 3)" = "$freed" ] || fail "another address than the freed one"
oc_stop 2
oc_stop 3
