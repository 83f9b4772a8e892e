#!/usr/bin/env bash
# One year of slots for 10,000 hosts (four windows, summer time, spread): what the server works out for "what happens next"
# and the simulator for every host. Then a program of its own that prints 1,000 occurrences of one rule, beside systemd's.
set -euo pipefail
build=${MAMORI_BUILD:-build}
read -r hosts slots ms < <("$build/test/unit/plan/bench-calendar")
awk -v h="$hosts" -v s="$slots" -v m="$ms" 'BEGIN {
	printf "mamori: %d slots of one year for %d hosts in %.0f ms (%.2f µs a slot)\n", s, h, m, m * 1000 / s }'
policy=$(mktemp)
trap 'rm -f "$policy"' EXIT
printf "policy: p\ninstall: {windows: [{weekly: [tue, thu], at: '22:00', for: 4h, tz: Europe/London}]}\n" >"$policy"
took() {
	local start
	start=$(date +%s%N)
	"$@" >/dev/null
	echo $((($(date +%s%N) - start) / 1000))
}
ours=$(took "$build/mamori" policy preview "$policy" --from 2026-12-01 --until 2036-07-01 --json)
printf 'mamori policy preview, 1,000 slots: %s µs\n' "$ours"
if ! command -v systemd-analyze >/dev/null; then
	echo "no peer here: no systemd-analyze"
	exit 0
fi
theirs=$(took systemd-analyze calendar --iterations=1000 'Tue,Thu *-*-* 22:00 Europe/London')
awk -v o="$ours" -v t="$theirs" 'BEGIN {
	printf "systemd-analyze calendar, 1,000 occurrences: %d µs; mamori takes %.3f of it\n", t, o / t }'
