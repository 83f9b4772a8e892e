#!/usr/bin/env python3
# timeout: 600
"""Exposure data as a server keeps it: small segments are merged by the server itself while questions go on, also when it is
killed; exports and reports are in the audit log with query and count, reports are ordered from the page and fetched, by those
who may; addresses that the fleet's machines have on the internet are found by mine:true, and told.  Prints TAP."""
import contextlib
import fcntl
import hashlib
import io
import json
import os
import random
import shutil
import signal
import zipfile

import lib

PUBLIC = "9.9.9.77"
IMPORTS, EACH = 12, 400


def banners(r, number, count, address=None):
    for i in range(count):
        yield json.dumps({"ip_str": address or f"198.51.{number}.{i % 250}", "port": 80 if address else r.choice([22, 104, 443]) * 10 + i // 250,
                          "transport": "tcp", "timestamp": f"2026-0{number % 9 + 1}-01T00:00:{i % 60:02d}", "data": r.choice(["DICOM Server Response", "nginx 皮膚科"]),
                          "org": r.choice(["General Hospital", "東京病院"]), "location": {"country_code": r.choice(["JP", "US"])}}) + "\n"


def manifest(server):
    return json.loads((server.data / "exposure" / "manifest.json").read_text())


def fill(s, server):
    """Imports that leave their segments small: somebody else seems to merge."""
    r = random.Random(7)
    with contextlib.ExitStack() as held:
        (server.data / "exposure").mkdir(exist_ok=True)
        lock = held.enter_context(open(server.data / "exposure" / "merge.lock", "a"))
        fcntl.flock(lock, fcntl.LOCK_EX)
        for n in range(IMPORTS):
            path = s.tmp / f"part{n}.jsonl"
            path.write_text("".join(banners(r, n, EACH)))
            server.cli("exposure", "import", "--snapshot", f"s{n}", path)
        s.equal(len(manifest(server)["segments"]), IMPORTS, "small imports leave small segments")


def merging(s, server):
    """The server merges; whoever asks meanwhile gets the same answer."""
    fill(s, server)
    counts, rounds = set(), 0
    server.stop()
    server.start()
    # Killed before, during and after its merges: whatever was acknowledged is there.
    for wait in (0.0, 10.05, 10.2):
        with contextlib.suppress(TimeoutError):
            s.wait_for("a moment of the merge", wait, lambda: False, every=0.02)
        server.program.stop(signal.SIGKILL)
        answer = server.cli("exposure", "count", "", "--json")
        counts.add(json.loads(answer.out)["count"])
        server.start()
        rounds += 1
    s.equal(counts, {IMPORTS * EACH}, f"killed {rounds} times, the server has lost nothing")

    def asked():
        counts.add(server.api("GET", "/api/v1/exposure/count?q=")["count"])
        return len(manifest(server)["segments"]) == 1
    s.wait_for("the server to merge", 120, asked, every=0.2)
    s.equal(counts, {IMPORTS * EACH}, "small segments became one, and every question meanwhile had the same answer")
    s.wait_for("files of before to go", 30, lambda: len(list((server.data / "exposure").glob("*.segment"))) == 1)
    s.ok(True, "nothing of the merged segments is left")
    s.equal(json.loads(server.cli("exposure", "merge", "--json").out), {"merges": 0}, "there is nothing left to merge")


def audit(server, what):
    return [(row["object"], row["detail"]) for row in server.items("/api/v1/audit") if row["what"] == what]


def exports(s, server):
    before = len(audit(server, "exposure.export"))
    headers = {"Cookie": server.cookie}
    found = server.api("GET", "/api/v1/exposure/count?q=country:JP")["count"]
    status, answer, first = server.request("GET", "/api/v1/exposure/export?q=country:JP&format=csv&limit=100", headers=headers)
    pieces, cursor = [first], answer["X-Mamori-Next"]
    while cursor:
        status, answer, piece = server.request("GET", f"/api/v1/exposure/export?q=country:JP&format=csv&limit=1000&cursor={cursor}", headers=headers)
        pieces.append(piece)
        cursor = answer["X-Mamori-Next"]
    s.equal((status, b"".join(pieces).count(b"\n")), (200, found + 1), "an export of several pieces is whole")
    rows = audit(server, "exposure.export")
    s.ok(len(rows) == before + 1 and ("csv", f"{found} banners: country:JP") in rows, "and in the audit log once, with query and count", rows)
    status, _, _ = server.request("GET", "/api/v1/exposure/export?q=country:US&format=geojson&limit=5&cursor=1767225600000.0", headers=headers)
    s.ok(status == 200 and audit(server, "exposure.export")[0][0] == "geojson", "one that begins in the middle is, too", audit(server, "exposure.export")[:2])
    done = server.cli("exposure", "search", "country:JP", "--csv", "--limit", "7")
    s.ok(done.out.count("\n") == 8 and ("csv", "7 banners: country:JP") in audit(server, "exposure.export"), "so is what the command line writes out", done.out)
    done = server.cli("exposure", "search", "port:80", "--json", "--raw", "--limit", "0")
    s.ok(("jsonl raw", "0 banners: port:80") in audit(server, "exposure.export"), "also records as they came")
    many = len(audit(server, "exposure.export"))
    server.cli("exposure", "count", "country:JP", "--json")
    server.cli("exposure", "search", "country:JP")
    s.equal(len(audit(server, "exposure.export")), many, "looking at a table or a count is no export")


def viewer(s, server):
    link = server.api("POST", "/api/v1/signin-links", {"user": "reader", "role": "viewer"})["link"]
    other = lib.Server(s, server.address, server.name, server.data)
    other.port, other.link = server.port, link
    other.sign_in()
    return other


def ordered(s, server, **words):
    order = server.api("POST", "/api/v1/exposure/reports", words)

    def ended():
        now = server.api("GET", f"/api/v1/exposure/reports/{order['id']}")
        return now if now["state"] in ("done", "failed") else None
    return s.wait_for(f"the report {words}", 180, ended)


def reports(s, server):
    reader = viewer(s, server)
    try:
        reader.api("POST", "/api/v1/exposure/reports", {"kind": "healthcare", "format": "html"})
        s.ok(False, "a viewer may not order a report")
    except lib.ApiError as e:
        s.equal(e.status, 403, "a viewer may not order a report")
    for kind, form, magic in (("healthcare", "pdf", b"%PDF"), ("healthcare", "html", b"<!"), ("healthcare", "xlsx", b"PK"), ("notify", "zip", b"PK")):
        made = ordered(s, server, kind=kind, format=form, query="country:JP", country="JP")
        status, headers, bytes_ = server.request("GET", f"/api/v1/exposure/reports/{made['id']}/file", headers={"Cookie": reader.cookie})
        s.ok(made["state"] == "done" and status == 200 and bytes_.startswith(magic) and hashlib.sha256(bytes_).hexdigest() == made["sha256"]
             and "attachment" in headers["Content-Disposition"], f"{kind} as {form} is ordered by an operator, made, and fetched by a viewer", (made, status, bytes_[:50]))
        s.ok(("exposure.download", made["id"]) in [("exposure.download", o) for o, _ in audit(server, "exposure.download")], "who fetched it is noted")
    if form == "zip":
        names = zipfile.ZipFile(io.BytesIO(bytes_)).namelist()
        s.ok("index.csv" in names and sum(n.endswith("letter.ja.pdf") for n in names) == 2, "letters to both organisations are in the zip", names)
        again = ordered(s, server, kind="notify", format="zip", query="country:JP", country="JP")
        s.equal(again["sha256"], made["sha256"], "and it has the same bytes the next time")
    found = server.api("GET", "/api/v1/exposure/count?q=country:JP")["count"]
    s.ok(("healthcare pdf JP", f"{found} banners: country:JP") in audit(server, "exposure.report"), "each order is in the audit log with query and count",
         audit(server, "exposure.report"))
    failed = ordered(s, server, kind="healthcare", format="pdf", query="country:ZZ")
    s.ok(failed["state"] == "failed" and failed["error"], "one that finds nothing says so", failed)
    for bad in ({"kind": "healthcare", "format": "zip"}, {"kind": "healthcare", "format": "pdf", "country": "Japan"},
                {"kind": "healthcare", "format": "pdf", "query": "contry:JP"}, {"kind": "healthcare", "format": "pdf", "top": 0},
                {"kind": "notify", "format": "zip", "from": "x\ny"}):
        try:
            server.api("POST", "/api/v1/exposure/reports", bad)
            s.ok(False, f"refused: {bad}")
        except lib.ApiError as e:
            s.equal(e.status, 400, f"refused: {bad}")
    listed = server.api("GET", "/api/v1/exposure/reports")
    server.api("DELETE", f"/api/v1/exposure/reports/{listed['items'][0]['id']}")
    s.equal(server.api("GET", "/api/v1/exposure/reports")["total"], listed["total"] - 1, "a report can be removed")
    server.cli("exposure", "report", "healthcare", "--format", "html", "--to", s.tmp / "own.html", "--country", "JP")
    s.ok(any(o == "healthcare html JP" for o, _ in audit(server, "exposure.report")), "a report of the command line is noted, too")


def own_networks(s):
    """A machine with an address of the internet, in a network of its own with its server."""
    if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("nsenter"):
        s.skip("the fleet's own addresses are known", "needs root, unshare and nsenter")
        return
    if s.run("unshare", "-n", "ip", "link", "add", "pub", "type", "veth", "peer", "name", "bup").status != 0:
        s.skip("the fleet's own addresses are known", "no network namespaces here")
        return
    server = s.server(start=False)
    port, agents = server.port, server.agents_port
    server.program = s.start("unshare", "-n", "sh", "-c", f"ip link set lo up && ip link add pub type veth peer name bup && ip addr add {PUBLIC}/32 dev pub && "
                             f"ip link set pub up && ip link set bup up && exec {lib.MAMORI} serve --data {server.data} --listen 127.0.0.1:{port} --agents 127.0.0.1:{agents}",
                             log="inside")
    s.wait_for("the server's ready line", 30, server._ready)
    # With a /sys of that network, where the agent looks for interfaces.
    inside = ["nsenter", "-t", str(server.program.pid), "-n", "unshare", "-m", "sh", "-c", 'mount -t sysfs sysfs /sys && exec "$@"', "sh"]
    token = s.token_file(server)
    state = s.tmp / "agent-inside"
    done = s.run(*inside, lib.AGENT, "enrol", "--token-file", token, "--state", state, timeout=60)
    s.ok(done.status == 0, "a machine enrols", done.err)
    s.run(*inside, lib.AGENT, "once", "--state", state, timeout=120, check=True)
    done = server.cli("exposure", "saved", "add", "--notice", "ours", "mine:true")
    path = s.tmp / "ours.jsonl"
    path.write_text("".join(banners(random.Random(1), 3, 1, PUBLIC)) + "".join(banners(random.Random(1), 4, 20)))
    done = server.cli("exposure", "import", path)
    s.ok("ours" in done.out, "an import tells that the internet shows something of the fleet", done.out + done.err)
    listed = [json.loads(line) for line in server.cli("exposure", "mine", "list", "--json").out.splitlines()]
    s.ok({"network": PUBLIC, "from": "fleet"} in listed or {"network": f"{PUBLIC}/32", "from": "fleet"} in listed, "the address that the machine has reported is the fleet's", listed)
    s.ok(not any(n["network"].startswith("127.") for n in listed), "addresses that nobody else reaches are not", listed)
    s.equal(json.loads(server.cli("exposure", "count", "mine:true", "--json").out)["count"], 1, "mine:true finds it")
    seen = json.loads(s.run("curl", "-sS", "--unix-socket", server.data / "mamori.sock", "http://mamori/api/v1/overview", check=True).out)
    s.ok(any(n["code"] == "exposure" and n.get("saved") == "ours" for n in seen["notices"]), "the overview says so", seen["notices"])
    s.equal(seen["exposure"]["mine"], 1, "and counts what is ours")


def main():
    with lib.Scenario() as s:
        server = s.server()
        server.sign_in()
        merging(s, server)
        exports(s, server)
        reports(s, server)
        server.stop()
        own_networks(s)


main()
