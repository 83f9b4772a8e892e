#!/usr/bin/env bash
# How long one whole inventory takes (system, hardware, packages and their JSON): the goal is under 30 ms for 1,000
# packages. Beside it, the same list of packages from dpkg-query or rpm.
set -euo pipefail
build=${MAMORI_BUILD:-build}
read -r first median packages < <("$build/test/unit/plan/bench-inventory")
printf 'mamori: one inventory of %s packages: first %s ms, median %s ms (%s ms for 1,000)\n' "$packages" "$first" "$median" \
	"$(awk -v m="$median" -v n="$packages" 'BEGIN { printf "%.2f", m * 1000 / n }')"

# Median of 11 runs of a program, in ms.
took() {
	local i start end
	for ((i = 0; i < 11; i++)); do
		start=$(date +%s%N)
		"$@" >/dev/null
		end=$(date +%s%N)
		echo $(((end - start) / 1000))
	done | sort -n | awk 'NR == 6 { printf "%.2f", $1 / 1000 }'
}
whole=$(took "$build/test/unit/plan/bench-inventory")
printf 'mamori: 21 inventories in one process of its own, start included: %s ms\n' "$whole"
if command -v dpkg-query >/dev/null; then
	peer=$(took dpkg-query -W)
	name="dpkg-query -W"
elif command -v rpm >/dev/null; then
	peer=$(took rpm -qa)
	name="rpm -qa"
else
	echo "no peer here: neither dpkg-query nor rpm"
	exit 0
fi
awk -v n="$name" -v p="$peer" -v m="$first" 'BEGIN { printf "%s (packages only): %s ms; a first inventory takes %.2f of it\n", n, p, m / p }'
