#!/usr/bin/env python3
"""mamori exposure report: banners of known truth are imported, reported on in three forms, and the forms are read back: every
figure is the truth's. The same inputs give the same bytes. Letters to organisations hold what they need and no more."""
import csv
import hashlib
import html
import io
import json
import re
import shutil
import zipfile

import lib
from report_lib import read_html, read_xlsx

HOSTILE = "=cmd|'/C calc'!A0 <script>alert(1)</script> \u202egnp.\x1b[31m"
REFUSED = "\x03\0\0\0\0\x04\0\x01\x01\x07"


def accepted(uid, version):
    """An A-ASSOCIATE-AC as a banner shows it, a character for each byte."""
    def item(kind, body):
        return bytes([kind, 0]) + len(body).to_bytes(2, "big") + body
    user = item(0x51, b"\0\0\x40\0") + item(0x52, uid.encode()) + item(0x55, version.encode())
    body = b"\0\1\0\0" + b"ANY".ljust(16) + b"ME".ljust(16) + bytes(32) + item(0x10, b"1.2.840") + item(0x50, user)
    return (bytes([2, 0]) + len(body).to_bytes(4, "big") + body).decode("latin-1")


class Truth:
    """Records, and what a report on them must say."""

    def __init__(self):
        self.records = []
        self.next = 0

    def add(self, country, org, port, data, when="2026-11-02T10:00:00", tls=False, copies=1, **more):
        for _ in range(copies):
            self.next += 1
            record = {"ip_str": f"198.51.{100 + self.next // 250}.{self.next % 250 + 1}", "port": port, "data": data, "org": org,
                      "transport": "tcp", "timestamp": when, "hostnames": [], "domains": [],
                      "location": {"country_code": country}, "_shodan": {"module": "x"}, **more}
            if tls:
                record["ssl"] = {"versions": ["TLSv1.2"]}
            self.records.append(record)

    def make(self):
        iis = "HTTP/1.1 200 OK\r\nServer: Microsoft-IIS/7.5\r\n\r\n"
        hospital, clinic = "Example General Hospital", "みなとクリニック"
        self.add("JP", clinic, 80, iis, copies=7)  # Windows Server 2008 R2, out of support in 2026
        self.add("JP", clinic, 80, iis, when="2019-06-01T00:00:00", copies=3)  # and with security fixes only in 2019
        self.add("US", hospital, 443, iis, tls=True, copies=4)
        self.add("US", hospital, 3389, "Remote Desktop Protocol\n10.0.14393", when="2021-06-01T00:00:00", copies=2)
        self.add("JP", "東京皮膚科病院", 11112, "DICOM Server Response\n\n" + accepted("1.2.3.4", "DCM_1"), copies=5)
        self.add("US", HOSTILE, 104, "DICOM Server Response\n\n" + accepted("1.2.3.4", "DCM_1"), copies=6)
        self.add("DE", "Klinikum Musterstadt", 104, "DICOM Server Response\n\n" + REFUSED, copies=4)
        self.add("DE", "Klinikum Musterstadt", 2762, "DICOM Server Response\n\n" + REFUSED, tls=True, copies=1)
        self.add("DE", "Deutsche Telekom AG", 11112, "", copies=8)  # a port and nothing else
        self.add("FR", "Hopital Exemple", 2575, "MSH|^~\\&|LAB|\rPID|1||4711||Yamada^Taro||19500203|M\r", copies=1)
        self.add("US", hospital, 22, "SSH-2.0-OpenSSH_6.0p1 Debian-4+deb7u2", copies=3)  # a well-known honeypot
        self.add("US", "Comcast Cable", 80, "HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n", copies=50)  # not medical
        return self.records


ALL, HERE = 44, 15  # of medicine; in Japan
COUNTRIES = {"US": 15, "JP": 15, "DE": 13, "FR": 1}


def report(s, tmp, *words):
    return s.run(lib.MAMORI, "exposure", "report", *words, "--data", tmp / "state", "--lang", "en", timeout=120)


def figures(s, page):
    """Every table against the truth."""
    t = page.tables
    rows = {r[0]: r[1:] for r in t["The 4 countries with the most banners"]}
    named = {re.search(r"\((..)\)$", k).group(1): v for k, v in rows.items() if k.endswith(")")}
    s.equal({k: int(v[1]) for k, v in named.items()}, COUNTRIES, "banners by country")
    s.equal(named["JP"], ["15", "15", "34.1%", "0.0%"], "addresses, banners and share of a country")
    tls = {r[0]: r[1:] for r in t["All banners beside those without TLS"]}
    s.equal(tls["Everywhere"][1:], ["44", "5", "39", "88.6%"], "TLS everywhere")
    s.equal(next(v for k, v in tls.items() if k.startswith(("Japan", "JP")))[1:], ["15", "0", "15", "100.0%"], "and in one country")
    os_ = {r[0]: r[1:] for r in next(v for k, v in t.items() if k.startswith("Operating systems of "))}
    s.equal(os_["Windows Server 2008 R2"][:4], ["10", "100.0%", "4", "44.4%"], "systems of a country beside the rest of the world")
    s.ok(os_["Windows Server 2008 R2"][4] == "75%", "with their confidence", os_)
    levels = {r[0]: r[1:] for r in t["Support in three levels"]}
    s.equal(levels["Everywhere"], ["44", "19", "2", "3", "14", "73.7%"],
            "support is judged by the day of the observation: the same system had fixes in 2019 and none in 2026")
    ending = [r[:6] for r in t["Systems out of support, or with security fixes only"]]
    s.ok(["Windows Server 2008 R2", "Ended", "2015-01-13", "2020-01-14", "7", "11"] in ending, "with its dates", ending)
    s.ok(["Windows Server 2008 R2", "Security fixes only", "2015-01-13", "2020-01-14", "3", "3"] in ending, "on both levels", ending)
    classes = {r[0]: r[1:] for r in t["Classes of systems"]}
    s.equal(classes["Image exchange (DICOM)"][:3], ["24", "24", "5"], "classes: every sign of DICOM is a candidate")
    s.equal(classes["Image exchange (DICOM)"][4], "66.7%", "and how many of them are sure enough")
    s.equal(classes["Message exchange (HL7, FHIR)"][:2], ["1", "1"], "HL7")


def dicom(s, page):
    t = page.tables
    steps = t["The funnel of DICOM servers"][1:]
    s.equal([r[2] for r in steps], ["24", "16", "16"], "the funnel of DICOM: ports, answers, after honeypots")
    safe = {r[0]: r[1:] for r in t["Encryption and checks of DICOM servers"]}
    s.equal(safe["Speaks TLS"], ["1", "6.3%", "16"], "DICOM with TLS")
    s.equal(safe["Checks the application titles (AE titles) of who calls"], ["5", "31.3%", "16"], "that checks titles")
    s.equal(safe["Accepts any caller"], ["11", "68.8%", "16"], "that accepts anybody")
    alike = {r[0]: r[1:] for r in t["DICOM servers that are set up exactly alike"]}
    s.equal(alike.get("DCM_1 · 1.2.3.4 · :104"), ["6", "1", "1"], "servers that are set up alike")
    s.equal(alike.get("DCM_1 · 1.2.3.4 · :11112"), ["5", "1", "1"], "another port is another cluster")
    steps = t["The funnel of all medical banners"][1:]
    s.equal([r[1] for r in steps], ["44", "36", "33"], "the funnel of all: candidates, sure enough, no honeypots")


def forms(s, tmp):
    out = tmp / "out"
    done = report(s, tmp, "healthcare", "--country", "jp", "--to", out, "--json")
    s.equal(done.status, 0, "a report in three forms") or s.note(done.err)
    said = [json.loads(line) for line in done.out.splitlines()]
    s.ok([d["format"] for d in said] == ["pdf", "html", "xlsx"], "each is named", done.out)
    paths = {d["format"]: out / d["path"].split("/")[-1] for d in said}
    s.ok(all(hashlib.sha256(paths[d["format"]].read_bytes()).hexdigest() == d["sha256"] for d in said), "with its digest")
    text = paths["html"].read_text(encoding="utf-8")
    page = read_html(text)
    figures(s, page)
    dicom(s, page)
    s.ok(page.scripts == 0 and "<script" not in text and "\u202e" not in text and "\x1b" not in text,
         "hostile text is harmless in HTML")
    s.ok(any("=cmd|'/C calc'!A0 <script>" in x for x in page.text), "and shown as what it is")
    facts = {r[0]: r[1] for r in page.tables["The report's own facts"]}
    s.equal(facts["Observations"], "2019-06-01T00:00:00Z – 2026-11-02T10:00:00Z", "the time range of the observations")
    digest = hashlib.sha256((tmp / "banners.json").read_bytes()).hexdigest()
    s.ok(any(digest in r for r in page.tables["Imported data"]), "the digest of the data")
    rules = facts["Rules of the imports"]
    wanted = hashlib.sha256("\n".join(["2026-11", "shodan", digest, rules, ""]).encode()).hexdigest()
    s.equal(facts["Digest of the data"], wanted, "one digest over all of it, as the report says how")
    ask_again(s, tmp, facts, page.tables["The questions behind each table"][1:])
    return paths, page


def ask_again(s, tmp, facts, asked):
    """What was asked can be asked again, and gives what the report says."""
    failed = []
    for _, words in asked:
        if "CODE" in words or "CLASS" in words or words.startswith("search"):
            continue
        head, _, tail = words.partition(" Q")
        query = " ".join(facts.get(w.lstrip("-"), w) if w in ("C", "D") else "-" + facts["C"] if w == "-C" else w
                         for w in tail.split())
        done = s.run(lib.MAMORI, "exposure", *head.split(), f"{facts['Q']} {query}", "--data", tmp / "state", "--json")
        if done.status != 0:
            failed.append((words, done.err))
        elif words == "count Q" and json.loads(done.out)["count"] != ALL:
            failed.append((words, done.out))
    s.ok(len(asked) > 20 and not failed, "every question of the report can be asked again", failed)


def sheets(s, paths, page):
    sheets_, formulas, links, pictures, charts = read_xlsx(paths["xlsx"])
    find = lambda start: next(rows for name, rows in sheets_.items() if name.startswith(start))
    s.ok(formulas == 0 and links == 0, "no text of a stranger's is a formula or a link in Excel", (formulas, links))
    countries = {r[0]: r[1:] for r in find("The 4 countries") if len(r) > 3}
    s.ok([15.0, 15.0] == next(v for k, v in countries.items() if k.endswith("(JP)"))[:2], "numbers are numbers", countries)
    share = next(v for k, v in countries.items() if k.endswith("(JP)"))[2]
    s.ok(abs(share - 15 / 44) < 1e-9, "shares are exact", share)
    s.ok(any(str(r[0]).startswith("=cmd|'/C calc'!A0 <script>") for r in find("Organisations with")), "a formula stays text",
         find("Organisations with"))
    s.equal(len(charts), len(re.findall(r"<figure>", paths["html"].read_text(encoding="utf-8"))) - len(pictures),
            "each chart is Excel's own, the map a picture")
    s.equal(len(sheets_), len(page.tables) + 1, "a sheet for each table, and a summary")


def paper(s, tmp, paths):
    if not shutil.which("pdftotext"):
        s.skip("the PDF says the same", "needs pdftotext")
        return
    text = s.run("pdftotext", "-layout", paths["pdf"], "-").out
    s.ok(re.search(r"\(JP\)\s+15\s+15\s+34\.1%\s+0\.0%", text), "the PDF says the same", text[:3000])
    s.ok("みなとクリニック" in text or "東京皮膚科病院" in text, "Japanese names are in it", text[-3000:])
    s.ok("class:dicom ((DICOM Server Response)" in text and "2015-01-13" in text, "questions and dates, too")
    info = s.run("pdfinfo", paths["pdf"], env={"TZ": "UTC"}).out
    s.ok("2026" in re.search(r"CreationDate:(.*)", info).group(1) and "Nov" in info, "dated by its newest observation", info)
    done = s.run(lib.MAMORI, "exposure", "report", "healthcare", "--country", "JP", "--lang", "ja", "--to", tmp / "ja.pdf", "--data",
                 tmp / "state", timeout=120)
    text = s.run("pdftotext", "-layout", tmp / "ja.pdf", "-").out
    s.ok(done.status == 0 and "医療システムの外部露出に関する報告書" in text and "通信の暗号化" in text, "and one in Japanese", done.err)
    s.ok(not re.search(r"Banners|Share|Confidence", text.split("使った検索式")[0]), "has no English headings",
         re.findall(r".*(?:Banners|Share|Confidence).*", text)[:5])


def same_bytes(s, tmp, paths):
    """Another folder, another time of import, another order of the same words."""
    other = tmp / "other"
    s.run(lib.MAMORI, "exposure", "import", "--snapshot", "2026-11", tmp / "banners.json", "--data", other, check=True)
    done = s.run(lib.MAMORI, "exposure", "report", "healthcare", "--to", tmp / "again", "--country", "JP", "--lang", "en", "--data", other,
                 env={"TZ": "Asia/Tokyo"}, timeout=120, check=True)
    for form, path in paths.items():
        again = tmp / "again" / path.name
        s.ok(path.read_bytes() == again.read_bytes(), f"the same inputs give the same bytes: {form}", done.err)


def narrowed(s, tmp):
    done = report(s, tmp, "healthcare", "--to", tmp / "then.html", "--as-of", "2020-01-01")
    page = read_html((tmp / "then.html").read_text(encoding="utf-8"))
    s.ok(done.status == 0 and {r[0]: r for r in page.tables["Support in three levels"]}["Everywhere"][1:6] ==
         ["3", "3", "0", "3", "0"], "as of a day: what was seen until then", page.tables.get("Support in three levels"))
    report(s, tmp, "healthcare", "--to", tmp / "de.html", "--query", "country:DE,FR port:104,2575", "--top", "1")
    page = read_html((tmp / "de.html").read_text(encoding="utf-8"))
    s.ok({r[0]: r for r in page.tables["All banners beside those without TLS"]}["Everywhere"][2] == "5", "narrowed by a query")
    s.equal(len(page.tables["The 1 countries with the most banners"]), 2, "lists as long as asked for")


def nothing_known(s, tmp):
    """Where nothing is known no share is made of it: it is said."""
    truth = Truth()
    truth.add("DE", "Klinikum Musterstadt", 104, "DICOM Server Response", copies=2)
    (tmp / "bare.json").write_text("".join(json.dumps(r) + "\n" for r in truth.records), encoding="utf-8")
    s.run(lib.MAMORI, "exposure", "import", tmp / "bare.json", "--data", tmp / "bare", check=True)
    for lang, said, zero in (("en", ("It is not known of any banner whether its system was in support", "it is not known of any whether it",
                                     "no banner's support is known"), r"[Oo]f 0 "),
                             ("ja", ("どのバナーについても判明していません", "どのサーバーについても判明していません", "サポート状況が判明したバナーはありません"),
                              r"0 [件台](のうち|）)")):
        for form in ("html", "pdf") if shutil.which("pdftotext") else ("html",):
            path = tmp / f"bare-{lang}.{form}"
            s.run(lib.MAMORI, "exposure", "report", "healthcare", "--to", path, "--data", tmp / "bare", "--lang", lang, timeout=120,
                  check=True)
            text = html.unescape(path.read_text(encoding="utf-8")) if form == "html" else s.run("pdftotext", "-layout", path, "-").out
            flat = re.sub(r"\s+", "" if lang == "ja" else " ", text)
            # On paper the figures stand beside each other and their words are broken into lines.
            missing = [w for w in (said if form == "html" else said[:2]) if re.sub(r"\s+", "" if lang == "ja" else " ", w) not in flat]
            s.ok(not missing and not re.search(zero, flat), f"what nothing is known about is said to be unknown ({lang}, {form})",
                 (missing, re.findall(f".{{0,30}}(?:{zero}).{{0,30}}", flat)))


def refused(s, tmp):
    (tmp / "empty").mkdir()
    done = s.run(lib.MAMORI, "exposure", "report", "healthcare", "--to", tmp / "none.pdf", "--data", tmp / "empty")
    s.ok(done.status == 3 and "nothing to report" in done.err and not (tmp / "none.pdf").exists(),
         "without data there is no report, and it is said", done.err)
    for words, part in ((["healthcare", "--format", "doc"], "--format"), (["healthcare", "--country", "Japan"], "--country"),
                        (["healthcare", "--top", "0"], "--top"), (["healthcare", "--as-of", "yesterday"], "--as-of"),
                        (["weather"], "name the report"), (["notify"], "--to")):
        done = report(s, tmp, *words)
        s.ok(done.status == 2 and part in done.err, f"refused: {' '.join(words)}", done.err)
    done = report(s, tmp, "healthcare", "--to", tmp / "x.html", "--query", "contry:JP")
    s.ok(done.status == 3 and "country" in done.err and "^" in done.err, "a wrong query points at its column", done.err)


def letters(s, tmp):
    folder = tmp / "letters"
    done = report(s, tmp, "notify", "--to", folder, "--from", "Example CERT", "--json")
    said = json.loads(done.out)
    s.ok(done.status == 0 and said["organisations"] == 7 and said["honeypots_left_out"] == 3, "a folder for each organisation", done.out)
    listed = list(csv.DictReader(io.StringIO((folder / "index.csv").read_text(encoding="utf-8"))))
    s.equal(sum(int(r["banners"]) for r in listed), ALL - 3, "every banner but the honeypots is told to somebody")
    by_name = {r["organisation"]: r for r in listed}
    s.ok(by_name["Deutsche Telekom AG"]["provider"] == "true" and by_name["みなとクリニック"]["provider"] == "false",
         "providers are asked to pass it on", listed)
    s.equal([r["organisation"] for r in listed if r["patient_data"] == "true"], ["Hopital Exemple"], "patient data comes first")
    one = folder / by_name["みなとクリニック"]["folder"]
    s.equal(sorted(p.name for p in one.iterdir()),
            ["banners.csv", "letter.en.html", "letter.en.pdf", "letter.ja.html", "letter.ja.pdf"], "letters in two languages and a list")
    rows = list(csv.DictReader(io.StringIO((one / "banners.csv").read_text(encoding="utf-8"))))
    s.ok(len(rows) == 10 and rows[0]["os"] == "Windows Server 2008 R2 (75%)" and rows[0]["port"] == "80", "the list has its banners", rows[:1])
    japanese = (one / "letter.ja.html").read_text(encoding="utf-8")
    s.ok("みなとクリニック 御中" in japanese and "Example CERT" in japanese and "サポートが終了したシステムは交換" in japanese,
         "the letter says to whom, from whom and what to do", read_html(japanese).text)
    english = (one / "letter.en.html").read_text(encoding="utf-8")
    s.ok("What an attacker learns" in english and "2019-06-01" in english, "and what an attacker learns")
    every = b"".join(p.read_bytes() for p in folder.rglob("*") if p.suffix in (".html", ".csv"))
    s.ok(b"Yamada" not in every and b"4711" not in every and b"PID|" not in every and b"19500203" not in every,
         "no name and no data of a patient is in any of them")
    hostile = next(r for n, r in by_name.items() if "cmd|" in n)
    s.ok(hostile["organisation"].startswith("'=cmd") and re.fullmatch(r"\d{4}-[a-z0-9-]+", hostile["folder"]),
         "hostile names are harmless in sheets and as folders", hostile)
    urgent = (folder / by_name["Hopital Exemple"]["folder"] / "letter.en.html").read_text(encoding="utf-8")
    s.ok("At once" in urgent, "what is urgent is said first")
    sizes = [p.stat().st_size for p in folder.rglob("*.pdf")]
    s.ok(len(sizes) == 14 and max(sizes) < 400_000, "no letter carries a font that it does not need", sizes)
    zips = tmp / "zips"
    done = report(s, tmp, "notify", "--zip", "--to", zips, "--from", "Example CERT")
    listed = list(csv.DictReader(io.StringIO((zips / "index.csv").read_text(encoding="utf-8"))))
    s.ok(done.status == 0 and len(listed) == 7 and all(
        {n: zipfile.ZipFile(zips / r["folder"]).read(n) for n in zipfile.ZipFile(zips / r["folder"]).namelist()} ==
        {p.name: p.read_bytes() for p in (folder / r["folder"][:-4]).iterdir()} for r in listed), "a zip file for each organisation holds the same", listed)
    kept = {p.name: p.read_bytes() for p in zips.iterdir()}
    s.run(lib.MAMORI, "exposure", "report", "notify", "--zip", "--to", zips, "--from", "Example CERT", "--data", tmp / "state", check=True,
          env={"TZ": "Asia/Tokyo"})
    s.ok({p.name: p.read_bytes() for p in zips.iterdir()} == kept, "with the same bytes again, in another zone")
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    report(s, tmp, "notify", "--to", folder, "--from", "Example CERT")
    s.ok(all(p.read_bytes() == b for p, b in before.items()), "the same inputs give the same letters")


def main():
    with lib.Scenario() as s:
        tmp = s.tmp
        (tmp / "banners.json").write_text("".join(json.dumps(r) + "\n" for r in Truth().make()))
        s.run(lib.MAMORI, "exposure", "import", "--snapshot", "2026-11", tmp / "banners.json", "--data", tmp / "state", check=True)
        paths, page = forms(s, tmp)
        sheets(s, paths, page)
        paper(s, tmp, paths)
        same_bytes(s, tmp, paths)
        narrowed(s, tmp)
        nothing_known(s, tmp)
        refused(s, tmp)
        letters(s, tmp)


main()
