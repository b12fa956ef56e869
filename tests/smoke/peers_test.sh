#!/bin/bash
# The comparison with ocserv still runs: one short slice of TLS set-ups on each server, and its report.
set -eu
cd "$(dirname "$0")/../.."
command -v ocserv >/dev/null || { echo "needs ocserv"; exit 77; }
[ "$(nproc --all)" -ge 2 ] || { echo "needs two CPUs"; exit 77; }
out=$(mktemp)
trap 'rm -f "$out"' EXIT
scripts/bench/peers --rounds 1 --slice 1 --only setups >"$out"
grep -Eq '^setups: [0-9]+ and [0-9]+/s .*ours:ocserv' "$out" || { cat "$out"; exit 1; }
grep -q '^machine: .*ours on net_af_packet; ocserv' "$out"
