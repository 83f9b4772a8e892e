#!/usr/bin/env python3
"""mamori version compare against dpkg, Debian's Perl and rpm, over versions of the real archives.

Every version is compared with its neighbours in a rough order (the pairs that differ least), and with others at random.  What is not on the machine is skipped by name.
"""
import concurrent.futures
import functools
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile

BUILD = pathlib.Path(os.environ.get("MAMORI_BUILD", "build"))
DATA = pathlib.Path(os.environ.get("MAMORI_SOURCE", ".")) / "../shared/data"
SECONDS_OF_DPKG = float(os.environ.get("SECONDS_OF_DPKG", "5"))  # one process for each pair
SIGN = {-1: "<", 0: "=", 1: ">"}


class Skip(Exception):
    pass


def ours(scheme, pairs):
    text = "".join(f"{a}\t{b}\n" for a, b in pairs)
    done = subprocess.run([BUILD / "mamori", "version", "compare", scheme, "-"], input=text.encode(), capture_output=True,
                          timeout=60, check=True)
    return done.stdout.decode().split()


def pairs_of(versions, count):
    """Neighbours in a rough order (those differ least), both ways, and others at random."""
    def rough(version):
        return [(int(w), "") if w.isdigit() else (-1, w) for w in re.findall(r"[0-9]+|[^0-9]+", version)]

    rows = sorted(set(versions), key=rough)
    chance = random.Random(20240101)
    pairs = [p for step in (1, 2) for p in zip(rows, rows[step:])]
    pairs = [p if chance.random() < .5 else p[::-1] for p in pairs]
    while len(pairs) < count:
        pairs.append((chance.choice(rows), chance.choice(rows)))
    chance.shuffle(pairs)
    return pairs[:max(count, 1)]


def differences(scheme, pairs, theirs):
    found = [f"{a} {mine} {b}, they say {other}" for (a, b), mine, other in zip(pairs, ours(scheme, pairs), theirs)
             if mine != other]
    return f"{len(found)} of {len(theirs)}: {found[:5]}" if found else None


@functools.lru_cache
def debian_versions():
    helper = pathlib.Path("/usr/lib/apt/apt-helper")
    texts = [p.read_bytes() for p in (DATA / "debian-dsa-dla-lists").rglob("*") if p.is_file()]
    found = {v.decode() for t in texts for v in re.findall(rb"^\s+\[[a-z]+\] - \S+ ([0-9][^\s<(]*)$", t, re.M)}
    for path in pathlib.Path("/var/lib/apt/lists").glob("*_Packages*"):
        done = subprocess.run([helper, "cat-file", path], capture_output=True) if helper.exists() else None
        found |= {v.decode() for v in re.findall(rb"^Version: (\S+)$", done.stdout if done else b"", re.M)}
    status = pathlib.Path("/var/lib/dpkg/status")
    if status.exists():
        found |= set(re.findall(r"^Version: (\S+)$", status.read_text(errors="replace"), re.M))
    if len(found) < 100:
        raise Skip("no Debian versions here: package lists, dpkg's status, ../shared/data/debian-dsa-dla-lists")
    return sorted(found)


def debian_as_perl_has_it():
    code = "while (<STDIN>) { chomp; my ($a, $b) = split /\\t/; print version_compare($a, $b), qq(\\n) }"
    words = ["perl", "-MDpkg::Version", "-e", code]
    if not shutil.which("perl") or subprocess.run([*words], stdin=subprocess.DEVNULL, capture_output=True).returncode:
        raise Skip("Perl's Dpkg::Version is not here (libdpkg-perl)")
    pairs = pairs_of(debian_versions(), 60000)
    done = subprocess.run(words, input="".join(f"{a}\t{b}\n" for a, b in pairs), capture_output=True, text=True, check=True)
    theirs = [SIGN[int(n)] for n in done.stdout.split()]
    print(f"# Dpkg::Version: {len(theirs)} pairs of {len(debian_versions())} versions")
    return differences("deb", pairs, theirs) if len(theirs) == len(pairs) else f"{len(theirs)} answers: {done.stderr}"


def dpkg_says(pair):
    for word, sign in (("lt", "<"), ("eq", "=")):
        if subprocess.run(["dpkg", "--compare-versions", pair[0], word, pair[1]], stderr=subprocess.DEVNULL).returncode == 0:
            return sign
    return ">"


def debian_as_dpkg_has_it():
    if not shutil.which("dpkg"):
        raise Skip("dpkg is not here")
    pairs = pairs_of(debian_versions(), 60000)
    until, theirs = time.monotonic() + SECONDS_OF_DPKG, []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        while time.monotonic() < until and len(theirs) < len(pairs):
            theirs += pool.map(dpkg_says, pairs[len(theirs):len(theirs) + 50])
    print(f"# dpkg --compare-versions: {len(theirs)} pairs")
    return differences("deb", pairs[:len(theirs)], theirs)


def rpm_as_rpm_has_it():
    archive = DATA / "almalinux-osv" / "all.zip"
    if not shutil.which("rpm") or not archive.exists():
        raise Skip("rpm or ../shared/data/almalinux-osv is not here")
    with zipfile.ZipFile(archive) as z:
        found = {v.decode() for n in z.namelist() for v in re.findall(rb'"fixed":\s*"([^"]+)"', z.read(n))}
    # The same without epochs and releases: what stands in dependencies.
    found |= {v.split("-")[0] for v in found} | {v.split(":")[-1] for v in found}
    pairs = pairs_of(found, 60000)
    with tempfile.NamedTemporaryFile("w") as f:
        f.write("".join(f"{a}\t{b}\n" for a, b in pairs))
        f.flush()
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write("for line in io.lines('" + f.name + "') do local a, b = line:match('([^\\t]*)\\t(.*)') "
                         "print(({[-1] = '<', [0] = '=', [1] = '>'})[rpm.vercmp(a, b)]) end")
            script.flush()
            done = subprocess.run(["rpm", "--eval", "%{lua:dofile('" + script.name + "')}"], capture_output=True, text=True)
    if done.returncode:
        raise Skip("this rpm has no Lua with rpm.vercmp")
    theirs = re.findall("[<=>]", done.stdout)
    print(f"# rpm.vercmp: {len(theirs)} pairs of {len(found)} versions")
    return differences("rpm", pairs, theirs) if len(theirs) == len(pairs) else f"{len(theirs)} answers: {done.stderr}"


TESTS = [debian_as_perl_has_it, debian_as_dpkg_has_it, rpm_as_rpm_has_it]


def main():
    failed = 0
    print(f"1..{len(TESTS)}")
    for number, test in enumerate(TESTS, 1):
        try:
            problem = test()
        except Skip as reason:
            print(f"ok {number} - {test.__name__} # SKIP {reason}")
            continue
        failed += problem is not None
        print(f"{'not ok' if problem else 'ok'} {number} - {test.__name__}" + (f"\n# {problem}" if problem else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
