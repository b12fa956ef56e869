#!/bin/bash
# A LAN host starts the connection to the device.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
gw_start
LAB_STATE=$(gw_state)
oc_start 0
oc_dtls 0 || fail "DTLS is not up"
in_lan ping -q -c 30 -i 0.05 -W 2 "$(oc_ip 0)" | grep -q ' 0% packet loss' || fail "ping from the LAN"
background transfer c python3 "$LAB_ROOT/tests/support/transfer.py" serve "$(oc_ip 0)" 5001 /etc/hostname /dev/null
wait_for 5 in_lan python3 "$LAB_ROOT/tests/support/transfer.py" get "$(oc_ip 0)" 5001 "$LAB/got" || fail "TCP from the LAN"
cmp -s /etc/hostname "$LAB/got" || fail "other bytes arrived"
in_lan ping -q -c 2 -W 1 10.99.0.200 >/dev/null && fail "an address without a session answers"
[ "$(drops no_device)" -ge 1 ] || fail "packets to an address without a session are not counted"
stop_background transfer
oc_stop 0
no_leftovers
