#!/bin/bash
# Each AEAD suite of DTLS carries traffic; the server's order decides.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
for row in 'aes-256-gcm AES-256-GCM' 'aes-128-gcm AES-128-GCM' 'chacha20-poly1305 CHACHA20-POLY1305'; do
	CONF_CIPHERS=${row% *}
	lab_config
	gw_start
	oc_start 0
	oc_dtls 0 || fail "$row: DTLS is not up"
	oc_log_has 0 "(DTLS1.2)-(PSK)-(${row#* })" || fail "$row: another suite was chosen"
	ping_lan 30 -s 1300 || fail "$row: ping: $(cat "$LAB/ping")"
	[ "$(tele /mst/session/count dtls)" = 1 ] || fail "$row: no DTLS session"
	oc_stop 0
	kill -TERM "$(gw_pid)"
	wait_for 5 test ! -e "/proc/$(gw_pid)/exe" || fail "$row: the gateway did not stop"
done
