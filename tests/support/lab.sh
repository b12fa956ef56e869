# shellcheck shell=bash
# Sourced by scripts/demo and tests/smoke/*: a client, a gateway and a LAN host in network namespaces of their own,
# joined by veth, and the real openconnect. Everything has a name of its own, so that labs run side by side, and goes
# away with lab_down, which the EXIT trap calls. Not under pipefail: grep -q ends before what it reads from.
#
#   client (192.0.2.2) --- pub0 [gateway] priv0 --- host (10.20.0.2)
#
# Settings, before lab_up: MST_BUILD (build folder), LAB_KEEP (1: the demo keeps the lab), LAB_NS (the namespaces, where
# a lab has more than these three).

LAB_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
: "${MST_BUILD:=$LAB_ROOT/build}" "${LAB_NS:=c g l}"
PUB_GW=192.0.2.1 PUB_CLIENT=192.0.2.2 LAN_GW=10.20.0.1 LAN_HOST=10.20.0.2
POOL=10.99.0.0/24
: "${MST_DRIVERS_CONFIG:=$LAB_ROOT/drivers-config}"; export MST_DRIVERS_CONFIG

say() { printf '%s\n' "$*" >&2; }

# fail WORDS: what went wrong, the end of the gateway's log, and the end.
fail() {
	say "FAIL: $*"
	if [ -s "${LAB:-/nonexistent}/gateway.log" ]; then
		say "--- end of the gateway's log"
		tail -n "${LAB_LOG_LINES:-25}" "$LAB/gateway.log" >&2
		! gw_alive || say "--- it has waited $(gw_waited) s for a CPU"
	fi
	for f in "${LAB:-/nonexistent}"/oc.*.log; do
		[ -s "$f" ] || continue
		say "--- end of ${f##*/}"
		tail -n 12 "$f" >&2
	done
	exit 1
}

in_client() { ip netns exec "$LAB_ID-c" "$@"; }
in_gateway() { ip netns exec "$LAB_ID-g" "$@"; }
in_lan() { ip netns exec "$LAB_ID-l" "$@"; }
in_fleet() { ip netns exec "$LAB_ID-f" "$@"; }

# background NAME c|g|l|f COMMAND...: runs it in a namespace, its pid in $LAB/NAME.pid (ip replaces itself by the command).
background() {
	local name=$1 ns=$2 input
	shift 2
	exec {input}<&0 # a background command's own standard input is /dev/null
	ip netns exec "$LAB_ID-$ns" "$@" <&"$input" &
	echo $! >"$LAB/$name.pid"
	exec {input}<&-
}

stop_background() { # stop_background NAME
	kill "$(cat "$LAB/$1.pid")" 2>/dev/null || true
	wait "$(cat "$LAB/$1.pid")" 2>/dev/null || true
	rm -f "$LAB/$1.pid"
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
	local end=$(($(date +%s%N) / 1000000 + $1 * 1000))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $(($(date +%s%N) / 1000000)) -lt $end ] || return 1
		sleep 0.1
	done
}

pair() { # pair NS_A IF_A NS_B IF_B
	ip link add name "$2" netns "$1" type veth peer name "$4" netns "$3"
	ip -n "$1" link set "$2" up
	ip -n "$3" link set "$4" up
}

# The kernel sees each frame that AF_PACKET copies: it must not answer. veth leaves checksums to hardware it has not.
quiet() { # quiet INTERFACE [in_NAMESPACE]: an interface whose frames are DPDK's alone
	local inside=${2:-in_gateway}
	$inside sysctl -q -w "net.ipv6.conf.$1.disable_ipv6=1" 2>/dev/null || true
	$inside nft -f - <<-N
		table netdev mst_$1 {
			chain ingress { type filter hook ingress device $1 priority 0; policy drop; }
		}
	N
	$inside ethtool -K "$1" tx off rx off gro off gso off tso off >/dev/null 2>&1 || true
}

lab_namespaces() {
	local n
	for n in $LAB_NS; do
		ip netns add "$LAB_ID-$n"
		ip -n "$LAB_ID-$n" link set lo up
	done
	pair "$LAB_ID-c" eth0 "$LAB_ID-g" pub0
	pair "$LAB_ID-l" eth0 "$LAB_ID-g" priv0
	quiet pub0
	quiet priv0
	in_client ethtool -K eth0 tx off >/dev/null 2>&1
	in_lan ethtool -K eth0 tx off >/dev/null 2>&1
	ip -n "$LAB_ID-c" addr add $PUB_CLIENT/24 dev eth0
	ip -n "$LAB_ID-l" addr add $LAN_HOST/24 dev eth0
	ip -n "$LAB_ID-l" route add $POOL via $LAN_GW
}

# Both far ends in one namespace, out0 and in0, for a program that plays the devices and the LAN at once.
lab_fleet() { # lab_fleet N: and dev0 .. devN-1 as users, whose hash costs the gateway little
	local hash n
	ip netns add "$LAB_ID-f"
	ip -n "$LAB_ID-f" link set lo up
	ip -n "$LAB_ID-c" link set eth0 netns "$LAB_ID-f" name out0
	ip -n "$LAB_ID-l" link set eth0 netns "$LAB_ID-f" name in0
	for n in out0 in0; do
		ip -n "$LAB_ID-f" link set $n up
		quiet $n in_fleet
	done
	hash=$(openssl passwd -1 secret)
	seq -f "dev%.0f:staff:$hash" 0 $(($1 - 1)) >>"$LAB/users"
	echo secret >"$LAB/password"
}

# fleet OPTION...: mst-loadgen between the two ends of the gateway.
fleet() {
	in_fleet "${MST_LOADGEN:-$MST_BUILD/app/loadgen/mst-loadgen}" --port "$(lab_device 0 "${FLEET_LINK:-out0}" client)" \
		--address $PUB_CLIENT/24 --gateway $PUB_GW --plain-port "$(lab_device 1 in0 client)" \
		--plain-address $LAN_HOST/24 --plain-via $LAN_GW --user 'dev%u' --password-file "$LAB/password" \
		--pin "$LAB_PIN" --file-prefix "$LAB_ID-f" --memory 256 --hugepages off "$@"
}

lab_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj "/CN=gateway.example" \
		-addext "subjectAltName=IP:$PUB_GW,DNS:gateway.example" -keyout "$LAB/site.key" -out "$LAB/site.crt" \
		2>/dev/null
	chmod 600 "$LAB/site.key"
	lab_pin
}

lab_pin() {
	LAB_PIN=pin-sha256:$(openssl x509 -in "$LAB/site.crt" -noout -pubkey | openssl pkey -pubin -outform der |
		openssl dgst -sha256 -binary | base64)
}

lab_users() { # alice and user1 .. user20, all with the password "secret"
	local hash n
	hash=$(openssl passwd -6 secret)
	: >"$LAB/users"
	for n in alice $(seq -f 'user%g' 20); do
		printf '%s:staff:%s\n' "$n" "$hash" >>"$LAB/users"
	done
	printf 'locked:staff:!%s\n' "$hash" >>"$LAB/users"
	chmod 600 "$LAB/users"
}

# The script that openconnect calls: addresses and routes inside the client's namespace, nothing of the host's files.
lab_vpnc_script() {
	cat >"$LAB/vpnc-script" <<-'S'
		#!/bin/sh
		case $reason in
		connect)
			ip link set "$TUNDEV" up mtu "$INTERNAL_IP4_MTU"
			ip addr add "$INTERNAL_IP4_ADDRESS/32" dev "$TUNDEV"
			[ -z "$INTERNAL_IP6_NETMASK" ] || ip -6 addr add "$INTERNAL_IP6_NETMASK" dev "$TUNDEV" nodad
			i=0
			while [ "$i" -lt "${CISCO_SPLIT_INC:-0}" ]; do
				eval "ip route add \$CISCO_SPLIT_INC_${i}_ADDR/\$CISCO_SPLIT_INC_${i}_MASKLEN dev $TUNDEV metric 10${TUNDEV#tun}"
				i=$((i + 1))
			done
			env >"$LAB/env.$TUNDEV.new" # whole or not at all: oc_up looks for it
			mv "$LAB/env.$TUNDEV.new" "$LAB/env.$TUNDEV" ;;
		esac
		exit 0
	S
	chmod +x "$LAB/vpnc-script"
}

# lab_device 0|1 INTERFACE server|client: one end of a link of the gateway, as DPDK names it.
lab_device() {
	if [ "${CONF_DRIVER:-}" = net_memif ]; then
		echo "net_memif$1,role=$3,socket=$LAB/memif$1,socket-abstract=no"
	else
		echo "${CONF_DRIVER:-net_af_packet}$1,iface=$2"
	fi
}

# lab_config: the gateway's file, from CONF_* with defaults that make the tests quick; CONF_DRIVER is that of both ports.
lab_config() {
	cat >"$LAB/mst.yaml" <<-Y
		dpdk:
		  lcores: ${CONF_LCORES:-auto}
		  hugepages: ${CONF_HUGEPAGES:-auto}
		  memory: ${CONF_MEMORY:-384}
		  idle: ${CONF_IDLE_MODE:-auto}
		  file-prefix: $LAB_ID
		ports:
		  public:
		    device: "$(lab_device 0 pub0 server)"
		    queues: ${CONF_QUEUES:-auto}
		    addresses: [$PUB_GW/24]
		  private:
		    device: "$(lab_device 1 priv0 server)"
		    queues: ${CONF_QUEUES:-auto}
		    addresses: [$LAN_GW/24]
		tls:
		  certificate: $LAB/site.crt
		  key: $LAB/site.key
		listen: {udp: ${CONF_UDP:-true}}
		pool:
		  ipv4: ${CONF_POOL:-$POOL}
		network:
		  mtu: ${CONF_MTU:-1500}
		  routes: [10.20.0.0/24]
		  dns: [10.20.0.53]
		  default-domain: example.com
		  banner: ${CONF_BANNER:-Welcome to the lab}
		dtls:
		  ciphers: [${CONF_CIPHERS:-aes-256-gcm, aes-128-gcm, chacha20-poly1305}]
		  legacy: ${CONF_LEGACY:-true}
		timeouts:
		  dpd: ${CONF_DPD:-90s}
		  cookie: ${CONF_COOKIE:-300s}
		  idle: ${CONF_IDLE:-0s}
		  session: ${CONF_SESSION:-0s}
		  rekey: ${CONF_REKEY:-24h}
		auth: {${CONF_AUTH:-password: users}}
		users:
		  file: $LAB/users
		cookie:
		  keys: $LAB/cookie.keys
		  sessions: $LAB/sessions
		  deny-roaming: ${CONF_DENY_ROAMING:-false}
		limits:
		  sessions: ${CONF_SESSIONS:-65536}
		  same-user: ${CONF_SAME_USER:-0}
		  handshakes-per-second: ${CONF_HANDSHAKES:-100}
		  half-open: ${CONF_HALF_OPEN:-1024}
		bans: {max-points: ${CONF_BAN_POINTS:-0}}
		control:
		  socket: $LAB/mst.sock
		log:
		  level: ${CONF_LOG:-info}
	Y
}

lab_up() {
	LAB=$(mktemp -d "${TMPDIR:-/tmp}/mst-lab.XXXXXX")
	export LAB
	LAB_ID=mst$$
	trap lab_down EXIT
	trap 'exit 130' INT TERM
	lab_namespaces
	lab_certificate
	lab_users
	lab_vpnc_script
	lab_config
}

gw_start() {
	: >"$LAB/ready"
	background gateway g "$MST_BUILD/app/gateway/mst-gateway" -c "$LAB/mst.yaml" >"$LAB/ready" 2>>"$LAB/gateway.log"
	wait_for 30 gw_ready_or_gone || fail "the gateway is not ready after 30 s"
	grep -q '^mst-gateway ready ' "$LAB/ready" || fail "the gateway did not start"
}

gw_kill() { # SIGKILL: it has no time to say or to write anything
	kill -KILL "$(gw_pid)"
	wait "$(gw_pid)" 2>/dev/null || true
	rm -f "$LAB/gateway.pid"
}

gw_pid() { cat "$LAB/gateway.pid"; }
# gw_waited: seconds that its main thread was ready to run and had no CPU, since the start. A machine that gives it none for a
# minute looks like a gateway that hangs.
gw_waited() { awk '{ printf "%d\n", $2 / 1e9 }' "/proc/$(gw_pid)/schedstat"; }
gw_alive() { kill -0 "$(gw_pid)" 2>/dev/null; }
gw_ready_or_gone() { grep -q '^mst-gateway ready ' "$LAB/ready" || ! gw_alive; }
gw_log_has() { grep -q -- "$1" "$LAB/gateway.log"; }
cli() { "$MST_BUILD/app/cli/mst-cli" --socket "$LAB/mst.sock" "$@"; }

# tele COMMAND KEY [COMMAND KEY]...: numbers out of DPDK's telemetry socket.
tele() { python3 "$LAB_ROOT/tests/support/telemetry.py" "$LAB_ID" "$@"; }
drops() { tele /mst/drop/stats "drop_$1"; }

# worker_ticks LCORE: CPU time of the worker's thread, in clock ticks (100 a second).
worker_ticks() {
	local task
	task=$(grep -lx "rte-worker-$1\|lcore-worker-$1\|dpdk-worker$1" "/proc/$(gw_pid)/task"/*/comm) || return 1
	awk '{ print $14 + $15 }' "${task%comm}stat"
}

# counter NAME: of the control lcore.
counter() { tele /mst/handshake/stats "$1"; }

# oc_start N [OPTION...]: openconnect number N as user ${OC_USER:-alice} on interface tunN, until the tunnel is up.
oc_start() {
	oc_spawn "$@"
	wait_for 20 oc_up_or_gone "$1" || fail "client $1 did not connect in 20 s"
	oc_up "$1" || fail "client $1 did not connect"
}

oc_spawn() {
	local n=$1
	shift
	rm -f "$LAB/env.tun$n"
	background "oc.$n" c openconnect --non-inter --passwd-on-stdin -u "${OC_USER:-alice}" --servercert "$LAB_PIN" \
		--interface "tun$n" --script "$LAB/vpnc-script" --reconnect-timeout 60 -v "$@" "https://${OC_GATEWAY:-$PUB_GW}/" \
		>"$LAB/oc.$n.log" 2>&1 <<<"${OC_PASSWORD-secret}"
}

oc_pid() { cat "$LAB/oc.$1.pid"; }
oc_alive() { kill -0 "$(oc_pid "$1")" 2>/dev/null; }
oc_up() { [ -s "$LAB/env.tun$1" ] && oc_alive "$1"; }
oc_up_or_gone() { oc_up "$1" || ! oc_alive "$1"; }
oc_gone() { ! oc_alive "$1"; }
oc_dtls() { wait_for "${2:-15}" grep -q 'Established DTLS connection' "$LAB/oc.$1.log"; }
oc_log_has() { grep -q -- "$2" "$LAB/oc.$1.log"; }
oc_ip() { sed -n 's/^INTERNAL_IP4_ADDRESS=//p' "$LAB/env.tun$1"; }

# Sign out as a user does by Ctrl-C; ip netns exec has replaced itself, so the pid is openconnect's.
oc_stop() {
	kill -INT "$(oc_pid "$1")" 2>/dev/null || return 0
	wait_for 5 oc_gone "$1" || fail "client $1 did not stop"
}

# ping_lan COUNT [OPTION...]: from the device to the LAN host; none may be lost.
ping_lan() {
	local count=$1
	shift
	in_client ping -q -c "$count" -i 0.05 -W 2 "$@" $LAN_HOST >"$LAB/ping" 2>&1
	grep -q ' 0% packet loss' "$LAB/ping"
}

gw_now() {
	# shellcheck disable=SC2046 # three numbers
	printf 'sessions=%s free=%s mbufs=%s fds=%s\n' $(tele /mst/session/count sessions /mst/session/count leases_free \
		/mst/info mbufs_in_use) "$(find "/proc/$(gw_pid)/fd" | wc -l)"
}

gw_state() { # what must come back to where it was; three times the same, because frames and questions may be under way
	local now last='' same=0 tries=50
	while [ $same -lt 2 ] && [ $((tries--)) -gt 0 ]; do
		now=$(gw_now)
		if [ "$now" = "$last" ]; then same=$((same + 1)); else same=0; fi
		last=$now
	done
	printf '%s\n' "$now"
}

gw_back() { [ "$(gw_now)" = "$LAB_STATE" ]; }

# no_leftovers: sessions, addresses, mbufs and file descriptors are back at LAB_STATE=$(gw_state) within 10 s.
no_leftovers() {
	wait_for "${1:-10}" gw_back || fail "left over: $(gw_now), at the start $LAB_STATE"
}

lab_down() {
	local status=$?
	trap - EXIT INT TERM
	if [ -n "${LAB_KEEP:-}" ] && [ $status -eq 0 ]; then
		return 0
	fi
	lab_end
	if grep -sE 'runtime error:|(Address|Leak)Sanitizer' "$LAB/gateway.log" >&2; then
		say "FAIL: a sanitizer has found something"
		status=1
	fi
	lab_remove
	exit $status
}

lab_end() { # every program; the gateway's leaks are told at its end
	local f pid
	for f in "$LAB"/*.pid; do
		[ -e "$f" ] || continue
		pid=$(cat "$f")
		kill "$pid" 2>/dev/null || continue
		wait_for 5 test ! -e "/proc/$pid/exe" || kill -KILL "$pid" 2>/dev/null || true
	done
	wait 2>/dev/null || true
}

lab_remove() {
	local n
	lab_end
	for n in $LAB_NS f; do
		ip netns pids "$LAB_ID-$n" 2>/dev/null | xargs -r kill -KILL 2>/dev/null || true
		ip netns del "$LAB_ID-$n" 2>/dev/null || true
	done
	rm -rf "/var/run/dpdk/$LAB_ID" "/var/run/dpdk/$LAB_ID-f" "$LAB"
}
