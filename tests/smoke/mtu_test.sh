#!/bin/bash
# Sizes at the edge of the MTU, both ways; what is too big is answered by ICMP, what may be cut is cut.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
gw_start
LAB_STATE=$(gw_state)
oc_start 0
oc_dtls 0 || fail "DTLS is not up"
mtu=$(sed -n 's/^INTERNAL_IP4_MTU=//p' "$LAB/env.tun0")
[ "$mtu" = 1434 ] || fail "the MTU is $mtu, not 1434"
for size in 1 36 37 100 575 576 577 1279 1280 1281 $((mtu - 29)) $((mtu - 28)); do
	ping_lan 2 -M "do" -s "$size" || fail "ping of $size bytes: $(cat "$LAB/ping")"
	in_lan ping -q -c 2 -i 0.05 -W 2 -M "do" -s "$size" "$(oc_ip 0)" | grep -q ' 0% packet loss' ||
		fail "ping of $size bytes from the LAN"
done
in_lan ping -c 1 -W 2 -M "do" -s $((mtu - 27)) "$(oc_ip 0)" >"$LAB/ping" 2>&1 || true
grep -qiE 'frag needed|message too long' "$LAB/ping" || fail "no ICMP for a packet over the MTU: $(cat "$LAB/ping")"
in_lan ip route flush cache
# A device behind a smaller path: the kernel answers with its size, not with the tun's.
OC_USER=user2 oc_start 1 --base-mtu 1300
narrow=$(sed -n 's/^INTERNAL_IP4_MTU=//p' "$LAB/env.tun1")
[ "$narrow" -lt 1300 ] || fail "the MTU of the narrow tunnel is $narrow"
in_gateway ip route show "$(oc_ip 1)" | grep -q "mtu $narrow" || fail "the kernel does not know of the narrow tunnel"
in_client ip route add $LAN_HOST/32 dev tun1 metric 5
in_lan ping -q -c 2 -i 0.05 -W 2 -M "do" -s $((narrow - 28)) "$(oc_ip 1)" | grep -q ' 0% packet loss' || fail "narrow tunnel"
in_lan ping -c 1 -W 2 -M "do" -s $((narrow - 27)) "$(oc_ip 1)" >"$LAB/ping" 2>&1 || true
grep -qE "mtu ?= ?$narrow" "$LAB/ping" || fail "no ICMP for the narrow tunnel: $(cat "$LAB/ping")"
in_client ip route del $LAN_HOST/32 dev tun1 metric 5
oc_stop 1
sleep 0.5
[ -z "$(in_gateway ip route show "$(oc_ip 1)")" ] || fail "the route of the narrow tunnel is left"
in_lan ping -q -c 2 -i 0.05 -W 2 -M dont -s 1472 "$(oc_ip 0)" | grep -q ' 0% packet loss' ||
	fail "a packet over the MTU that may be cut"
# The device's fragments arrive. (AF_PACKET with fanout puts the answer's together, so it is not waited for.)
whole() { in_lan nstat -asz IpReasmOKs | awk '/IpReasmOKs/ {print $2}'; }
before=$(whole)
in_client ping -q -c 3 -i 0.05 -W 1 -s 3000 $LAN_HOST >/dev/null || true
[ $(($(whole) - before)) = 3 ] || fail "of 3 packets in fragments $(($(whole) - before)) arrived"
oc_stop 0
no_leftovers
