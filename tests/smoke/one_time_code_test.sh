#!/bin/bash
# A one-time code beside the password, by the forms of a real client, on one connection and on one for each form: asked of
# everybody, and good once.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

command -v oathtool >/dev/null || { say "needs oathtool" && exit 77; }

SECRET=3132333435363738393031323334353637383930
lab_up
sed -i "s|^  file: $LAB/users|&\n  oath: $LAB/users.oath|" "$LAB/mst.yaml"
printf 'HOTP/T30 alice - %s\nHOTP/T30 user1 - %s\n' $SECRET $SECRET >"$LAB/users.oath"
chmod 600 "$LAB/users.oath"
gw_start
LAB_STATE=$(gw_state)

code=$(oathtool --totp $SECRET) # good for this step and the next one
form() { printf '%s\n' "$@"; }

# refused USER PASSWORD CODE: after password and code, and not before.
refused() {
	OC_USER=$1 OC_PASSWORD=$(form "$2" "$3") oc_spawn 0
	wait_for 20 oc_gone 0 || fail "$*: the client is still there"
	[ ! -s "$LAB/env.tun0" ] || fail "$*: got a tunnel"
	oc_log_has 0 'One-time code' || fail "$*: was not asked for a code: $(cat "$LAB/oc.0.log")"
}
refused alice wrong "$code"
refused nobody secret "$code"
refused user2 secret "$code"
refused alice secret 000000
OC_PASSWORD=$(form secret "$code") oc_start 0
oc_stop 0
refused alice secret "$code"
# Another user's is another one, even of the same secret; here each form comes by a connection of its own.
OC_USER=user1 OC_PASSWORD=$(form secret "$code") oc_start 0 --no-http-keepalive
[ "$(counter tls_done)" -ge $(($(counter auth_ok) + $(counter auth_failed) + 3)) ] || fail "the forms came by one connection"
oc_stop 0
[ "$(counter auth_stale)" = 0 ] || fail "a question was not found again"
grep -q "$SECRET" "$LAB/gateway.log" && fail "the secret is in the log"
no_leftovers
