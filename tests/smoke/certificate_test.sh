#!/bin/bash
# An expired certificate is a warning, a key that others may read too; a bare TCP connect is quiet.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=old.example" \
	-keyout "$LAB/site.key" -out "$LAB/site.csr" 2>/dev/null
openssl x509 -req -in "$LAB/site.csr" -signkey "$LAB/site.key" -days 0 -out "$LAB/site.crt" 2>/dev/null
sleep 1.1 # over with the second in which it was made
chmod 644 "$LAB/site.key"
lab_pin
gw_start
gw_log_has 'warning control: certificate .*expire' || fail "no warning of an expired certificate"
gw_log_has 'warning control: certificate .*read' || fail "no warning of a key that others may read"
LAB_STATE=$(gw_state)
lines=$(wc -l <"$LAB/gateway.log")
in_client python3 -c "
import socket
for i in range(20):
    socket.create_connection(('$PUB_GW', 443)).close()"
sleep 0.5
[ "$(wc -l <"$LAB/gateway.log")" = "$lines" ] || fail "bare connects make noise: $(tail -3 "$LAB/gateway.log")"
oc_start 0
oc_stop 0
# Half-open connections are bounded and timed.
[ "$(tele /mst/info half_open)" = 0 ] || fail "half-open connections are left"
no_leftovers
