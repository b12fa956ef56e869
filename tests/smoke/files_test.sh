#!/bin/bash
# 100 MB each way over DTLS: the same bytes arrive.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
gw_start
LAB_STATE=$(gw_state)
oc_start 0
oc_dtls 0 || fail "DTLS is not up"
head -c 100M /dev/urandom >"$LAB/file"
want=$(sha256sum <"$LAB/file")
transfer() { python3 "$LAB_ROOT/tests/support/transfer.py" "$@"; }
background transfer l python3 "$LAB_ROOT/tests/support/transfer.py" serve $LAN_HOST 5001 "$LAB/file" "$LAB/up"
wait_for 5 in_client python3 "$LAB_ROOT/tests/support/transfer.py" probe $LAN_HOST 5001 || fail "no server"
in_client python3 "$LAB_ROOT/tests/support/transfer.py" put $LAN_HOST 5001 "$LAB/file" || fail "upload"
in_client python3 "$LAB_ROOT/tests/support/transfer.py" get $LAN_HOST 5001 "$LAB/down" || fail "download"
[ "$(sha256sum <"$LAB/up")" = "$want" ] || fail "the upload differs"
[ "$(sha256sum <"$LAB/down")" = "$want" ] || fail "the download differs"
[ "$(counter stream_rx)" -lt 5000 ] || fail "it went by CSTP"
stop_background transfer
oc_stop 0
no_leftovers
