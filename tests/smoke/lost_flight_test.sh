#!/bin/bash
# The gateway's last DTLS flight is lost: it comes again verbatim when the device repeats its own.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
gw_start
LAB_STATE=$(gw_state)
in_client nft -f - <<'N'
table netdev lose {
	chain in { type filter hook ingress device eth0 priority 0; udp sport 443 udp length 83 numgen inc mod 1000 0 counter drop; }
}
N
oc_start 0
oc_dtls 0 20 || fail "DTLS is not up"
in_client nft list table netdev lose | grep -q 'packets 1 ' || fail "the flight was not the one that was lost"
[ "$(counter dtls_resent)" -ge 1 ] || fail "the flight was not sent again"
[ "$(counter dtls_done)" = 1 ] || fail "there was a second handshake"
ping_lan 20 || fail "ping: $(cat "$LAB/ping")"
oc_stop 0
no_leftovers
