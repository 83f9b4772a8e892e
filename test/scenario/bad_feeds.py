#!/usr/bin/env python3
# timeout: 240
"""Feeds that are cut off, of another type, circular or monstrous: each is named and counted, and nothing of what was
imported before is lost."""
import gzip
import io
import json
import random
import zipfile

import lib

CORPUS = lib.SOURCE / "test/fuzz/corpus"
FIXTURES = lib.SOURCE / "test/fixtures/feeds"
GOOD = {  # feed: one good file of it
    "osv": CORPUS / "osv/document",
    "cve": CORPUS / "cve/record",
    "csaf": CORPUS / "csaf/vex",
    "jvn": CORPUS / "jvn/feed",
    "kev": FIXTURES / "kev.json",
    "epss": FIXTURES / "epss.csv",
    "eol": FIXTURES / "debian.json",
    "debian-dsa": FIXTURES / "DSA.list",
    "debian-tracker": CORPUS / "debian-tracker/states",
    "msrc-cvrf": CORPUS / "msrc-cvrf/small",
    "msrc-definitions": CORPUS / "msrc-definitions/chain",
}
# Formats that say where they end: a cut is always seen. Lists of lines do not; what they had so far is good.
CLOSED = {"osv", "cve", "csaf", "jvn", "kev", "eol", "debian-tracker", "msrc-cvrf"}
# The name of a file is part of no format, but these have a number of parts in one archive.
NAMES = {"msrc-definitions": "CVEs_20260101.csv"}
MEGABYTE = 1 << 20


class Feeds:
    def __init__(self, s):
        self.s, self.data = s, s.tmp / "data"

    def load(self, path, data=None):
        # Lists of very different lengths follow each other here.
        done = self.s.run(lib.MAMORI, "feed", "import", "--json", "--fewer", "--data", data or self.data, path,
                          env={"LC_ALL": "C"})
        reports = [json.loads(line) for line in done.out.splitlines() if line.startswith("{")]
        for r in reports:
            self.s.ok(r["read"] == r["kept"] + sum(r["skipped"].values()), f"{path.name}: its figures add up", r)
        return done, reports[0] if reports else {}

    def state(self):
        return {p.name: p.read_bytes() for p in (self.data / "feeds").iterdir() if p.is_file() and p.name != "lock"}

    def scan(self, status, os="debian:12"):
        path = self.s.tmp / "status"
        path.write_text("".join(f"Package: {name}\nStatus: install ok installed\nVersion: {version}\n"
                                f"Architecture: amd64\n\n" for name, version in status))
        done = self.s.run(lib.MAMORI, "scan", "--json", "--data", self.data, "--dpkg-status", path, "--os", os)
        return done, json.loads(done.out) if done.out else {}


def put(s, name, content):
    path = s.tmp / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def cut_and_confused(s, f):
    content = {feed: path.read_bytes() for feed, path in GOOD.items()}
    for feed, text in content.items():
        done, report = f.load(put(s, NAMES.get(feed, f"{feed}.good"), text))
        s.ok(done.status == 0 and report["feed"] == feed and report["kept"], f"{feed}: a good file", done)
    before = f.state()
    for feed, text in content.items():
        wrong = []
        for at in sorted({1, len(text) // 3, len(text) // 2, len(text.rstrip()) - 1, len(text.rstrip()) - 2}):
            path = put(s, NAMES.get(feed, f"{feed}.cut"), text[:at])
            scratch = s.tmp / "cut-data"
            done, report = f.load(path, f.data if feed in CLOSED else scratch)
            if feed in CLOSED and (done.status != 3 or str(path) not in done.err or f.state() != before):
                wrong.append((at, done.status, done.err, report))
            elif done.status not in (0, 3) or (done.status == 3 and str(path) not in done.err):
                wrong.append((at, done.status, done.err))
        s.ok(not wrong, f"{feed}: cut in the middle, named, and nothing changes", wrong)
        packed = gzip.compress(text + random.Random(1).randbytes(4096) if feed not in CLOSED else text)
        done, _ = f.load(put(s, f"{feed}.gz", packed[: len(packed) // 2]))
        s.ok(done.status == 3 and f"{feed}.gz" in done.err and f.state() == before, f"{feed}: a gzip cut off", done)
    for name, text in {
        "an object of nothing": b"{}", "a list of numbers": b"[1,2,3]", "a page of HTML": b"<!doctype html><p>404",
        "a binary": bytes(range(256)) * 64, "nothing": b"", "a KEV whose list is a text":
        b'{"title":"x","catalogVersion":"1","count":1,"vulnerabilities":"none"}', "an OSV whose id is a list":
        b'{"schema_version":"1.6","id":[],"modified":3,"affected":{}}', "a CSAF without a document":
        b'{"document":{"csaf_version":"2.0"},"product_tree":[],"vulnerabilities":{}}', "a CVE record of nothing":
        b'{"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":[],"containers":7}',
        "a CVRF of lists": b'{"DocumentTitle":[],"DocumentTracking":[],"ProductTree":[],"Vulnerability":{}}',
        "an XML of another kind": b'<?xml version="1.0"?><rss><channel/></rss>',
    }.items():
        path = put(s, "wrong", text)
        done, _ = f.load(path)
        s.ok(done.status == 3 and str(path) in done.err and f.state() == before, f"{name}: refused by name", done)
    # Good and bad side by side: the good one counts.
    with zipfile.ZipFile(s.tmp / "mixed.zip", "w") as z:
        z.writestr("good.json", content["osv"])
        z.writestr("cut.json", content["osv"][:200])
        z.writestr("other.json", b"<html>")
    done, report = f.load(s.tmp / "mixed.zip")
    s.ok(done.status == 0 and report["kept"] and report["skipped"] == {"invalid": 1, "unrecognised": 1},
         "one cut and one strange file in an archive cost nothing else", done)


def osv(number, aliases=(), upstream=(), package="ringed", version="3.0.99-1", identity=None):
    return json.dumps({"schema_version": "1.6.0", "id": identity or f"TEST-{number}", "modified": "2030-01-01T00:00:00Z",
                       "aliases": list(aliases), "upstream": list(upstream), "affected": [
                           {"package": {"ecosystem": "Debian:12", "name": package}, "ranges": [
                               {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": version}]}]}]})


def circles(s, f):
    two = [osv(1, ["TEST-2"]), osv(2, ["TEST-1"]), osv(3, ["TEST-3"])]
    done, report = f.load(put(s, "two.jsonl", "\n".join(two) + "\n"))
    s.ok(done.status == 0 and report["kept"] == 3, "two advisories that are aliases of each other are read", done)
    done, found = f.scan([("ringed", "3.0.1-1")])
    ids = [x["vulnerability"] for x in found["findings"]]
    s.ok(len(ids) == 2 and "TEST-3" in ids, "they are one finding, one that is its own alias another", found["findings"])
    chain = [osv(n, [f"TEST-{(n + 1) % 10000}"]) for n in range(10000)]
    random.Random(7).shuffle(chain)
    done, report = f.load(put(s, "chain.jsonl", "\n".join(chain) + "\n"))
    s.ok(done.status == 0 and report["kept"] == 10000, "a ring of 10,000 aliases is read", done)
    done, found = f.scan([("ringed", "3.0.1-1")])
    s.ok(done.status == 0 and len(found["findings"]) == 1, "it is one finding", len(found["findings"]))
    through = chain + [osv(20000, ["CVE-2030-0001", "TEST-5"]), osv(20001, ["CVE-2030-0002", "TEST-9000"])]
    done, report = f.load(put(s, "through.jsonl", "\n".join(through) + "\n"))
    done, found = f.scan([("ringed", "3.0.1-1")])
    ids = sorted(x["vulnerability"] for x in found["findings"])
    s.ok(done.status == 0 and {"CVE-2030-0001", "CVE-2030-0002"} <= set(ids) and len(ids) <= 3,
         "two CVEs at either end of a ring stay two", ids)


    ring = "".join(f'"20300101","CVE-2030-{n}","{5000000 + n}","t","Windows 10 Version 1803 for x64-based Systems","Windows",'
                   f'"Important","x","{5000000 + (n + 1) % 10000}",""\r\n' for n in range(10000))
    head = (CORPUS / "msrc-definitions/chain").read_text().splitlines()[0] + "\r\n"
    done, report = f.load(put(s, "CVEs_20300101.csv", head + ring))
    s.ok(done.status == 0 and report["skipped"].get("cyclic") == 10000, "a ring of 10,000 superseding updates", done)


def monsters(s, f):
    big = "1." * (MEGABYTE // 2) + "1"
    lines = [osv(1, version=big), osv(2, version="3.0.99-1"), osv(3, package="p" * MEGABYTE),
             osv(4, identity="I" * MEGABYTE), osv(5, ["A" * MEGABYTE])]
    done, report = f.load(put(s, "big.jsonl", "\n".join(lines) + "\n"))
    s.ok(done.status == 0 and report["kept"] >= 2 and "too-long" in report["skipped"],
         "a version of 1 MB is named and counted, and loses nothing else", done)
    done, found = f.scan([("ringed", "3.0.1-1"), ("other", big)])
    ids = {x["vulnerability"] for x in found["findings"]}
    s.ok("TEST-2" in ids and "TEST-1" not in ids, "the record beside it is found", done.err[:300] or ids)
    record = json.loads((CORPUS / "cve/record").read_text())
    record["cveMetadata"]["cveId"] = "CVE-2030-7777"
    record["containers"]["cna"]["affected"] = [{
        "vendor": "x", "product": "y", "cpes": ["cpe:2.3:a:x:y:*:*:*:*:*:*:*:*"],
        "versions": [{"version": "0", "lessThan": big, "status": "affected"},
                     {"version": "1.0", "status": "affected"}]}]
    done, report = f.load(put(s, "big.json", json.dumps(record)))
    s.ok(done.status == 0 and report["kept"] == 1, "a CVE record with a version of 1 MB is kept without it", done)
    for feed, text in {
        "debian-dsa": f"[01 Jan 2030] DSA-9999-1 x - security update\n\t{{CVE-2030-1}}\n\t[bookworm] - x {big}\n"
                      "[01 Jan 2030] DSA-9998-1 y - security update\n\t{CVE-2030-2222}\n\t[bookworm] - y 1-1\n",
        "debian-tracker": json.dumps({
            "x": {"CVE-2030-1111": {"releases": {"bookworm": {"status": "resolved", "fixed_version": big}}}},
            "y": {"CVE-2030-2222": {"releases": {"bookworm": {"status": "resolved", "fixed_version": "1-1"}}}}}),
    }.items():
        done, report = f.load(put(s, "big.list", text))
        s.ok(done.status == 0 and report["feed"] == feed and report["kept"] == 1 and report["read"] == 2,
             f"{feed}: a version of 1 MB is counted and loses nothing else", done)


def closed_network(s, f):
    """What one machine imported goes in one file into a network that cannot fetch it."""
    there, file = s.tmp / "closed", s.tmp / "feeds.bundle"

    def take(path):
        return s.run(lib.MAMORI, "feed", "receive", path, "--data", there, "--json", env={"LC_ALL": "C"})

    def scanned(data):
        return s.run(lib.MAMORI, "scan", "--json", "--data", data, "--dpkg-status", s.tmp / "status", "--os", "debian:12")

    done = s.run(lib.MAMORI, "feed", "export", file, "--data", f.data, "--json")
    s.ok(done.status == 0 and json.loads(done.out)["feeds"] > 5, "all feeds are exported", done)
    content = file.read_bytes()
    s.ok(take(file).status == 0 and scanned(there).out == scanned(f.data).out, "and say the same where they are received")
    before = {p.name: p.read_bytes() for p in (there / "feeds").iterdir()}
    for name, wrong in {
        "cut off": content[:-100], "cut in its head": content[:60], "empty": b"", "longer": content + b"x",
        "damaged at its end": content[:-10] + bytes([content[-10] ^ 1]) + content[-9:],
        "damaged in its head": content[:30] + bytes([content[30] ^ 1]) + content[31:],
        "of another version": content[:8] + b"\x02" + content[9:], "another file": b"PK\x03\x04" + content[4:],
    }.items():
        path = put(s, "wrong.bundle", wrong)
        done = take(path)
        s.ok(done.status == 3 and str(path) in done.err and before == {
            p.name: p.read_bytes() for p in (there / "feeds").iterdir()}, f"a file {name}: refused by name", done)
    newer = put(s, "newer.jsonl", osv(77, package="newer"))
    f.load(newer, there)
    done = take(file)
    s.ok(done.status == 5 and "older" in done.err, "an older one is refused by name", done)
    s.ok(not list((there / "feeds").glob("*.new")), "nothing half done is left")
    done = s.run(lib.MAMORI, "feed", "export", s.tmp / "none", "--data", s.tmp / "nothing")
    s.ok(done.status != 0 and not (s.tmp / "none").exists(), "without feeds there is nothing to export", done)


def main():
    with lib.Scenario() as s:
        f = Feeds(s)
        cut_and_confused(s, f)
        circles(s, f)
        monsters(s, f)
        closed_network(s, f)


if __name__ == "__main__":
    main()
