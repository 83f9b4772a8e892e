#!/usr/bin/env python3
# serial
# timeout: 1200
"""ClickHouse as a store of exposure data: the same records in files and in ClickHouse give the same answers to several hundred
generated questions (every operator, facets, two-way tables, histograms, different values, order of search, comparisons); a
replaced import, a killed one, a password that is wrong; and the same over Distributed tables on two servers.  Prints TAP.
"""
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import threading
import time

import lib

HOST = "127.0.0.1"
PUBLIC = "9.9.9.77"
PASSWORD = "pa'ss\\w?rd"
COUNTRIES = ["JP", "US", "DE", "jp", "FR"]
SYSTEMS = ["Windows Server 2008 R2", "Linux", "linux", "Ubuntu", None]
ORGS = ["General Hospital", "Général % Hôpital", "東京病院", "O'Neill \\ Sons", "_under_score", "x*y", "Acme, Inc."]
WORDS = ["dermatology", "Dermatology", "clinic", "PACS", "viewer", "皮膚科", "皮膚", "循環器内科のご案内", "ﾋﾌｶ", "nginx/1.2", "x'y"]
PORTS = [22, 80, 104, 443, 11112]


class Shard:
    """A clickhouse-server in a folder of its own."""

    def __init__(self, s, name, cluster=()):
        self.http, self.tcp, between = (lib.free_port(HOST) for _ in range(3))
        self.s, self.name = s, name
        self.folder = s.tmp / name
        for part in ("data", "tmp", "files", "schemas"):
            (self.folder / part).mkdir(parents=True)
        shards = "".join(f"<shard><replica><host>{HOST}</host><port>{port}</port><user>default</user>"
                         f"<password>{PASSWORD}</password></replica></shard>" for port in [*cluster, self.tcp])
        (self.folder / "config.xml").write_text(
            f"<yandex><logger><level>warning</level><log>{self.folder}/log</log><errorlog>{self.folder}/errors</errorlog></logger>"
            f"<http_port>{self.http}</http_port><tcp_port>{self.tcp}</tcp_port>"
            f"<interserver_http_port>{between}</interserver_http_port><listen_host>{HOST}</listen_host>"
            f"<path>{self.folder}/data/</path><tmp_path>{self.folder}/tmp/</tmp_path>"
            f"<user_files_path>{self.folder}/files/</user_files_path><format_schema_path>{self.folder}/schemas/</format_schema_path>"
            "<mark_cache_size>67108864</mark_cache_size><users_config>users.xml</users_config>"
            "<default_profile>default</default_profile><default_database>default</default_database>"
            f"<remote_servers><two>{shards}</two></remote_servers></yandex>")
        (self.folder / "users.xml").write_text(
            f"<yandex><profiles><default/></profiles><users><default><password>{PASSWORD}</password>"
            "<networks><ip>127.0.0.0/8</ip></networks><profile>default</profile><quota>default</quota></default></users>"
            "<quotas><default/></quotas></yandex>")
        self.program = s.start(program(), f"--config-file={self.folder}/config.xml", log=name)
        s.wait_for(f"{name} answers", 120, lambda: self.ask("SELECT 1").stdout.strip() == "1")

    def ask(self, sql):
        return subprocess.run(["curl", "-s", "-H", "X-ClickHouse-User: default", "-H", f"X-ClickHouse-Key: {PASSWORD}", f"http://{HOST}:{self.http}/", "--data-binary", "@-"],
                              input=sql, capture_output=True, text=True, timeout=120)

    def store(self, database):
        return f"clickhouse://{HOST}:{self.http}/{database}"


def program():
    return shutil.which("clickhouse-server") or shutil.which("clickhouse-server", path="/usr/sbin:/usr/bin")


def record(r, number):
    """A Shodan-like banner; about one in ten repeats the key of an earlier one."""
    n = r.randrange(number + 1) if r.random() < 0.1 else number
    k = random.Random(n)
    address = {"ipv6": f"2001:db8::{n % 500:x}"} if n % 7 == 0 else {"ip_str": f"10.{k.randrange(3)}.{k.randrange(40)}.{k.randrange(256)}"}
    one = {**address, "port": k.choice(PORTS), "transport": k.choice(["tcp", "tcp", "udp"]),
           "timestamp": f"20{k.randrange(20, 27)}-{k.randrange(1, 13):02d}-{k.randrange(1, 28):02d}T{k.randrange(24):02d}:00:0{k.randrange(10)}.{k.randrange(1000):03d}000",
           "data": " ".join(r.choice(WORDS) for _ in range(r.randrange(1, 6))), "org": r.choice(ORGS), "os": r.choice(SYSTEMS),
           "hash": r.randrange(-50, 50), "location": {"country_code": r.choice(COUNTRIES), "latitude": r.randrange(-90, 90) + 0.5,
                                                       "longitude": r.randrange(-180, 180) + 0.25},
           "hostnames": [f"www{i}.{r.choice(['Example.jp', 'clinic.example'])}" for i in range(r.randrange(3))],
           "tags": r.sample(["medical", "ics", "honeypot"], r.randrange(3)), "_shodan": {"module": r.choice(["http", "ssh"])}}
    if r.random() < 0.4:
        one["http"] = {"status": r.choice([200, 404]), "title": r.choice(WORDS) + " " + r.choice(WORDS), "html": "<p>" + r.choice(WORDS)}
    if r.random() < 0.3:
        one["ssl"] = {"versions": ["TLSv1.2", "-SSLv3"], "cert": {"subject": {"CN": r.choice(["Pacs.example", "*.Clinic.example"])},
                                                                   "issuer": {"CN": "Dermatology CA"}, "expires": "20270101000000Z"}}
    if r.random() < 0.2:
        one["vulns"] = {f"CVE-2024-{r.randrange(1000, 1020)}": {"verified": False}}
    return json.dumps(one, ensure_ascii=False)


def traps(file, snapshot):
    """What only all services of an address give away: forty of them over two files, several makers of controllers in one."""
    def one(host, port, **more):
        return json.dumps({"ip_str": f"192.0.2.{host}", "port": port, "transport": "tcp", "data": "x", "timestamp": "2026-03-01T00:00:00", **more}) + "\n"
    lines = [one(1, 1000 + i) for i in (range(25) if snapshot == "first" else range(25, 41))] + [one(2, 80, product="nginx")]
    if snapshot == "first":
        lines += [one(3, 500 + i, product=p) for i, p in enumerate(["S7-300", "modbus TCP", "BACnet'", "nginx", "OpenSSH"])]
        lines += [one(4, 500 + i, product=p) for i, p in enumerate(["SIMATIC S7-300", "x modbus", "BACnet", "nginx", "OpenSSH"])]
        lines += [one(3, 900, data="SSH-2.0-OpenSSH_6.0p1 Debian-4+deb7u2\r\n")]  # says so itself
    with open(file, "a", encoding="utf-8") as f:
        f.writelines(lines)


def term(r):
    word, quote = r.choice(WORDS), lambda s: '"' + s.replace("\\", "\\\\").replace('"', '\\"') + '"'
    kind = r.randrange(24)
    return [
        lambda: quote(word), lambda: quote(word + " " + r.choice(WORDS)), lambda: "皮 膚" if r.random() < 0.5 else quote("皮 膚科"),
        lambda: word.split("/")[0][:4].replace("'", "") + "*", lambda: "all:" + quote(word), lambda: "title:" + quote(word),
        lambda: "html:" + quote(word), lambda: "ssl:" + r.choice(["dermatology", "pacs", "clinic"]),
        lambda: "country:" + ",".join(r.sample(["JP", "us", "DE"], 2)), lambda: "org:" + quote(r.choice(ORGS)),
        lambda: "org:" + r.choice(["*hosp*", "g*", "*病院", "*%*", "*_*", "*\\\\*", "O'*"]), lambda: "os:*" if r.random() < 0.5 else "os:linux",
        lambda: f"port:{r.choice(['80', '1..1024', '>=443', '<100'])}", lambda: f"hash:{r.choice(['-5', '>0', '-10..10'])}",
        lambda: r.choice(["after", "before"]) + f":20{r.randrange(20, 27)}-0{r.randrange(1, 10)}-15",
        lambda: "net:" + r.choice(["10.0.0.0/9", "10.1.4.0/22", "2001:db8::/64", "::/0", "10.2.3.4"]),
        lambda: "geo:" + r.choice(["40,-100,4000", "60,-20,-10,120", "10.5,20.25"]), lambda: r.choice(["has_ssl", "has_ipv6", "has_vuln"]) + ":" + r.choice(["true", "false"]),
        lambda: "hostname:" + r.choice(["EXAMPLE.jp", "www1", "clinic"]), lambda: "tag:" + r.choice(["medical", "ICS"]),
        lambda: f"vuln:CVE-2024-10{r.randrange(10, 20)}", lambda: "transport:udp", lambda: "class:" + r.choice(["pacs", "network"]),
        lambda: "os:any:" + r.choice(["linux", '"Windows Server 2008 R2"']),
    ][kind]()


def question(r):
    parts = [("-" if r.random() < 0.25 else "") + term(r) for _ in range(r.randrange(1, 4))]
    if len(parts) == 3 and r.random() < 0.4:
        return f"({parts[0]} OR {parts[1]}) {parts[2]}"
    return (" OR " if r.random() < 0.3 else " ").join(parts)


def words(r):
    """A verb with its operands."""
    q, kind = question(r), r.randrange(10)
    q = f"({q})" if q.startswith("-") else q  # not an option
    if kind < 4:
        return ["count", q]
    if kind < 6:
        return ["facet", r.choice(["country:3", "os", "org:2", "port", "ip:4", "timestamp:3", "tag", "hash:5", "hostname:4", "support,class", "http.status",
                                   "transport", "vuln:3", "tls", "snapshot", "source", "ssl.cert.expires", "os:any", "os:any:2,country:any:3",
                                   "product:any"]), q]
    if kind == 6:
        return ["facet", r.choice(["os/country:7", "port/tls", "tag/tag", "transport/port:4"]), q]
    if kind == 7:
        return ["facet", "timestamp", "--over", r.choice(["hour", "day", "week", "month", "year"]) if r.random() < 0.9 else "month", q]
    if kind == 8:
        return ["count", "--distinct", r.choice(["ip", "org", "port", "hash", "tag"]), q]
    order = r.choice([[], ["--sort", "org"], ["--sort", "port", "--falling"], ["--sort", "ip"], ["--sort", "os", "--falling"], ["--sort", "hash"], ["--sample", "9"], ["--sample", "30", "--seed", "77"]])
    return ["search", "--raw", "--limit", str(r.choice([1, 7, 50])), "--offset", str(r.choice([0, 3])), *order, q]


def mamori(data, *argv, store=None, **more):
    env = {**os.environ, "MAMORI_CLICKHOUSE_PASSWORD": PASSWORD, **more.pop("env", {})}
    argv = [str(lib.MAMORI), "exposure", *map(str, argv), "--data", str(data), *(["--store", store] if store else [])]
    return subprocess.run(argv, capture_output=True, text=True, timeout=300, env=env, **more)


def compare(s, data, other, store, count, seed, what):
    """The same questions to both."""
    r, wrong, answers = random.Random(seed), [], 0
    for _ in range(count):
        argv = words(r)
        mine, theirs = mamori(data, *argv, "--json"), mamori(other, *argv, "--json", store=store)
        answers += mine.stdout not in ('{"count":0}\n', "")
        if mine.returncode != 0 or mine.stdout != theirs.stdout or mine.returncode != theirs.returncode:
            wrong.append(f"{argv}\nfiles:      {mine.stdout[:600]}{mine.stderr}\nClickHouse: {theirs.stdout[:600]}{theirs.stderr}")
    s.ok(not wrong, f"{count - len(wrong)} of {count} questions have the same answer {what}", "\n".join(wrong[:3]))
    s.ok(answers > count / 2, f"{answers} of them found something")


def counted(data, store, query=""):
    out = mamori(data, "count", query, "--json", store=store)
    return json.loads(out.stdout)["count"] if out.returncode == 0 else out.stderr


def fill(s, files, data, store):
    """Each file into both; what both say of it."""
    for file, snapshot in files:
        both = [mamori(data, "import", "--json", "--snapshot", snapshot, file), mamori(data.parent / "other", "import", "--json", "--snapshot", snapshot, file, store=store)]
        s.ok(both[0].returncode == 0 and both[0].stdout == both[1].stdout, f"{file.name} gives the same report into files and ClickHouse",
             "\n".join(str(b.stdout) + str(b.stderr) for b in both))


def kill_imports(s, shard, other, store, big):
    """SIGKILL at moments of an import: nothing of it counts, and the next import works."""
    before = counted(other, store)
    argv = [str(lib.MAMORI), "exposure", "import", "--data", str(other), "--store", store, "--snapshot", "killed", str(big)]
    killed = 0
    for wait in (0.02, 0.1, 0.3, 0.6, 1.0, 1.5, 2.5, 4.0):
        p = subprocess.Popen(argv, env={**os.environ, "MAMORI_CLICKHOUSE_PASSWORD": PASSWORD}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            p.wait(wait)
        except subprocess.TimeoutExpired:
            p.send_signal(signal.SIGKILL)
            killed += 1
        p.wait(10)
        seen, whole = counted(other, store), counted(other, store, "snapshot:killed")
        if seen != before and not (p.returncode == 0 or whole == 20000):
            s.ok(False, "a killed import leaves what was there", f"after {wait} s: {seen} banners, {before} before")
            return
        if whole == 20000:
            break
    s.ok(killed >= 1, f"{killed} imports were killed; each left all or nothing")
    done = mamori(other, "import", "--snapshot", "killed", big, store=store)
    s.ok(done.returncode == 0 and counted(other, store, "snapshot:killed") == 20000, "the import after them is whole", done.stderr)


def many(s, shard):
    """Beyond 200,000 banners confidences are read from a sample: the same one from either store, so the same report."""
    file, data, other, store = s.tmp / "many.jsonl", s.tmp / "many", s.tmp / "many-other", shard.store("many")
    texts = ["SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.1", "HTTP/1.1 200 OK\r\nServer: Microsoft-IIS/8.5", "DICOM Server Response", "Orthanc", "x"]
    with open(file, "w", encoding="utf-8") as f:
        f.writelines(json.dumps({"ip_str": f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", "port": [104, 80, 22][i % 3], "transport": "tcp", "data": texts[i % 5],
                                 "timestamp": f"2026-01-{1 + i % 28:02d}T00:00:00", "org": ["General Hospital", "Ward Clinic"][i % 2],
                                 "location": {"country_code": ["JP", "US"][i % 7 > 3]}}) + "\n" for i in range(205000))
    for folder, where in ((data, None), (other, store)):
        out = mamori(folder, "import", "--snapshot", "many", file, store=where)
        s.ok(out.returncode == 0, "205,000 banners are imported", out.stderr)
    wrong = [argv for argv in (["--sample", "2000"], ["--sample", "500", "--seed", "9", "port:104"])
             if (one := mamori(data, "search", "--json", *argv).stdout) != mamori(other, "search", "--json", *argv, store=store).stdout or one.count("\n") < 500]
    s.ok(not wrong, "a sample of more than 200,000 is the same from both", wrong)
    folders = [s.tmp / f"many-{name}" for name in ("files", "clickhouse")]
    out = [mamori(d, "report", "healthcare", "--lang", "en", "--to", folder, store=st)
           for d, folder, st in ((data, folders[0], None), (other, folders[1], store))]
    s.ok(out[0].returncode == 0 and out[1].returncode == 0, "both report on them", [o.stderr for o in out])
    names = sorted(p.name for p in folders[0].iterdir())
    s.equal([n for n in names if (folders[0] / n).read_bytes() != (folders[1] / n).read_bytes()], [], f"{', '.join(names)} are the same")
    html = next(p for p in folders[0].iterdir() if p.suffix == ".html").read_text()
    s.ok("sample" in html, "and say that confidences are those of a sample")


def refusals(s, data, store):
    bad = mamori(data, "count", "", store=store.replace("//", "//default:secret@"))
    s.ok(bad.returncode == 2 and "secret" not in bad.stderr, "a password in the address is refused and not repeated", bad.stderr)
    bad = mamori(data, "count", "", store=store, env={"MAMORI_CLICKHOUSE_PASSWORD": "wrong"})
    s.equal(bad.returncode, 5, "a wrong password is refused by ClickHouse: exit 5")
    bad = mamori(data, "count", "", store="clickhouse://127.0.0.1:1/x")
    s.equal(bad.returncode, 4, "nobody there: exit 4")
    (data / "clickhouse.password").write_text(PASSWORD + "\n")
    s.equal(counted_with_file(data, store), counted(data, store), "the password may lie in the state folder")


def counted_with_file(data, store):
    out = mamori(data, "count", "", "--json", store=store, env={"MAMORI_CLICKHOUSE_PASSWORD": ""})
    return json.loads(out.stdout)["count"] if out.returncode == 0 else out.stderr


def same_reports(s, data, other, store):
    """What people read is the same, byte for byte, whichever store was asked."""
    wrong = []
    for words in (["healthcare", "--country", "JP", "--lang", "en"], ["healthcare", "--query", "before:2025-01-01", "--lang", "ja", "--top", "5"]):
        folders = [s.tmp / f"report-{name}-{words[-1]}" for name in ("files", "clickhouse")]
        out = [mamori(d, "report", *words, "--to", folder, store=st) for d, folder, st in ((data, folders[0], None), (other, folders[1], store))]
        names = sorted(p.name for p in folders[0].iterdir()) if out[0].returncode == 0 else []
        wrong += [(words, n) for n in names if (folders[0] / n).read_bytes() != (folders[1] / n).read_bytes()]
        s.ok(out[0].returncode == 0 and len(names) == 3 and not wrong, f"the report {' '.join(words)} is the same in three forms from both stores",
             (wrong, out[0].stderr, out[1].stderr))
    zips = [s.tmp / f"letters-{name}.zip" for name in ("files", "clickhouse")]
    out = [mamori(d, "report", "notify", "--query", "port:104,11112", "--to", z, store=st) for d, z, st in ((data, zips[0], None), (other, zips[1], store))]
    s.ok(all(o.returncode == 0 for o in out) and zips[0].read_bytes() == zips[1].read_bytes(), "and so are the letters", [o.stderr for o in out])


class Between:
    """Passes connections on to a port, until it is told to say nothing more."""

    def __init__(self, port):
        self.silent, self.listener = threading.Event(), socket.create_server((HOST, 0))
        self.port, self.to = self.listener.getsockname()[1], port
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            server = socket.create_connection((HOST, self.to))
            for a, b in ((client, server), (server, client)):
                threading.Thread(target=self.pump, args=(a, b), daemon=True).start()

    def pump(self, a, b):
        with contextlib.suppress(OSError):
            while piece := a.recv(65536):
                if self.silent.is_set():
                    continue
                b.sendall(piece)
            b.shutdown(socket.SHUT_WR)


def served(s, shard, data):
    """A server whose page reads ClickHouse."""
    between = Between(shard.http)
    server = s.server(start=False)
    server.program = s.start(lib.MAMORI, "serve", "--data", server.data, "--listen", f"{HOST}:{server.port}", "--agents", f"{HOST}:{server.agents_port}",
                             "--exposure-store", f"clickhouse://{HOST}:{between.port}/mamori", log="page", env={"MAMORI_CLICKHOUSE_PASSWORD": PASSWORD})
    s.wait_for("the server's ready line", 30, server._ready)
    wanted = counted(data, None, "country:JP")
    s.equal(server.api("GET", "/api/v1/exposure/count?q=country:JP")["count"], wanted, "a server's page counts in ClickHouse")
    mine = json.loads(mamori(data, "facet", "os:any:5", "port:80", "--json").stdout)
    theirs = server.api("GET", "/api/v1/exposure/facet?q=port:80&fields=os:any:5")["facets"][0]
    s.equal((theirs["field"], theirs["values"], theirs["other"]), (mine["field"], mine["values"], mine["other"]), "facets of either on the page")
    found = server.api("GET", "/api/v1/exposure/search?q=country:JP&limit=3")["items"]
    s.equal([one["ip"] for one in found], [json.loads(line)["ip"] for line in mamori(data, "search", "country:JP", "--limit", "3", "--json").stdout.splitlines()],
            "and finds there")
    order = server.api("POST", "/api/v1/exposure/reports", {"kind": "healthcare", "format": "html", "query": "country:JP"})
    state = s.wait_for("a report", 120, lambda: next((r for r in server.api("GET", "/api/v1/exposure/reports")["items"]
                                                      if r["id"] == order["id"] and r["state"] in ("done", "failed")), None))
    s.ok(state["state"] == "done", "a report is ordered of it", state)
    between.silent.set()
    began = time.monotonic()
    status, _, body = server.request("GET", "/api/v1/exposure/count?q=country:US", headers={"Cookie": server.cookie}, timeout=90)
    s.ok(status == 503 and b"busy" in body and time.monotonic() - began < 60, f"a question that ClickHouse does not answer is given up ({time.monotonic() - began:.0f} s)",
         (status, body))
    server.stop()


def own_networks(s, shard):
    """What is ours by the surface and by the fleet: the same of both stores, and the page says so, too."""
    if os.geteuid() != 0 or not shutil.which("nsenter") or s.run("unshare", "-n", "ip", "link", "add", "pub", "type", "veth", "peer", "name", "bup").status != 0:
        s.skip("own networks are the same in ClickHouse", "needs root, nsenter and network namespaces")
        return
    server, store = s.server(start=False), shard.store("ours")
    data = server.data
    # A machine with an address of the internet, in a network of its own with its server, and with a /sys of that network.
    server.program = s.start("unshare", "-n", "sh", "-c", f"ip link set lo up && ip link add pub type veth peer name bup && ip addr add {PUBLIC}/32 dev pub && "
                             f"ip link set pub up && ip link set bup up && exec {lib.MAMORI} serve --data {data} --listen {HOST}:{server.port} --agents {HOST}:{server.agents_port}",
                             log="inside")
    s.wait_for("the server's ready line", 30, server._ready)
    inside = ["nsenter", "-t", str(server.program.pid), "-n", "unshare", "-m", "sh", "-c", 'mount -t sysfs sysfs /sys && exec "$@"', "sh"]
    state = s.tmp / "agent-inside"
    s.run(*inside, lib.AGENT, "enrol", "--token-file", s.token_file(server), "--state", state, timeout=60, check=True)
    s.run(*inside, lib.AGENT, "once", "--state", state, timeout=120, check=True)
    # Many that lie apart, as of a company whose addresses are known one by one.
    seeds = [word for i in range(40) for word in ("--seed", f"network:203.0.113.{i * 2}/32")]
    server.cli("surface", "discover", "--offline", "--no-guesses", "--seed", "network:192.0.2.0/28", "--seed", "network:2001:db8:7::/48", *seeds)
    file = s.tmp / "ours.jsonl"
    hosts = [{"ip_str": ip} for ip in (PUBLIC, "9.9.9.78", "192.0.2.0", "192.0.2.15", "192.0.2.16", "203.0.113.0", "203.0.113.1", "203.0.113.78",
                                       "203.0.113.80", "8.8.8.8", "10.1.2.3", "127.0.0.1")]
    hosts += [{"ipv6": ip} for ip in ("2001:db8:7::", "2001:db8:7:ffff::1", "2001:db8:8::1", "::1")]
    file.write_text("".join(json.dumps({**h, "port": port, "transport": "tcp", "timestamp": "2026-01-01T00:00:00", "data": "x"}) + "\n"
                            for h in hosts for port in (80, 443)))
    for where in (None, store):
        s.equal(mamori(data, "import", file, store=where).returncode, 0, "banners are imported beside the fleet")
    told = {n["from"] for n in map(json.loads, mamori(data, "mine", "list", "--json").stdout.splitlines())}
    s.equal(told, {"fleet", "surface"}, "the fleet and the surface have said what is ours")
    wanted = {PUBLIC, "192.0.2.0", "192.0.2.15", "203.0.113.0", "203.0.113.78", "2001:db8:7::", "2001:db8:7:ffff::1"}
    for where, name in ((None, "the files"), (store, "ClickHouse")):
        found = mamori(data, "search", "--json", "--limit", "100", "mine:true", store=where)
        s.equal({json.loads(line)["ip"] for line in found.stdout.splitlines()}, wanted, f"mine:true finds all of ours and nothing else in {name}")
    questions = [["count", q] for q in ("mine:true", "mine:false", "-mine:true", "mine:*", "mine:true port:80", "mine:true OR net:8.8.8.0/24", "mine:true,false", "-mine:*")]
    questions += [["count", "--distinct", "ip", "mine:true"], ["facet", "port", "mine:true"], ["facet", "ip:20", "mine:false"]]
    wrong = []
    for argv in questions:
        both = [mamori(data, *argv, "--json", store=where) for where in (None, store)]
        if both[0].returncode != 0 or both[0].stdout != both[1].stdout:
            wrong.append((argv, [b.stdout + b.stderr for b in both]))
    s.equal(wrong, [], f"{len(questions)} questions about ours have the same answer from both")
    for count in (1, 5000):
        mamori(data, "mine", "set", *[f"11.{i >> 7 & 255}.{i >> 15}.{i * 2 & 255}" for i in range(count)])
        began = time.monotonic()
        s.equal(counted(data, store, "mine:true"), 2 * len(wanted), f"{count} more addresses of ours")
        s.ok(time.monotonic() - began < 20, f"are asked for in {time.monotonic() - began:.1f} s")
    server.stop()
    server.program = s.start(lib.MAMORI, "serve", "--data", data, "--listen", f"{HOST}:{server.port}", "--agents", f"{HOST}:{server.agents_port}",
                             "--exposure-store", store, log="outside", env={"MAMORI_CLICKHOUSE_PASSWORD": PASSWORD})
    s.wait_for("the server's ready line", 30, server._ready)
    server.sign_in()
    s.equal(server.api("GET", "/api/v1/exposure/count?q=mine:true")["count"], 2 * len(wanted), "a server's page on ClickHouse counts them")
    server.stop()


def distributed(s, first, files):
    """Tables over two servers, as doc/exposure-clickhouse.md makes them."""
    second = Shard(s, "second", cluster=[first.tcp])
    model = mamori(s.tmp / "model", "import", "--snapshot", "model", files[0][0], store=second.store("model"))
    s.ok(model.returncode == 0, "tables for a model", model.stderr)
    for shard in (first, second):
        shard.ask("CREATE DATABASE part")
        for table in ("banner", "dead", "commit"):
            ddl = second.ask(f"SHOW CREATE TABLE model.mamori_{table} FORMAT TabSeparatedRaw").stdout.strip()
            shard.ask(ddl.replace("model.mamori_", "part.mamori_", 1))
    second.ask("CREATE DATABASE world")
    for table in ("banner", "dead", "commit"):
        key = "cityHash64(ip)" if table != "commit" else "0"
        out = second.ask(f"CREATE TABLE world.mamori_{table} AS part.mamori_{table} ENGINE = Distributed(two, part, mamori_{table}, {key})")
        s.ok(not out.stdout, f"the Distributed table of {table}", out.stdout)
    other, data = s.tmp / "distributed", s.tmp / "alone"
    for file, snapshot in files:
        mamori(data, "import", "--snapshot", snapshot, file)
        out = mamori(other, "import", "--snapshot", snapshot, file, store=second.store("world"))
        s.ok(out.returncode == 0, f"{file.name} goes into the cluster", out.stderr)
    spread = [int(shard.ask("SELECT count() FROM part.mamori_banner").stdout) for shard in (first, second)]
    s.ok(min(spread) > 100, f"both servers hold rows: {spread}")
    compare(s, data, other, second.store("world"), 60, 3, "over two servers")


def main():
    with lib.Scenario() as s:
        if not program():
            s.skip("ClickHouse answers as the files do", "clickhouse-server is not installed")
            return
        r = random.Random(5)
        shard = Shard(s, "first")
        data, other, store = s.tmp / "state", s.tmp / "other", shard.store("mamori")
        files = []
        for name, size in (("first", 2500), ("second", 1500)):
            path = s.tmp / f"{name}.jsonl"
            path.write_text("".join(record(r, i) + "\n" for i in range(size)))
            traps(path, name)
            files.append((path, name))
        fill(s, files[:1], data, store)
        s.equal([counted(d, st, "net:192.0.2.0/24 honeypot:true") for d, st in ((data, None), (other, store))], [6, 6], "an address of several controllers is suspicious")
        fill(s, files[1:], data, store)
        s.equal([counted(d, st, "net:192.0.2.0/24 honeypot:true") for d, st in ((data, None), (other, store))], [47, 47], "and one of forty services in two files")
        shown = [mamori(d, "search", "net:192.0.2.0/24", "--raw", "--json", "--limit", "200", store=st).stdout for d, st in ((data, None), (other, store))]
        s.ok(shown[0] == shown[1] and '"confidence":85' in shown[0] and '"confidence":50' in shown[0], "with the same confidence",
             next((f"{a}\n{b}" for a, b in zip(*(one.splitlines() for one in shown)) if a != b), shown[0][-600:]))
        compare(s, data, other, store, 320, 1, "in ClickHouse")
        diffs = [mamori(d, "diff", "first", "second", "--json", store=st).stdout for d, st in ((data, None), (other, store))]
        s.ok(diffs[0] == diffs[1] and diffs[0].count("\n") > 100, f"a comparison of {diffs[0].count(chr(10))} lines is the same",
             next((f"{a[:400]}\n{b[:400]}" for a, b in zip(diffs[0].splitlines(), diffs[1].splitlines()) if a != b), ""))
        same_reports(s, data, other, store)
        served(s, shard, data)
        own_networks(s, shard)
        # The same file with other content replaces what it gave, but not what it shares with the other one.
        lines = files[1][0].read_text().splitlines()
        files[1][0].write_text("\n".join(lines[:700] + [record(r, 5000 + i) for i in range(50)]) + "\n")
        fill(s, files[1:], data, store)
        compare(s, data, other, store, 40, 2, "after a replaced import")
        s.equal(mamori(data, "count", "--distinct", "ip").stdout, mamori(other, "count", "--distinct", "ip", store=store).stdout,
                "different addresses of everything")
        refusals(s, data, store)
        (data / "clickhouse.password").unlink()
        big = s.tmp / "big.jsonl"
        big.write_text("".join(json.dumps({"ip_str": f"172.16.{i // 250}.{i % 250}", "port": 80, "transport": "tcp", "data": "big " * 50,
                                           "timestamp": "2026-01-01T00:00:00.000000"}) + "\n" for i in range(20000)))
        kill_imports(s, shard, other, store, big)
        many(s, shard)
        distributed(s, shard, files)
        shard.program.stop()


main()
