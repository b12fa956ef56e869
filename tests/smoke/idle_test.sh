#!/bin/bash
# A worker without traffic gives its CPU away; what comes then, at once and at 10,000 packets a second, is not lost.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

sealed() { tele "/mst/worker/stats,$lcore" dtls_tx_packets; }
sealed_all() { [ "$(sealed)" -ge "$1" ]; }

lab_up
gw_start
lcore=$(tele /mst/worker/list - | python3 -c 'import json,sys; print(json.load(sys.stdin)[0])')
oc_start 0
oc_dtls 0 || fail "DTLS is not up"
ping_lan 5 || fail "ping"

# Hundredths of a second, and so percent of a core: 3 s of "poll" are 300.
before=$(worker_ticks "$lcore")
sleep 3
used=$(($(worker_ticks "$lcore") - before))
say "idle worker: $((used / 3)) % of a core"
[ "$used" -lt 150 ] || fail "the worker takes $((used / 3)) % of a core without traffic"
[ "$(tele "/mst/worker/stats,$lcore" sleeps)" -gt 0 ] || fail "the worker does not sleep"

before=$(sealed)
sent=$(in_lan python3 "$LAB_ROOT/tests/support/pace.py" "$(oc_ip 0)" 9 10000 1)
wait_for 5 sealed_all $((before + sent)) || fail "of $sent packets $(($(sealed) - before)) went to the device"
sleep 2
ping_lan 20 || fail "ping after silence: $(tail -n 2 "$LAB/ping")"
[ "$(tele "/mst/worker/stats,$lcore" woken)" -gt 0 ] || fail "no packet has woken the worker"
cli server show status | grep -q 'Worker sleeps' || fail "show status does not tell of sleeps"
