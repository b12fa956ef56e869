#!/bin/bash
# A translator gives the device's UDP another port, then another address: the same DTLS session goes on there within a
# second, and nothing is sent to where it was. A captured record from elsewhere moves nothing.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

# translate ADDRESS PORT: what the device sends by UDP comes from there, and the answers find it; others are counted.
translate() {
	in_client nft -f - <<-N
		table netdev roam
		delete table netdev roam
		table netdev roam {
			counter old { }
			chain out { type filter hook egress device eth0 priority 0;
				udp sport $port udp dport 443 ip saddr set $1 udp sport set $2; }
			chain in { type filter hook ingress device eth0 priority 0;
				udp sport 443 ip daddr $1 udp dport $2 ip daddr set $PUB_CLIENT udp dport set $port udp checksum set 0 accept
				udp sport 443 counter name old drop; }
		}
	N
}
at_old() { in_client nft list counter netdev roam old | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; }

# goes_on: ping answers within a second, most of them, and by DTLS.
goes_on() {
	in_client ping -q -c 20 -i 0.05 -W 1 $LAN_HOST >"$LAB/ping" 2>&1 || true
	received=$(sed -n 's/.* \([0-9]*\) received.*/\1/p' "$LAB/ping")
	[ "$received" -ge 18 ]
}

lab_up
gw_start
LAB_STATE=$(gw_state)
ip -n "$LAB_ID-c" addr add 192.0.2.3/24 dev eth0
background capture c python3 "$LAB_ROOT/tests/support/records.py" capture eth0 "$LAB/records" 25
oc_start 0
oc_dtls 0 || fail "DTLS is not up"
ping_lan 20 || fail "ping: $(cat "$LAB/ping")"
wait_for 30 test -s "$LAB/records" || fail "nothing was captured"
port=$(in_client ss -unH | awk '{ sub(".*:", "", $3); print $3 }')
tcp=$(counter stream_rx)
n=0
for place in "$PUB_CLIENT 50001" "$PUB_CLIENT 50002" "192.0.2.3 50003"; do
	n=$((n + 1))
	# shellcheck disable=SC2086
	translate $place
	goes_on || fail "no traffic from $place: $(cat "$LAB/ping")"
	[ "$(counter roam_moved)" = $n ] || fail "the association has not moved to $place"
	old=$(at_old)
	ping_lan 20 || fail "ping from $place: $(cat "$LAB/ping")"
	[ "$(at_old)" = "$old" ] || fail "$(at_old) datagrams for the old place of $place"
done
[ "$old" -le 1 ] || fail "$old datagrams were sent to an old place"
[ "$(counter dtls_done)" = 1 ] || fail "there was another handshake"
[ $(($(counter stream_rx) - tcp)) -lt 5 ] || fail "data went by CSTP"
# Records that have arrived, from a third place.
before=$(counter stray_nobody)
in_client python3 "$LAB_ROOT/tests/support/records.py" replay eth0 "$LAB/records" 50009 >/dev/null
refused() { [ "$(counter stray_nobody)" -gt "$before" ]; }
wait_for 3 refused || fail "the replayed records are not counted"
[ "$(counter roam_moved)" = $n ] || fail "a replayed record moved the association"
ping_lan 20 || fail "traffic was hurt: $(cat "$LAB/ping")"
oc_stop 0
no_leftovers
