#!/bin/bash
# Refused sign-ins ban an address: TCP is closed at once, a session that is up does not notice, others get in, and an
# administrator lifts it. A flood of connections is turned away.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

CONF_BAN_POINTS=80 CONF_HANDSHAKES=40
lab_up
ip -n "$LAB_ID-c" addr add 192.0.2.99/24 dev eth0
ip -n "$LAB_ID-c" addr add 192.0.2.98/24 dev eth0
gw_start
oc_start 0
wrong() { # wrong N: sign-ins from $PUB_CLIENT
	for _ in $(seq "$1"); do
		in_client curl -sk --max-time 5 --interface $PUB_CLIENT -o /dev/null -H 'Content-Type: application/x-www-form-urlencoded' \
			-d 'username=alice&password=wrong' https://$PUB_GW/auth || true
	done
}
connects() { # connects FROM: does TLS come up?
	in_client curl -sk --max-time 5 --interface "$1" -o /dev/null https://$PUB_GW/
}
wrong 8 # alice is known from there, which is worth one
[ "$(counter bans)" = 0 ] || fail "banned too early"
cli --json server show ip ban points | grep -q "\"IP\": \"$PUB_CLIENT\"" || fail "$(cli server show ip ban points)"
connects $PUB_CLIENT || fail "eight tries keep out"
wrong 2
[ "$(counter bans)" = 1 ] || fail "refused sign-ins do not ban: $(cli server show ip ban points)"
! connects $PUB_CLIENT || fail "a banned address comes in"
connects 192.0.2.99 || fail "another address does not"
[ "$(counter tcp_banned)" -ge 1 ] || fail "the closed connection is not counted"
ping_lan 10 || fail "the session was hurt: $(cat "$LAB/ping")"
oc_alive 0 || fail "the client has gone"
cli server show ip bans | grep -q "$PUB_CLIENT" || fail "$(cli server show ip bans)"
gw_log_has "$PUB_CLIENT is banned for 300 s" || fail "the log does not say so"
! cli server unban ip 192.0.2.200 2>/dev/null || fail "an address without a ban is lifted"
cli server unban ip $PUB_CLIENT || fail "the ban is not lifted"
connects $PUB_CLIENT || fail "still kept out"
! cli server show ip bans | grep -q "$PUB_CLIENT" || fail "still shown"
# More connections a second than limits.handshakes-per-second.
in_client python3 -c "
import socket
for i in range(100):
    try:
        socket.create_connection(('$PUB_GW', 443), source_address=('192.0.2.98', 0)).close()
    except ConnectionResetError:
        pass"
flooded() { [ "$(counter tcp_flood)" -ge 20 ]; }
wait_for 5 flooded || fail "a flood is not turned away: $(counter tcp_flood)"
oc_stop 0
