#!/bin/bash
# The administrator ends sessions by user and by id: the device is told why, its cookie is worth nothing.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
gw_start
LAB_STATE=$(gw_state)
oc_start 0
cli server disconnect user nobody 2>/dev/null && fail "nobody was disconnected"
cli server disconnect user alice | grep -q 'user alice was disconnected' || fail "disconnect user"
wait_for 5 oc_gone 0 || fail "the client is still there"
oc_log_has 0 'Disconnected by the administrator' || fail "the client was not told why"
no_leftovers
OC_USER=user2 oc_start 1
cookie=$(sed -n 's/^.*webvpn=\([0-9A-Za-z_-]*\).*/\1/p' "$LAB/oc.1.log" | tail -1)
id=$(cli --json server show users | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["ID"])')
cli server show id "$id" | grep -q user2 || fail "show id"
cli server disconnect id "$id" || fail "disconnect id"
wait_for 5 oc_gone 1 || fail "the client is still there"
cli server disconnect id "$id" 2>/dev/null && fail "the session ended twice"
events=$(cli server show events | awk '{ print $2, $3 }' | tr '\n' ' ')
[ "$events" = 'connect alice end alice connect user2 end user2 ' ] || fail "events: $events"
[ "$(counter end_admin)" = 2 ] || fail "two ends by the administrator should be counted"
grep -qF "${cookie:-no-cookie-in-the-client-log}" "$LAB/gateway.log" && fail "a cookie is in the log"
no_leftovers
