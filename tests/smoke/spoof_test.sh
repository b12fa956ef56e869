#!/bin/bash
# A device that sends with a source that is not its own is dropped and counted, by DTLS and by CSTP.
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
	before=$(drops spoof)
	for source in 10.99.0.200 $LAN_GW 10.20.0.9 127.0.0.9 224.0.0.5 192.0.2.99; do
		in_client ip addr add $source/32 dev tun0
		in_client ping -q -c 2 -i 0.1 -W 1 -I $source $LAN_HOST >/dev/null 2>&1 && fail "$source $option was answered"
		in_client ip addr del $source/32 dev tun0
	done
	[ $(($(drops spoof) - before)) -ge 8 ] || fail "$option: only $(($(drops spoof) - before)) of 12 are counted"
	ping_lan 5 || fail "the device's own address no longer works $option"
	oc_stop 0
done
no_leftovers
