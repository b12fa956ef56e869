#!/bin/bash
# Twenty clients at once, all with traffic, addresses of their own; all go, nothing is left.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
gw_start
LAB_STATE=$(gw_state)
for n in $(seq 20); do OC_USER=user$n oc_spawn "$n"; done
for n in $(seq 20); do
	wait_for 60 oc_up_or_gone "$n" || fail "client $n did not connect"
	oc_up "$n" || fail "client $n did not connect"
done
all_dtls() { [ "$(tele /mst/session/count dtls)" = 20 ]; }
wait_for 30 all_dtls || fail "$(tele /mst/session/count dtls) of 20 have DTLS"
[ "$(for n in $(seq 20); do oc_ip "$n"; done | sort -u | wc -l)" = 20 ] || fail "an address was given twice"
for n in $(seq 20); do
	in_client ip route replace $LAN_HOST dev "tun$n"
	ping_lan 5 -I "$(oc_ip "$n")" || fail "ping of client $n: $(cat "$LAB/ping")"
done
[ "$(cli --json server show users | python3 -c 'import json,sys; print(len(json.load(sys.stdin)))')" = 20 ] ||
	fail "mst-cli does not list 20 users"
for n in $(seq 20); do kill -INT "$(oc_pid "$n")"; done
no_leftovers 20
