#!/usr/bin/env python3
"""Matching one host's packages against the Debian advisories: mamori scan beside debsecan on the same facts, offline.

Prints the time of each (median, start of the process included), the ratio, whether both found the same, how the cost
grows with the number of packages, and what an import costs. Needs ../shared/data; debsecan where it is installed.
"""
import importlib.util
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
    return sorted(times)[runs // 2]


def peak(argv):
    """Megabytes of the largest moment of one run."""
    with open(os.devnull, "w") as nowhere:
        child = subprocess.Popen(argv, stdout=nowhere)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss / 1024


def debsecan_data(fixes, folder):
    """The tracker's release format: names of vulnerabilities, then package, number, flags, fixed version."""
    names = sorted({v for _, v in fixes})
    number = {v: i for i, v in enumerate(names)}
    lines = ["VERSION 1"] + [f"{v},,x" for v in names] + [""]
    for (source, v), versions in sorted(fixes.items()):
        fixed = [x for x in versions if not x.startswith("<")]
        if fixed:
            fix = max(fixed, key=facts.functools.cmp_to_key(facts.compare))
            lines.append(f"{source},{number[v]},S ?F,{fix},")
    lines += ["", ""]
    with open(os.path.join(folder, "bookworm"), "wb") as f:
        f.write(zlib.compress("\n".join(lines).encode() + b"\n"))
    return len(lines) - len(names) - 4


def main():
    if not os.path.isdir(os.path.dirname(LISTS[0])):
        print("match: no ../shared/data, nothing to measure")
        return 0
    with tempfile.TemporaryDirectory(prefix="mamori-bench-") as work:
        data = os.path.join(work, "data")
        feeds = LISTS + [os.path.join(facts.DATA, n) for n in ("kev", "epss", "eol", "almalinux-osv/all.zip")]
        start = time.monotonic()
        facts.mamori(data, "feed", "import", *feeds)
        print(f"import of every feed in ../shared/data, index built: {time.monotonic() - start:.2f} s, "
              f"index {os.path.getsize(os.path.join(data, 'feeds/index')) / 1e6:.1f} MB")
        rows = facts.read_lists(LISTS)
        fixes = facts.newest_fixes(rows, "debian:12")
        count = debsecan_data(fixes, work)

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
        status = os.path.join(work, "status-1000")
        print(f"memory of a scan: {peak(scan(status)):.0f} MB")
        if have_peer:
            print(f"memory of debsecan: {peak(peer(status)):.0f} MB")
            out = subprocess.run(peer(status), capture_output=True, text=True, check=True).stdout.split("\n")
            # debsecan knows nothing of signed kernels' source names, so kernels are left out of the comparison.
            theirs = {tuple(x.split()[:2]) for x in out if x and "linux-image" not in x}
            ours = {(f["vulnerability"], f["package"]) for f in facts.scan(data, status, "debian:12")["findings"]
                    if "linux-image" not in f["package"]}
            print(f"the same findings: {'yes' if theirs == ours else 'NO'} ({len(ours)} of mamori, {len(theirs)} of debsecan)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
