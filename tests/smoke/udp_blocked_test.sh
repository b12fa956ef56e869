#!/bin/bash
# UDP blocked: data goes on by CSTP; unblocked: DTLS takes it again. (The client tries DTLS once a minute.)
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

CONF_DPD=3s
lab_up
gw_start
LAB_STATE=$(gw_state)
oc_start 0
oc_dtls 0 || fail "DTLS is not up"
ping_lan 10 || fail "ping over DTLS"
in_client nft -f - <<'N'
table netdev cut {
	chain out { type filter hook egress device eth0 priority 0; udp dport 443 drop; }
	chain in { type filter hook ingress device eth0 priority 0; udp sport 443 drop; }
}
N
wait_for 30 ping_lan 5 || fail "no traffic by CSTP after UDP was blocked"
ping_lan 40 || fail "ping over CSTP: $(cat "$LAB/ping")"
before=$(counter dtls_done)
in_client nft delete table netdev cut
again() { [ "$(counter dtls_done)" -gt "$before" ]; }
wait_for 80 again || fail "DTLS did not come back"
sleep 2
before=$(counter stream_rx)
ping_lan 40 || fail "ping over DTLS again: $(cat "$LAB/ping")"
[ $(($(counter stream_rx) - before)) -lt 10 ] || fail "data still goes by CSTP"
oc_stop 0
no_leftovers
