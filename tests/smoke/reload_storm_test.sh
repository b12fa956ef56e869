#!/bin/bash
# Reload after reload under traffic, sign-ins and reconnects, each with another certificate and other words: no packet is
# lost, nobody is cut or refused, and neither memory nor descriptors grow. RELOADS=1000 takes its time.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

: "${RELOADS:=20}"
MEASURED_FROM=$((RELOADS / 5)) # of them: what is taken once has been taken by then

# What the gateway keeps in memory, in KiB; mst-authd reads all of it anew, too.
memory() { awk '/^VmRSS/ { print $2 }' "/proc/$(gw_pid)/status" "/proc/$(pgrep -P "$(gw_pid)" mst-authd)/status" | xargs; }
reloaded() { [ "$(grep -c 'configuration reloaded' "$LAB/gateway.log")" = "$1" ]; }
another_certificate() { # another_certificate N: of the same key, so that devices know it by their pin
	openssl req -x509 -key "$LAB/site.key" -days 90 -set_serial "$1" -subj "/CN=gateway.example" \
		-addext "subjectAltName=IP:$PUB_GW,DNS:gateway.example" -out "$LAB/site.$1" 2>/dev/null
}

CONF_POOL=10.99.0.0/22
lab_up
lab_fleet 40
for n in 0 1; do
	another_certificate $n
	CONF_BANNER="number $n" lab_config
	mv "$LAB/mst.yaml" "$LAB/mst.$n"
done
cp "$LAB/mst.0" "$LAB/mst.yaml"
gw_start
LAB_STATE=$(gw_state)
: >"$LAB/go"
( # one fleet after the other signs in, sends, is cut now and then, and signs out
	while [ -e "$LAB/go" ]; do
		fleet --devices 40 --sources 192.0.2.3-192.0.2.5 --ramp 40 --storm --warmup 1 --duration 2 --rate 500pps \
			--size 200 --max-loss 0 --quiet --json >"$LAB/report" || exit 1
	done
) &
fleets=$!
for n in $(seq "$RELOADS"); do
	cp "$LAB/site.$((n % 2))" "$LAB/site.new"
	mv "$LAB/site.new" "$LAB/site.crt"
	cp "$LAB/mst.$((n % 2))" "$LAB/mst.yaml"
	kill -HUP "$(gw_pid)"
	wait_for 5 reloaded "$n" || fail "reload $n was refused, or is not done"
	[ "$n" != $MEASURED_FROM ] || before=$(memory)
	kill -0 $fleets 2>/dev/null || fail "a device was hurt before reload $n: $(cat "$LAB/report")"
	sleep 0.2
done
rm "$LAB/go"
wait $fleets || fail "a device was hurt: $(cat "$LAB/report")"
for name in auth_failed auth_busy connect_bad_cookie tls_failed end_cookie end_lost; do
	[ "$(counter $name)" = 0 ] || fail "$name: $(counter $name)"
done
no_leftovers
echo "reloads: $RELOADS, sign-ins $(counter auth_ok), reconnects $(counter connect_resumed); KiB after $MEASURED_FROM: $before, after all: $(memory)"
[ "$RELOADS" -ge 100 ] || exit 0 # a few tell nothing of memory
# An allocator does not give back all that it was given.
python3 - "$before" "$(memory)" <<-'P' || fail "memory grows: $before KiB, then $(memory)"
	import sys
	then, now = ([int(n) for n in words.split()] for words in sys.argv[1:])
	sys.exit(any(n > t * 1.05 + 1024 for t, n in zip(then, now)))
P
