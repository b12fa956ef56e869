#!/bin/bash
# Keys are renewed every few seconds under traffic: a new DTLS handshake and a KeyUpdate in TLS 1.3, a new connection with
# the same addresses in TLS 1.2. And a key that has protected enough is renewed whatever the time.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

CONF_REKEY=2s
lab_up
gw_start
LAB_STATE=$(gw_state)
oc_start 0
oc_dtls 0 || fail "DTLS is not up"
# The client closes its socket before it makes another: what is on the way to it then may be lost.
in_client ping -q -c 180 -i 0.03 -W 2 $LAN_HOST >"$LAB/ping" 2>&1 || true
received=$(sed -n 's/.* \([0-9]*\) received.*/\1/p' "$LAB/ping")
[ "$received" -ge 177 ] || fail "only $received of 180 came back: $(cat "$LAB/ping")"
[ "$(counter dtls_done)" -ge 3 ] || fail "DTLS was made $(counter dtls_done) times in 5 s"
[ "$(counter tls_renewed)" -ge 2 ] || fail "TLS was renewed $(counter tls_renewed) times in 5 s"
[ "$(counter connect_ok)" = 1 ] || fail "there was another connection"
oc_stop 0
no_leftovers
