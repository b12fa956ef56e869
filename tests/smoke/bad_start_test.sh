#!/bin/bash
# What is wrong at the start: a clear message, the right exit code, nothing left, never a hang.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
starts_not() { # starts_not CODE WORDS
	local status=0
	in_gateway ${AS:-} timeout 20 "$MST_BUILD/app/gateway/mst-gateway" -c "$LAB/mst.yaml" >"$LAB/out" 2>"$LAB/gateway.log" ||
		status=$?
	[ $status = "$1" ] || fail "exit code $status, not $1, for: $2"
	grep -qiE -- "$2" "$LAB/gateway.log" || fail "no word of: $2"
	[ ! -s "$LAB/out" ] || fail "ready was said: $2"
	in_gateway ip -o link show type tun | grep -q . && fail "a tap is left: $2"
	lab_config
}
sed -i 's/^pool:/pule:/' "$LAB/mst.yaml"
starts_not 78 'mst.yaml:[0-9]+:[0-9]+: .*pule'
sed -i 's/mtu: 1500/mtu: big/' "$LAB/mst.yaml"
starts_not 78 'mst.yaml:[0-9]+:[0-9]+: .*mtu.*expected'
CONF_POOL=10.20.0.0/25 lab_config
starts_not 78 'mst.yaml:[0-9]+:[0-9]+: .*pool'
sed -i 's/iface=priv0/iface=nope0/' "$LAB/mst.yaml"
starts_not 71 'nope0.*does not exist'
openssl ecparam -genkey -name prime256v1 -noout -out "$LAB/other.key"
sed -i "s,\([{ ]\)key: .*,\1key: $LAB/other.key," "$LAB/mst.yaml"
starts_not 78 'key.*certificate|certificate.*key'
mv "$LAB/users" "$LAB/users.away"
starts_not 71 'users'
mv "$LAB/users.away" "$LAB/users"
AS='setpriv --bounding-set -net_admin' starts_not 77 'CAP_NET_ADMIN'
in_gateway ip link add mst-pub type bridge
starts_not '71' 'mst-pub'
in_gateway ip link del mst-pub
CONF_HUGEPAGES=on CONF_MEMORY=65536 lab_config
starts_not 71 'nr_hugepages|dpdk-hugepages'
"$MST_BUILD/app/gateway/mst-gateway" --check -c "$LAB/mst.yaml" || fail "--check of a good file"
sed -i 's/^pool:/pule:/' "$LAB/mst.yaml"
"$MST_BUILD/app/gateway/mst-gateway" --check -c "$LAB/mst.yaml" 2>/dev/null && fail "--check of a bad file"
"$MST_BUILD/app/cli/mst-cli" config check "$LAB/mst.yaml" 2>/dev/null && fail "config check of a bad file"
lab_config
gw_start
cp "$LAB/gateway.pid" "$LAB/first.pid"
sed -i "s/file-prefix: .*/file-prefix: $LAB_ID-second/; s/mst-pub/x/" "$LAB/mst.yaml"
status=0
in_gateway timeout 20 "$MST_BUILD/app/gateway/mst-gateway" -c "$LAB/mst.yaml" >"$LAB/out" 2>"$LAB/second.log" || status=$?
[ $status -gt 0 ] && [ $status -ne 124 ] || fail "a second gateway on the same ports ended with $status"
gw_alive || fail "the first gateway is gone"
rm -rf "/var/run/dpdk/$LAB_ID-second"
