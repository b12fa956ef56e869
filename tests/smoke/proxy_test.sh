#!/bin/bash
# PROXY headers: a listed load balancer says whom it speaks for, and limits, bans and the log are those of the device; a
# broken one is closed; from anybody else it is a broken ClientHello.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

CONF_BAN_POINTS=80
lab_up
sed -i "s|^listen: {|listen: {proxy-protocol-from: $PUB_CLIENT/32, |" "$LAB/mst.yaml"
ip -n "$LAB_ID-c" addr add 192.0.2.99/24 dev eth0
cat >"$LAB/ask.py" <<'P'
"""ask.py FROM HEADER-HEX [BODY]: one request behind a PROXY header, byte by byte when HEADER-HEX begins with +; prints the
status, or closed."""
import socket, ssl, sys, time
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
source, header = sys.argv[1], sys.argv[2]
body = sys.argv[3] if len(sys.argv) > 3 else ""
try:
    plain = socket.create_connection(("192.0.2.1", 443), timeout=5, source_address=(source, 0))
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    data = bytes.fromhex(header.lstrip("+"))
    for part in [data[i:i + 1] for i in range(len(data))] if header[0:1] == "+" else [data]:
        plain.sendall(part)
        time.sleep(0.002)
    tls = context.wrap_socket(plain)
    head = "POST /auth HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s"
    tls.sendall((head % (len(body), body) if body else "GET / HTTP/1.1\r\nHost: x\r\n\r\n").encode())
    print(tls.recv(100)[9:12].decode())
except OSError:
    print("closed")
P
v1=$(printf 'PROXY TCP4 203.0.113.7 192.0.2.1 4000 443\r\n' | od -An -tx1 | tr -d ' \n')
v2=0d0a0d0a000d0a515549540a2111000ccb007108c00002010fa001bb # 203.0.113.8
local=0d0a0d0a000d0a515549540a20000000
ask() { in_client python3 "$LAB/ask.py" "$@"; }
gw_start
LAB_STATE=$(gw_state)
[ "$(ask $PUB_CLIENT "$v1")" = 200 ] || fail "version 1 is not taken"
[ "$(ask $PUB_CLIENT "+$v2")" = 200 ] || fail "version 2 is not taken byte by byte"
[ "$(ask $PUB_CLIENT "$local")" = 200 ] || fail "a probe of the load balancer itself is not taken"
ask $PUB_CLIENT "$v1" 'username=alice&password=secret' >/dev/null
gw_log_has "sign-in of 'alice' from 203.0.113.7" || fail "the log has another address"
# A header that is none, and none at all.
[ "$(ask $PUB_CLIENT "50524f5859205443503420310d0a")" = closed ] || fail "a broken header is taken"
[ "$(ask $PUB_CLIENT "")" = closed ] || fail "a load balancer without a header is taken"
[ "$(counter proxy_malformed)" = 2 ] || fail "not counted"
# From others: no such thing.
[ "$(ask 192.0.2.99 "$v1")" = closed ] || fail "anybody may say whom he speaks for"
[ "$(ask 192.0.2.99 "")" = 200 ] || fail "who is not listed needs no header"
# Bans are of the device, not of the load balancer.
for _ in $(seq 9); do
	ask $PUB_CLIENT "$v2" 'username=alice&password=wrong' >/dev/null
done
gw_log_has '203.0.113.8 is banned' || fail "the device is not banned"
[ "$(ask $PUB_CLIENT "$v2")" = closed ] || fail "a banned device comes in by the load balancer"
[ "$(ask $PUB_CLIENT "$v1")" = 200 ] || fail "the load balancer is banned for its device"
cli server disconnect user alice >/dev/null
no_leftovers
