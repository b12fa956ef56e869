#!/bin/bash
# The gateway is killed and started again: devices come back by their cookies, with the same addresses and no password, and a
# session that had ended stays ended.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

CONF_DPD=2s # after which a device that hears nothing looks at its connection
lab_up
gw_start
oc_start 0
OC_USER=user1 oc_start 1
addresses="$(oc_ip 0) $(oc_ip 1)"
cookie=$(in_client openconnect --non-inter --passwd-on-stdin -u user2 --servercert "$LAB_PIN" --authenticate \
	"https://$PUB_GW/" <<<secret 2>/dev/null | sed -n "s/^COOKIE='\(.*\)'/\1/p")
cli server show sessions valid >"$LAB/waiting"
grep -q 'user2 .*Z  away' "$LAB/waiting" || fail "user2 is not waited for: $(cat "$LAB/waiting")"
grep -q 'alice\|user1' "$LAB/waiting" && fail "a device that is connected is waited for"
cli server disconnect user user2 >/dev/null || fail "user2 has no session"

names() { cli --json server show sessions | sed -n 's/.*"Session": *"\([0-9a-f]\{16\}\)".*/\1/p' | sort; }
before=$(names)
[ "$(wc -l <<<"$before")" = 2 ] || fail "sessions have no names: $(cli --json server show sessions)"

gw_kill
gw_start
[ "$(tele /mst/session/count sessions)" = 2 ] || fail "the sessions do not wait for their devices"
back() { [ "$(counter connect_restored)" = 2 ]; }
wait_for 25 back || fail "the devices did not come back"
for n in 0 1; do
	in_client ip route replace $LAN_HOST dev tun$n
	wait_for 5 ping_lan 3 || fail "no traffic of client $n: $(cat "$LAB/ping")"
done
[ "$(names)" = "$before" ] || fail "sessions have other names: $before, now $(names)"
[ "$(oc_ip 0) $(oc_ip 1)" = "$addresses" ] || fail "the addresses changed"
[ "$(counter auth_ok)" = 0 ] || fail "somebody had to sign in"
background oc.2 c openconnect --cookie-on-stdin --servercert "$LAB_PIN" --interface tun2 --script "$LAB/vpnc-script" \
	"https://$PUB_GW/" <<<"$cookie" >"$LAB/oc.2.log" 2>&1
wait_for 10 oc_gone 2 || fail "the cookie of a session that ended is taken"
[ "$(counter cookie_ended)" = 1 ] || fail "the ended session was not known"
oc_stop 0
oc_stop 1
