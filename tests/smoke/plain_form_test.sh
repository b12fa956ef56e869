#!/bin/bash
# The plain form: a client without XML signs in too; so does one that gets its cookie first and connects later.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
gw_start
LAB_STATE=$(gw_state)
oc_start 0 --no-xmlpost
oc_dtls 0 || fail "DTLS is not up"
ping_lan 5 || fail "ping: $(cat "$LAB/ping")"
oc_stop 0
cookie=$(in_client openconnect --non-inter --passwd-on-stdin -u alice --servercert "$LAB_PIN" --authenticate \
	"https://$PUB_GW/" <<<secret 2>/dev/null | sed -n "s/^COOKIE='\(.*\)'/\1/p")
[ -n "$cookie" ] || fail "--authenticate gave no cookie"
background oc.1 c openconnect --cookie-on-stdin --servercert "$LAB_PIN" --interface tun1 \
	--script "$LAB/vpnc-script" -v "https://$PUB_GW/" <<<"$cookie" >"$LAB/oc.1.log" 2>&1
wait_for 20 oc_up_or_gone 1 || fail "the cookie was not taken"
oc_up 1 || fail "the cookie was not taken"
ping_lan 5 || fail "ping: $(cat "$LAB/ping")"
oc_stop 1
flipped=${cookie%webvpn=*}webvpn=$(tr '0-9a-f' '1-9a-f0' <<<"${cookie##*webvpn=}") # the client's own cookies go before it
for bad in "$flipped" "${cookie%??}" "$cookie" ""; do # changed, cut, signed out, empty
	in_client timeout 20 openconnect --cookie-on-stdin --servercert "$LAB_PIN" --interface tun2 --script /bin/true \
		"https://$PUB_GW/" <<<"$bad" >"$LAB/oc.2.log" 2>&1 && fail "the cookie '${bad:0:8}...' was taken"
done
[ "$(counter connect_bad_cookie)" = 2 ] || fail "bad cookies are not counted"
[ "$(counter cookie_ended)" = 1 ] || fail "the cookie of who signed out is not counted"
no_leftovers
