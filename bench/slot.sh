#!/usr/bin/env bash
# What a turn of the slot machine costs on a host (60 approved updates, 40 of them missing, three windows with summer time),
# with the calendar's cache and without, and what one question to the calendar costs. The goal: under 2 µs with the cache
# where nothing is due, so that a check-in is not dearer for being governed. No peer: other tools ask their server.
set -euo pipefail
build=${MAMORI_BUILD:-build}
"$build/test/unit/plan/bench-slot" | while IFS=', ' read -r what cache ns; do
	case $what in
	calendar_next) printf 'calendar_next: %s ns a call\n' "$ns" ;;
	*) printf 'slot_decide, %s, %s: %s ns a call\n' "$what" "$([ "$cache" = cache ] && echo with the cache || echo without)" "$ns" ;;
	esac
done
