#!/bin/bash
# A device that vanishes: DPD closes its connection, the cookie time-out ends its session; idle and time limits.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

CONF_DPD=5s CONF_COOKIE=5s
lab_up
gw_start
LAB_STATE=$(gw_state)
oc_start 0
kill -STOP "$(oc_pid 0)"
silent() { [ "$(counter dpd_timeout)" = 1 ]; }
wait_for 25 silent || fail "DPD did not see that the device is gone"
ended() { [ "$(counter end_cookie)" = 1 ]; }
wait_for 12 ended || fail "the session did not end after its cookie time"
kill -KILL "$(oc_pid 0)"
no_leftovers
kill -TERM "$(gw_pid)"
wait_for 5 test ! -e "/proc/$(gw_pid)/exe"
CONF_DPD=90s CONF_IDLE=3s CONF_SESSION=9s
lab_config
gw_start
oc_start 0
wait_for 10 oc_gone 0 || fail "an idle device was not signed out"
oc_log_has 0 'Idle timeout' || fail "the idle device was not told why"
oc_start 0
background chatter c python3 "$LAB_ROOT/tests/support/records.py" chatter $LAN_HOST 12
wait_for 13 oc_gone 0 || fail "the time limit did not end the session"
oc_log_has 0 'Session time limit' || fail "the device was not told of the time limit"
