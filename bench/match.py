#!/usr/bin/env python3
"""Matching one host's packages against the Debian advisories: mamori scan beside debsecan on the same facts, offline.

Prints the time of each (the fastest of several runs, start of the process included), the ratio, whether both found the same, how the cost
grows with the number of packages, what matching alone costs with the index open, for one host and for a fleet, and what
an import costs. Beside it `oscap oval eval` on definitions written from the same advisories, over this machine's own
packages. Needs ../shared/data; debsecan and oscap where they are installed.
"""
import html
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import zlib

REPO = pathlib.Path(__file__).resolve().parent.parent
os.environ.setdefault("MAMORI_BUILD", str(REPO / "build"))
spec = importlib.util.spec_from_file_location("scan_matches", REPO / "test/scenario/scan_matches.py")
sys.dont_write_bytecode = True
facts = importlib.util.module_from_spec(spec)
spec.loader.exec_module(facts)

LISTS = [os.path.join(facts.DATA, "debian-dsa-dla-lists", n) for n in ("DSA.list", "DLA.list")]


def timed(argv, runs=9):
    times = []
    for _ in range(runs):
        start = time.monotonic()
        subprocess.run(argv, stdout=subprocess.DEVNULL, check=True)
        times.append((time.monotonic() - start) * 1000)
    return min(times)  # whoever else uses the machine only adds to it


def peak(argv):
    """Megabytes of the largest moment of one run; a small program starts it, whose own size counts as well."""
    script = "import os,sys; os.execvp(sys.argv[1], sys.argv[1:])"
    if shutil.which("time"):
        out = subprocess.run(["time", "-f", "%M", *argv], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        return int(out.stderr.split()[-1]) / 1024
    with open(os.devnull, "w") as nowhere:
        child = subprocess.Popen([sys.executable, "-c", script, *argv], stdout=nowhere)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss / 1024


ROWS = 45000  # of a release in the tracker's own file


def left_open(fixes, path):
    """What the tracker calls open: made up, so that both have as many rows as the real file. Most are of packages that
    no host here has; every second source that has an advisory has one as well."""
    sources = sorted({source for source, _ in fixes})[::2]
    made = ROWS - len(fixes)
    rows = [(sources[i] if i < len(sources) else f"elsewhere-{i // 12}", f"CVE-2039-{10000 + i}") for i in range(made)]
    tracker = {}
    for source, v in rows:
        tracker.setdefault(source, {})[v] = {"releases": {"bookworm": {
            "status": "open", "repositories": {"bookworm": "1"}, "urgency": "not yet assigned"}}}
    with open(path, "w", encoding="ascii") as f:
        json.dump(tracker, f)
    return rows


def debsecan_data(fixes, unfixed, folder):
    """The tracker's release format: names of vulnerabilities, then package, number, flags, fixed version."""
    names = sorted({v for _, v in fixes} | {v for _, v in unfixed})
    number = {v: i for i, v in enumerate(names)}
    lines = ["VERSION 1"] + [f"{v},,x" for v in names] + [""]
    for (source, v), versions in sorted(fixes.items()):
        fixed = [x for x in versions if not x.startswith("<")]
        if fixed:
            fix = max(fixed, key=facts.functools.cmp_to_key(facts.compare))
            lines.append(f"{source},{number[v]},S ?F,{fix},")
    lines += [f"{source},{number[v]},S ? ,," for source, v in unfixed]
    lines += ["", ""]
    with open(os.path.join(folder, "bookworm"), "wb") as f:
        f.write(zlib.compress("\n".join(lines).encode() + b"\n"))
    return len(lines) - len(names) - 4


OVAL = """<?xml version="1.0" encoding="UTF-8"?>
<oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5"
 xmlns:oval="http://oval.mitre.org/XMLSchema/oval-common-5"
 xmlns:l="http://oval.mitre.org/XMLSchema/oval-definitions-5#linux">
<generator><oval:schema_version>5.11.1</oval:schema_version><oval:timestamp>2026-01-01T00:00:00</oval:timestamp></generator>
"""


def binaries():
    """Binary packages of each source on this machine."""
    out = subprocess.run(["dpkg-query", "-W", "-f", "${source:Package} ${Package}\n"], capture_output=True, text=True)
    made = {}
    for line in out.stdout.split("\n"):
        if line:
            source, name = line.split()
            made.setdefault(source, set()).add(name)
    return made


def oval(fixes, path):
    """The same facts as OVAL: one definition for each source package and vulnerability, as Debian publishes them."""
    made, definitions, tests, objects, states = binaries(), [], [], {}, {}
    for number, ((source, v), versions) in enumerate(sorted(fixes.items())):
        fixed = [x for x in versions if not x.startswith("<")]
        if not fixed:
            continue
        fix = max(fixed, key=facts.functools.cmp_to_key(facts.compare))
        fix = fix if ":" in fix else "0:" + fix
        state = states.setdefault(fix, len(states) + 1)
        criteria = []
        for i, name in enumerate(sorted(made.get(source, {source}))):
            thing = objects.setdefault(name, len(objects) + 1)
            test = f"oval:x:tst:{number * 1000 + i + 1}"
            tests.append(f'<l:dpkginfo_test id="{test}" version="1" check="all" check_existence="at_least_one_exists" '
                         f'comment="{name} is earlier"><l:object object_ref="oval:x:obj:{thing}"/>'
                         f'<l:state state_ref="oval:x:ste:{state}"/></l:dpkginfo_test>')
            criteria.append(f'<criterion test_ref="{test}" comment="{name} is earlier than {html.escape(fix)}"/>')
        definitions.append(f'<definition id="oval:x:def:{number + 1}" version="1" class="vulnerability"><metadata>'
                           f'<title>{v} {source}</title><affected family="unix"><platform>Debian 12</platform></affected>'
                           f'<reference source="CVE" ref_id="{v}"/><description>{v} in {source}</description></metadata>'
                           f'<criteria operator="OR">{"".join(criteria)}</criteria></definition>')
    with open(path, "w", encoding="utf-8") as f:
        f.write(OVAL + "<definitions>" + "\n".join(definitions) + "</definitions><tests>" + "\n".join(tests) + "</tests><objects>")
        f.writelines(f'<l:dpkginfo_object id="oval:x:obj:{i}" version="1"><l:name>{n}</l:name></l:dpkginfo_object>\n'
                     for n, i in objects.items())
        f.write("</objects><states>")
        f.writelines(f'<l:dpkginfo_state id="oval:x:ste:{i}" version="1"><l:evr datatype="debian_evr_string" '
                     f'operation="less than">{html.escape(v)}</l:evr></l:dpkginfo_state>\n' for v, i in states.items())
        f.write("</states></oval_definitions>\n")
    return len(definitions)


def beside_oscap(fixes, scan, work):
    status = "/var/lib/dpkg/status"
    if not shutil.which("oscap") or not os.path.exists(status):
        print("oscap is not installed: not measured")
        return None
    path = os.path.join(work, "oval.xml")
    count = oval(fixes, path)
    argv = ["oscap", "oval", "eval", path]
    theirs, ours = timed(argv, runs=3), timed(scan(status))
    print(f"this machine's packages, {count} OVAL definitions of {os.path.getsize(path) / 1e6:.0f} MB: mamori scan {ours:.1f} ms, "
          f"{peak(scan(status)):.0f} MB   oscap oval eval {theirs:.0f} ms, {peak(argv):.0f} MB   ratio {theirs / ours:.0f} to 1")
    return theirs


def matching_alone(data, status, peers):
    """peers: name to its milliseconds for one host of as many packages."""
    beside = lambda ms: "".join(f"   a whole run of {name}: {theirs / ms:.0f} to 1" for name, theirs in peers.items() if theirs)
    tool = os.path.join(os.environ["MAMORI_BUILD"], "test/unit/vuln/bench-fleet")
    if not os.path.exists(tool):
        print("bench-fleet is not built: matching alone not measured")
        return
    run = lambda *argv: json.loads(subprocess.run([tool, *argv], capture_output=True, text=True, check=True).stdout)
    one = min((run("host", data, "debian:12", status) for _ in range(3)), key=lambda r: r["median_ms"])
    print(f"index opened in {one['open_ms']} ms; {one['packages']} packages matched in {one['median_ms']} ms "
          f"(the first time {one['first_ms']} ms), {one['findings']} findings{beside(one['median_ms'])}")
    for hosts in (1000, 10000):
        many = min((run("fleet", data, "debian:12", str(hosts), "1000", "2") for _ in range(3)), key=lambda r: r["seconds"])
        print(f"{hosts} different hosts of 1000 packages on two cores: {many['seconds']} s, {many['findings']} findings, "
              f"peak {many['peak_mib']} MiB; of one core {many['seconds'] * 2000 / hosts:.2f} ms a host"
              f"{beside(many['seconds'] * 2000 / hosts)}", flush=True)


def main():
    if not os.path.isdir(os.path.dirname(LISTS[0])):
        print("match: no ../shared/data, nothing to measure")
        return 0
    with tempfile.TemporaryDirectory(prefix="mamori-bench-") as work:
        data = os.path.join(work, "data")
        feeds = LISTS + [os.path.join(facts.DATA, n) for n in ("kev", "epss", "eol", "almalinux-osv/all.zip")]
        rows = facts.read_lists(LISTS)
        fixes = facts.newest_fixes(rows, "debian:12")
        tracker = os.path.join(work, "tracker.json")
        unfixed = left_open(fixes, tracker)
        feeds += [tracker] + [os.path.join(facts.DATA, n) for n in (
            "vulnrichment/cve-records.jsonl.gz", "msrc-definitions/definitions.zip", "msrc-cvrf", "jvn-myjvn")]
        start = time.monotonic()
        facts.mamori(data, "feed", "import", *feeds)
        print(f"import of every feed in ../shared/data, index built: {time.monotonic() - start:.2f} s, "
              f"index {os.path.getsize(os.path.join(data, 'feeds/index')) / 1e6:.1f} MB")
        count = debsecan_data(fixes, unfixed, work)

        def scan(status):
            return [facts.MAMORI, "scan", "--dpkg-status", status, "--os", "debian:12", "--data", data, "--json"]

        def peer(status):
            return ["debsecan", "--source", f"file://{work}/", "--suite", "bookworm", "--status", status, "--format",
                    "simple"]

        have_peer = shutil.which("debsecan") is not None
        for packages in (250, 500, 1000, 2000):
            status = os.path.join(work, f"status-{packages}")
            facts.craft_status(rows, "debian:12", status, packages, old=20)
            ours = timed(scan(status))
            line = f"{packages:5} packages: mamori scan {ours:6.1f} ms"
            if have_peer:
                theirs = timed(peer(status), runs=3)
                line += f"   debsecan, {count} rows of bookworm alone {theirs:7.1f} ms   ratio {theirs / ours:.1f} to 1"
            print(line, flush=True)
        status = os.path.join(work, "status-1035")
        facts.craft_status(rows, "debian:12", status, 1035, old=20)
        peers = {"debsecan": timed(peer(status), runs=3) if have_peer else None, "oscap": beside_oscap(fixes, scan, work)}
        matching_alone(data, status, peers)
        print(f"memory of a scan: {peak(scan(status)):.0f} MB")
        if have_peer:
            print(f"memory of debsecan: {peak(peer(status)):.0f} MB")
            out = subprocess.run(peer(status), capture_output=True, text=True, check=True).stdout.split("\n")
            # debsecan knows nothing of signed kernels' source names, so kernels are left out of the comparison.
            theirs = {tuple(x.split()[:2]) for x in out if x and "linux-image" not in x}
            ours = {(f["vulnerability"], f["package"]) for f in facts.scan(data, status, "debian:12")["findings"]
                    if "linux-image" not in f["package"]}
            if theirs != ours:
                print("only mamori:", sorted(ours - theirs)[:20], "only debsecan:", sorted(theirs - ours)[:20])
            print(f"the same findings: {'yes' if theirs == ours else 'NO'} ({len(ours)} of mamori, {len(theirs)} of debsecan)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
