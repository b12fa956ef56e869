#!/bin/bash
# HAProxy in front, in the README's words: devices come by it under their own addresses, with DTLS; it asks by the check that
# it has by itself whether the gateway serves, and sends nobody while that drains.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

command -v haproxy >/dev/null || { say "skip: no haproxy"; exit 77; }
BALANCER=192.0.2.50 # where devices find it; it finds gateways from 192.0.2.51
lab_up
sed -i "s|^listen: {|listen: {proxy-protocol-from: 192.0.2.51/32, dynamic-dns: true, |" "$LAB/mst.yaml"
for ip in $BALANCER 192.0.2.51; do ip -n "$LAB_ID-c" addr add $ip/24 dev eth0; done
# UDP goes past it, as by a balancer of layer 3: to the gateway, from the device's address.
in_client nft -f - <<-N
	table ip past {
		chain out {
			type nat hook output priority -100;
			ip daddr $BALANCER udp dport 443 dnat to $PUB_GW
		}
	}
N
cat >"$LAB/haproxy.cfg" <<-H
	global
	    stats socket $LAB/haproxy.sock
	defaults
	    mode tcp
	    timeout connect 5s
	    timeout client 1h
	    timeout server 1h
	frontend vpn
	    bind $BALANCER:443
	    default_backend gateways
	backend gateways
	    balance source
	    source 192.0.2.51
	    option httpchk
	    default-server send-proxy-v2 check check-ssl verify none inter 500 fall 2 rise 1
	    server gateway1 $PUB_GW:443
H
# is UP|DOWN: what HAProxy thinks of the gateway.
is() {
	python3 - "$LAB/haproxy.sock" <<-'P' | grep -q "^gateways,gateway1,.*,$1,"
		import socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.connect(sys.argv[1])
		s.sendall(b"show stat\n")
		print(s.makefile().read())
	P
}
gw_start
LAB_STATE=$(gw_state)
background haproxy c haproxy -db -f "$LAB/haproxy.cfg" >"$LAB/haproxy.log" 2>&1
wait_for 10 is UP || fail "HAProxy does not find the gateway: $(cat "$LAB/haproxy.log")"
OC_GATEWAY=$BALANCER oc_start 0
oc_dtls 0 || fail "DTLS is not up"
ping_lan 20 || fail "ping: $(cat "$LAB/ping")"
oc_log_has 0 'X-CSTP-DynDNS: true' || fail "the device is not told to look the name up again"
gw_log_has "sign-in of 'alice' from $PUB_CLIENT" || fail "the device has another's address"
[ "$(counter dtls_verify)" = 0 ] || fail "the address of TCP is not known by UDP"
cli server show users | grep -q "$PUB_CLIENT" || fail "$(cli server show users)"
oc_stop 0
cli server drain 1 >/dev/null
wait_for 10 is DOWN || fail "HAProxy does not see that the gateway drains"
cli server undrain >/dev/null
wait_for 10 is UP || fail "HAProxy does not see that the gateway serves again"
OC_GATEWAY=$BALANCER oc_start 0 --no-dtls
ping_lan 20 || fail "ping by TCP: $(cat "$LAB/ping")"
oc_stop 0
stop_background haproxy
no_leftovers
