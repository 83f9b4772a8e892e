#!/usr/bin/env python3
"""mamori feed update against a mirror on loopback: what arrives is imported, what does not is an error, never success.
Prints TAP. MAMORI_BUILD names the build folder."""
import functools
import gzip
import http.server
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import zipfile

REPO = pathlib.Path(__file__).resolve().parent.parent.parent
MAMORI = pathlib.Path(os.environ.get("MAMORI_BUILD", REPO / "build")) / "mamori"
CORPUS = pathlib.Path(__file__).resolve().parents[1] / "fuzz" / "corpus"
FIXTURES = REPO / "test/fixtures/feeds"
FETCHED = {"debian-dsa", "debian-dla", "debian-tracker", "kev", "epss", "jvn", "osv", "eol", "msrc-definitions", "cve",
           "csaf", "msrc-cvrf"}
PRODUCTS = ("debian", "ubuntu", "almalinux", "rocky-linux", "rhel", "alpine-linux", "centos", "oracle-linux", "windows",
            "windows-server", "fortios", "pan-os", "pan-gp", "cisco-ios-xe", "big-ip", "vmware-esxi", "vmware-vcenter",
            "veeam-backup-and-replication", "mssqlserver", "firefox", "oracle-jdk", "postgresql", "mysql")


# Not in order, one that is gone, two that are none of this publisher's.
CHANGES = ('"2030/one.json","2030-01-02T00:00:00Z"\r\n"2030/gone.json","2030-01-03T00:00:00.000+09:00"\r\n'
           '"https://elsewhere.invalid/x.json","2030-01-02T00:00:00Z"\r\n"/etc/passwd","2030-01-02T00:00:00Z"\r\n')


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass


def fill(folder):
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as z:
        for i, line in enumerate((FIXTURES / "osv.jsonl").read_text().splitlines()):
            z.writestr(f"{i}.json", line)
    definitions = io.BytesIO()
    with zipfile.ZipFile(definitions, "w") as z:
        z.write(CORPUS / "msrc-definitions" / "chain", "CVEs_20260101.csv")
    months = {"value": [{"ID": "2030-Jan", "CurrentReleaseDate": "2030-01-08T08:00:00Z", "CvrfUrl": "https://x.invalid/"},
                        {"ID": "../../kev", "CurrentReleaseDate": "2030-01-08T08:00:00Z"}]}
    records = io.BytesIO()
    with zipfile.ZipFile(records, "w") as z:
        z.write(CORPUS / "cve" / "record", "cvelistV5-main/cves/2031/0xxx/CVE-2031-0001.json")
        z.writestr("cvelistV5-main/README.md", "# CVE")
    vex = (CORPUS / "csaf" / "vex").read_bytes()
    files = {
        "cve/main.zip": records.getvalue(),
        "msrc-cvrf/updates": json.dumps(months).encode(),
        "msrc-cvrf/cvrf/2030-Jan": (CORPUS / "msrc-cvrf" / "small").read_bytes(),
        "csaf/cisco/changes.csv": CHANGES.encode(),
        "csaf/cisco/2030/one.json": vex,
        "csaf/cisa/changes.csv": b'"white/two.json","2031-01-02T00:00:00Z"\n',
        "csaf/cisa/white/two.json": vex.replace(b"RHSA-1", b"RHSA-2"),
        "debian-dsa/list": (FIXTURES / "DSA.list").read_bytes(),
        "debian-dla/list": (FIXTURES / "DLA.list").read_bytes(),
        "kev/known_exploited_vulnerabilities.json": (FIXTURES / "kev.json").read_bytes(),
        "epss/epss_scores-current.csv.gz": gzip.compress((FIXTURES / "epss.csv").read_bytes()),
        "osv/Debian/all.zip": zipped.getvalue(),
        "debian-tracker/json": (CORPUS / "debian-tracker" / "states").read_bytes(),
        "jvn/jvndb.rdf": (CORPUS / "jvn" / "feed").read_bytes(),
        "msrc-definitions/definitions.zip": definitions.getvalue(),
    }
    for product in PRODUCTS:
        files[f"eol/{product}.json"] = (FIXTURES / "debian.json").read_bytes()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def publish(folder, origin):
    """A publisher of CSAF: two public feeds, one for members, one elsewhere; a document in each, one on another host."""
    vex = (CORPUS / "csaf" / "vex").read_bytes()

    def entry(number, url, **more):
        return {"id": f"P-{number}", "updated": f"2031-02-0{number}T00:00:00Z", **more,
                "link": [{"rel": "hash", "href": f"{url}.sha256"}, {"rel": "self", "href": url}]}

    elsewhere = "http://elsewhere.invalid/psirt"
    feeds = [("WHITE", f"{origin}/psirt/white/feed.json"), ("UNLABELED", f"{origin}/psirt/unlabeled/feed.json"),
             ("AMBER", f"{origin}/psirt/amber/feed.json"), ("WHITE", f"{elsewhere}/feed.json")]
    metadata = {"canonical_url": f"{origin}/.well-known/csaf/provider-metadata.json", "metadata_version": "2.0",
                "distributions": [{"directory_url": f"{origin}/psirt/white/"},
                                  {"rolie": {"feeds": [{"tlp_label": label, "url": url} for label, url in feeds]}}]}
    white = [entry(1, f"{origin}/psirt/white/one.json"), entry(2, f"{elsewhere}/two.json"),
             entry(3, f"{origin}/psirt/../../kev.json"), entry(4, "", content={"src": f"{origin}:80/x.json"})]
    unlabeled = [entry(5, "", content={"type": "application/json", "src": f"{origin}/.well-known/csaf/five.json"})]
    files = {
        ".well-known/csaf/provider-metadata.json": json.dumps(metadata).encode(),
        "psirt/white/feed.json": json.dumps({"feed": {"id": "w", "entry": white}}).encode(),
        "psirt/unlabeled/feed.json": json.dumps({"feed": {"id": "u", "entry": unlabeled}}).encode(),
        "psirt/white/one.json": vex.replace(b"RHSA-1", b"RHSA-11"),
        ".well-known/csaf/five.json": vex.replace(b"RHSA-1", b"RHSA-15"),
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def own_publisher(mirror, data, port):
    """What --csaf finds by the publisher's host alone, by its metadata, and where it has none."""
    points = []
    origin = f"http://127.0.0.1:{port}"
    publish(mirror, origin)
    before = records(data)["csaf"]
    status, reports, words = update(data, port, "--csaf", origin)
    own = {r["path"].split(f":{port}/")[1]: r for r in reports if "psirt/" in r["path"]}
    points.append(("a publisher's feeds are found by its host", status == 0 and set(own) ==
                   {"psirt/white/feed.json", "psirt/unlabeled/feed.json"}, (words, reports)))
    # Of the white feed three entries lead elsewhere; of the metadata one feed does.
    points.append(("what is elsewhere is counted, never asked for", own["psirt/white/feed.json"]["skipped"] ==
                   {"invalid": 4} and own["psirt/unlabeled/feed.json"]["skipped"] == {}
                   and all(r["read"] == r["kept"] + sum(r["skipped"].values()) for r in own.values()), own))
    points.append(("its documents are imported", records(data)["csaf"] > before, records(data)))
    status, reports, words = update(data, port, "--csaf", f"{origin}/.well-known/csaf/provider-metadata.json")
    own = [r for r in reports if "psirt/" in r["path"]]
    points.append(("the next time nothing is new", status == 0 and len(own) == 2 and all(r.get("unchanged") for r in own),
                   (words, own)))
    status, reports, words = update(data, port, "--csaf", f"{origin}/psirt/white/feed.json")
    own = [r for r in reports if "psirt/" in r["path"]]
    points.append(("a feed by its own address", status == 0 and len(own) == 1 and own[0].get("unchanged"), (words, own)))
    status, reports, words = update(data, port, "--csaf", f"{origin}/psirt/white/one.json")
    points.append(("what is no list is said", status == 4 and "is no list of documents" in words, words))
    status, reports, words = update(data, port, "--csaf", f"{origin}/nobody/provider-metadata.json")
    points.append(("a missing publisher is said", status == 4 and words.count("\n") == 1
                   and "/nobody/provider-metadata.json" in words, words))
    return points


def update(data, port, *more):
    run = subprocess.run([MAMORI, "feed", "update", "--json", "--data", data, "--ecosystem", "Debian", "--mirror",
                          f"http://127.0.0.1:{port}/", *more], capture_output=True, text=True, timeout=120,
                         env={**os.environ, "LC_ALL": "C", "http_proxy": "", "no_proxy": "127.0.0.1"})
    reports = [json.loads(line) for line in run.stdout.splitlines()]
    return run.returncode, reports, run.stderr


def records(data):
    out = subprocess.run([MAMORI, "feed", "status", "--json", "--data", data], capture_output=True, text=True).stdout
    return {s["feed"]: s["records"] for s in map(json.loads, out.splitlines())}


def main():
    points = []
    with tempfile.TemporaryDirectory(prefix="mamori-update-") as work:
        work = pathlib.Path(work)
        mirror, data = work / "mirror", work / "data"
        fill(mirror)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(mirror)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_port
        status, reports, words = update(data, port)
        points.append(("everything arrives", status == 0 and not words and all(r["kept"] for r in reports), words))
        have = records(data)
        points.append(("all feeds that have an address are imported", {f for f, n in have.items() if n} == FETCHED, have))
        points.append(("no download is left", not (data / "feeds/download").exists(), ""))
        by_url = {r["path"].split(f":{port}/")[1]: r for r in reports}
        points.append(("lists and what they name", by_url["csaf/cisco/changes.csv"]["skipped"] == {"not-there": 1, "invalid": 2}
                       and by_url["msrc-cvrf/updates"]["skipped"].get("invalid") == 1
                       and all(r["read"] == r["kept"] + sum(r["skipped"].values()) for r in reports), reports))
        # A new advisory: it alone is fetched, and what was there stays.
        listed = mirror / "csaf/cisco/changes.csv"
        listed.write_text('"2030/huge.json","2031-06-02T00:00:00Z"\n"2030/new.json","2031-06-01T00:00:00Z"\n' + CHANGES)
        os.utime(listed, (time.time() + 30, time.time() + 30))
        (mirror / "csaf/cisco/2030/new.json").write_bytes(
            (CORPUS / "csaf" / "vex").read_bytes().replace(b"RHSA-1", b"RHSA-3"))
        with open(mirror / "csaf/cisco/2030/huge.json", "wb") as huge:
            huge.truncate(65 << 20)
        (mirror / "csaf/cisco/2030/one.json").unlink()
        status, reports, words = update(data, port)
        by_url = {r["path"].split(f":{port}/")[1]: r for r in reports}
        points.append(("only new documents are asked for", status == 0 and by_url["csaf/cisco/changes.csv"]["skipped"] ==
                       {"invalid": 2, "too-large": 1} and by_url["csaf/cisa/changes.csv"].get("unchanged")
                       and by_url["msrc-cvrf/updates"].get("unchanged"), (words, reports)))
        points.append(("they are added to the others", records(data)["csaf"] > have["csaf"], (have, records(data))))
        points += own_publisher(mirror, data, port)
        have = records(data)
        # One is gone, one is cut off: the others are renewed, the two stay what they were.
        (mirror / "epss/epss_scores-current.csv.gz").unlink()
        whole = (mirror / "osv/Debian/all.zip").read_bytes()
        (mirror / "osv/Debian/all.zip").write_bytes(whole[:len(whole) // 2])
        # HTTP tells changes by the second; this one is seen whenever the test runs.
        later = time.time() + 60
        os.utime(mirror / "osv/Debian/all.zip", (later, later))
        status, reports, words = update(data, port)
        bad = {r["feed"] or "osv" for r in reports if "error" in r}
        points.append(("what does not arrive is said, one line each", status == 4 and words.count("\n") == 2, words))
        points.append(("the right ones are named", bad == {"epss", "osv"}, bad))
        points.append(("earlier content stays", records(data) == have, records(data)))
        server.shutdown()
        server.server_close()
        status, reports, words = update(data, port)
        points.append(("a silent mirror is never a success", status == 4 and all("error" in r for r in reports), words))
        points.append(("one line for each feed", words.count("\n") == len(FETCHED), words))
        points.append(("nothing is lost", records(data) == have, records(data)))
    failed = 0
    for number, (name, good, detail) in enumerate(points, 1):
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
        if not good:
            print("# " + str(detail).replace("\n", "\n# "))
    print(f"1..{len(points)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
