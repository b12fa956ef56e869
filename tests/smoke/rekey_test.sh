#!/bin/bash
# Keys are renewed every few seconds under traffic: a new DTLS handshake and a KeyUpdate in TLS 1.3, a new connection with
# the same addresses in TLS 1.2. REKEYS=1000 takes its time.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

: "${REKEYS:=2}"

pings() { # pings SECONDS: how many are lost, into $lost
	local sent=$(($1 * 30)) received
	in_client ping -q -c "$sent" -i 0.033 -W 2 $LAN_HOST >"$LAB/ping" 2>&1 || true
	received=$(sed -n 's/.* \([0-9]*\) received.*/\1/p' "$LAB/ping")
	lost=$((sent - received))
}

CONF_REKEY=2s
lab_up
gw_start
LAB_STATE=$(gw_state)
oc_start 0
oc_dtls 0 || fail "DTLS is not up"
# The client closes its socket before it makes another: what is on the way to it then is lost.
pings $((2 * REKEYS + 2))
[ $lost -le "$(counter dtls_done)" ] || fail "$lost were lost with $(counter dtls_done) handshakes: $(cat "$LAB/ping")"
[ "$(counter dtls_done)" -gt "$REKEYS" ] || fail "DTLS was made $(counter dtls_done) times"
[ "$(counter tls_renewed)" -ge "$REKEYS" ] || fail "TLS was renewed $(counter tls_renewed) times"
[ "$(counter connect_ok)" = 1 ] || fail "there was another connection"
oc_stop 0
oc_start 1 --gnutls-priority NORMAL:-VERS-ALL:+VERS-TLS1.2:%COMPAT
oc_dtls 1 || fail "DTLS by TLS 1.2 is not up"
address=$(oc_ip 1)
pings 5
[ $lost -le 20 ] || fail "$lost were lost: $(cat "$LAB/ping")" # the device is away for a moment
[ "$(counter connect_resumed)" -ge 1 ] || fail "no new connection with TLS 1.2"
[ "$(oc_ip 1)" = "$address" ] || fail "another address"
[ "$(tele /mst/session/count opened)" = 2 ] || fail "another session"
oc_stop 1
# It may have been stopped between two connections, and has signed out by neither.
cli server disconnect user alice >/dev/null || true
no_leftovers
