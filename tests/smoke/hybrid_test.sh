#!/bin/bash
# Gateway and client that both have X25519MLKEM768 (OpenSSL 3.5) agree on it; one that has not gets X25519.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
gw_start
if ! grep -q X25519MLKEM768 "/proc/$(gw_pid)/exe" || ! openssl version | grep -qE '^OpenSSL (3\.[5-9]|[4-9])'; then
	echo "needs OpenSSL 3.5"
	exit 77
fi
group() { # group [OPTION...]: what is agreed on
	in_client openssl s_client -connect $PUB_GW:443 "$@" </dev/null 2>&1 |
		sed -n 's/^Negotiated TLS1.3 group: //p; s/^Peer Temp Key: \(X25519\),.*/\1/p'
}
[ "$(group)" = X25519MLKEM768 ] || fail "agreed on $(group)"
[ "$(group -groups X25519)" = X25519 ] || fail "a client that has only X25519: $(group -groups X25519)"
if in_client openssl s_client -connect $PUB_GW:443 -groups MLKEM768 </dev/null >"$LAB/alone" 2>&1; then
	fail "agreed on MLKEM768 alone: $(grep -i group "$LAB/alone")"
fi
