#!/bin/bash
# mst-loadgen drives the gateway from both ends: devices come up, packets go both ways by DTLS and by CSTP and none is
# lost, doubled or out of order; devices are cut and come back by cookie; all sign out. And what it refuses to do.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

result() { # result KEY...: out of the report
	python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
for k in sys.argv[2:]:
    d = d[k]
print(d)' "$LAB/report" "$@"
}

refuses() { # refuses CODE WORDS OPTION...
	local code=$1 words=$2 status=0
	shift 2
	fleet --devices 1 "$@" >"$LAB/out" 2>"$LAB/err" || status=$?
	[ $status = "$code" ] || fail "exit code $status, not $code, with: $*: $(cat "$LAB/err")"
	grep -qiE -- "$words" "$LAB/err" || fail "no word of: $words: $(cat "$LAB/err")"
}

lab_up
lab_fleet 40
refuses 64 'no-such-option' --no-such-option
refuses 64 'gateway 198.51.100.1: is on no network' --gateway 198.51.100.1
refuses 64 'sources.*gateway is among' --sources 192.0.2.1-192.0.2.9
refuses 64 'devices' --devices 0
refuses 64 'plain-via 10.99.0.1' --plain-via 10.99.0.1
refuses 71 'password-file' --password-file "$LAB/none"
[ -z "$(in_fleet ip -o link show type tun)" ] || fail "a tap is left"
gw_start
LAB_STATE=$(gw_state)
fleet --devices 40 --udp-blocked 20 --sources 192.0.2.3-192.0.2.5 --churn 100 --storm --warmup 1 --duration 4 \
	--rate 2kpps --size imix --max-loss 0 --quiet --json >"$LAB/report" || fail "exit code $?: $(cat "$LAB/report")"
[ "$(result control connected)" = 40 ] || fail "$(result control connected) of 40 devices are connected"
[ "$(result control dtls_up)" = 32 ] || fail "$(result control dtls_up) of 32 devices have DTLS"
[ "$(result control storm_100_ms)" -gt 0 ] || fail "not all came back by cookie"
[ "$(result control reconnects)" -gt 40 ] || fail "no device was cut in traffic"
[ "$(result control cstp_packets)" -gt 1000 ] || fail "no packets by CSTP"
for dir in up down; do
	[ "$(result $dir sent)" -gt 5000 ] || fail "$dir: only $(result $dir sent) packets were sent"
	for key in lost reordered duplicated late; do
		[ "$(result $dir $key)" = 0 ] || fail "$dir: $(result $dir $key) $key"
	done
done
for key in record record_replay rx_damaged rx_misplaced cstp_frame; do
	[ "$(result failures $key)" = 0 ] || fail "$(result failures $key) $key"
done
[ "$(result control odd_nonces)" = 0 ] || fail "explicit nonces are not epoch and number"
no_leftovers
unavailable() { # unavailable CAUSE OPTION...: no device comes up, and the report says why
	local cause=$1 status=0
	shift
	fleet --devices 1 --dir none --duration 1 --quiet --json "$@" >"$LAB/report" 2>/dev/null || status=$?
	[ $status = 69 ] || fail "exit code $status, not 69, for: $cause"
	[ "$(result failures "$cause")" = 1 ] || fail "$cause is not in the report"
}

unavailable certificate --pin "sha256:$(printf '%064d' 0)"
echo wrong >"$LAB/password"
unavailable denied
