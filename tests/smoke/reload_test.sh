#!/bin/bash
# SIGHUP under traffic: new certificate, users and ciphers; sessions stay; a bad pair is refused and the old stays.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
gw_start
LAB_STATE=$(gw_state)
oc_start 0
oc_dtls 0 || fail "DTLS is not up"
old_pin=$LAB_PIN
in_client ping -q -i 0.02 -c 300 -W 2 $LAN_HOST >"$LAB/long" &
pinger=$!
cp "$LAB/site.key" "$LAB/old.key"
lab_certificate
[ "$LAB_PIN" != "$old_pin" ] || fail "the certificate is the same"
sed -i 's/^user3:/renamed:/' "$LAB/users"
kill -HUP "$(gw_pid)"
wait_for 3 gw_log_has 'configuration reloaded' || fail "SIGHUP did not reload"
OC_USER=renamed oc_start 1 # trusts only the new certificate
oc_stop 1
cp "$LAB/old.key" "$LAB/site.key"
kill -HUP "$(gw_pid)"
wait_for 3 gw_log_has 'not reloaded, the old configuration goes on' || fail "a key of another certificate was taken"
cli server reload && fail "mst-cli says that the reload worked"
OC_USER=user4 oc_start 1
oc_stop 1
wait $pinger || true
grep -q ' 0% packet loss' "$LAB/long" || fail "traffic was hurt: $(cat "$LAB/long")"
[ "$(counter connect_resumed)" = 0 ] || fail "the session was cut"
oc_stop 0
no_leftovers
