"""What bench/relay.sh runs: mamori relay beside nginx proxy_cache, apt-cacher-ng, squid and the origin itself, one after
the other, each alone on one core with the clients on another. Each has the settings that its own manual gives for speed.

The origin is nginx with 200 files of 1 KB to 50 MB, 2.0 GB in all, and the same files at 25 MB/s per connection below
/slow/; it shares the core of whoever asks it. For each candidate: all files with an empty cache by curl -Z with 1, 8 and 64 at
once (the clock stops with the last byte; processor time counts until nothing moves any more); all files warm with 1, 8 and
64 at once, then wrk on the file of 1 KB, the same over TLS, and wrk alone with 512; 64 clients that ask at once for one
cold file of 50 MB. Every number is the median of three runs. Whatever is not installed is skipped by name.

    bench/relay.sh [--small] [mamori nginx apt-cacher-ng squid origin …]
"""
import json
import math
import os
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

SMALL = "--small" in sys.argv
WANTED = [a for a in sys.argv[1:] if not a.startswith("--")] or ["origin", "nginx", "mamori", "apt-cacher-ng", "squid"]
BUILD = pathlib.Path(os.environ.get("MAMORI_BUILD", "build")).resolve()
RELAY = os.environ.get("MAMORI_RELAY", str(BUILD / "mamori"))
TOTAL, COUNT, BIGGEST = (60_000_000, 40, 8 << 20) if SMALL else (2_000_000_000, 200, 50 << 20)
RUNS, WRK_S = (1, "1s") if SMALL else (3, "3s")
LEVELS = (1, 8, 64, 512)
CURL_MAX = 300  # at once, by one curl
SERVER_CORE, CLIENT_CORE = ("0", "1") if (os.cpu_count() or 1) > 1 else ("0", "0")
PORTS = {"origin": 9300, "nginx": 9301, "nginx-tls": 9302, "nginx-slow": 9303, "mamori": 9311, "apt-cacher-ng": 9321,
         "squid": 9331, "squid-tls": 9332}
ORIGIN = f"127.0.0.1:{PORTS['origin']}"
os.environ["PATH"] += ":/usr/sbin:/sbin"
for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
    os.environ.pop(name, None)


def make_files(folder):
    """Sizes spread evenly on a logarithmic scale, the rest of the total shared out; bytes that nothing compresses."""
    rng = random.Random(9)
    sizes = sorted(int(1024 * math.exp(math.log(BIGGEST / 1024) * rng.random() ** 0.55)) for _ in range(COUNT))
    for _ in range(60):
        scale = TOTAL / sum(sizes)
        sizes = [min(BIGGEST, max(1024, int(s * scale))) for s in sizes]
        sizes[0], sizes[-1] = 1024, BIGGEST
    for i, size in enumerate(sizes):
        (folder / f"f{i:03}.deb").write_bytes(rng.randbytes(size))
    return [f"f{i:03}.deb" for i in range(COUNT)], sum(sizes)


NGINX_HEAD = """daemon off; worker_processes 1; pid {dir}/{name}.pid; error_log {dir}/{name}.err crit; worker_rlimit_nofile 20000;
events {{ worker_connections 8192; }}
http {{ sendfile on; tcp_nopush on; keepalive_requests 100000000; default_type application/octet-stream;
  client_body_temp_path {dir}/{name}-b; proxy_temp_path {dir}/{name}-p; fastcgi_temp_path {dir}/{name}-f;
  uwsgi_temp_path {dir}/{name}-u; scgi_temp_path {dir}/{name}-s;
"""
ORIGIN_CONF = NGINX_HEAD + """  log_format bytes "$body_bytes_sent"; access_log {dir}/origin.log bytes;
  server {{ listen {origin}; root {dir}/files; location /slow/ {{ alias {dir}/files/; limit_rate 25m; }} }} }}
"""
NGINX_CONF = NGINX_HEAD + """  access_log off; proxy_cache_path {dir}/nginx-cache keys_zone=c:10m max_size=10g use_temp_path=off; proxy_http_version 1.1;
  proxy_set_header Connection ""; upstream o {{ server {origin}; keepalive 64; }}
  proxy_buffer_size 64k; proxy_buffers 8 64k; proxy_busy_buffers_size 128k; open_file_cache max=2000 inactive=10m;
  proxy_cache c; proxy_cache_valid 200 1d; proxy_cache_key $uri;
  server {{ listen 127.0.0.1:{nginx}; listen 127.0.0.1:{nginx_tls} ssl; ssl_certificate {dir}/c.pem; ssl_certificate_key {dir}/k.pem;
    proxy_cache_lock on; proxy_cache_lock_timeout 60s; location / {{ proxy_pass http://o; }} }}
  server {{ listen 127.0.0.1:{nginx_slow}; proxy_cache_lock off; location / {{ proxy_pass http://o; }} }} }}
"""
SQUID_CONF = """http_port 127.0.0.1:{squid} accel defaultsite={origin} no-vhost
https_port 127.0.0.1:{squid_tls} accel defaultsite={origin} no-vhost tls-cert={dir}/c.pem tls-key={dir}/k.pem
cache_peer 127.0.0.1 parent {origin_port} 0 no-query originserver name=o
acl all_ok src all
http_access allow all_ok
cache_dir aufs {dir}/squid-cache 8000 16 256
maximum_object_size 200 MB
cache_mem 64 MB
maximum_object_size_in_memory 512 KB
memory_replacement_policy heap GDSF
collapsed_forwarding on
access_log none
cache_log {dir}/squid.err
cache_store_log none
pid_filename {dir}/squid.pid
coredump_dir {dir}
shutdown_lifetime 1 seconds
refresh_pattern . 1440 100% 1440
cache_effective_user {user}
netdb_filename none
pinger_enable off
max_filedescriptors 8192
"""
ACNG_CONF = """CacheDir: {dir}/acng-cache
LogDir: {dir}/acng-log
Port: {acng}
BindAddress: 127.0.0.1
ForeGround: 1
AllowUserPorts: 0
PidFile: {dir}/acng.pid
SupportDir: /usr/lib/apt-cacher-ng
VerboseLog: 0
"""


def descendants(pid):
    found = [pid]
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = open(f"/proc/{entry}/stat").read().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(stat[1]) == pid:
                found += descendants(int(entry))
    return found


def cpu_seconds(pid):
    """Of all its processes and of the threads that they had, to the nanosecond: ticks are too coarse for a tenth of a second."""
    total = 0
    for p in descendants(pid):
        try:
            total += time.clock_gettime((~p << 3) | 2)  # clock_getcpuclockid(3)
        except OSError:
            continue
    return total


def memory(pid):
    """In MiB: proportional (what is shared is shared out), resident (libraries counted whole), its own (not from files), and
    the largest resident size since it was last forgotten."""
    found = {"Pss:": 0, "Rss:": 0, "Anonymous:": 0, "VmHWM:": 0}
    for p in descendants(pid):
        for name in ("smaps_rollup", "status"):
            try:
                lines = pathlib.Path(f"/proc/{p}/{name}").read_text().splitlines()
            except OSError:
                continue
            for words in map(str.split, lines):
                if words and words[0] in found:
                    found[words[0]] += int(words[1]) / 1024
    return dict(zip(("pss", "rss", "own", "peak"), found.values()))


def forget_peak(pid):
    for p in descendants(pid):
        try:
            pathlib.Path(f"/proc/{p}/clear_refs").write_text("5")
        except OSError:
            pass


def busy():
    return f"load {os.getloadavg()[0]:.1f}"


class Bench:
    def __init__(self, folder):
        self.dir = folder
        (folder / "files").mkdir()
        self.files, self.total = make_files(folder / "files")
        self.running = []
        self.rows = {}
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", folder / "k.pem", "-out", folder / "c.pem", "-days", "30", "-subj", "/CN=127.0.0.1",
                        "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        os.chmod(folder / "k.pem", 0o644)

    def start(self, name, *argv):
        log = open(self.dir / f"{name}.out", "w")
        p = subprocess.Popen(["taskset", "-c", SERVER_CORE, *map(str, argv)], stdout=log, stderr=log,
                             stdin=subprocess.DEVNULL)
        self.running.append(p)
        return p

    def stop(self, p):
        if p in self.running:
            self.running.remove(p)
        p.terminate()
        try:
            p.wait(10)
        except subprocess.TimeoutExpired:
            for q in descendants(p.pid):
                os.kill(q, 9)
            p.wait()

    def conf(self, name, text):
        values = dict(dir=self.dir, origin=ORIGIN, origin_port=PORTS["origin"], nginx=PORTS["nginx"],
                      nginx_tls=PORTS["nginx-tls"], nginx_slow=PORTS["nginx-slow"], squid=PORTS["squid"],
                      squid_tls=PORTS["squid-tls"], acng=PORTS["apt-cacher-ng"], name=name, user="nobody")
        path = self.dir / f"{name}.conf"
        path.write_text(text.format(**values))
        return path

    def origin_bytes(self):
        lines = (self.dir / "origin.log").read_text().split()
        return len(lines), sum(map(int, lines))

    def forget_origin(self):
        (self.dir / "origin.log").write_text("")

    def wait_for(self, url):
        for _ in range(100):
            if subprocess.run(["curl", "-sk", "-o", "/dev/null", "-m", "2", url]).returncode == 0:
                return True
            time.sleep(0.1)
        return False

    # ---- loads ----

    def pull(self, base, at_once):
        config = self.dir / "urls"
        config.write_text("".join(f'url="{base}/{f}"\noutput=/dev/null\n' for f in self.files))
        began = time.monotonic()
        rc = subprocess.run(["taskset", "-c", CLIENT_CORE, "curl", "-skf", "-Z", "--parallel-immediate",
                             "--parallel-max", str(at_once), "-K", config], capture_output=True).returncode
        return time.monotonic() - began, rc

    def wrk(self, url, connections):
        out = subprocess.run(["taskset", "-c", CLIENT_CORE, "wrk", "-t1", "-c", str(connections), "-d", WRK_S, url],
                             capture_output=True, text=True).stdout
        rate = re.search(r"Requests/sec:\s+([\d.]+)", out)
        bad = re.search(r"(Non-2xx.*|Socket errors.*)", out)
        return float(rate.group(1)) if rate else 0.0, bad.group(0) if bad else ""

    def together(self, base, pid):
        """64 clients, one cold file."""
        self.forget_origin()
        size = os.path.getsize(self.dir / "files" / self.files[-1])
        began, before = time.monotonic(), cpu_seconds(pid)
        clients = [subprocess.Popen(["curl", "-sk", "-o", "/dev/null", "-w",
                                     "%{http_code} %{size_download} %{time_starttransfer} %{time_total}",
                                     f"{base}/slow/{self.files[-1]}"], stdout=subprocess.PIPE, text=True)
                   for _ in range(64)]
        answers = [c.communicate()[0].split() for c in clients]
        wall = time.monotonic() - began
        time.sleep(0.5)
        requests, sent = self.origin_bytes()
        good = sum(1 for a in answers if len(a) == 4 and a[0] == "200" and int(a[1]) == size)
        first = statistics.median(float(a[2]) for a in answers if len(a) == 4)
        return {"good": good, "wall": wall, "first": first, "origin": sent / size, "requests": requests,
                "cpu": cpu_seconds(pid) - before}

    # ---- measuring ----

    def settle(self, pid):
        """Until it has nothing more to do; its processor time then."""
        last = cpu_seconds(pid)
        for _ in range(60):
            time.sleep(0.5)
            now = cpu_seconds(pid)
            if now - last < 0.01:
                break
            last = now
        return cpu_seconds(pid)

    def cold(self, up, at_once):
        runs = []
        for _ in range(RUNS):
            p, plain, _ = up()
            before = cpu_seconds(p.pid)
            self.forget_origin()
            seconds, rc = self.pull(plain, at_once)
            runs.append((seconds, self.settle(p.pid) - before, rc, self.origin_bytes()[1] / self.total))
            self.stop(p)
        seconds, cpu, rc, origin = sorted(runs)[len(runs) // 2]
        cell = {"mbs": self.total / 1e6 / seconds, "cpu": cpu, "mbs_cpu": self.total / 1e6 / cpu, "origin": origin}
        print(f"  cold c{at_once:<4d}   {cell['mbs']:8.0f} MB/s ({cell['mbs_cpu']:.0f} for each CPU second), origin {origin:.2f} "
              f"times its bytes, status {rc}", flush=True)
        return cell

    def warm(self, base, label, at_once, pid):
        cell, words = {}, []
        self.forget_origin()
        if at_once <= CURL_MAX:
            runs = []
            for _ in range(RUNS):
                before = cpu_seconds(pid)
                seconds, rc = self.pull(base, at_once)
                runs.append((seconds, cpu_seconds(pid) - before, rc))
            seconds, cpu, rc = sorted(runs)[len(runs) // 2]
            cell.update(mbs=self.total / 1e6 / seconds, mbs_cpu=self.total / 1e6 / max(cpu, 0.01))
            words += [f"{cell['mbs']:8.0f} MB/s ({cell['mbs_cpu']:.0f} for each CPU second), status {rc}"]
        before = cpu_seconds(pid)
        rates = sorted(self.wrk(f"{base}/{self.files[0]}", at_once) for _ in range(RUNS))
        cpu = cpu_seconds(pid) - before
        rate, bad = rates[len(rates) // 2]
        cell.update(rate=rate, rate_cpu=sum(r[0] for r in rates) * int(WRK_S[:-1]) / max(cpu, 0.01),
                    asked=self.origin_bytes()[0], **memory(pid))
        words += [f"{rate:8.0f} requests/s ({cell['rate_cpu']:.0f}) {bad}", f"asked the origin {cell['asked']} times",
                  f"{cell['pss']:.1f} MiB, {cell['peak']:.1f} at most"]
        print(f"  {label + ' c' + str(at_once):10s} " + ", ".join(words), flush=True)
        return cell

    def measure(self, name, up, cold=True):
        row = self.rows[name] = {}
        print(f"== {name} ({busy()})", flush=True)
        for at_once in LEVELS[:3] if cold else ():
            row[f"cold c{at_once}"] = self.cold(up, at_once)
        p, plain, tls = up()
        self.pull(plain, 1)
        self.settle(p.pid)
        forget_peak(p.pid)
        for label, base in (("plain", plain), ("tls", tls)):
            for at_once in LEVELS if base else ():
                row[f"{label} c{at_once}"] = self.warm(base, label, at_once, p.pid)
        row["together"] = t = self.together(plain, p.pid)
        print(f"  64 clients, one cold file at 25 MB/s: first byte after {t['first']:.3f} s, all after {t['wall']:.2f} s, "
              f"{t['good']} good, origin {t['origin']:.2f} times its bytes, CPU {t['cpu']:.2f} s", flush=True)
        row["memory"] = m = memory(p.pid)
        print(f"  memory at the end: {m['pss']:.1f} MiB proportional, {m['rss']:.1f} resident with every library counted "
              f"whole, {m['own']:.1f} its own; resident at most {m['peak']:.1f}", flush=True)
        if p is not self.origin:
            self.stop(p)

    # ---- the candidates: each begins with an empty cache ----

    def empty(self, name):
        shutil.rmtree(self.dir / name, ignore_errors=True)
        (self.dir / name).mkdir()
        return self.dir / name

    def up_origin(self):
        return self.origin, f"http://{ORIGIN}", None

    def up_nginx(self):
        shutil.rmtree(self.dir / "nginx-cache", ignore_errors=True)
        p = self.start("nginx", "nginx", "-c", self.conf("nginx", NGINX_CONF))
        self.wait_for(f"http://127.0.0.1:{PORTS['nginx']}/none")
        return p, f"http://127.0.0.1:{PORTS['nginx']}", f"https://127.0.0.1:{PORTS['nginx-tls']}"

    def up_mamori(self):
        data, address = self.empty("relay"), f"127.0.0.1:{PORTS['mamori']}"
        p = self.start("mamori", RELAY, "relay", "run", "--data", data, "--listen", address, "--allow",
                       f"http://{ORIGIN},unverified", "--certificate", self.dir / "c.pem", "--key", self.dir / "k.pem")
        self.wait_for(f"http://{address}/relay/v1/health")
        return p, f"http://{address}/o/{ORIGIN}", f"https://{address}/o/{ORIGIN}"

    def up_apt_cacher_ng(self):
        for name in ("acng-cache", "acng-log", "acng"):
            self.empty(name)
        shutil.move(self.conf("acng", ACNG_CONF), self.dir / "acng" / "acng.conf")
        p = self.start("apt-cacher-ng", "apt-cacher-ng", "-c", self.dir / "acng")
        base = f"http://127.0.0.1:{PORTS['apt-cacher-ng']}/{ORIGIN}"
        self.wait_for(f"{base}/none")
        return p, base, None

    def up_squid(self):
        conf = self.conf("squid", SQUID_CONF)
        shutil.chown(self.empty("squid-cache"), "nobody")
        os.chmod(self.dir, 0o777)
        subprocess.run(["squid", "-f", conf, "-z", "--foreground"], capture_output=True)
        p = self.start("squid", "squid", "-f", conf, "--foreground")
        self.wait_for(f"http://127.0.0.1:{PORTS['squid']}/none")
        return p, f"http://127.0.0.1:{PORTS['squid']}", f"https://127.0.0.1:{PORTS['squid-tls']}"

    # ---- the end ----

    def ratios(self, ours, theirs, peer):
        print(f"== mamori : {peer} (1.00 is the same; more is better)")
        for key in ours:
            parts = [f"{ours[key][k] / theirs[key][k]:.2f} {what}" for k, what in
                     (("mbs", "MB/s"), ("rate", "requests/s"), ("mbs_cpu", "MB per CPU second"),
                      ("rate_cpu", "requests per CPU second")) if ours[key].get(k) and theirs.get(key, {}).get(k)]
            if parts:
                print(f"  {key:10s} {', '.join(parts)}")

    def goals(self):
        """What the relay is to reach, and whether it did in this run."""
        ours, theirs = self.rows.get("mamori"), self.rows.get("nginx")
        if not ours or not theirs:
            return
        def least(kind, k):
            return min(ours[key][k] / theirs[key][k] for key in ours
                       if key.split()[0] in kind and ours[key].get(k) and theirs.get(key, {}).get(k))

        def spare(key):
            """MiB left of 16 and of 24 KiB for each TLS connection."""
            connections = int(key.split("c")[-1]) if key.startswith("tls") else 0
            return 16 + connections * 24 / 1024 - ours[key]["peak"]

        warm, t = ("plain", "tls"), ours["together"]
        origin = max(ours[k]["origin"] for k in ours if k.startswith("cold"))
        room = min(spare(k) for k in ours if "peak" in ours[k] and k not in ("memory", "tls c512"))
        print("== goals")
        for what, value, good in (
                ("warm throughput, least ratio to nginx", f"{least(warm, 'mbs'):.2f}", least(warm, "mbs") >= 1),
                ("warm requests, least ratio to nginx", f"{least(warm, 'rate'):.2f}", least(warm, "rate") >= 1),
                ("cold throughput, least ratio to nginx", f"{least(('cold',), 'mbs'):.2f}", least(("cold",), "mbs") >= 1),
                ("64 clients, one cold file: origin bytes", f"{t['origin']:.2f}", t["origin"] < 1.01 and t["good"] == 64),
                ("their first byte, seconds (nginx)", f"{t['first']:.3f} ({theirs['together']['first']:.3f})", t["first"] < 0.5),
                ("cold: origin bytes", f"{origin:.2f}", origin < 1.01),
                ("resident memory below 16 MiB beside 24 KiB for each TLS connection, 1 to 64 clients, MiB to spare",
                 f"{room:.1f}", room > 0),
                ("the same while 512 clients shake hands at once", f"{spare('tls c512'):.1f}", spare("tls c512") > 0)):
            print(f"  {'reached' if good else 'MISSED '}  {what}: {value}")


def main():
    if not shutil.which("nginx") or not shutil.which("wrk") or not shutil.which("curl"):
        print("bench/relay.sh: skipped: needs nginx, wrk and curl (tools/setup bench)")
        return 0
    where = os.environ.get("BENCH_DIR")
    with tempfile.TemporaryDirectory(prefix="mamori-bench-relay-", dir=where) as folder:
        os.chmod(folder, 0o755)
        bench = Bench(pathlib.Path(folder))
        try:
            bench.forget_origin()
            origin = bench.origin = bench.start("origin", "nginx", "-c", bench.conf("origin", ORIGIN_CONF))
            if not bench.wait_for(f"http://{ORIGIN}/{bench.files[0]}"):
                sys.exit("bench/relay.sh: the origin does not start: " + (bench.dir / "origin.out").read_text())
            for name in WANTED:
                program = {"mamori": RELAY, "origin": "nginx"}.get(name, name)
                if shutil.which(program):
                    bench.measure(name, getattr(bench, "up_" + name.replace("-", "_")), cold=name != "origin")
                else:
                    print(f"== {name}: skipped: {program} is not installed")
            for peer in [n for n in bench.rows if n not in ("mamori", "origin") and "mamori" in bench.rows]:
                bench.ratios(bench.rows["mamori"], bench.rows[peer], peer)
            bench.goals()
            print(busy())
            print(json.dumps(bench.rows))
        finally:
            for p in list(bench.running):
                bench.stop(p)
    return 0


if __name__ == "__main__":
    sys.exit(main())
