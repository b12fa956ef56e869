#!/bin/bash
# dpdk-telemetry.py and mst-cli read everything they should.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
gw_start
LAB_STATE=$(gw_state)
oc_start 0
oc_dtls 0 || fail "DTLS is not up"
ping_lan 5 || fail "ping"
worker=$(tele /mst/worker/list - | python3 -c 'import json,sys; print(json.load(sys.stdin)[0])')
index=$(tele /mst/session/list,0 - | python3 -c 'import json,sys; print(json.load(sys.stdin)["id"][0])')
for command in /mst/info /mst/worker/list "/mst/worker/stats,$worker" /mst/drop/stats /mst/session/count \
	/mst/session/list,0 "/mst/session/info,$index" /mst/port/map /mst/punt/stats /mst/handshake/stats; do
	printf '%s\n' "$command" | dpdk-telemetry.py -f "$LAB_ID" >"$LAB/tele" 2>&1 || fail "$command: $(cat "$LAB/tele")"
	grep -q "\"${command%%,*}\": *[{[]" "$LAB/tele" || fail "$command: $(cat "$LAB/tele")"
done
tele "/mst/session/info,$index" - | grep -q alice || fail "session info has no user"
[ "$(tele "/mst/worker/stats,$worker" dtls_rx_packets)" -ge 5 ] || fail "the worker counts no DTLS packets"
for command in 'server status' 'server show status' 'server show users' 'server show user alice' \
	'server show sessions' 'server show cookies all' 'server show events' 'server show cycles' 'server show drops' 'server show ports' 'server show punt'; do
	# shellcheck disable=SC2086
	cli $command >"$LAB/out" || fail "mst-cli $command"
	[ -s "$LAB/out" ] || [ "$command" = 'server show drops' ] || fail "mst-cli $command prints nothing"
	# shellcheck disable=SC2086
	cli --json $command | python3 -m json.tool >/dev/null || fail "mst-cli --json $command is no JSON"
done
cli server show cycles | grep -q open || fail "no stage named open"
cli --json server show cookies all | grep -q '"State": "connected"' || fail "the device is not connected"
[ "$(cli --json server show cookies valid)" = '[]' ] || fail "a device that is connected is waited for"
[ "$(stat -c %a "$LAB/mst.sock")" = 600 ] || fail "the control socket is not 0600"
cli server show nonsense 2>/dev/null && fail "an unknown command worked"
oc_stop 0
no_leftovers
