#!/usr/bin/env python3
"""Check-ins a second without changes: 64 hosts with a client certificate and a kept TLS connection each, beside a
two-byte answer of nginx over the same kind of connection; and how the cost grows with the hosts that the server knows.
Every check-in is durable on disk before it is answered. Skipped by name where the test build is missing."""
import importlib.util
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
SECONDS = os.environ.get("BENCH_SECONDS", "3")
BUILD = pathlib.Path(os.environ.get("MAMORI_BUILD", "build"))
MAMORI, LOAD = BUILD / "mamori", BUILD / "test/unit/server/bench-check-in"
NGINX = next((p for p in ("/usr/sbin/nginx", "/usr/bin/nginx") if os.access(p, os.X_OK)), None)
CLIENTS, PATCHES = 64, 100

CONFIG = """daemon off; worker_processes 1; pid {dir}/pid; error_log {dir}/error crit;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 100000000; default_type text/plain;
  client_body_temp_path {dir}/b; proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f;
  uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {dir}/c.pem; ssl_certificate_key {dir}/k.pem;
    return 200 "ok"; }} }}
"""

spec = importlib.util.spec_from_file_location("lib", pathlib.Path(__file__).parents[1] / "test/scenario/lib.py")
lib = importlib.util.module_from_spec(spec)
spec.loader.exec_module(lib)


def load(*words):
    done = subprocess.run([LOAD, *map(str, words)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"check-in.py: {done.stderr}")
    return json.loads(done.stdout)


def fill(database, hosts):
    """Hosts that are there and silent, each with as many updates pending as a neglected PC has."""
    db = sqlite3.connect(database)
    db.execute("PRAGMA synchronous=OFF")
    db.executemany("INSERT INTO patch (id, title, source, version, security, size, origins, first_seen)"
                   " VALUES (?, ?, ?, '2', ?, 1000, 'Debian', 1)",
                   [(f"deb:s{p}@2", f"s{p} 1 → 2", f"s{p}", p % 3 == 0) for p in range(PATCHES)])
    for i in range(hosts):
        name = f"filled-{i:05}"
        db.execute("INSERT INTO host (id, name, group_name, state, enrolled_at, token, signing_key, machine)"
                   " VALUES (?, ?, ?, 'active', 1, 't', 'k', 'm')", (name, name, f"ward-{i % 40}"))
        db.executemany("INSERT INTO host_patch (host, patch, state, listed, title, from_version, to_version, packages,"
                       " staged, at) VALUES (?, ?, 'missing', 1, '', '1', '2', '[]', 0, 1)",
                       [(name, f"deb:s{p}@2") for p in range(PATCHES)])
    db.commit()
    db.close()


def overview_ms(server):
    took = []
    for _ in range(5):
        start = time.monotonic()
        server.api("GET", "/api/v1/overview")
        took.append((time.monotonic() - start) * 1000)
    return min(took)


def measure(scenario, rows):
    server = scenario.server(start=False)
    fill(server.data / "mamori.db", rows)
    server.start()
    token = scenario.token_file(server, "--uses", str(CLIENTS))
    figures = load("hosts", server.port, server.agents_port, token, CLIENTS, SECONDS)
    figures["overview"] = overview_ms(server)
    figures["peak"] = server.program.peak() / (1 << 20)
    server.stop()
    return figures


def measure_nginx():
    with tempfile.TemporaryDirectory(prefix="mamori-bench-") as folder:
        os.chmod(folder, 0o755)
        port = lib.free_port()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", f"{folder}/k.pem", "-out", f"{folder}/c.pem", "-subj", "/CN=bench"],
                       check=True, capture_output=True)
        config = pathlib.Path(folder, "nginx.conf")
        config.write_text(CONFIG.format(dir=folder, port=port))
        with subprocess.Popen([NGINX, "-c", str(config), "-e", f"{folder}/error"]) as nginx:
            try:
                time.sleep(0.5)
                return load("peer", port, CLIENTS, SECONDS)
            finally:
                nginx.terminate()


def main():
    if not LOAD.exists():
        print(f"skipped: {LOAD} is not built")
        return
    peer = measure_nginx() if NGINX else None
    if peer:
        print(f"nginx, two bytes over kept TLS: {peer['rate']:,.0f} answers/s, p50 {peer['p50']} ms, p99 {peer['p99']} ms")
    with lib.Scenario() as scenario:
        for rows in (100, 1000, 5000):
            f = measure(scenario, rows)
            ratio = f", {f['rate'] / peer['rate']:.2f} × nginx" if peer else ""
            print(f"{rows:,} hosts, {rows * PATCHES:,} pending updates: {f['rate']:,.0f} check-ins/s{ratio}, p50 {f['p50']} ms,"
                  f" p99 {f['p99']} ms; {f['enrol']:,.0f} enrolments/s; overview {f['overview']:.0f} ms;"
                  f" peak {f['peak']:.0f} MiB", flush=True)
        sys.stdout = open(os.devnull, "w")  # what follows is a scenario's end, not a figure


main()
