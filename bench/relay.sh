#!/usr/bin/env bash
# The relay beside nginx proxy_cache, apt-cacher-ng, squid and the origin itself, in one run: see relay_peers.py.
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1
exec python3 "$(dirname "$0")/relay_peers.py" "$@"
