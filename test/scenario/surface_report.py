#!/usr/bin/env python3
"""mamori surface report: run files of known truth are reported on in six forms, and the forms are read back by readers of their
own: every figure is the truth's. A contractor's report names nothing of others; hostile text is harmless in every form; the
same run gives the same bytes."""
import csv
import io
import json
import re
import shutil
import xml.etree.ElementTree
import zipfile

import lib
from report_lib import read_html, read_xlsx

RUNS = lib.SOURCE / "test" / "fixtures" / "surface"
FORMATS = "pdf,html,xlsx,csv,json,graphml"
HOSTILE = "=cmd|'/C calc'!A0 <script>alert(1)</script> \u202egnp.\u2066x\x1b[31m\x07\x00&\"' " + "長" * 10000
NS = {"g": "http://graphml.graphdrawing.org/xmlns", "y": "http://www.yworks.com/xml/graphml"}
CONTRACTOR = "例保守株式会社"
OTHERS = ("example.co.jp", "example.fr", "example-kensa", "192.0.2.", "FortiGate", "医療法人例", "株式会社例検査", "SERVFAIL")


def data(s, name):
    """A state folder with the two runs."""
    folder = s.tmp / name
    for run in ("000001", "000002"):
        shutil.copytree(RUNS / run, folder / "surface" / "runs" / run)
    return folder


def report(s, folder, *words, **options):
    return s.run(lib.MAMORI, "surface", "report", "--data", folder, *words, timeout=120, **options)


def made(s, folder, to, *words, lang="en", title="a report", **options):
    done = report(s, folder, "--format", FORMATS, "--to", s.tmp / to, "--lang", lang, "--json", *words, **options)
    s.equal(done.status, 0, title) or s.note(done.err)
    return {p["path"].split("/")[-1]: s.tmp / to / p["path"].split("/")[-1] for p in map(json.loads, done.out.splitlines())}


def one(paths, end):
    return next(p for n, p in paths.items() if n.endswith(end) and (end != ".csv" or not n.endswith("-assets.csv")))


def rows(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def pdf_text(s, path):
    return s.run("pdftotext", "-layout", path, "-").out if shutil.which("pdftotext") else None


def figures(s, page):
    t = {re.sub(r" \(\d+\)$", "", k): v for k, v in page.tables.items()}
    progress = {r[0]: r[1:] for r in t["Reduced since the run before"]}
    s.equal(progress["All"], ["7", "1", "1", "5", "3", "8"], "before, reduced, not checked again, remaining, new, now")
    s.equal(progress["critical"], ["3", "1", "0", "2", "1", "3"], "of the critical ones")
    s.equal(progress["medium"], ["3", "0", "1", "2", "1", "3"], "what a silent source saw before is not called reduced")
    plan = t["Proposed actions, in the order of severity"]
    s.equal([r[3] for r in plan[1:]], ["1", "1", "1", "1", "1", "1", "2", "8"], "the plan counts every risk once")
    s.ok(plan[0][-1] == "Cost" and all(r[-1] == "" for r in plan[1:]), "with room for costs", plan[0])
    units = {r[0]: r[1:] for r in t["Assets and risks of each organisation and base"][1:]}
    s.equal(units, {"Our organisation": ["1", "1", "1", "1", "2", "0", "1", "0"],
                    next((k for k in units if k.startswith("Our organisation (")), "abroad"): ["1", "1", "1", "0", "0", "0", "2", "0"],
                    "株式会社例検査 · 大阪": ["1", "0", "0", "0", "0", "0", "0", "1"],
                    CONTRACTOR: ["1", "1", "1", "0", "1", "0", "0", "1"]}, "each organisation and base has its own things")
    s.equal(len(t["Our domains"]) - 1, 4, "the list of domains")
    hosts = {r[0]: r[1:] for r in t["Our hosts"]}
    s.equal(hosts["vpn.example.co.jp"][:2], ["192.0.2.10 2001:db8::10", "443/tcp FortiGate-60F 7.2.1, 3389/tcp rdp"],
            "hosts with addresses and services")
    ends = t["Certificates in use that end within 60 days"]
    s.ok(len(ends) == 2 and ends[1][:2] == ["in 10 days", "2026-12-01"], "certificates that are in use and end soon", ends)
    gate = t["Remote gateways seen from the internet"]
    s.equal(gate[1][:4], ["192.0.2.10 443/tcp", "vpn.example.co.jp", "FortiGate-60F 7.2.1", "CVE-2024-21762"],
            "gateways with version and vulnerabilities, and columns for the ledger")
    mail = {r[0]: r[1:4] for r in t["Protection of each domain"]}
    s.equal(mail["example.co.jp"], ["protects (-all)", "protects (reject)", "protects (s1 rsa 2048)"], "e-mail that is protected")
    s.equal(mail["example.fr"], ["not there", "not there", "not known"], "and that is not")
    s.equal([r[1] for r in t["Candidates, and what looks like ours"][1:]], ["日本語.jp xn--wgv71a119e.jp", "example-betsu.jp"],
            "what a person should look at")
    s.ok(any("example.net" == r[1] for r in t["Dependencies"][1:]), "dependencies")
    sources = {r[0]: r[-1] for r in t["Sources of this run"]}
    s.ok(sources["DNS"] == "failed in part" and sources["InternetDB"] == "failed" and sources["WHOIS"] == "complete",
         "which sources failed", sources)
    s.ok(t["Resolvers that were left out"][1][0] == "192.0.2.66:53", "resolvers that lied")
    s.equal(len(t["Seeds of this run"]) - 1, 4, "the seeds")


def tables(s, paths):
    sheets, formulas, links, _, charts = read_xlsx(one(paths, ".xlsx"))
    s.ok(formulas == 0 and links == 0 and charts, "Excel: no formula, no link outside, its own charts", (formulas, links, charts))
    fix = sheets["What must be fixed"]
    head = next(i for i, r in enumerate(fix) if r and r[0] == "Severity")
    s.equal(len(fix) - head - 1, 8, "Excel: one list of what must be fixed")
    with zipfile.ZipFile(one(paths, ".xlsx")) as z:
        tree = [z.read(n) for n in z.namelist() if n.startswith("xl/worksheets/sheet")]
    s.ok(sum(b"<autoFilter" in x for x in tree) >= 10, "Excel: tables have filters")
    risks = rows(one(paths, ".csv"))
    s.equal([r["risk"] for r in risks][:3], ["exposed-remote-desktop", "exposed-vnc", "known-exploited"], "CSV: the worst first")
    s.equal({r["risk"]: r["change"] for r in risks}["known-exploited"], "new", "CSV: what is new")
    assets = {r["name"]: r for r in rows(one(paths, "-assets.csv"))}
    s.equal(len(assets), 17, "CSV: every asset")
    s.ok(assets["192.0.2.10"]["names"] == "vpn.example.co.jp" and assets["example.fr"]["country"] == "FR" and
         assets["192.0.2.20"]["country"] == "FR", "CSV: names, and the base abroad by the name's end", assets["192.0.2.20"])
    whole = json.loads(one(paths, ".json").read_text(encoding="utf-8"))
    s.ok(whole["run"] == 2 and whole["compared_with"] == 1 and len(whole["risks"]) == 8 and len(whole["assets"]) == 17 and
         [r["risk"] for r in whole["reduced"]] == ["exposed-telnet"] and
         [r["risk"] for r in whole["not_checked_again"]] == ["plain-file-transfer"], "JSON: the same", whole.keys())


def graph(s, path):
    tree = xml.etree.ElementTree.fromstring(path.read_bytes())
    value = lambda e: {d.get("key"): "".join(d.itertext()) for d in e.findall("g:data", NS)}
    nodes = {n.get("id"): value(n) for n in tree.iter(f"{{{NS['g']}}}node")}
    edges = [(e.get("source"), e.get("target"), value(e)) for e in tree.iter(f"{{{NS['g']}}}edge")]
    keys = {k.get("id") for k in tree.findall("g:key", NS)}
    s.ok(all(a in nodes and b in nodes for a, b, _ in edges) and all(set(v) <= keys for v in nodes.values()) and
         all(set(v) <= keys for _, _, v in edges), "GraphML: every end is a node, every key is declared")
    names = {v["name"]: i for i, v in nodes.items()}
    s.equal(len(nodes), 17, "GraphML: every asset is a node, once")
    s.ok(nodes[names["vpn.example.co.jp"]]["ownership"] == "approved" and nodes[names["vpn.example.co.jp"]]["confidence"] == "0.95" and
         nodes[names["example.net"]]["ownership"] == "dependency", "GraphML: ownership and confidence")
    found = [v for a, b, v in edges if a == names["example.co.jp"] and b == names["example.fr"]]
    s.ok(len(found) == 1 and found[0]["rule"] == "registrant" and found[0]["source"] == "whois" and found[0]["evidence"],
         "GraphML: edges have rule, source and evidence, once for many paths", found)
    s.ok(tree.find(".//y:NodeLabel", NS) is not None, "GraphML: yEd has labels")
    reached, more = {names["example.co.jp"], names["example-kensa.jp"], names["example-hoshu.co.jp"], names["医療法人例"]}, True
    while more:
        more = {b for a, b, _ in edges if a in reached and b not in reached}
        reached |= more
    s.ok(reached == set(nodes), "GraphML: a path leads from a seed to everything", set(nodes) - reached)


def paper(s, paths, japanese):
    text = pdf_text(s, one(paths, ".pdf"))
    if text is None:
        s.skip("the PDF says the same", "needs pdftotext")
        return
    s.ok("CVE-2024-21762" in text and re.search(r"All\s+7\s+1\s+1\s+5\s+3\s+8", text), "the PDF says the same", text[:2000])
    text = pdf_text(s, one(japanese, ".pdf"))
    s.ok("攻撃対象領域 調査報告書" in text and "対策が必要な資産" in text and "費用（円）" in text and ("フランス" in text or "FR" in text),
         "and one in Japanese", text[:1500])
    head = text.split("この報告書の読み方")[0]
    english = re.findall(r".*\b(?:Domains|Hosts|Severity|Registrant|Reduced|Seen by|ours|protects)\b.*", head)
    s.ok(not english, "has no English headings", english[:5])


def contractor(s, folder):
    paths = made(s, folder, "contractor", "--owner", CONTRACTOR, title="a contractor's report")
    blobs = {n: p.read_text(encoding="utf-8") for n, p in paths.items() if not n.endswith((".pdf", ".xlsx"))}
    with zipfile.ZipFile(one(paths, ".xlsx")) as z:
        blobs["xlsx"] = "".join(z.read(n).decode("utf-8", "replace") for n in z.namelist() if n.endswith(".xml"))
    text = pdf_text(s, one(paths, ".pdf"))
    if text is not None:
        blobs["pdf"] = text
    leaks = [(form, word) for form, blob in blobs.items() for word in OTHERS if word in blob]
    s.ok(not leaks and all(CONTRACTOR in n or "pdf" in n or "example-hoshu" in b for n, b in blobs.items()),
         "holds only that contractor's things, in every form", leaks)
    page = read_html(blobs[next(n for n in blobs if n.endswith(".html"))])
    s.ok(any("VNC" in x for x in page.text) and len(page.tables["Our domains (1)"]) == 2, "and all of them")
    group = made(s, folder, "group", "--owner", "group", title="the group companies' report")
    s.equal({r["company"] for r in rows(one(group, "-assets.csv"))}, {"株式会社例検査"}, "holds only theirs")
    done = report(s, folder, "--owner", "株式会社いない", "--to", s.tmp / "nobody", "--lang", "en")
    s.ok(done.status == 3 and CONTRACTOR in done.err and not (s.tmp / "nobody").exists(), "an unknown company is refused, with those known",
         (done.status, done.err))


def hostile(s):
    folder = data(s, "hostile")
    run = folder / "surface" / "runs" / "000002"
    step = {"from": "example.co.jp", "from_kind": "domain", "rule": HOSTILE, "source": HOSTILE, "asked": HOSTILE, "seen": HOSTILE,
            "evidence": HOSTILE}
    base = {"ownership": "approved", "confidence": 0.9, "owner": "group", "company": HOSTILE, "site": HOSTILE, "country": HOSTILE}
    lines = [{"kind": kind, "name": HOSTILE + kind, **base, "unicode": HOSTILE, "addresses": [HOSTILE, HOSTILE], "registrant": HOSTILE,
              "registrar": HOSTILE, "spf": HOSTILE, "dmarc": HOSTILE, "dkim": [HOSTILE], "mail": [HOSTILE], "holder": HOSTILE,
              "lies_in": HOSTILE, "issuer": HOSTILE, "until": "2026-12-01T00:00:00Z", "names": [HOSTILE], "shown_at": [HOSTILE],
              "services": [{"service": HOSTILE, "protocol": HOSTILE, "product": HOSTILE, "title": HOSTILE}],
              "path": [step, step], "evidence": [step]}
             for kind in ("domain", "host", "address", "network", "organisation", "certificate")]
    for own in ("candidate", "dependency", "monitor"):
        lines.append({**lines[0], "name": HOSTILE + own, "ownership": own})
    risk = {"risk": "vpn-gateway", "severity": "critical", "kind": "service", "asset": HOSTILE, **base, "detail": HOSTILE, "source": HOSTILE,
            "seen": HOSTILE, "evidence": HOSTILE, "says": HOSTILE, "advice": HOSTILE, "act": HOSTILE}
    for name, more in (("assets.jsonl", lines), ("risks.jsonl", [risk])):
        with (run / name).open("a") as f:
            f.writelines(json.dumps(x) + "\n" for x in more)
    told = json.loads((run / "run.json").read_text())
    told["seeds"].append({"seed": HOSTILE, "owner": "group", "company": HOSTILE, "site": HOSTILE, "country": HOSTILE, "consent-by": HOSTILE,
                          "consent-at": HOSTILE})
    told["coverage"].append({"source": HOSTILE, "failed": 3, "last_failure": HOSTILE})
    told["resolvers_left_out"].append({"resolver": HOSTILE, "why": HOSTILE})
    (run / "run.json").write_text(json.dumps(told))
    paths = made(s, folder, "bad", lang="ja", title="hostile text in every field")
    bad = re.compile("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
    page = one(paths, ".html").read_text(encoding="utf-8")
    seen = read_html(page)
    s.ok(seen.scripts == 0 and "<script" not in page and not bad.search(page), "is harmless in HTML")
    s.ok(any("=cmd|'/C calc'!A0 <script>" in x for x in seen.text), "and shown as what it is")
    sheets, formulas, links, _, _ = read_xlsx(one(paths, ".xlsx"))
    cells = [str(c) for rows_ in sheets.values() for r in rows_ for c in r]
    s.ok(formulas == 0 and links == 0 and not any(bad.search(c) for c in cells) and any(c.startswith("=cmd|") for c in cells),
         "is text in Excel, no formula", (formulas, links))
    for end in (".csv", "-assets.csv"):
        cells = [c for r in rows(one(paths, end)) for c in r.values()]
        s.ok(not any(c[:1] in "=+-@\t\r" and c for c in cells) and any(c.startswith("'=cmd|") for c in cells) and
             not any(bad.search(c) for c in cells), f"is no formula in CSV ({end})")
    text = one(paths, ".json").read_text(encoding="utf-8")
    flat = json.dumps(json.loads(text), ensure_ascii=False)
    s.ok(not bad.search(flat), "is clean in JSON")
    text = one(paths, ".graphml").read_text(encoding="utf-8")
    tree = xml.etree.ElementTree.fromstring(text.encode())
    s.ok(not bad.search(text) and "<script" not in text and max(len("".join(d.itertext())) for d in tree.iter(f"{{{NS['g']}}}data")) < 1000,
         "is well formed, clean and short in GraphML")
    text = pdf_text(s, one(paths, ".pdf"))
    s.ok(text is None or ("=cmd|" in text and not re.search("[\u202a-\u202e\u2066-\u2069\x1b\x07]", text)), "is clean in the PDF")
    s.ok(max(p.stat().st_size for p in paths.values()) < 3_000_000, "and does not blow a file up",
         {n: p.stat().st_size for n, p in paths.items()})
    s.ok(all("/" not in n and "\n" not in n for n in paths), "nor a file's name")


def refused(s, folder):
    for words, part in ((["--format", "doc"], "--format"), (["--run", "7"], "no run 7"), (["--run", "x"], "no number"),
                        (["--before", "9"], "no run 9")):
        done = report(s, folder, *words, "--to", s.tmp / "no", "--lang", "en")
        s.ok(done.status in (2, 3) and part in done.err and not (s.tmp / "no").exists(), f"refused: {' '.join(words)}", (done.status, done.err))
    done = report(s, s.tmp / "empty", "--to", s.tmp / "no", "--lang", "en")
    s.ok(done.status == 3 and "surface discover" in done.err, "without a run it says what to do", (done.status, done.err))
    with (folder / "surface" / "runs" / "000002" / "risks.jsonl").open("a") as f:
        f.write('{"risk": tru\n')
    done = report(s, folder, "--to", s.tmp / "no", "--lang", "en")
    s.ok(done.status != 0 and "line 9" in done.err and "risks.jsonl" in done.err, "a broken line is told", (done.status, done.err))


def main():
    with lib.Scenario() as s:
        folder = data(s, "state")
        paths = made(s, folder, "en", title="a report in six forms")
        s.equal(len(paths), 7, "CSV is two files: what must be fixed, and what there is")
        page = read_html(one(paths, ".html").read_text(encoding="utf-8"))
        figures(s, page)
        tables(s, paths)
        graph(s, one(paths, ".graphml"))
        japanese = made(s, folder, "ja", lang="ja", title="in Japanese")
        paper(s, paths, japanese)
        again = made(s, folder, "again", title="once more, elsewhere", env={"TZ": "Asia/Tokyo"})
        s.equal([n for n in paths if paths[n].read_bytes() != again[n].read_bytes()], [], "the same run gives the same bytes")
        first = report(s, folder, "--run", "1", "--format", "json", "--to", s.tmp / "first.json")
        told = json.loads((s.tmp / "first.json").read_text())
        s.ok(first.status == 0 and told["run"] == 1 and told["compared_with"] is None and told["reduced"] == [], "a first run has none before")
        contractor(s, folder)
        hostile(s)
        refused(s, folder)


main()
