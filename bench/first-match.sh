#!/usr/bin/env bash
# After the first import of a feed every host is matched, and what was found is stored: how long until the last finding is
# on disk, with real commits (synchronous=FULL), and how much memory that takes; then a feed that touches one package.
# first-match.sh [HOSTS]: each of 1,000 packages, about 100 findings.
set -euo pipefail
build=${MAMORI_BUILD:-build}
for hosts in ${1:-500 2000}; do
	out=$("$build/test/unit/server/bench-first-match" "$hosts" 1000 100)
	python3 -c '
import json, sys
r = json.loads(sys.argv[1])
print("{hosts} hosts of {packages} packages: {findings} findings found and stored in {seconds} s ({cpu_seconds} s of processor "
      "time, {cpu_us_per_finding} µs a finding with matching), peak {peak_mib} MiB; one package changes: {matched_again} host "
      "matched again, {seconds_again} s".format(**r))' "$out"
done
