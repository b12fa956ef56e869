#!/bin/bash
# A second connection with the same cookie takes the session over: never two live tunnels, the same address.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
gw_start
LAB_STATE=$(gw_state)
cookie=$(in_client openconnect --non-inter --passwd-on-stdin -u alice --servercert "$LAB_PIN" --authenticate \
	"https://$PUB_GW/" <<<secret 2>/dev/null | sed -n "s/^COOKIE='\(.*\)'/\1/p")
for n in 1 2; do
	background oc.$n c openconnect --cookie-on-stdin --servercert "$LAB_PIN" --interface tun$n --reconnect-timeout 1 \
		--script "$LAB/vpnc-script" -v "https://$PUB_GW/" <<<"$cookie" >"$LAB/oc.$n.log" 2>&1
	wait_for 20 oc_up_or_gone $n || fail "client $n did not connect"
	oc_up $n || fail "client $n did not connect"
	[ $n = 2 ] || kill -STOP "$(oc_pid 1)" # else it would take the session back
done
[ "$(oc_ip 1)" = "$(oc_ip 2)" ] || fail "another address"
[ "$(counter taken_over)" = 1 ] || fail "the takeover is not counted"
[ "$(tele /mst/session/count sessions)" = 1 ] || fail "there are two sessions"
[ "$(tele /mst/info connections)" = 1 ] || fail "there are two connections"
in_client ip route replace $LAN_HOST dev tun2
ping_lan 10 || fail "ping: $(cat "$LAB/ping")"
kill -KILL "$(oc_pid 1)"
oc_stop 2
no_leftovers
