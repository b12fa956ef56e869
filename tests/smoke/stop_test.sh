#!/bin/bash
# SIGTERM under traffic: out within 2 s with code 0, taps gone, devices left to come back; and mst-cli server stop alike.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
for how in signal cli; do
	gw_start
	pid=$(gw_pid)
	oc_start 0
	oc_dtls 0 || fail "DTLS is not up"
	background pinger c ping -q -i 0.01 $LAN_HOST >/dev/null 2>&1
	begin=$(date +%s%N)
	if [ $how = signal ]; then kill -TERM "$pid"; else cli server stop; fi
	wait "$pid" && status=0 || status=$?
	[ $status = 0 ] || fail "$how: exit code $status"
	[ $((($(date +%s%N) - begin) / 1000000)) -lt 2000 ] || fail "$how: it took longer than 2 s"
	oc_alive 0 || fail "$how: the client has given up"
	[ -z "$(in_gateway ip -o link show | grep -E 'mst-(pub|priv|tun)')" ] || fail "$how: a tap is left"
	[ ! -e "$LAB/mst.sock" ] || fail "$how: the control socket is left"
	stop_background pinger
	kill -KILL "$(oc_pid 0)" # it tries to come back
done
