#!/bin/bash
# Replayed and forged records are refused and counted, and hurt nobody; a replayed ClientHello neither.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
gw_start
LAB_STATE=$(gw_state)
background capture c python3 "$LAB_ROOT/tests/support/records.py" capture eth0 "$LAB/records" 25
oc_start 0
oc_dtls 0 || fail "DTLS is not up"
ping_lan 20 || fail "ping: $(cat "$LAB/ping")"
wait_for 30 test -s "$LAB/records" || fail "nothing was captured"
forge() { in_client python3 "$LAB_ROOT/tests/support/records.py" "$1" eth0 "$LAB/records"; }
before=$(($(drops replay) + $(drops old)))
sent=$(forge replay)
[ "$sent" -ge 10 ] || fail "only $sent records were captured"
counted() { [ $(($(drops replay) + $(drops old) - before)) -ge "$sent" ]; }
wait_for 3 counted || fail "of $sent replayed records $(($(drops replay) + $(drops old) - before)) are counted"
before=$(drops tag)
sent=$(forge forge)
counted() { [ $(($(drops tag) - before)) -ge "$sent" ]; }
wait_for 3 counted || fail "of $sent forged records $(($(drops tag) - before)) are counted"
forge hello >/dev/null
ping_lan 40 || fail "traffic was hurt: $(cat "$LAB/ping")"
[ "$(counter dtls_done)" = 1 ] || fail "a replayed ClientHello made a new association"
oc_stop 0
sleep 13 # a handshake that nobody finishes is given up after 12 s
no_leftovers
