#!/usr/bin/env bash
# Names a second through our DNS asker, alone and with the log and the store of the attack surface, against a local nsd whose
# zone has a fifth of the names, beside dnsperf with the same names where it is installed, and massdns where whoever measures
# has built it. All in turns, as many rounds as MAMORI_ROUNDS says (5): medians are told, and of each round's ratios the
# median, since a busy machine is busy for all of a round. Ratios are of names a second (more is faster) and of processor time
# for all names (less is cheaper). Without nsd there is nothing to ask. dns.sh [NAMES]; with MAMORI_LOSS=1 (root, nft) one UDP
# packet in a hundred is lost in a network namespace of its own. A lost name of ours is a failure.
set -euo pipefail
build=${MAMORI_BUILD:-build}
names=${1:-500000}
port=${MAMORI_DNS_PORT:-5399}
rounds=${MAMORI_ROUNDS:-5}
in_flight=2000 # as the attack surface asks
for tool in nsd nsd-checkconf; do
	command -v "$tool" >/dev/null || {
		echo "dns: $tool is not installed: skipped"
		exit 0
	}
done
if [ -n "${MAMORI_LOSS:-}" ] && [ -z "${MAMORI_LOSS_INSIDE:-}" ]; then
	MAMORI_LOSS_INSIDE=1 exec unshare -n "$0" "$@"
fi
dir=$(mktemp -d)
pid=
end() {
	if [ -n "$pid" ]; then
		kill "$pid" 2>/dev/null || true
		wait "$pid" || true
	fi
	rm -rf "$dir"
}
trap end EXIT
if [ -n "${MAMORI_LOSS_INSIDE:-}" ]; then
	ip link set lo up
	nft add table inet loss
	nft add chain inet loss in '{ type filter hook input priority 0; }'
	nft add rule inet loss in meta l4proto udp numgen random mod 100 0 drop
fi
awk -v n="$names" 'BEGIN {
	print "$ORIGIN bench.example.\n$TTL 60\n. SOA ns hostmaster 1 3600 600 86400 60\n. NS ns\nns A 127.0.0.1"
	for (i = 0; i < n; i += 5) printf "n%d A 192.0.2.%d\n", i, i % 250 + 1
}' >"$dir/zone"
cat >"$dir/nsd.conf" <<CONF
server:
	server-count: 1
	ip-address: 127.0.0.1
	port: $port
	username: ""
	chroot: ""
	zonesdir: "$dir"
	database: ""
	pidfile: "$dir/pid"
	xfrdfile: "$dir/xfrd"
	zonelistfile: "$dir/list"
	xfrdir: "$dir"
	rrl-ratelimit: 0
	receive-buffer-size: 4194304
	send-buffer-size: 4194304
remote-control:
	control-enable: no
zone:
	name: .
	zonefile: zone
CONF
nsd -d -c "$dir/nsd.conf" 2>"$dir/log" &
pid=$!
for _ in $(seq 300); do
	if "$build/test/unit/net/bench-dns" "127.0.0.1:$port" 1 1 2>/dev/null | grep -q '"exist":1'; then
		break
	fi
	sleep 0.1
done
field() {
	sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p" "$dir/out"
}
# NAME RATE CPU-SECONDS LOST
note() {
	if [ -z "$2" ]; then
		echo "dns: $1 did not end well"
		exit 1
	fi
	printf '%s|%s|%s|%s\n' "$@" >>"$dir/results"
	printf '%s: %s names/s, %s s of processor, %s lost\n' "$@"
}
TIMEFORMAT='%U %S'
timed() {
	{ time "$@" >"$dir/out" 2>/dev/null; } 2>"$dir/time" || true
	used=$(awk '{ print $1 + $2 }' "$dir/time")
}
alone() {
	"$build/test/unit/net/bench-dns" "127.0.0.1:$port" "$names" "$in_flight" >"$dir/out" || true
	note 'mamori alone' "$(field names_per_second)" "$(field cpu_seconds)" "$(field lost)"
}
# With the log, its signatures and the store of answers, on disk.
whole() {
	rm -rf "$dir/surface"
	"$build/test/unit/surface/bench-ask" "$dir/surface" "127.0.0.1:$port" "$names" >"$dir/out" || true
	note 'mamori with log and store' "$(field names_per_second)" "$(field cpu_seconds)" "$(field failed)"
}
# What it says of a second leaves out the five it waits for lost packets; with this buffer it loses none.
dnsperf_run() {
	timed dnsperf -s 127.0.0.1 -p "$port" -d "$dir/queries" -n 1 -q 1000 -b 2048
	note dnsperf "$(awk '/Queries per second/ { printf "%.0f", $NF }' "$dir/out")" "$used" \
		"$(awk '/Queries lost/ { print $3 }' "$dir/out")"
}
# LABEL OPTION…
massdns_run() {
	local label=$1 began answered rate lost='?'
	began=$(date +%s%N)
	timed massdns -q -r "$dir/resolvers" -t A -w "$dir/massdns" "${@:2}" "$dir/names"
	rate=$((names * 1000000000 / ($(date +%s%N) - began)))
	# Only its JSON tells which names do not exist.
	answered=$(grep -c '"status":"\(NOERROR\|NXDOMAIN\)"' "$dir/massdns" || true)
	[ "$answered" -eq 0 ] || lost=$((names - answered))
	note "$label" "$rate" "$used" "$lost"
}
awk -v n="$names" -v d="$dir" 'BEGIN {
	for (i = 0; i < n; i++) {
		printf "n%d.bench.example A\n", i >(d "/queries")
		printf "n%d.bench.example\n", i >(d "/names")
	}
}'
echo "127.0.0.1:$port" >"$dir/resolvers"
for _ in $(seq "$rounds"); do
	alone
	# It asks no second time, so that under loss there is nothing to compare.
	[ -n "${MAMORI_LOSS:-}" ] || ! command -v dnsperf >/dev/null || dnsperf_run
	if command -v massdns >/dev/null; then
		massdns_run massdns -o J
		massdns_run 'massdns -s 1000' -o L -s 1000
	fi
	whole
done
echo "medians of $rounds rounds:"
awk -F'|' '
function median(list,   v, n, i, j, t) {
	n = split(list, v, " ")
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j - 1] + 0 > v[j] + 0; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}
!($1 in count) { order[++names] = $1 }
{
	k = ++count[$1]
	rate[$1, k] = $2; cpu[$1, k] = $3
	rates[$1] = rates[$1] " " $2; cpus[$1] = cpus[$1] " " $3; lost[$1] = $4 == "?" ? $4 : lost[$1] + $4
}
END {
	for (i = 1; i <= names; i++)
		printf "%s: %d names/s, %.2f s of processor, %s lost in all\n", order[i], median(rates[order[i]]), median(cpus[order[i]]), lost[order[i]]
	for (i = 1; i <= names; i++)
		for (j = 1; j <= names; j++) {
			a = order[i]; b = order[j]; r = c = ""
			if (a !~ /^mamori/ || b ~ /^mamori/) continue
			for (k = 1; k <= count[a] && k <= count[b]; k++)
				if (rate[b, k] > 0 && cpu[b, k] > 0) { r = r " " rate[a, k] / rate[b, k]; c = c " " cpu[a, k] / cpu[b, k] }
			if (r != "") printf "%s beside %s: %.2f of its rate, %.2f of its processor time\n", a, b, median(r), median(c)
		}
}' "$dir/results"
lost=$(awk -F'|' '/^mamori/ { n += $4 } END { print n + 0 }' "$dir/results")
if [ "$lost" -gt 0 ]; then
	echo "dns: $lost names were lost"
	exit 1
fi
