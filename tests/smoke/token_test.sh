#!/bin/bash
# Bearer tokens of an issuer in the LAN: openconnect as it is and with --http-auth=Bearer, tokens that are refused, keys
# that rotate, a session that ends with its token.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

issuer() { python3 "$LAB_ROOT/tests/support/issuer.py" "$1" "$LAB/issuer" "${@:2}"; }
token() { # token FILE [OPTION...]
	printf %s "$(issuer token "${@:2}")" >"$LAB/$1" # openconnect sends the line feed, too
}
sign_in() { # sign_in N FILE [OPTION...]
	OC_USER='' OC_PASSWORD='' oc_start "$1" --token-mode=oidc --token-secret="@$LAB/$2" "${@:3}"
}
refused() { # refused N FILE
	OC_USER='' OC_PASSWORD='' oc_spawn "$1" --token-mode=oidc --token-secret="@$LAB/$2" --http-auth=Bearer
	wait_for 15 oc_gone "$1" || fail "a token was neither taken nor refused"
	oc_up "$1" && fail "a wrong token was taken: $2"
	return 0
}

python3 -c 'import cryptography' 2>/dev/null || { say 'needs python3-cryptography' && exit 77; }
lab_up
mkdir "$LAB/issuer"
mkfifo "$LAB/hold"
exec {hold}<>"$LAB/hold"
background issuer l python3 "$LAB_ROOT/tests/support/issuer.py" serve "$LAB/issuer" --bind $LAN_HOST --port 8443 \
	--host $LAN_HOST <&"$hold" >"$LAB/issuer.out" 2>&1
wait_for 10 grep -q '^ready' "$LAB/issuer.out" || fail "no issuer: $(cat "$LAB/issuer.out")"
CONF_AUTH="methods: [token], token-expiry: end, strip-domain: corp, oidc: [{issuer: 'https://$LAN_HOST:8443', audience: [other, mst],
  ca-file: $LAB/issuer/ca.pem, required-claims: [tid=t1], refresh-min: 2s, leeway: 0}]" lab_config
gw_start
LAB_STATE=$(gw_state)
wait_for 20 gw_log_has "keys of https://$LAN_HOST:8443: 1 to use" || fail "the keys were not fetched"

token good --user 'CORP\Anna' --group staff --claim 'tid="t1"' --claim 'deviceid="d-1"'
sign_in 0 good
sign_in 1 good --http-auth=Bearer
ping_lan 5 || fail "packets were lost"
[ "$(cli --json server show users | grep -c '"Username": *"anna"')" = 2 ] || fail "$(cli server show users)"

token short --user cleo --claim 'tid="t1"' --claim "exp=$(($(date +%s) + 10))"
sign_in 4 short
oc_log_has 4 'X-CSTP-Session-Timeout: \([1-9]\|10\)\r*$' || fail "the device is not told when its token is over"

token audience --claim 'tid="t1"' --claim 'aud="somebody"'
token claim --claim 'tid="t2"'
token kid --claim 'tid="t1"' --header 'kid="../../etc/passwd"'
sed 's/.\{9\}$/AAAAAAAAA/' "$LAB/good" >"$LAB/signature"
for t in audience claim signature kid; do refused 2 $t; done
gw_log_has 'token from 192.0.2.2 refused: it has another audience' || fail "the log does not say why"
grep -q -e "$(cut -d. -f2 "$LAB/good")" -e "$(cut -d. -f3 "$LAB/good")" "$LAB/gateway.log" && fail "a token is in the log"

# The unknown key id above has used up what may be asked for in 2 s; then a key that is new is fetched.
issuer rotate
token new --user bert --claim 'tid="t1"'
sleep 2
sign_in 2 new
sign_in 3 good
wait_for 12 oc_gone 4 || fail "a session has outlived its token"
oc_log_has 4 'Sign in again: the token' || fail "the device is not told why"
[ "$(counter end_expired)" = 1 ] || fail "somebody else's token was over"
refused 4 short
for n in 0 1 2 3; do oc_stop $n; done
no_leftovers
