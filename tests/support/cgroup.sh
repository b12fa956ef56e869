# shellcheck shell=bash
# Sourced by scripts/bench/*: a server and all its children in a cgroup of their own, version 1 (cpuacct, cpu) or 2, so
# that their CPU time can be read and capped. Where neither can be written, CG_KIND is proc: time comes from the process
# tree, to the hundredth of a second, and there is no cap.

cg_probe() {
	CG_ACCT=$(awk '$3 == "cgroup" && $4 ~ /(^|,)cpuacct(,|$)/ { print $2; exit }' /proc/mounts)
	CG_CPU=$(awk '$3 == "cgroup" && $4 ~ /(^|,)cpu(,|$)/ { print $2; exit }' /proc/mounts)
	CG_KIND=proc
	if [ -w "${CG_ACCT:-/nonexistent}" ] && [ -w "${CG_CPU:-/nonexistent}" ]; then
		CG_KIND=v1
		return
	fi
	CG_ACCT=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts) CG_CPU=$CG_ACCT
	if [ -w "${CG_CPU:-/nonexistent}" ] && { echo +cpu >"$CG_CPU/cgroup.subtree_control"; } 2>/dev/null; then
		CG_KIND=v2
	fi
}

# cg_tree PID: the process and all below it.
cg_tree() {
	local child
	echo "$1"
	for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
		cg_tree "$child"
	done
}

# cg_make NAME PID: the process and all below it, with what they start from now on.
cg_make() {
	local dir pid
	[ $CG_KIND != proc ] || return 0
	for dir in "$CG_ACCT/$1" "$CG_CPU/$1"; do
		mkdir -p "$dir"
		for pid in $(cg_tree "$2"); do
			echo "$pid" >"$dir/cgroup.procs"
		done
	done
}

# cg_time NAME PID: where tests/support/meter.py finds the CPU time.
cg_time() {
	case $CG_KIND in
	v1) echo "$CG_ACCT/$1/cpuacct.usage" ;;
	v2) echo "$CG_ACCT/$1/cpu.stat" ;;
	proc) echo "tree:$2" ;;
	esac
}

# cg_cap NAME PERCENT: so much of one CPU at the most; 100 lifts it.
cg_cap() {
	local period=50000 quota=$((500 * $2))
	[ "$2" != 100 ] || quota=-1
	case $CG_KIND in
	v1)
		echo $period >"$CG_CPU/$1/cpu.cfs_period_us"
		echo $quota >"$CG_CPU/$1/cpu.cfs_quota_us"
		;;
	v2) echo "${quota/-1/max} $period" >"$CG_CPU/$1/cpu.max" ;;
	esac
}

# cg_remove NAME: once its processes have ended.
cg_remove() {
	[ $CG_KIND = proc ] || rmdir "$CG_ACCT/$1" "$CG_CPU/$1" 2>/dev/null || true
}
