#!/bin/bash
# Two labs at once do not disturb each other.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

run() { bash "$LAB_ROOT/tests/smoke/dtls_test.sh" >"$1" 2>&1; }
LAB=$(mktemp -d)
run "$LAB/a" &
first=$!
run "$LAB/b" &
second=$!
wait $first || { cat "$LAB/a" && fail "the first of two labs"; }
wait $second || { cat "$LAB/b" && fail "the second of two labs"; }
rm -r "$LAB"
