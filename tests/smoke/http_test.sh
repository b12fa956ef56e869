#!/bin/bash
# Browsers get a page, and no more than that; plain HTTP on the port harms nobody. tests/attack has the malformed requests.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
gw_start
LAB_STATE=$(gw_state)
oc_start 0
in_client curl -sk -o "$LAB/page" -w '%{http_code}' https://$PUB_GW/ | grep -q 200 || fail "GET / is not 200"
grep -q '<html' "$LAB/page" || fail "GET / is no page"
# As health checks ask, and no more than they ask.
in_client curl -sk0 -o /dev/null -w '%{http_code}' https://$PUB_GW/ | grep -q 200 || fail "GET / by HTTP/1.0 is not 200"
in_client curl -sk0 -o /dev/null -w '%{http_code}' https://$PUB_GW/auth | grep -q 505 || fail "HTTP/1.0 is served"
in_client curl -skI https://$PUB_GW/ | grep -qi '^server:' && fail "the answer names the server"
in_client curl -sk -o /dev/null -w '%{http_code}' https://$PUB_GW/etc/passwd | grep -q 404 || fail "an unknown path is not 404"
printf 'GET / HTTP/1.1\r\n\r\n' | in_client timeout 3 python3 -c "
import socket,sys
s = socket.create_connection(('$PUB_GW', 443)); s.send(sys.stdin.buffer.read())
print(s.recv(100))" >/dev/null 2>&1 || true
ping_lan 20 || fail "the tunnel was hurt: $(cat "$LAB/ping")"
gw_alive || fail "the gateway is gone"
oc_stop 0
no_leftovers
