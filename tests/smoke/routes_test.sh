#!/bin/bash
# What 'ip route' and 'ip neigh' change on the taps is in the data path within 100 ms.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
gw_start
oc_start 0
oc_dtls 0 || fail "DTLS is not up"
ping_lan 3 || fail "ping: $(cat "$LAB/ping")"
in_lan ip addr add 10.30.0.1/32 dev lo
in_client ip route add 10.30.0.0/24 dev tun0
in_client ping -q -c 1 -W 1 10.30.0.1 >/dev/null 2>&1 && fail "10.30.0.1 answers without a route"
in_gateway ip route add 10.30.0.0/24 via $LAN_HOST
sleep 0.1
in_client ping -q -c 3 -i 0.05 -W 1 10.30.0.1 | grep -q ' 0% packet loss' || fail "no traffic 100 ms after ip route add"
in_gateway ip route del 10.30.0.0/24
sleep 0.1
in_client ping -q -c 1 -W 1 10.30.0.1 >/dev/null 2>&1 && fail "10.30.0.1 answers 100 ms after ip route del"
mac=$(ip -n "$LAB_ID-l" -o link show eth0 | sed 's/.*ether \([0-9a-f:]*\) .*/\1/')
in_gateway ip neigh replace $LAN_HOST lladdr 02:00:00:00:00:99 dev mst-priv nud permanent
sleep 0.1
in_client ping -q -c 1 -W 1 $LAN_HOST >/dev/null 2>&1 && fail "the neighbour's new address is not used"
in_gateway ip neigh replace $LAN_HOST lladdr "$mac" dev mst-priv nud permanent
sleep 0.1
ping_lan 5 || fail "ping after the neighbour came back: $(cat "$LAB/ping")"
in_gateway ip neigh del $LAN_HOST dev mst-priv
ping_lan 5 || fail "an unresolved neighbour was not resolved: $(cat "$LAB/ping")"
oc_stop 0
