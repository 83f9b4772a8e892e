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
# The others have no single address: they are imported by hand.
FETCHED = {"debian-dsa", "debian-dla", "debian-tracker", "kev", "epss", "jvn", "osv", "eol", "msrc-definitions"}
PRODUCTS = ("debian", "ubuntu", "almalinux", "rocky-linux", "rhel", "alpine-linux", "centos", "oracle-linux", "windows",
            "windows-server")


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
    files = {
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


def update(data, port):
    run = subprocess.run([MAMORI, "feed", "update", "--json", "--data", data, "--ecosystem", "Debian", "--mirror",
                          f"http://127.0.0.1:{port}/"], capture_output=True, text=True, timeout=120,
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
