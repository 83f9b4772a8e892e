#!/usr/bin/env python3
"""What `mamori scan` prints, letter by letter: table, reasons, Japanese, CSV, JSON, exit statuses.

test/golden/scan.py --update writes the expected files anew; look at the difference before committing it."""
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("MAMORI_BUILD", "build"))
FIXTURES = HERE.parent / "fixtures/feeds"
STATUS = str(FIXTURES / "status")
GOLDEN = {
    "table.txt": [], "why.txt": ["--why"], "ja.txt": ["--lang", "ja", "--why"], "findings.csv": ["--csv"],
    "findings.json": ["--json"],
}


def run(data, *words, stdin=b""):
    done = subprocess.run([BUILD / "mamori", *words, "--data", data], input=stdin, capture_output=True, timeout=60,
                          env={**os.environ, "LC_ALL": "C", "LANG": "C", "COLUMNS": "200"})
    return done.returncode, done.stdout, done.stderr.decode()


def scan(data, *words):
    return run(data, "scan", "--dpkg-status", STATUS, "--os", "debian:12", *words)


def pretty(name, out):
    return json.dumps(json.loads(out), indent=1, ensure_ascii=False).encode() + b"\n" if name.endswith("json") else out


def golden(data, update):
    for name, words in GOLDEN.items():
        status, out, error = scan(data, *words)
        out, path = pretty(name, out), HERE / "scan" / name
        if update:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(out)
        good = status == 0 and not error and path.read_bytes() == out
        shown = "" if good else "\n".join(line for line in out.decode().splitlines()
                                          if line not in path.read_text().splitlines())
        yield name, good, f"{status} {error}\n{shown}"


def fail_on(data):
    for level, expected in (("kev", 1), ("any", 1), ("critical", 0), ("high", 0), ("low", 0), ("unknown", 1), ("overdue", 0),
                            ("high,kev", 1), ("dire", 2), ("high,dire", 2)):
        status, out, error = scan(data, "--fail-on", level)
        yield f"--fail-on {level} exits with {expected}", status == expected and (not out) == (expected == 2), error


def wrong_words(data):
    for words, said in ((["--dpkg-status", STATUS], "--os"), (["--root", "/", "--dpkg-status", STATUS], "exclude"),
                        (["--json", "--csv"], "exclude"), (["/"], "--root"), (["--what"], "--what")):
        status, out, error = run(data, "scan", *words)
        yield f"scan {' '.join(w for w in words if w != STATUS)} is wrong usage", \
            status == 2 and not out and said in error and error.count("\n") == 1, f"{status} {error}"


def unknown_is_not_none(data):
    status, out, error = run(data, "scan", "--dpkg-status", STATUS, "--os", "debian:9", "--json")
    yield "a system that no feed covers", status == 4 and json.loads(out)["findings"] is None and "debian:9" in error, error
    status, out, error = run(data, "scan", "--dpkg-status", STATUS, "--os", "debian:9", "--fail-on", "any")
    yield "and people are told", status == 4 and b"unknown" in out and error.count("\n") == 1, out


def names_of_systems(data):
    whole = scan(data, "--json")[1]
    for name in ("Debian:12", "debian:bookworm"):
        out = run(data, "scan", "--dpkg-status", STATUS, "--os", name, "--json")[1]
        yield f"{name} is debian:12", out == whole, out


def broken_stanza(data):
    with tempfile.NamedTemporaryFile() as f:
        f.write(b"Package: openssl\nno colon here\nVersion: 1\n\n" + open(STATUS, "rb").read())
        f.flush()
        status, out, error = run(data, "scan", "--dpkg-status", f.name, "--os", "debian:12", "--json")
        document, whole = json.loads(out), json.loads(scan(data, "--json")[1])
        yield "a broken stanza never loses the others", \
            status == 0 and document["bad"] == 1 and document["findings"] == whole["findings"] and "1 broken" in error, error


def trackers_reason(data):
    """What Debian leaves open is a finding, with the tracker's reason in its own words; nothing is closed by a state."""
    def state(**more):
        return {"releases": {"bookworm": {"status": "open", "urgency": "low", "repositories": {"bookworm": "1"}, **more}}}

    tracker = {"openssl": {
        "CVE-2031-0101": state(nodsa="Minor issue", nodsa_reason=""),
        "CVE-2031-0102": state(nodsa="Too intrusive to backport", nodsa_reason="ignored"),
        "CVE-2031-0103": state(nodsa="Fix along with the next DSA", nodsa_reason="postponed"),
        "CVE-2031-0104": state(),
        "CVE-2031-0105": state(status="resolved", fixed_version="0"),
        "CVE-2031-0106": state(status="undetermined"),
        "CVE-2031-0107": state(urgency="end-of-life"),
    }}
    said = {"CVE-2031-0101": "no DSA: minor issue", "CVE-2031-0102": "ignored: too intrusive to backport",
            "CVE-2031-0103": "postponed: fix along with the next DSA", "CVE-2031-0104": "", "CVE-2031-0107": "end of life"}
    with tempfile.TemporaryDirectory(prefix="mamori-golden-") as own:
        path = pathlib.Path(own) / "json"
        path.write_text(json.dumps(tracker))
        status, _, error = run(own, "feed", "import", path)
        yield "a tracker is imported", status == 0, error
        status, out, error = scan(own, "--why")
        rows = {row.split()[0]: row for row in out.decode().splitlines() if row.startswith("CVE-")}
        yield "all that the tracker has open is found, nothing else", status == 0 and set(rows) == set(said), out
        for cve, reason in said.items():
            yield f"--why says {reason or 'that there is no reason'} of {cve}", reason in rows.get(cve, "-") \
                and (bool(reason) or "no fixed version" in rows.get(cve, "")), rows.get(cve)
        status, out, error = scan(own, "--json")
        notes = {f["vulnerability"]: f["why"] for f in json.loads(out)["findings"]}
        yield "and so does the JSON", all(reason in notes[cve] for cve, reason in said.items()), notes
        status, out, error = scan(own, "--why", "--lang", "ja")
        yield "in Japanese as well", status == 0 and all(reason in out.decode() for reason in said.values()), out


def cve(number, product, versions, updated="2020-01-01T00:00:00Z"):
    return json.dumps({
        "dataType": "CVE_RECORD", "dataVersion": "5.1",
        "cveMetadata": {"cveId": f"CVE-2031-{number:04}", "state": "PUBLISHED", "datePublished": "2019-05-01T00:00:00Z",
                        "dateUpdated": updated},
        "containers": {"cna": {
            "title": f"Hole {number}", "metrics": [{"cvssV3_1": {"baseScore": 9.8, "vectorString":
                                                                 "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}],
            "affected": [{"cpes": [f"cpe:2.3:a:{product}:*:*:*:*:*:*:*:*"],
                          "versions": [{"status": "affected", **v} for v in versions]}]}}}) + "\n"


def software():
    """A list of applications and appliances: what is found, what is unknown and why, in every form."""
    with tempfile.TemporaryDirectory(prefix="mamori-golden-") as own:
        feed, rows, none = (pathlib.Path(own) / name for name in ("cve.jsonl", "list.csv", "none.csv"))
        feed.write_text(cve(1, "vmware:vcenter_server", [{"version": "8.0", "lessThan": "8.0U2"}])
                        + cve(2, "sonicwall:sonicos", [{"version": "7.0.1-5111 and older"}])
                        + cve(3, "vmware:vcenter_server", [{"version": "8.0", "lessThan": "https://example.org/notes"}])
                        + cve(4, "sonicwall:sonicos", [{"version": "6.5.4 and older"}]))
        rows.write_text("publisher,name,version\nVMware,vCenter Server,8.0.1\nSonicWall,TZ 370,7.0.1-5035\n"
                        "Nobody,Something,1.0\nMozilla,Mozilla Firefox,\n")
        eol = pathlib.Path(own) / "vmware-vcenter.json"
        eol.write_text('[{"cycle": "8.0", "eol": "2020-02-03"}, {"cycle": "9.0", "eol": false}]')
        none.write_text("publisher,name,version\nNobody,Something,1.0\n")
        status, _, error = run(own, "feed", "import", feed, eol)
        yield "CVE records are imported", status == 0, error
        status, out, error = run(own, "scan", "--software", rows)
        table = {line.split()[0]: line for line in out.decode().splitlines() if line.startswith("CVE-")}
        yield "software: two findings", status == 0 and set(table) == {"CVE-2031-0001", "CVE-2031-0002"}, out
        yield "software: the fixed version, and the last one affected", "8.0U2" in table["CVE-2031-0001"] \
            and "after 7.0.1-5111" in table["CVE-2031-0002"], table
        yield "software: the summary counts all of it", b"Findings: 2. Judged: 2 of 4" in out and b"critical 2" in out \
            and b"cannot be compared with the installed ones: 1" in out and b"past their due date 2" in out, out
        yield "software: what gets no more fixes is named", any(
            "vCenter Server" in line and "8.0 2020-02-03" in line for line in out.decode().splitlines()), out
        yield "software: old feeds are named", error.count("\n") == 1 and "cve" in error and "feed update" in error, error
        yield "feed status fails when one is old, if asked", run(own, "feed", "status")[0] == 0 and \
            run(own, "feed", "status", "--fail-on-stale")[0] == 1, ""
        status, out, error = run(own, "scan", "--software", rows, "--json")
        document = json.loads(out)
        yield "software: JSON names what is unknown", document["stale"] == ["cve"] and \
            sorted(u["reason"] for u in document["unknown"]) == ["no-version", "not-comparable", "not-mapped"], document
        yield "software: JSON names the end of support", [(s["name"], s["eol"]["ended"]) for s in document["support"]] == \
            [("vCenter Server", True)], document
        yield "software: a due date counts from the publication", document["findings"][0]["due"][:4] == "2019", document
        status, out, error = run(own, "scan", "--software", rows, "--csv")
        lines = list(csv.DictReader(out.decode().splitlines()))
        yield "software: CSV has a line for each", [(r["state"], r["vulnerability"], r["title"]) for r in lines] == \
            [("finding", "CVE-2031-0001", "Hole 1"), ("finding", "CVE-2031-0002", "Hole 2"),
             ("not-comparable", "CVE-2031-0003", "Hole 3"), ("not-mapped", "", ""), ("no-version", "", "")], lines
        status, out, error = run(own, "scan", "--software", rows, "--why", "--lang", "ja")
        yield "software: --why says up to where, in Japanese", "7.0.1-5111 までが影響を受けます" in out.decode(), out
        for level, expected in (("critical", 1), ("kev", 0), ("overdue", 1), ("unknown", 1)):
            status, _, error = run(own, "scan", "--software", rows, "--fail-on", level)
            yield f"software: --fail-on {level} exits with {expected}", status == expected, error
        status, _, error = run(own, "scan", "--software", none, "--fail-on", "any")
        yield "software: nothing judged is not nothing found", status == 4 and "none of the 1" in error, f"{status} {error}"


def main():
    update = "--update" in sys.argv
    failed = number = 0
    with tempfile.TemporaryDirectory(prefix="mamori-golden-") as data:
        feeds = [str(FIXTURES / n) for n in ("DSA.list", "DLA.list", "kev.json", "epss.csv", "debian.json")]
        status, _, error = run(data, "feed", "import", *feeds)
        points = [("the feeds are imported", status == 0, error)]
        points += [*golden(data, update), *fail_on(data), *wrong_words(data), *unknown_is_not_none(data), *names_of_systems(data),
                   *broken_stanza(data), *trackers_reason(data), *software()]
    for number, (name, good, detail) in enumerate(points, 1):
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
        if not good:
            print("# " + str(detail).rstrip().replace("\n", "\n# "))
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
