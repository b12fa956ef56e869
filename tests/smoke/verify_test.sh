#!/bin/bash
# A device whose UDP comes from another address than its TCP is asked to show that it receives there (HelloVerifyRequest), and
# then has DTLS, by PSK and by a session that it has made up; at its own address it is not asked.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
gw_start
LAB_STATE=$(gw_state)
oc_start 0
oc_dtls 0 || fail "DTLS is not up"
[ "$(counter dtls_verify)" = 0 ] || fail "asked at its own address"
oc_stop 0
# A translator with one more address, for UDP alone.
ip -n "$LAB_ID-c" addr add 192.0.2.3/24 dev eth0
in_client nft -f - <<-N
	table netdev elsewhere {
		chain out { type filter hook egress device eth0 priority 0; udp dport 443 ip saddr set 192.0.2.3; }
		chain in { type filter hook ingress device eth0 priority 0;
			udp sport 443 ip daddr 192.0.2.3 ip daddr set $PUB_CLIENT udp checksum set 0; }
	}
N
in_client ping -q -c 1 -W 2 -I 192.0.2.3 $PUB_GW >/dev/null || fail "no ping from the other address"
n=0
for options in '' '--dtls-ciphers=AES256-SHA --dtls12-ciphers=AES256-GCM-SHA384'; do
	n=$((n + 1))
	# shellcheck disable=SC2086
	oc_start 0 $options
	oc_dtls 0 || fail "DTLS is not up from another address"
	[ "$(counter dtls_verify)" = $n ] || fail "asked $(counter dtls_verify) times instead of $n"
	[ "$(counter dtls_done)" = $((n + 1)) ] || fail "$(counter dtls_done) handshakes instead of $((n + 1))"
	ping_lan 20 -s 1300 || fail "ping: $(cat "$LAB/ping")"
	oc_stop 0
done
no_leftovers
