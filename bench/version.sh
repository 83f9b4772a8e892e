#!/usr/bin/env bash
# Version orders: pairs a second through `mamori version compare SCHEME -` (one process, reading and printing in it),
# beside what a script would use otherwise: dpkg --compare-versions (a process for each pair), Perl's Dpkg::Version and
# rpm's own order in one process each. The answers of all must be the same.
#   PAIRS=300000  pairs for each scheme
set -euo pipefail
build=${MAMORI_BUILD:-build}
pairs=${PAIRS:-300000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Versions that differ late, as those of one package do.
make_pairs() {
	awk -v n="$pairs" -v form="$1" 'BEGIN {
		srand(1)
		for (i = 0; i < n; i++) {
			a = sprintf(form, rand() * 3, rand() * 4, rand() * 12, rand() * 4)
			b = sprintf(form, rand() * 3, rand() * 4, rand() * 12, rand() * 4)
			print a "\t" b
		}
	}'
}
seconds() { # COMMAND…: best of three, standard input from $work/pairs, output to $work/out
	local best='' begin took
	for _ in 1 2 3; do
		begin=$(date +%s%N)
		"$@" <"$work/pairs" >"$work/out"
		took=$(($(date +%s%N) - begin))
		[ -n "$best" ] && [ "$best" -le "$took" ] || best=$took
	done
	awk -v ns="$best" 'BEGIN { printf "%.4f", ns / 1e9 }'
}
report() { # NAME SECONDS PAIRS
	awk -v name="$1" -v s="$2" -v n="$3" 'BEGIN { printf "%-28s %9d pairs in %7.3f s: %9.0f a second\n", name, n, s, n / s }'
}
ratio() { # PEER PEER-SECONDS PEER-PAIRS SECONDS PAIRS
	awk -v name="$1" -v p="$2" -v pn="$3" -v s="$4" -v n="$5" \
		'BEGIN { printf "%28s mamori is %.1f times as fast as %s\n", "", (n / s) / (pn / p), name }'
}
same() { # NAME ROWS
	cmp -s <(head -n "$2" "$work/ours") "$work/out" || {
		printf '%s gives other answers\n' "$1"
		exit 1
	}
}

declare -A forms=(
	[deb]='2:%d.%d.%d+dfsg-1~deb12u%d' [rpm]='0:%d.%d.%d-553.el8_%d' [apk]='%d.%d.%d_rc1-r%d' [semver]='%d.%d.%d-rc.%d'
	[pep440]='%d.%d.%d.post%d' [maven]='%d.%d.%d-beta-%d' [rubygems]='%d.%d.%d.pre%d' [nuget]='%d.%d.%d.%d-beta'
	[packagist]='%d.%d.%d-RC%d' [windows]='10.%d.%d.%d.%d' [generic]='%d.%d.%d Update %d (x64)')
for scheme in semver pep440 maven rubygems nuget packagist windows generic apk deb rpm; do
	make_pairs "${forms[$scheme]}" >"$work/pairs"
	took=$(seconds "$build/mamori" version compare "$scheme" -)
	mv "$work/out" "$work/ours"
	report "mamori $scheme" "$took" "$pairs"
	if [ "$scheme" = rpm ] && command -v rpm >/dev/null; then
		cat >"$work/peer.lua" <<-END
			local answers = { [-1] = '<', [0] = '=', [1] = '>' }
			local out = io.open('$work/answers', 'w')
			for line in io.lines('$work/pairs') do
				local a, b = line:match('([^\t]*)\t(.*)')
				out:write(answers[rpm.vercmp(a, b)], '\n')
			end
			out:close()
		END
		if rpm --eval "%{lua:dofile('$work/peer.lua')}" >/dev/null 2>&1; then
			peer=$(seconds rpm --eval "%{lua:dofile('$work/peer.lua')}")
			mv "$work/answers" "$work/out"
			same rpm.vercmp "$pairs"
			report 'rpm.vercmp in Lua' "$peer" "$pairs"
			ratio rpm.vercmp "$peer" "$pairs" "$took" "$pairs"
		fi
	fi
	[ "$scheme" = deb ] || continue
	if perl -MDpkg::Version -e 1 2>/dev/null; then
		few=$((pairs / 10))
		head -n "$few" "$work/pairs" >"$work/few" && mv "$work/few" "$work/pairs"
		# shellcheck disable=SC2016 # Perl's variables
		peer=$(seconds perl -MDpkg::Version -e 'my @sign = ("=", ">", "<");
			while (<STDIN>) { chomp; my ($a, $b) = split /\t/; print $sign[version_compare($a, $b)], "\n" }')
		same Dpkg::Version "$few"
		report "Perl's Dpkg::Version" "$peer" "$few"
		ratio Dpkg::Version "$peer" "$few" "$took" "$pairs"
	fi
	if command -v dpkg >/dev/null; then
		head -n 200 "$work/pairs" >"$work/few" && mv "$work/few" "$work/pairs"
		each() {
			while IFS=$'\t' read -r a b; do
				if dpkg --compare-versions "$a" lt "$b"; then
					echo '<'
				elif [ "$a" = "$b" ]; then
					echo '='
				else
					echo '>'
				fi
			done
		}
		peer=$(seconds each)
		same dpkg 200
		report 'dpkg --compare-versions' "$peer" 200
		ratio 'dpkg --compare-versions' "$peer" 200 "$took" "$pairs"
	fi
done
