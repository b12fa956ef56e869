#!/bin/bash
# The gateway's own address answers through the tunnel, by DTLS and by CSTP; traceroute sees it.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
gw_start
LAB_STATE=$(gw_state)
for option in '' --no-dtls; do
	# shellcheck disable=SC2086
	oc_start 0 $option
	[ -n "$option" ] || oc_dtls 0 || fail "DTLS is not up"
	in_client ping -q -c 20 -i 0.1 -W 2 $LAN_GW >"$LAB/ping" || fail "own address $option: $(cat "$LAB/ping")"
	grep -q ' 0% packet loss' "$LAB/ping" || fail "own address $option: $(cat "$LAB/ping")"
	in_client ping -c 1 -W 2 -t 1 $LAN_HOST >"$LAB/ping" || true
	grep -q 'Time to live exceeded' "$LAB/ping" || fail "no ICMP for an expired TTL $option: $(cat "$LAB/ping")"
	oc_stop 0
done
no_leftovers
