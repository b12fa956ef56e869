#!/bin/bash
# A device that wants no DTLS has its data carried by CSTP, through the same FIB.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
gw_start
LAB_STATE=$(gw_state)
oc_start 0 --no-dtls
ping_lan 50 || fail "ping: $(cat "$LAB/ping")"
ping_lan 20 -s 1390 || fail "large ping: $(cat "$LAB/ping")"
in_lan ping -q -c 20 -i 0.05 -W 2 "$(oc_ip 0)" | grep -q ' 0% packet loss' || fail "ping from the LAN"
[ "$(counter stream_rx)" -ge 90 ] || fail "only $(counter stream_rx) packets are counted on CSTP"
[ "$(tele /mst/session/count dtls)" = 0 ] || fail "a DTLS session is counted"
oc_stop 0
no_leftovers
