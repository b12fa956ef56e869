#!/bin/bash
# A device connects, DTLS comes up, packets go by the worker; after sign-out nothing is left.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
gw_start
LAB_STATE=$(gw_state)
oc_start 0
oc_dtls 0 || fail "DTLS is not up"
ping_lan 50 || fail "ping: $(cat "$LAB/ping")"
ping_lan 20 -s 1400 || fail "large ping: $(cat "$LAB/ping")"
oc_log_has 0 'No change in MTU after detection' || fail "the full-size DPD echo did not come back"
[ "$(tele /mst/session/count dtls)" = 1 ] || fail "no DTLS session is counted"
grep -q '^CISCO_BANNER=Welcome to the lab' "$LAB/env.tun0" || fail "the banner did not arrive"
grep -q '^CISCO_DEF_DOMAIN=example.com' "$LAB/env.tun0" || fail "the default domain did not arrive"
grep -q '^INTERNAL_IP4_DNS=10.20.0.53' "$LAB/env.tun0" || fail "the DNS server did not arrive"
[ "$(counter stream_rx)" -lt 5 ] || fail "data went by CSTP although DTLS is up"
oc_stop 0
[ "$(counter end_bye)" = 1 ] || fail "the sign-out is not counted"
no_leftovers
