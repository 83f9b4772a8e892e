#!/usr/bin/env python3
"""The exposure index beside DuckDB and SQLite FTS5 on the same made-up records, in one run.

    bench/exposure.py [--build DIR] [--count N] [--nested N] [--scale N] [--queries N] [--runs N] [--limit SECONDS]
                      [--no-sqlite] [--keep DIR] [--json FILE]

--count flat records of 0.4 KB and --nested ones of 0.7 KB in Shodan's form are generated and imported, with and without
enrichment, and loaded by DuckDB and by SQLite with FTS5. It prints times, processor time, memory, sizes (beside `zstd -3`
of the input), the questions of an analyst to all three with their ratios, how many of some hundred generated questions
gave DuckDB's answer, and last each goal with what was reached. --scale imports so many records alone, from a compressed
file, and prints what each million cost, the memory, the size and the questions; 0 leaves a part out.

DuckDB is the npm package @duckdb/node-api, installed below the build directory when npm can; what is not here is skipped
by name. Everything is below one folder that is removed at the end, also after --limit or a signal.
Gives 1 when an answer differs or the limit came; a goal missed is printed and is no failure.
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time

REPO = pathlib.Path(__file__).resolve().parent.parent
COUNTRIES = ["US", "CN", "DE", "JP", "GB", "FR", "BR"]
SYSTEMS = ["Linux", "Windows Server 2016", "Windows Server 2012 R2", "Ubuntu", "Windows Server 2008 R2", "Windows XP"]
PRODUCTS = ["nginx", "Apache httpd", "OpenSSH", "Orthanc", "Microsoft RDP"]
WORDS = ["dermatology", "clinic", "portal", "medical", "viewer", "modality", "nginx"]
CITIES = ["server", "welcome", "login", "archive", "patient", "modality"]

# What is asked, in our language, for DuckDB, for SQLite (None: as DuckDB; "": it cannot), and the goal in milliseconds.
ORGS = "SELECT org, count(*) n FROM b WHERE os='Windows Server 2008 R2' AND country<>'US' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10"
QUESTIONS = [
    ("count by country, top ten", "facet country 10",
     "SELECT country, count(*) n FROM b GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10", None, 1.0),
    ("one system outside the US, top ten organisations", 'facet org 10 os:"Windows Server 2008 R2" -country:US', ORGS, None, 3.0),
    ("dermatology without TLS", "count dermatology tls:false",
     "SELECT count(*) FROM b WHERE contains(banner,'dermatology') AND NOT tls",
     "SELECT count(*) FROM t JOIN b ON b.id=t.rowid WHERE t MATCH 'dermatology' AND NOT b.tls", 0.5),
    # FTS5's words are between blanks: it does not find one inside unspaced text.
    ("皮膚科 without TLS", "count 皮膚科 tls:false", "SELECT count(*) FROM b WHERE contains(banner,'皮膚科') AND NOT tls", "", 0.5),
    ("different addresses", "distinct ip", "SELECT count(DISTINCT ip) FROM b", None, 5.0),
    ("different addresses of one system outside the US", 'distinct ip os:"Windows Server 2008 R2" -country:US',
     "SELECT count(DISTINCT ip) FROM b WHERE os='Windows Server 2008 R2' AND country<>'US'", None, None),
    ("different addresses without TLS", "distinct ip tls:false", "SELECT count(DISTINCT ip) FROM b WHERE NOT tls", None, None),
    ("addresses with most services in Japan, top ten", "facet ip 10 country:JP",
     "SELECT ip, count(*) n FROM b WHERE country='JP' GROUP BY 1 ORDER BY 2 DESC, "
     "list_transform(string_split(ip,'.'),x->x::INT) LIMIT 10", "", None),
    ("records by port without TLS, top ten", "facet port 10 tls:false",
     "SELECT port, count(*) n FROM b WHERE NOT tls GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10", None, None),
]


class Late(Exception):
    """The limit came."""


class Runner:
    """Runs programs, one at a time, within the limit; knows each one's peak memory."""

    def __init__(self, limit):
        self.end = time.monotonic() + limit

    def run(self, argv, stdin="", to=None):
        left = self.end - time.monotonic()
        if left <= 0:
            raise Late
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
            given.write(stdin.encode())
            given.seek(0)
            child = subprocess.Popen(argv, stdin=given, stdout=to or said, start_new_session=True)
            try:
                child.wait(timeout=left)
            except BaseException as why:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
                raise Late if isinstance(why, subprocess.TimeoutExpired) else why
            if child.returncode:
                sys.exit(f"bench/exposure.py: {' '.join(map(str, argv))[:200]}: exit {child.returncode}")
            said.seek(0)
            return said.read().decode()

    def lines(self, argv, stdin=""):
        return [json.loads(line) for line in self.run(argv, stdin).splitlines()]


def clause(r, form):
    """One condition, in our language and in SQL."""
    kind = r.randrange(8 if form == "flat" else 12)
    if kind == 0:
        a, b = r.sample(COUNTRIES, 2)
        return f"country:{a},{b}", f"country IN ('{a}','{b}')"
    if kind == 1:
        s = r.choice(SYSTEMS)
        return f'os:"{s}"', f"os='{s}'"
    if kind == 2:
        low = r.choice([1, 22, 80, 443, 1024])
        high = low + r.choice([0, 10, 500, 9000])
        return f"port:{low}..{high}", f"port BETWEEN {low} AND {high}"
    if kind == 3:
        flag = r.choice(["true", "false"])
        return f"tls:{flag}", f"tls={flag}"
    if kind == 4:
        day = f"2024-{r.randint(1, 10):02d}-{r.randint(1, 28):02d}"
        return r.choice([(f"after:{day}", f"\"timestamp\">='{day}'"), (f"before:{day}", f"\"timestamp\"<'{day}'")])
    if kind == 5:
        w = r.choice(WORDS)
        return w, f"regexp_matches(banner,'\\b{w}\\b')"
    if kind == 6:
        p = r.choice(PRODUCTS)
        return f'product:"{p}"', f"product='{p}'"
    if kind == 7:
        net = r.randint(11, 120)
        return f"net:{net}.0.0.0/8", f"starts_with(ip,'{net}.')"
    if kind == 8:
        city = r.choice(CITIES)
        return f"city:{city}", f"city='{city}'"
    if kind == 9:
        n = r.randrange(-2**31, 2**31)
        return r.choice([(f"hash:>={n}", f"hash>={n}"), (f"hash:<{n}", f"hash<{n}")])
    if kind == 10:
        n = r.randrange(1000)
        return f"hostname:host{n}*", f"starts_with(hostname,'host{n}')"
    n = r.randrange(-80, 80)
    return f"latitude:>={n}", f"latitude>={n}"


def generated(count, form):
    """Pairs of questions that must have the same answer."""
    r = random.Random(7)
    fields = ["country", "os", "product", "org", "port", "version"] + ([] if form == "flat" else ["city", "hostname", "hash"])
    for _ in range(count):
        parts, sql = [], []
        for _ in range(r.randint(1, 3)):
            ours, theirs = clause(r, form)
            no = r.random() < 0.3
            parts.append(("-" if no else "") + ours)
            sql.append(f"NOT ({theirs})" if no else theirs)
        either = r.random() < 0.3
        query = (" OR " if either else " ").join(parts)
        where = (" OR " if either else " AND ").join(f"({s})" for s in sql)
        kind = r.randrange(4)
        if kind == 0:
            field = r.choice(fields)
            # Ties at the tenth place are broken by the value in both.
            yield (f"facet {field} 10 {query}",
                   f"SELECT {field}, count(*) n FROM b WHERE {where} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10")
        elif kind == 1:
            yield f"distinct ip {query}", f"SELECT count(DISTINCT ip) FROM b WHERE {where}"
        else:
            yield f"count {query}", f"SELECT count(*) FROM b WHERE {where}"


def folder_size(folder):
    return sum(p.stat().st_size for p in pathlib.Path(folder).rglob("*") if p.is_file())


def stored(data):
    """Bytes of compressed records: what lies before each segment's first section."""
    total = 0
    for p in pathlib.Path(data, "exposure").glob("*.segment"):
        with p.open("rb") as f:
            f.seek(-56, 2)
            sections, count = struct.unpack("<QQ", f.read(16))
            f.seek(sections)
            table = f.read(24 * count)
            total += min(struct.unpack_from("<IIQQ", table, 24 * i)[2] for i in range(count)) - 64
    return total


def install_duckdb(build):
    folder = pathlib.Path(build, "bench-duckdb")
    if not (folder / "node_modules/@duckdb/node-api").exists():
        if not shutil.which("npm"):
            return None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private":true}')
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "@duckdb/node-api"], cwd=folder, capture_output=True)
        if done.returncode:
            return None
    return folder


def peak_memory():
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def sqlite_child(form, file, path):
    """Loads and asks, in a process of its own; JSON Lines."""
    start, cpu = time.monotonic(), time.process_time()
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode=off")
    db.execute("PRAGMA synchronous=off")
    db.execute("CREATE TABLE b(id INTEGER PRIMARY KEY, ip, port, country, org, os, product, version, tls, timestamp)")
    db.execute("CREATE VIRTUAL TABLE t USING fts5(banner, content='')")
    with open(file, encoding="utf-8") as f:
        for i, line in enumerate(f, 1):
            r = json.loads(line)
            if form == "nested":
                r.update(ip=r["ip_str"], country=r["location"]["country_code"], tls="ssl" in r, banner=r["data"])
            db.execute("INSERT INTO b VALUES(?,?,?,?,?,?,?,?,?,?)", (i, r["ip"], r["port"], r["country"], r["org"], r["os"],
                                                                    r["product"], r["version"], r["tls"], r["timestamp"]))
            db.execute("INSERT INTO t(rowid,banner) VALUES(?,?)", (i, r["banner"]))
    for column in ("country", "os", "ip"):
        db.execute(f"CREATE INDEX by_{column} ON b({column})")
    db.commit()
    print(json.dumps({"seconds": time.monotonic() - start, "cpu": time.process_time() - cpu, "bytes": os.path.getsize(path)}))
    for _, _, sql, own, _ in QUESTIONS:
        best, rows = None, []
        for _ in range(0 if own == "" else 3):
            start = time.monotonic()
            rows = db.execute(own or sql).fetchall()
            took = (time.monotonic() - start) * 1000
            best = took if best is None else min(best, took)
        print(json.dumps({"best_ms": best, "rows": rows, "memory": peak_memory()}))


def same(ours, rows):
    answer = ours["answer"]
    if isinstance(answer, list):
        return [[str(v), n] for v, n in answer] == [[str(v), int(n)] for v, n in rows]
    return answer == int(rows[0][0])


class Bench:
    def __init__(self, args, folder):
        found = list(pathlib.Path(args.build).rglob("bench-exposure"))
        if not found:
            sys.exit(f"bench/exposure.py: no bench-exposure below {args.build}; build with -Dtests=true")
        self.args, self.folder = args, folder
        self.program = str(found[0])
        self.runner = Runner(args.limit)
        self.modules = install_duckdb(args.build)
        self.goals, self.figures, self.ok = [], {}, True

    def goal(self, what, value, limit, unit):
        self.goals.append((what, value, limit, unit))

    def ask(self, data, questions, mode="query"):
        return self.runner.lines([self.program, mode, data], "\n".join(questions) + "\n")

    def settle(self):
        """Nothing of what came before is still on its way to the disk when a time is taken."""
        os.sync()
        time.sleep(1)

    def load_ours(self, file, data, verb):
        shutil.rmtree(data, ignore_errors=True)
        self.settle()
        return self.runner.lines([self.program, verb, data, file])[0]

    def duckdb(self, form, file, sql, runs, load):
        argv = ["node", REPO / "bench/exposure-duckdb.mjs", self.modules, form, file, f"{self.folder}/duck.db", str(runs)]
        return self.runner.lines(argv + (["load"] if load else []), "".join(s + "\n" for s in sql))

    def load_duckdb(self, form, file):
        pathlib.Path(self.folder, "duck.db").unlink(missing_ok=True)
        self.settle()
        return self.duckdb(form, file, [], 1, True)[0]

    def loads(self, form, file, data):
        """The import and DuckDB's load by turns, so that both meet the same machine; the best of each."""
        ours, theirs = [], []
        for _ in range(self.args.runs):
            ours.append(self.load_ours(file, data, "import"))
            if self.modules:
                theirs.append(self.load_duckdb(form, file))
        for ours_is, its in zip(ours, theirs):
            print(f"  by turns: import {ours_is['seconds']:.2f} s ({ours_is['cpu']:.1f} s of processor), "
                  f"DuckDB's load {its['seconds']:.2f} s ({its['cpu']:.1f} s)")
        fastest = lambda rows: min(rows, key=lambda row: row["seconds"], default=None)
        return fastest(ours), fastest(theirs)

    def sqlite(self, form, file, mine):
        """Last, as it takes longest."""
        path = f"{self.folder}/sqlite.db"
        loaded, *rows = self.runner.lines([sys.executable, __file__, "--sqlite-child", form, file, path])
        os.unlink(path)
        print(f"  SQLite FTS5: load {loaded['seconds']:.1f} s (through Python), file {loaded['bytes'] / 1e6:.0f} MB, "
              f"memory {rows[-1]['memory'] / 1e6:.0f} MB")
        for q, m, row in zip(QUESTIONS, mine, rows):
            if row["best_ms"] is None:
                continue
            good = same(m, row["rows"])
            self.ok &= good
            print(f"    {q[0]:50} {row['best_ms']:9.1f} ms, ×{row['best_ms'] / max(m['best_ms'], 1e-4):.0f}, "
                  f"{'same answer' if good else 'DIFFERENT'}")

    def questions(self, form, data, theirs):
        mine = self.ask(data, [q[1] for q in QUESTIONS])
        print(f"  {'':50} {'mamori':>12} {'first time':>11}" + (f" {'DuckDB':>12}" if theirs else ""))
        for i, (q, m) in enumerate(zip(QUESTIONS, mine)):
            line = f"  {q[0]:50} {m['best_ms']:9.3f} ms {m['first_ms']:8.2f} ms"
            if theirs:
                good = same(m, theirs[i]["rows"])
                self.ok &= good
                line += (f" {theirs[i]['best_ms']:9.1f} ms  ×{theirs[i]['best_ms'] / max(m['best_ms'], 1e-4):.0f}, "
                         f"{'same answer' if good else 'DIFFERENT'}")
            print(line)
            if q[4]:
                self.goal(f"{form}: {q[0]}", m["best_ms"], q[4], "ms")
        return mine

    def check(self, form, data, file):
        pairs = list(generated(self.args.queries, form))
        theirs = self.duckdb(form, file, [p[1] for p in pairs], 1, False)
        mine = self.ask(data, [p[0] for p in pairs], "check")
        wrong = [p for p, a, b in zip(pairs, mine, theirs) if not same(a, b["rows"])]
        for p in wrong[:5]:
            print(f"  DIFFERENT: {p[0]}\n             {p[1]}")
        self.ok &= not wrong and len(mine) == len(pairs)
        print(f"  {len(pairs) - len(wrong)} of {len(pairs)} generated questions have DuckDB's answer")

    def compare(self, form, count):
        file, data = f"{self.folder}/{form}.jsonl", f"{self.folder}/{form}"
        with open(file, "wb") as f:
            self.runner.run([self.program, "generate", form, str(count)], to=f)
        size = os.path.getsize(file)
        print(f"{form}: {count} records, {size / 1e6:.0f} MB")
        rich = self.load_ours(file, data, "enrich")
        best, loaded = self.loads(form, file, data)
        raw, everything = stored(data), folder_size(data)
        print(f"  mamori: import {best['seconds']:.1f} s ({best['cpu']:.1f} s of processor, {size / 1e6 / best['seconds']:.0f} MB/s), "
              f"memory {best['memory'] / 1e6:.0f} MB; with enrichment {rich['seconds']:.1f} s ({rich['cpu']:.1f} s), "
              f"{rich['memory'] / 1e6:.0f} MB; index and columns {(everything - raw) / 1e6:.0f} MB, records {raw / 1e6:.0f} MB")
        self.goal(f"{form}: memory of an import", max(best["memory"], rich["memory"]) / 1e6, 1074, "MB")
        if shutil.which("zstd"):
            packed = int(self.runner.run(["sh", "-c", 'zstd -3 -c -q "$1" | wc -c', "sh", file]))
            self.goal(f"{form}: records, beside zstd -3 of the input", raw / 1e6, packed / 1e6, "MB")
        self.figures[form] = {"import": best, "enriched": rich, "raw": raw, "index": everything - raw, "input": size}
        theirs = None
        if loaded:
            print(f"  DuckDB: load {loaded['seconds']:.1f} s ({loaded['cpu']:.1f} s of processor), "
                  f"file {loaded['bytes'] / 1e6:.0f} MB, memory {loaded['memory'] / 1e6:.0f} MB")
            theirs = self.duckdb(form, file, [q[2] for q in QUESTIONS], 7, False)
            self.goal(f"{form}: import, of DuckDB's load", best["seconds"] / loaded["seconds"], 1, "×")
            print(f"  import takes {best['cpu'] / loaded['cpu']:.2f} of the processor time of DuckDB's load, {rich['cpu'] / loaded['cpu']:.2f} "
                  "with enrichment")
            self.goal(f"{form}: import with enrichment, of DuckDB's load", rich["seconds"] / loaded["seconds"], 3, "×")
            self.goal(f"{form}: index and columns, beside DuckDB's file", (everything - raw) / 1e6, loaded["bytes"] / 1e6, "MB")
            self.figures[form]["duckdb"] = loaded
        else:
            print("  SKIP DuckDB: npm or @duckdb/node-api is not here")
        mine = self.questions(form, data, theirs)
        if theirs:
            self.check(form, data, file)
        if not self.args.no_sqlite:
            self.sqlite(form, file, mine)
        for path in (file, f"{self.folder}/duck.db"):
            pathlib.Path(path).unlink(missing_ok=True)
        if not self.args.keep:
            shutil.rmtree(data, ignore_errors=True)

    def scale(self, count):
        """So many records alone: what each million costs while the index grows."""
        file, data = f"{self.folder}/scale.jsonl.zst", f"{self.folder}/scale"
        if not shutil.which("zstd"):
            print("SKIP --scale: zstd is not here")
            return
        self.runner.run(["sh", "-c", '"$1" generate flat "$2" | zstd -1 -q -o "$3"', "sh", self.program, str(count), file])
        done = self.load_ours(file, data, "import")
        steps = [{"records": 0, "seconds": 0, "cpu": 0}] + done["steps"]
        cost = [(b["cpu"] - a["cpu"]) / (b["records"] - a["records"]) * 1e6 for a, b in zip(steps, steps[1:])]
        every = max(1, len(cost) // 20)
        print(f"scale: {count} records from {os.path.getsize(file) / 1e6:.0f} MB of zstd: import {done['seconds']:.1f} s, "
              f"{done['cpu']:.1f} s of processor, memory {done['memory'] / 1e6:.0f} MB\n  processor time of a record, µs, by million: " +
              ", ".join(f"{i + 1}: {c:.2f}" for i, c in enumerate(cost) if i % every == 0))
        if len(cost) >= 4:
            part = len(cost) // 4
            ends = steps[-1]
            print(f"  first quarter {sum(cost[:part]) / part:.2f} µs, last quarter {sum(cost[-part:]) / part:.2f} µs; what follows the "
                  f"last record: {done['seconds'] - ends['seconds']:.1f} s ({done['cpu'] - ends['cpu']:.1f} s of processor)")
        raw, everything = stored(data), folder_size(data)
        print(f"  index and columns {(everything - raw) / 1e6:.0f} MB ({(everything - raw) / count:.1f} bytes a record), records "
              f"{raw / 1e6:.0f} MB ({raw / count:.1f} bytes a record)")
        self.goal("scale: memory of an import", done["memory"] / 1e6, 1074, "MB")
        for q, m in zip(QUESTIONS, self.ask(data, [q[1] for q in QUESTIONS])):
            print(f"  {q[0]:50} {m['best_ms']:9.3f} ms, first time {m['first_ms']:.1f} ms")
        self.figures["scale"] = {"import": done, "cost": cost, "raw": raw, "index": everything - raw}

    def print_goals(self):
        print("goals:")
        for what, value, limit, unit in self.goals:
            word = "reached" if value <= limit else "MISSED"
            print(f"  {word:8} {what}: {value:.3f} of {limit:.3f} {unit}")


def need(args):
    """Bytes on the disk, about: the input, two databases, our own."""
    flat, nested = args.count * (390 + 120 + 100 + (0 if args.no_sqlite else 600)), args.nested * (700 + 300 + 700)
    return max(flat, nested, args.scale * 220)


def main():
    if len(sys.argv) == 5 and sys.argv[1] == "--sqlite-child":
        return sqlite_child(*sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=os.path.abspath, default=str(REPO / "build"))
    parser.add_argument("--count", type=int, default=5_000_000)
    parser.add_argument("--nested", type=int, default=1_000_000)
    parser.add_argument("--scale", type=int, default=0)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--limit", type=float, default=3600)
    parser.add_argument("--no-sqlite", action="store_true")
    parser.add_argument("--keep")
    parser.add_argument("--json")
    args = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = args.keep or tempfile.mkdtemp(prefix="mamori-bench-")
    os.makedirs(folder, exist_ok=True)
    try:
        if shutil.disk_usage(folder).free < need(args):
            sys.exit(f"bench/exposure.py: {need(args) / 1e9:.0f} GB are needed below {folder}; set TMPDIR or ask for fewer records")
        bench = Bench(args, folder)
        print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        try:
            for form, count in (("flat", args.count), ("nested", args.nested)):
                if count:
                    bench.compare(form, count)
            if args.scale:
                bench.scale(args.scale)
        except Late:
            print(f"the limit of {args.limit:.0f} s came; the rest was not measured")
            bench.ok = False
        bench.print_goals()
        print(f"load of the machine after: {os.getloadavg()[0]:.1f}")
        if args.json:
            pathlib.Path(args.json).write_text(json.dumps({"goals": bench.goals, **bench.figures}, indent=1))
        return 0 if bench.ok else 1
    finally:
        if not args.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
