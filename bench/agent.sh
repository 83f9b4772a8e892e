#!/usr/bin/env bash
# The agent at rest and at work: size of the program, proportional memory and wake-ups of what waits between check-ins
# (all its processes), and how long a check-in takes when nothing changed. Peers run beside it where they are installed.
#   SECONDS_IDLE=60  how long wake-ups are counted
set -euo pipefail
build=${MAMORI_BUILD:-build}
idle=${SECONDS_IDLE:-60}
work=$(mktemp -d)
pids=()
cleanup() {
	[ "${#pids[@]}" -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
	wait 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT

# Of a process and all below it.
family() {
	local pid child
	for pid in "$@"; do
		echo "$pid"
		while read -r -d " " child; do family "$child"; done <"/proc/$pid/task/$pid/children" 2>/dev/null || true
	done
}
pss_kib() {
	local pid sum=0 one
	for pid in $(family "$@"); do
		one=$(awk '$1 == "Pss:" { print $2 }' "/proc/$pid/smaps_rollup")
		sum=$((sum + one))
	done
	echo "$sum"
}
switches() {
	local pid sum=0 one
	for pid in $(family "$@"); do
		one=$(awk '$1 == "voluntary_ctxt_switches:" { print $2 }' "/proc/$pid/status")
		sum=$((sum + one))
	done
	echo "$sum"
}
cpu_ms() {
	local pid sum=0 one
	for pid in $(family "$@"); do
		one=$(awk '{ print $14 + $15 }' "/proc/$pid/stat")
		sum=$((sum + one))
	done
	echo $((sum * 1000 / $(getconf CLK_TCK)))
}

cp "$build/mamori-agent" "$work/stripped"
strip "$work/stripped"
printf 'mamori-agent stripped: %d KiB (limit 1024)\n' $(($(stat -c %s "$work/stripped") / 1024))

# A server of our own, and this machine enrolled at it.
port=$((20000 + RANDOM % 20000))
"$build/mamori" init --data "$work/data" >"$work/init.log" 2>&1
"$build/mamori" serve --data "$work/data" --listen "127.0.0.1:$port" --agents "127.0.0.1:$((port + 1))" \
	>"$work/serve.log" 2>&1 &
pids+=($!)
for _ in $(seq 100); do
	! grep -q ready "$work/serve.log" || break
	sleep 0.1
done
(umask 077 && "$build/mamori" token create --data "$work/data" >"$work/token")
# What this machine has installed, but a root of its own: nothing of the machine is planned, fetched or changed.
mkdir -p "$work/root/etc" "$work/root/var/lib/dpkg"
cp /etc/os-release "$work/root/etc/"
cp /var/lib/dpkg/status "$work/root/var/lib/dpkg/"
agent() {
	local verb=$1
	shift
	"$build/mamori-agent" "$verb" --state "$work/agent" --root "$work/root" "$@"
}
agent enrol --token-file "$work/token" >/dev/null
agent once

best=
for _ in 1 2 3 4 5; do
	begin=$(date +%s%N)
	agent once
	took=$((($(date +%s%N) - begin) / 1000))
	[ -n "$best" ] && [ "$best" -le "$took" ] || best=$took
done
printf 'check-in without changes: %d.%03d ms (best of 5; %d packages, TLS handshake and inventory in it)\n' \
	$((best / 1000)) $((best % 1000)) "$(grep -c '^Package:' "$work/root/var/lib/dpkg/status")"

"$build/mamori-agent" run --state "$work/agent" --root "$work/root" >"$work/run.log" 2>&1 &
waiter=$!
pids+=("$waiter")

# Peers: name, program, arguments.
names=(mamori-agent)
mains=("$waiter")
if command -v zabbix_agentd >/dev/null; then
	printf 'LogType=console\nServer=127.0.0.1\nListenPort=%d\nListenIP=127.0.0.1\nStartAgents=1\nAllowRoot=1\nPidFile=%s\n' \
		$((port + 2)) "$work/zabbix.pid" >"$work/zabbix.conf"
	zabbix_agentd -f -c "$work/zabbix.conf" >/dev/null 2>&1 &
	names+=(zabbix_agentd)
	mains+=($!)
	pids+=($!)
fi
if command -v cf-execd >/dev/null; then
	cf-execd --no-fork --no-lock >/dev/null 2>&1 &
	names+=(cf-execd)
	mains+=($!)
	pids+=($!)
fi
# Until the first check-in is over and everything has settled.
sleep 8

before=() cpu=()
for i in "${!names[@]}"; do
	before+=("$(switches "${mains[$i]}")")
	cpu+=("$(cpu_ms "${mains[$i]}")")
done
sleep "$idle"
own=
for i in "${!names[@]}"; do
	[ -d "/proc/${mains[$i]}" ] || {
		printf '%s did not stay up; left out\n' "${names[$i]}"
		continue
	}
	pss=$(pss_kib "${mains[$i]}")
	own=${own:-$pss}
	printf '%-14s idle: %6d KiB proportional memory, %d processes, %d wake-ups and %d ms of CPU in %d s; %.1f x mamori\n' \
		"${names[$i]}" "$pss" "$(family "${mains[$i]}" | wc -l)" \
		$(($(switches "${mains[$i]}") - before[i])) $(($(cpu_ms "${mains[$i]}") - cpu[i])) "$idle" \
		"$(awk -v a="$pss" -v b="$own" 'BEGIN { print a / b }')"
done
[ "$own" -lt 1024 ] || {
	echo 'mamori-agent at rest is over its limit of 1 MiB'
	exit 1
}
