#!/usr/bin/env python3
"""What people decide about the attack surface, by the command line and a running server: an excluded domain goes with what hung on
it, what is done and seen again is open again, an acceptance ends by itself, the ledger of gateways, and who may not decide."""
import csv
import datetime
import hashlib
import io
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lib
from report_lib import read_html

SERVICE = "192.0.2.5 3389/tcp"
RISK = "exposed-remote-desktop"


def page(s, name, *links):
    path = s.tmp / name
    path.write_text("".join(f'<a href="https://{link}/">x</a>' for link in links))
    return path


def discover(server, *words):
    """Offline: from saved pages and answers alone."""
    return server.cli("surface", "discover", "--offline", "--no-guesses", *words)


def owned(server):
    rows = server.cli("surface", "assets", "--json").lines()
    return {r["name"]: r["ownership"] for r in rows}


def verdicts(s, server):
    words = ["--seed", "rei-hospital.jp",
             "--saved-page", f"https://www.rei-hospital.jp/={page(s, 'main.html', 'kenkouclinic.jp', 'www.kenkouclinic.jp')}",
             "--saved-page", f"https://www.kenkouclinic.jp/={page(s, 'clinic.html', 'www.kenkouclinic.net')}"]
    discover(server, *words)
    server.cli("surface", "verdict", "kenkouclinic.jp", "approved", "--kind", "domain", "--reason", "ours since 2020")
    discover(server, *words)
    seen = owned(server)
    s.equal((seen.get("kenkouclinic.jp"), seen.get("www.kenkouclinic.jp"), seen.get("kenkouclinic.net")),
            ("approved", "approved", "candidate"), "what a person approved is ours in the next run, and counts as evidence")
    server.cli("surface", "verdict", "kenkouclinic.jp", "excluded", "--reason", "sold")
    for what in ("the next run", "the run after it"):
        discover(server, *words)
        seen = owned(server)
        s.equal((seen.get("kenkouclinic.jp"), seen.get("www.kenkouclinic.jp"), seen.get("kenkouclinic.net")),
                ("excluded", "excluded", None), f"an excluded domain goes with what hung on it in {what}")
    s.equal(seen.get("rei-hospital.jp"), "approved", "and nothing else goes")


def risks(s, server):
    answer = s.tmp / "internetdb.json"
    answer.write_text(json.dumps({"ip": "192.0.2.5", "ports": [3389], "cpes": [], "hostnames": [], "tags": [], "vulns": []}))
    words = ["--seed", "network:192.0.2.0/24", "--saved", f"internetdb:address 192.0.2.5={answer}"]

    def state():
        rows = [r for r in server.cli("surface", "risk", "--json").lines() if (r["risk"], r["asset"]) == (RISK, SERVICE)]
        return rows[0]["state"] if rows else None

    discover(server, *words)
    s.equal(state()["status"], "open", "a new risk is open")
    server.cli("surface", "risk", RISK, SERVICE, "--status", "done", "--reason", "closed at the firewall")
    s.equal(state()["status"], "done", "somebody says that it is done")
    told = [r for r in server.cli("surface", "risks", "--status", "done", "--json").lines()]
    s.ok([(r["risk"], r["state"]["status"]) for r in told] == [(RISK, "done")], "the list of risks has it, and is filtered by it", told)
    s.ok(not any(r["risk"] == RISK for r in server.cli("surface", "risks", "--status", "open", "--json").lines()), "it is not among the open ones")
    again = discover(server, *words)
    s.ok("done" in again.out and state()["status"] == "open" and state()["note"], "seen again it comes back as open, with a note", state())
    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=15)
    server.cli("surface", "risk", RISK, SERVICE, "--status", "accepted", "--until", until.strftime("%Y-%m-%dT%H:%M:%SZ"),
               "--reason", "moves on Monday")
    s.wait_for("the acceptance to end", 60, lambda: state()["status"] == "open")
    s.ok(state()["expired"], "an acceptance that ended is open again without another run", state())
    discover(server, *words)
    s.ok(state()["status"] == "open" and not state()["expired"], "and a run notes it", state())
    history = server.cli("surface", "risk", RISK, SERVICE, "--json").lines()
    s.equal([h["status"] for h in history], ["done", "open", "accepted", "open"], "its history tells all that")
    notices = {n["code"] for n in server.api("GET", "/api/v1/overview")["notices"]}
    s.ok("surface-back" in notices, "the overview says that it is open again", notices)


def gateways(s, server):
    ledger = s.tmp / "ledger.csv"
    ledger.write_bytes("名称,アドレス,メーカー\n本院,192.0.2.9,ヤマハ\n".encode("cp932"))
    server.cli("surface", "gateways", "import", ledger)
    rows = server.cli("surface", "gateways", "--json").lines()
    s.equal([(r["name"], r["maker"], r["state"], [x["asset"] for x in r["seen"]]) for r in rows],
            [("本院", "ヤマハ", "not-seen", []), (None, None, "not-declared", [SERVICE])],
            "the ledger is held against the newest run: an open desktop is a way in that nobody declared")


def ordered(s, server, **words):
    order = server.api("POST", "/api/v1/surface/reports", words)

    def ended():
        now = server.api("GET", f"/api/v1/surface/reports/{order['id']}")
        return now if now["state"] in ("done", "failed") else None
    return s.wait_for(f"the report {words}", 180, ended)


def reports(s, server):
    """As a viewer: the page's reports are made by the server, in six forms."""
    noted = []
    for form, magic in (("pdf", b"%PDF"), ("html", b"<!"), ("xlsx", b"PK"), ("risks.csv", b"\xef\xbb\xbf"), ("assets.csv", b"\xef\xbb\xbf"),
                        ("json", b"{"), ("graphml", b"<?xml")):
        made = ordered(s, server, format=form, lang="ja")
        status, headers, bytes_ = server.request("GET", f"/api/v1/surface/reports/{made['id']}/file", headers={"Cookie": server.cookie})
        s.ok(made["state"] == "done" and status == 200 and bytes_.startswith(magic) and hashlib.sha256(bytes_).hexdigest() == made["sha256"]
             and "attachment" in headers["Content-Disposition"], f"a report as {form} is ordered and fetched by a viewer",
             (made, status, bytes_[:50]))
        noted.append(made["id"])
        if form == "risks.csv":
            s.ok("リモートデスクトップ" in bytes_.decode(), "in the language that was asked for", bytes_[:300].decode(errors="replace"))
    again = ordered(s, server, format="graphml", lang="ja")
    s.equal(again["sha256"], made["sha256"], "ordered again it has the same bytes")
    failed = ordered(s, server, format="pdf", owner="株式会社いない")
    s.ok(failed["state"] == "failed" and "株式会社いない" in failed["error"], "one that finds nothing says so", failed)
    for bad, status in (({"format": "doc"}, 400), ({"format": "pdf", "lang": "fr"}, 400), ({"format": "pdf", "run": -1}, 400),
                        ({"format": "pdf", "run": 99999}, 404), ({}, 400)):
        try:
            server.api("POST", "/api/v1/surface/reports", bad)
            got = 200
        except lib.ApiError as e:
            got = e.status
        s.equal(got, status, f"refused: {bad}")
    listed = server.api("GET", "/api/v1/surface/reports")
    s.equal(listed["total"], len(noted) + 2, "the list has what was ordered")
    return noted


def reported(s, server):
    """The report says what people decided."""
    answer = s.tmp / "internetdb.json"
    discover(server, "--seed", "network:192.0.2.0/24", "--saved", f"internetdb:address 192.0.2.5={answer}")
    server.cli("surface", "risk", RISK, SERVICE, "--status", "in-progress", "--assignee", "sato")
    server.cli("surface", "report", "--format", "json,risks.csv,html", "--to", s.tmp / "decided", "--lang", "ja")
    told = json.loads(next((s.tmp / "decided").glob("*.json")).read_text())
    mine = next(r for r in told["risks"] if r["risk"] == RISK)
    s.equal((mine["state"]["status"], mine["state"]["assignee"]), ("in-progress", "sato"), "the report has what people decided")
    cells = next(r for r in csv.DictReader(io.StringIO(next((s.tmp / "decided").glob("*risks.csv")).read_text(encoding="utf-8-sig")))
                 if r["risk"] == RISK)
    s.equal((cells["status"], cells["assignee"]), ("in-progress", "sato"), "so has CSV")
    page = read_html(next((s.tmp / "decided").glob("*.html")).read_text(encoding="utf-8"))
    states = next(v for k, v in page.tables.items() if k.startswith("残っているリスクの対応状況"))
    s.equal([int(x) for x in states[1][1:]], [0, 1, 0, 0, 0], "the page for those who decide counts it")
    s.ok(any("本院" in r and "ヤマハ" in r for k, v in page.tables.items() if k.startswith("台帳にあり") for r in v),
         "and the ledger's gateway that nobody saw", [k for k in page.tables])
    s.ok(any("SHA-256 " + told["digest"] in x and told["rules"] in x for x in page.text) and len(told["digest"]) == 64 and
         told["rules"].startswith("mamori "), "digest of the data and version of the rules are printed", (told["digest"], told["rules"]))


def roles(s, server):
    administrator = server.api("POST", "/api/v1/signin-links", {"user": "second", "role": "administrator"})
    server.link = server.api("POST", "/api/v1/signin-links", {"user": "reader", "role": "viewer"})["link"]
    server.sign_in()
    for method, path, body in (("PUT", "verdicts/domain%3Arei-hospital.jp", {"ownership": "excluded"}),
                               ("PUT", f"risks/{RISK}", {"asset": SERVICE, "status": "done"}),
                               ("POST", "gateways/import", {"csv": "name\nx\n"}), ("POST", "told", {})):
        try:
            server.api(method, "/api/v1/surface/" + path, body)
            status = 200
        except lib.ApiError as e:
            status = e.status
        s.equal(status, 403, f"a viewer may not: {method} {path.split('/')[0]}")
    s.ok(server.api("GET", "/api/v1/surface/assets")["total"] > 0, "but may look")
    made = reports(s, server)
    newest = server.api("GET", "/api/v1/surface/runs")["items"][0]["run"]
    try:
        server.api("DELETE", f"/api/v1/surface/reports/{made[0]}")
        status = 200
    except lib.ApiError as e:
        status = e.status
    s.equal(status, 403, "a viewer may not: remove a report")
    server.cookie = None
    server.link = administrator["link"]
    server.sign_in()
    server.api("DELETE", f"/api/v1/surface/reports/{made[0]}")
    audit = [(a["what"], a["who"], a["object"]) for a in server.items("/api/v1/audit")]
    s.ok(("surface.report", "reader", f"pdf run {newest}") in audit and ("surface.download", "reader", made[0]) in audit and
         any(a[0] == "surface.unreport" and a[2] == made[0] for a in audit), "who ordered, fetched and removed a report is noted",
         [a for a in audit if "report" in a[0] or "download" in a[0]])


def main():
    with lib.Scenario() as s:
        server = s.server()
        server.sign_in()
        verdicts(s, server)
        risks(s, server)
        gateways(s, server)
        reported(s, server)
        roles(s, server)


main()
