#!/bin/bash
# Clients without PSK-NEGOTIATE take up a DTLS 1.2 session by the secret of CONNECT, by each suite and each of its names; what
# has no AEAD, and everything where dtls.legacy is off, is left on CSTP.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

# up NAME OPTION...: data goes by DTLS.
up() {
	local name=$1
	shift
	oc_start 0 "$@"
	oc_dtls 0 || fail "$*: DTLS is not up"
	oc_log_has 0 "$name" || fail "$*: $name was not chosen"
	ping_lan 20 -s 1300 || fail "$*: ping: $(cat "$LAB/ping")"
	[ "$(tele /mst/session/count dtls)" = 1 ] || fail "$*: no DTLS session"
	oc_stop 0
}

# left OPTION...: data goes by CSTP.
left() {
	local before
	before=$(counter stream_rx)
	oc_start 0 "$@"
	ping_lan 20 || fail "$*: ping: $(cat "$LAB/ping")"
	[ $(($(counter stream_rx) - before)) -ge 20 ] || fail "$*: data did not go by CSTP"
	! oc_log_has 0 'Established DTLS' || fail "$*: DTLS is up"
	oc_stop 0
}

lab_up
gw_start
LAB_STATE=$(gw_state)
up 'X-DTLS12-CipherSuite: AES256-GCM-SHA384' --dtls-ciphers=AES256-SHA --dtls12-ciphers=AES128-GCM-SHA256:AES256-GCM-SHA384
up 'X-DTLS12-CipherSuite: AES128-GCM-SHA256' --dtls-ciphers=AES256-SHA --dtls12-ciphers=AES128-GCM-SHA256
up 'X-DTLS-CipherSuite: OC-DTLS1_2-AES256-GCM' --dtls-ciphers=OC-DTLS1_2-AES256-GCM --dtls12-ciphers=AES256-SHA
up 'X-DTLS-CipherSuite: OC-DTLS1_2-AES128-GCM' --dtls-ciphers=OC-DTLS1_2-AES128-GCM --dtls12-ciphers=AES256-SHA
for suite in ECDHE-RSA-AES256-GCM-SHA384 ECDHE-RSA-AES128-GCM-SHA256; do
	up "X-DTLS12-CipherSuite: $suite" --dtls-ciphers=AES256-SHA --dtls12-ciphers=$suite
done
[ "$(counter dtls_done)" = 6 ] || fail "$(counter dtls_done) handshakes instead of 6"
left --dtls-ciphers=AES256-SHA:AES128-SHA --dtls12-ciphers=AES256-SHA
no_leftovers
kill -TERM "$(gw_pid)"
wait_for 5 test ! -e "/proc/$(gw_pid)/exe" || fail "the gateway did not stop"
CONF_LEGACY=false
lab_config
gw_start
left --dtls-ciphers=AES256-SHA --dtls12-ciphers=AES256-GCM-SHA384
