#!/bin/bash
# IPv6 inside the tunnel, and a device that reaches the gateway by IPv6: over DTLS and over CSTP, both ways.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
ip -n "$LAB_ID-c" addr add 2001:db8::2/64 dev eth0 nodad
ip -n "$LAB_ID-l" addr add fd00:20::2/64 dev eth0 nodad
ip -n "$LAB_ID-l" route add fd00:99::/64 via fd00:20::1
sed -i -e "s,addresses: \[$PUB_GW/24\],addresses: [$PUB_GW/24\, \"2001:db8::1/64\"]," \
	-e "s,addresses: \[$LAN_GW/24\],addresses: [$LAN_GW/24\, \"fd00:20::1/64\"]," \
	-e "s,^  ipv4: $POOL,&\n  ipv6: \"fd00:99::/64\"," \
	-e 's,routes: .*,routes: [10.20.0.0/24\, "fd00:20::/64"],' "$LAB/mst.yaml"
gw_start
LAB_STATE=$(gw_state)
ping6_lan() { in_client ping -6 -q -c "$1" -i 0.05 -W 2 "${@:2}" fd00:20::2 >"$LAB/ping" 2>&1 && grep -q ' 0% packet loss' "$LAB/ping"; }
for options in '' '--no-dtls'; do
	for gateway in "$PUB_GW" '[2001:db8::1]'; do
		# shellcheck disable=SC2086
		OC_GATEWAY=$gateway oc_start 0 $options
		[ -n "$options" ] || oc_dtls 0 || fail "$gateway $options: DTLS is not up"
		grep -q '^INTERNAL_IP6_NETMASK=fd00:99::.*/128' "$LAB/env.tun0" || fail "$gateway $options: no IPv6 address"
		in_client ip route replace fd00:20::/64 dev tun0
		ping6_lan 20 || fail "$gateway $options: ping: $(cat "$LAB/ping")"
		ping6_lan 5 -s 1300 || fail "$gateway $options: large ping: $(cat "$LAB/ping")"
		ping_lan 10 || fail "$gateway $options: IPv4: $(cat "$LAB/ping")"
		address=$(sed -n 's,^INTERNAL_IP6_NETMASK=\(.*\)/128,\1,p' "$LAB/env.tun0")
		in_lan ping -6 -q -c 10 -i 0.05 -W 2 "$address" | grep -q ' 0% packet loss' || fail "$gateway $options: from the LAN"
		in_client ping -6 -q -c 5 -i 0.1 -W 2 fd00:20::1 | grep -q ' 0% packet loss' || fail "$gateway $options: own address"
		before=$(drops spoof)
		in_client ip addr add fd00:99::77/128 dev tun0 nodad
		in_client ping -6 -q -c 2 -i 0.1 -W 1 -I fd00:99::77 fd00:20::2 >/dev/null 2>&1 && fail "$gateway $options: spoofed"
		[ "$(drops spoof)" -gt "$before" ] || fail "$gateway $options: the spoofed source is not counted"
		oc_stop 0
	done
done
no_leftovers
