#!/bin/bash
# No address is free: sign-in is answered by 503, counted, and few connections are accepted; the next one gets the address that was given back.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

CONF_POOL=10.99.0.0/30 CONF_HALF_OPEN=8
lab_up
gw_start
LAB_STATE=$(gw_state)
OC_USER=user1 oc_start 1
OC_USER=user2 oc_start 2
OC_USER=user3 oc_spawn 3
wait_for 20 oc_gone 3 || fail "the third client is still there"
oc_log_has 3 'Unexpected 503 result' || fail "the third client was not told"
[ "$(counter login_full)" -ge 1 ] || fail "not counted"
[ "$(in_client curl -sk -o /dev/null -w '%{http_code}' https://$PUB_GW/)" = 503 ] || fail "load balancers are not told"
# A few may still come in: those whose session lives. The others wait in the kernel.
background knocker c bash -c "for n in 3 4 5 6; do eval \"exec \$n<>/dev/tcp/$PUB_GW/443\"; done; sleep 30"
two_in() { [ "$(tele /mst/info half_open)" = 2 ] && [ "$(counter tcp_paused)" -ge 1 ]; }
wait_for 5 two_in || fail "full, and $(tele /mst/info half_open) are let in"
stop_background knocker
freed=$(oc_ip 1)
oc_stop 1
sleep 1
OC_USER=user3 oc_start 3
[ "$(oc_ip 3)" = "$freed" ] || fail "another address than the freed one"
oc_stop 2
oc_stop 3
