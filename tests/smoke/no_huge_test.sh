#!/bin/bash
# Without hugepages, and with one port for both roles.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

CONF_HUGEPAGES=off
lab_up
gw_start
grep -q -- '--no-huge' "$LAB/gateway.log" || fail "EAL was not started without hugepages"
oc_start 0
oc_dtls 0 || fail "DTLS is not up"
ping_lan 20 || fail "ping: $(cat "$LAB/ping")"
oc_stop 0
kill -TERM "$(gw_pid)"
wait_for 5 test ! -e "/proc/$(gw_pid)/exe" || fail "the gateway did not stop"
# One arm: no private port; a host on the public side is the LAN.
sed -i '/^  private:/,/^tls:/{/^tls:/!d}' "$LAB/mst.yaml"
sed -i 's,routes: .*,routes: [192.0.2.128/25],' "$LAB/mst.yaml"
gw_start
oc_start 0
oc_dtls 0 || fail "one arm: DTLS is not up"
in_client ip netns list >/dev/null 2>&1 || true
ip netns add "$LAB_ID-x"
trap 'ip netns del "$LAB_ID-x" 2>/dev/null; lab_down' EXIT
ip link add name br0 netns "$LAB_ID-c" type bridge
ip -n "$LAB_ID-c" addr flush dev eth0
ip -n "$LAB_ID-c" link set eth0 master br0
ip -n "$LAB_ID-c" link set br0 up
ip -n "$LAB_ID-c" addr add $PUB_CLIENT/25 dev br0
pair "$LAB_ID-x" eth0 "$LAB_ID-c" host0
ip netns exec "$LAB_ID-x" ethtool -K eth0 tx off >/dev/null 2>&1
ip -n "$LAB_ID-c" link set host0 master br0
ip -n "$LAB_ID-x" addr add 192.0.2.130/24 dev eth0
ip -n "$LAB_ID-x" route add $POOL via $PUB_GW
wait_for 20 in_client ping -q -c 3 -i 0.1 -W 2 192.0.2.130 || fail "one arm: no traffic"
ip netns exec "$LAB_ID-x" ping -q -c 5 -i 0.1 -W 2 "$(oc_ip 0)" | grep -q ' 0% packet loss' || fail "one arm: not from the LAN"
oc_stop 0
