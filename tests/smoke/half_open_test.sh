#!/bin/bash
# Connections that stay half-open are bounded, make room for others, and are closed by their time limit; devices still get in.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

CONF_HALF_OPEN=16
lab_up
sed -i 's/^timeouts:/timeouts:\n  tls-handshake: 2s/' "$LAB/mst.yaml"
gw_start
LAB_STATE=$(gw_state)
background holder c python3 -c "
import socket, time
held = [socket.create_connection(('$PUB_GW', 443)) for i in range(40)]
time.sleep(60)"
paused() { [ "$(counter tcp_paused)" -ge 1 ]; }
wait_for 5 paused || fail "connections over the bound do not wait"
[ "$(tele /mst/info half_open)" -le 16 ] || fail "more than 16 are half-open"
# Who has said nothing for a second makes room for those behind him.
dropped() { [ "$(counter half_open_dropped)" -ge 16 ]; }
wait_for 5 dropped || fail "the oldest ones do not make room: $(counter half_open_dropped)"
timed() { [ "$(counter tls_timeout)" -ge 16 ]; }
wait_for 6 timed || fail "half-open connections are not timed out"
oc_start 0
ping_lan 5 || fail "ping: $(cat "$LAB/ping")"
oc_stop 0
stop_background holder
no_leftovers
