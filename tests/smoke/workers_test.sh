#!/bin/bash
# Three workers on ports of one queue, and two with a queue for each, all on one CPU: every worker opens and seals, nothing
# comes out of order, the gateway drops nothing.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

worker() { tele "/mst/worker/stats,$1" "$2"; } # worker LCORE COUNTER
every_worker_has() {                           # every_worker_has COUNTER
	local w
	for w in $(seq "$workers"); do
		[ "$(worker "$w" "$1")" -gt 0 ] || fail "$shape: worker $w has no $1"
	done
}
sum_of() { # sum_of COUNTER
	local w sum=0
	for w in $(seq "$workers"); do sum=$((sum + $(worker "$w" "$1"))); done
	echo $sum
}

# udp N [OPTION...]: a stream of datagrams, from device N to the LAN or by -R the other way. None may come late. A few may be
# lost in the sockets around a gateway that shares its CPU; its own drops are looked at apart.
udp() {
	local n=$1 address
	shift
	address=$(oc_ip "$n")
	in_client ip route replace $LAN_HOST dev "tun$n"
	in_client iperf3 -c $LAN_HOST -B "$address" -u -b 8M -l 1000 -t 1 -J "$@" >"$LAB/iperf.json" 2>&1 ||
		fail "$shape: iperf3 $*: $(tail -3 "$LAB/iperf.json")"
	python3 - "$LAB/iperf.json" <<-'P' || fail "$shape: device $n, iperf3 $*"
		import json, sys
		end = json.load(open(sys.argv[1]))["end"]
		late = sum(s["udp"].get("out_of_order", 0) for s in end["streams"])
		lost = end["sum"]["lost_packets"]
		print("packets", end["sum"]["packets"], "lost", lost, "late", late, file=sys.stderr)
		sys.exit(lost * 50 > end["sum"]["packets"] or late > 0 or end["sum"]["packets"] < 500)
	P
}

traffic() {
	local n
	for n in 1 2 3; do
		OC_USER=user$n oc_start "$n"
		oc_dtls "$n" || fail "$shape: DTLS of client $n is not up"
	done
	for n in 1 2 3; do
		in_client ip route replace $LAN_HOST dev "tun$n"
		ping_lan 20 -I "$(oc_ip "$n")" || fail "$shape: ping of client $n: $(cat "$LAB/ping")"
		udp "$n"
		udp "$n" -R
	done
}

# try QUEUES CPU...: a gateway with a worker on each CPU named.
try() {
	CONF_QUEUES=$1
	shift
	workers=$# shape="$# workers, queues: $CONF_QUEUES"
	CONF_LCORES="{control: 0, workers: [$(printf '%s, ' "$@" | sed 's/, $//')]}"
	lab_config
	gw_start
	traffic
	every_worker_has busy_cycles
	for verdict in handoff_ring tag replay old stale; do
		[ "$(drops $verdict)" = 0 ] || fail "$shape: $(drops $verdict) packets dropped as $verdict"
	done
}

done_with() {
	local n
	for n in 1 2 3; do oc_stop "$n"; done
	stop_background gateway
}

last=$(($(nproc) - 1))
lab_up
background iperf l iperf3 -s >"$LAB/iperf.log" 2>&1
try 1 "$last" "$last" "$last"
every_worker_has dtls_rx_packets
every_worker_has dtls_tx_packets
for way in spread_in spread_out handoff_tx; do
	[ "$(sum_of $way)" -gt 0 ] || fail "$shape: nothing was handed over as $way"
done
[ "$(sum_of handoff)" = 0 ] || fail "$shape: strays although there is one queue"
cli server show status | grep -q 'Handed over' || fail "show status does not tell what is handed over"
done_with
try auto "$last" "$last"
[ "$(sum_of spread_in)" = 0 ] || fail "$shape: software spreads although there is a queue for each"
done_with
