#!/bin/bash
# Drain: the device's connection is closed without a word and its session kept, nobody signs in, keys can be turned
# meanwhile; and all sessions can be ended at once.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
gw_start
oc_start 0
cli server drain x 2>/dev/null && fail "a drain of x seconds"
cli server undrain 2>/dev/null && fail "there was no drain to undo"
cli server drain 1 >/dev/null || fail "server drain"
cli server status | grep -q 'Status: draining' || fail "status does not tell"
gone() { [ "$(tele /mst/info connections)" = 0 ]; }
wait_for 5 gone || fail "the device is still connected"
[ "$(tele /mst/session/count sessions)" = 1 ] || fail "the session is gone"
oc_alive 0 || fail "the client was told to leave"
OC_USER=user1 oc_spawn 1
wait_for 10 oc_gone 1 || fail "somebody signs in during a drain"
oc_log_has 1 'Unexpected 503 result' || fail "the client was not told"
cli server rotate-cookie-key >/dev/null || fail "rotate-cookie-key"
two() { [ "$(grep -c '^[0-9a-f]' "$LAB/cookie.keys")" = 2 ]; }
wait_for 5 two || fail "there is no second key"
wait_for 5 gw_log_has '2 cookie key(s)' || fail "the second key is not read"
cli server undrain || fail "server undrain"
OC_USER=user1 oc_start 1
cli server disconnect all | grep -q '2 session(s) ended' || fail "disconnect all"
wait_for 5 oc_gone 1 || fail "the client is still there"
oc_log_has 1 'Disconnected by the administrator' || fail "the client was not told why"
kill -KILL "$(oc_pid 0)" # it waits before it tries again
