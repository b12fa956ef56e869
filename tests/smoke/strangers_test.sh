#!/bin/bash
# Whatever a stranger sends to UDP 443 gets no byte, and a live tunnel does not notice.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
gw_start
LAB_STATE=$(gw_state)
oc_start 0
oc_dtls 0 || fail "DTLS is not up"
answers=$(in_client python3 "$LAB_ROOT/tests/support/records.py" garbage $PUB_GW 443)
[ "$answers" = 0 ] || fail "$answers datagrams came back"
ping_lan 20 || fail "ping: $(cat "$LAB/ping")"
[ $(($(drops record_short) + $(drops record_type) + $(drops record_version) + $(drops no_session) +
	$(counter dtls_stranger) + $(counter dtls_malformed) + $(drops rate))) -ge 100 ] ||
	fail "the garbage is not counted"
in_client ping -q -c 3 -i 0.1 -W 1 $PUB_GW >/dev/null || fail "the public address does not answer a ping"
oc_stop 0
no_leftovers
