#!/bin/bash
# Wrong password, unknown user, locked user: refused alike; the right password gets in.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
gw_start
LAB_STATE=$(gw_state)
refused() { # refused USER PASSWORD
	OC_USER=$1 OC_PASSWORD=$2 oc_spawn 0
	wait_for 20 oc_gone 0 || fail "$1: the client is still there"
	[ ! -s "$LAB/env.tun0" ] || fail "$1 got a tunnel"
	grep -aoE '(Login|Sign-in|login) [a-z ]*' "$LAB/oc.0.log" | sort -u >"$LAB/said.$1.${#2}"
}
refused alice wrong
refused nobody wrong
refused locked secret
cmp -s "$LAB/said.alice.5" "$LAB/said.nobody.5" || fail "the answer tells whether a user exists"
[ "$(counter auth_failed)" -ge 3 ] || fail "failures are not counted: $(counter auth_failed)"
[ "$(counter auth_ok)" = 0 ] || fail "somebody got in"
[ "$(tele /mst/session/count sessions)" = 0 ] || fail "a session came of it"
grep -q secret "$LAB/gateway.log" && fail "a password is in the log"
background events g "$MST_BUILD/app/cli/mst-cli" --socket "$LAB/mst.sock" server show events --follow >"$LAB/events"
OC_USER=user7 oc_start 0
wait_for 5 grep -q "Z  connect  user7  .*  $PUB_CLIENT  " "$LAB/events" || fail "connect is no event: $(cat "$LAB/events")"
stop_background events
for user in alice nobody locked; do
	grep -q "Z  refused  $user  -  $PUB_CLIENT  -  -  sign-in" "$LAB/events" || fail "$user: $(cat "$LAB/events")"
done
cli --json server show user user7 | grep -q '"Username": *"user7"' || fail "mst-cli does not know user7"
oc_stop 0
no_leftovers
