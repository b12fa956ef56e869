#!/bin/bash
# The sign-in helper: what it may do, and that its death is nobody's who is signed in already.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

helper() { cli --json server show status | sed -n 's/.*"Sec-mod PID": *\([0-9]*\).*/\1/p'; }
status_of() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"; }
helper_is_new() { [ "$(helper)" != 0 ] && [ "$(helper)" != "$1" ]; }

lab_up
gw_start
LAB_STATE=$(gw_state)
pid=$(helper)
[ "${pid:-0}" -gt 1 ] || fail "mst-cli knows no helper"
read -r uid _ <<<"$(status_of "$pid" Uid)"
[ "$uid" != 0 ] || fail "the helper is root"
[ "$(status_of "$pid" NoNewPrivs)" = 1 ] || fail "the helper may get new privileges"
[ "$(status_of "$pid" Seccomp)" = 2 ] || fail "the helper's system calls are not filtered"
for set in CapEff CapPrm CapInh CapAmb CapBnd; do
	[ "$(status_of "$pid" $set)" = 0000000000000000 ] || fail "$set is not empty"
done
grep -q '^Max core file size  *0  *0 ' "/proc/$pid/limits" || fail "it may dump core"
in_gateway ss -Hlnp | grep -q "pid=$pid," && fail "it listens"
# The socket to the gateway, its pool's descriptor, /dev/null, the log: nothing that the gateway has open besides.
[ "$(find "/proc/$pid/fd" -type l -lname 'socket:*' | wc -l)" = 1 ] || fail "it holds more than one socket"
find "/proc/$pid/fd" -type l \( -lname '*/users' -o -lname '*.key' -o -lname '/dev/net/tun' \) | grep -q . &&
	fail "it holds what it does not need"

oc_start 0
oc_dtls 0 || fail "DTLS is not up"
in_client ping -q -i 0.02 -c 150 -W 2 $LAN_HOST >"$LAB/long" &
pinger=$!
kill -KILL "$pid"
wait_for 5 helper_is_new "$pid" || fail "it was not started again"
gw_log_has "the sign-in helper (pid $pid) has gone" || fail "the log does not tell"
[ "$(counter auth_lost)" = 1 ] || fail "its death is not counted"
# Until it has its files sign-ins are put off.
signs_in() { OC_USER=user1 oc_spawn 1 && wait_for 10 oc_up_or_gone 1 && oc_up 1; }
wait_for 5 signs_in || fail "nobody can sign in"
wait $pinger || true
grep -q ' 0% packet loss' "$LAB/long" || fail "traffic was hurt: $(cat "$LAB/long")"
[ "$(counter connect_resumed)" = 0 ] || fail "a session was cut"

# Users come and go without a word to the gateway; a broken file is told of, and the old one stays.
sed -i 's/^user2:/renamed:/' "$LAB/users"
wait_for 5 gw_log_has 'a file of sign-in has changed' || fail "the change was not seen"
OC_USER=renamed oc_start 2
echo broken >>"$LAB/users"
wait_for 5 gw_log_has "$LAB/users:23: expected user:groups:hash" || fail "the broken file was not told of"
OC_USER=user3 oc_start 3
for n in 0 1 2 3; do oc_stop $n; done
no_leftovers

# It ends with the gateway, however that ends.
pid=$(helper)
kill -KILL "$(gw_pid)"
wait_for 3 test ! -e "/proc/$pid" || fail "it outlives the gateway"
