#!/bin/bash
# TLS 1.2 alone: sign-in, the key of DTLS by its exporter, data; TLS 1.1 and CBC suites are refused.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
gw_start
LAB_STATE=$(gw_state)
oc_start 0 --gnutls-priority NORMAL:-VERS-ALL:+VERS-TLS1.2:%COMPAT
cli server show user alice | grep -q 'TLS ciphersuite: (TLS1.2)' || fail "not TLS 1.2: $(cli server show user alice)"
oc_dtls 0 || fail "DTLS is not up"
ping_lan 10 || fail "ping: $(cat "$LAB/ping")"
oc_stop 0
for priority in NORMAL:-VERS-ALL:+VERS-TLS1.1 NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-256-CBC:-MAC-ALL:+SHA1 \
	NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA; do
	oc_spawn 1 --gnutls-priority "$priority"
	wait_for 20 oc_gone 1 || fail "$priority: the client is still there"
	[ ! -s "$LAB/env.tun1" ] || fail "$priority was accepted"
done
no_leftovers
