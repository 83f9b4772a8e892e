#!/usr/bin/env python3
"""Requests a second of the HTTP server alone (keep-alive, two bytes), beside nginx with one worker where nginx is
there. The load is wrk's: 1 thread, 64 connections. Skipped by name where wrk or the test build is missing."""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

SECONDS = os.environ.get("BENCH_SECONDS", "3")
BUILD = pathlib.Path(os.environ.get("MAMORI_BUILD", "build"))
SERVER = BUILD / "test/unit/net/bench-http-server"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

CONFIG = """daemon off; worker_processes 1; pid {dir}/pid; error_log {dir}/error crit;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 100000000; default_type text/plain;
  client_body_temp_path {dir}/b; proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f;
  uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  server {{ listen 127.0.0.1:{plain}; return 200 "ok"; }}
  server {{ listen 127.0.0.1:{tls} ssl; ssl_certificate {dir}/c.pem; ssl_certificate_key {dir}/k.pem;
    ssl_protocols TLSv1.2 TLSv1.3; return 200 "ok"; }} }}
"""


def load(url):
    out = subprocess.run(["wrk", "-t1", "-c64", f"-d{SECONDS}s", url], capture_output=True, text=True, check=True).stdout
    if re.search(r"Non-2xx|Socket errors", out):
        sys.exit(f"server.py: {url} answered with errors:\n{out}")
    return float(re.search(r"Requests/sec:\s*([\d.]+)", out).group(1))


def memory(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s*(\d+)", text).group(1)) / 1024


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def measure_nginx():
    with tempfile.TemporaryDirectory(prefix="mamori-bench-") as folder:
        os.chmod(folder, 0o755)
        plain, tls = free_port(), free_port()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", f"{folder}/k.pem", "-out", f"{folder}/c.pem", "-subj", "/CN=bench"],
                       check=True, capture_output=True)
        config = pathlib.Path(folder, "nginx.conf")
        config.write_text(CONFIG.format(dir=folder, plain=plain, tls=tls))
        with subprocess.Popen([NGINX, "-c", str(config), "-e", f"{folder}/error"]) as nginx:
            try:
                for _ in range(100):
                    with socket.socket() as s:
                        if s.connect_ex(("127.0.0.1", tls)) == 0:
                            break
                    time.sleep(0.05)
                return {"plain": load(f"http://127.0.0.1:{plain}/"), "TLS": load(f"https://127.0.0.1:{tls}/")}
            finally:
                nginx.terminate()


def main():
    if not shutil.which("wrk") or not SERVER.exists():
        print("skipped: " + ("wrk is not installed" if SERVER.exists() else f"{SERVER} is not built"))
        return
    with subprocess.Popen([SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        plain, tls = server.stdout.readline().split()
        ours = {"plain": load(f"http://127.0.0.1:{plain}/"), "TLS": load(f"https://127.0.0.1:{tls}/"),
                "plain, through a worker": load(f"http://127.0.0.1:{plain}/worker")}
        peak = memory(server.pid)
        server.stdin.close()
    peer = measure_nginx() if NGINX else {}
    for name, rate in ours.items():
        ratio = f"  {rate / peer[name]:.2f} × nginx ({peer[name]:,.0f}/s)" if name in peer else ""
        print(f"{name}: {rate:,.0f} requests/s{ratio}")
    print(f"peak memory: {peak:.1f} MiB with 64 connections each")


main()
