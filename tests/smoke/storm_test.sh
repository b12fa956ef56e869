#!/bin/bash
# A few established tunnels beside devices that connect and leave all the time: no steady packet is lost for want of
# worker time, no tunnel is given up, and the storm itself gets through.
set -eu
cd "$(dirname "$0")/../.."
[ "$(nproc --all)" -ge 2 ] || { echo "needs two CPUs"; exit 77; }
out=$(mktemp)
trap 'rm -f "$out"' EXIT
scripts/bench/storm --devices 8 --rate 500 --storm 40 --seconds 4 >"$out" 2>&1 || { cat "$out"; exit 1; }
grep -Eq '^storm: [1-9][0-9]* set-ups/s' "$out" || { cat "$out"; exit 1; }
grep -q '^storm: PASS' "$out"
