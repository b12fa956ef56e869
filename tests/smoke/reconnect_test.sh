#!/bin/bash
# TCP is cut: the device comes back by its cookie, with the same address, and DTLS again.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
gw_start
LAB_STATE=$(gw_state)
oc_start 0
oc_dtls 0 || fail "DTLS is not up"
address=$(oc_ip 0)
in_client nft -f - <<'N'
table inet cut { chain out { type filter hook output priority 0; tcp dport 443 reject with tcp reset; }; }
N
in_client nft add table inet poke
in_client timeout 3 ping -q -c 1 $LAN_HOST >/dev/null || true
kill -USR2 "$(oc_pid 0)" # have it look at its connection now
sleep 1
in_client nft delete table inet cut
back() { [ "$(counter connect_resumed)" -ge 1 ]; }
wait_for 30 back || fail "the device did not come back"
wait_for 15 ping_lan 3 || fail "no traffic after the reconnect"
[ "$(oc_ip 0)" = "$address" ] || fail "the address changed"
[ "$(counter auth_ok)" = 1 ] || fail "the device had to sign in again"
again() { [ "$(counter dtls_done)" -ge 2 ]; }
wait_for 15 again || fail "DTLS did not come back"
ping_lan 20 || fail "ping: $(cat "$LAB/ping")"
oc_stop 0
no_leftovers
