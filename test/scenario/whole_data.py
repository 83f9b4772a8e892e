#!/usr/bin/env python3
"""Everything in ../shared/data in one import, and what it is good for: figures that add up, memory and processor time
within their bounds, the index open in no time, a fleet matched in memory that does not grow with it, and on a made-up
machine of 1,035 packages the same findings as debsecan on a file of the same facts.

Times are of the processor, not of the clock, so that others on the machine do not count.  The measuring beside other
programs is bench/match.py, whose made-up data this uses.
"""
import importlib.util
import json
import os
import resource
import subprocess
import sys

import lib

IMPORT_SECONDS, IMPORT_MIB = 2 * 15, 500  # 15 s on two cores
SCAN_SECONDS, SCAN_MIB, OPEN_MS = 0.015, 16, 5
FLEET_SECONDS = 2 * 5


def bench():
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location("match", lib.SOURCE / "bench/match.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measured(argv):
    """Status, output, seconds of the processor, MiB; the small helper in front keeps this program's size out of it."""
    script = ("import json,os,resource,subprocess,sys; r = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE); "
              "u = resource.getrusage(resource.RUSAGE_CHILDREN); "
              "sys.stderr.write('\\n' + json.dumps([r.returncode, u.ru_utime + u.ru_stime])); "
              "sys.stdout.buffer.write(r.stdout)")
    run = subprocess.run([sys.executable, "-S", "-c", script, *map(str, argv)], capture_output=True, text=True, timeout=600)
    status, seconds = json.loads(run.stderr.splitlines()[-1])
    return status, run.stdout, seconds, run.stderr


def whole_import(s, match, work, data):
    """Returns the facts of the lists, as an independent reading has them."""
    shared = lib.SHARED_DATA
    rows = match.facts.read_lists(match.LISTS)
    fixes = match.facts.newest_fixes(rows, "debian:12")
    unfixed = match.left_open(fixes, work / "tracker.json")
    feeds = match.LISTS + [shared / n for n in ("kev", "epss", "eol", "almalinux-osv/all.zip", "msrc-cvrf", "jvn-myjvn",
                                                "vulnrichment/cve-records.jsonl.gz", "msrc-definitions/definitions.zip")]
    status, out, seconds, words = measured([lib.MAMORI, "feed", "import", "--json", "--data", data, *feeds,
                                            work / "tracker.json"])
    reports = [json.loads(line) for line in out.splitlines()]
    s.ok(status == 0 and len(reports) == len(feeds) + 1, "everything is imported", words)
    wrong = [r for r in reports if r["read"] != r["kept"] + sum(r["skipped"].values()) or not r["kept"] or r.get("error")]
    s.ok(not wrong, "every report adds up", wrong)
    read = {os.path.basename(r["path"]): r["read"] for r in reports}
    # Microsoft's table has 609,644 lines; 226 titles go over several, so they are 608,740 rows.
    promised = {"all.zip": 5680, "cve-records.jsonl.gz": 44130, "definitions.zip": 608740, "epss": 360142, "kev": 1404}
    short = {n: (read.get(n), least) for n, least in promised.items() if read.get(n, 0) < least}
    s.ok(not short and read["DSA.list"] + read["DLA.list"] >= 10000, "as many records as there are", short or read)
    s.ok(seconds < IMPORT_SECONDS * lib.SLOW, f"in {seconds:.1f} s of the processor, all of it", seconds)
    return rows, fixes, unfixed


def one_host(s, match, work, data, rows, fixes, unfixed):
    status = work / "status"
    match.facts.craft_status(rows, "debian:12", str(status), 1035, old=20)
    argv = [lib.MAMORI, "scan", "--dpkg-status", status, "--os", "debian:12", "--data", data, "--json"]
    # The least of several: a processor that others share costs caches, too.
    times = sorted(measured(argv)[2] for _ in range(25))
    s.ok(times[0] < SCAN_SECONDS * lib.SLOW, f"a scan of 1,035 packages takes {times[0] * 1000:.1f} ms of the processor",
         times)
    if lib.SLOW == 1:
        peak = match.peak([str(a) for a in argv])
        s.ok(peak < SCAN_MIB, f"and {peak:.1f} MiB")
    match.debsecan_data(fixes, unfixed, str(work))
    if not match.shutil.which("debsecan"):
        s.skip("the same findings as debsecan", "debsecan is not installed")
        return status
    peer = s.run("debsecan", "--source", f"file://{work}/", "--suite", "bookworm", "--status", status, "--format", "simple",
                 check=True)
    # It knows nothing of the names that signed kernels have as sources.
    theirs = {tuple(line.split()[:2]) for line in peer.out.splitlines() if line and "linux-image" not in line}
    ours = {(f["vulnerability"], f["package"]) for f in json.loads(measured(argv)[1])["findings"]
            if "linux-image" not in f["package"]}
    s.ok(ours == theirs and len(ours) > 100, f"the same {len(ours)} findings as debsecan",
         [sorted(ours - theirs)[:9], sorted(theirs - ours)[:9]])
    return status


def fleet(s, data, status):
    tool = lib.BUILD / "test/unit/vuln/bench-fleet"
    one = json.loads(measured([tool, "host", data, "debian:12", status])[1])
    s.ok(one["open_ms"] < OPEN_MS * lib.SLOW, f"the index is open in {one['open_ms']} ms", one)
    s.ok(one["median_ms"] < 1 * lib.SLOW, f"one host is matched in {one['median_ms']} ms", one)
    few = json.loads(measured([tool, "fleet", data, "debian:12", "1000", "1000", "2"])[1])
    _, out, seconds, _ = measured([tool, "fleet", data, "debian:12", "10000", "1000", "2"])
    many = json.loads(out)
    s.ok(seconds < FLEET_SECONDS * lib.SLOW, f"10,000 hosts of 1,000 packages take {seconds:.1f} s of the processor, the "
         f"making of them included ({many['seconds']} s of the clock)")
    s.ok(many["peak_mib"] < 1.5 * few["peak_mib"] + 16,
         f"memory follows the index, not the fleet: {few['peak_mib']} and {many['peak_mib']} MiB")


def main():
    with lib.Scenario() as s:
        if not lib.SHARED_DATA.is_dir():
            s.skip("the whole of the real data", "../shared/data is not here")
            return
        match, data = bench(), s.tmp / "data"
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        facts = whole_import(s, match, s.tmp, data)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        if lib.SLOW == 1 and peak > before / 1024:
            s.ok(peak < IMPORT_MIB, f"in {peak:.0f} MiB")
        status = one_host(s, match, s.tmp, data, *facts)
        fleet(s, data, status)


if __name__ == "__main__":
    main()
