#!/usr/bin/env python3
"""Windows: what `mamori scan --systeminfo` says is missing follows from Microsoft's table, by an independent computation.

The computation here shares nothing with the program: its own CSV and CVRF reading, its own closure of supersedence over
sets, its own list of the machines' products. First on small hand-written tables with circles, cuts and monsters, then,
where ../shared/data is there, on the whole table and every real machine of windows-systems: the sets of findings and of
missing updates are equal, and what Windows Update itself called missing then is never taken for installed.
"""
import collections
import csv
import io
import json
import re
import subprocess
import zipfile

import lib

SYSTEMS = lib.SHARED_DATA / "windows-systems"
HEADER = '"DatePosted","CVE","BulletinKB","Title","AffectedProduct","AffectedComponent","Severity","Impact","Supersedes","Exploits"\r\n'

# file name: (product names in the table, is the list of updates whole)
MACHINES = {
    "10_1803_x64_education_en-us_systeminfo.txt": "Windows 10 Version 1803 for x64-based Systems",
    "10_1803_x64_enterprise_es-ar_20190307_systeminfo.txt": "Windows 10 Version 1803 for x64-based Systems",
    "10_1803_x64_pro_it_systeminfo.txt": "Windows 10 Version 1803 for x64-based Systems",
    "10_1803_x64_proforworkstations_en-us_A_20190305_systeminfo.txt": "Windows 10 Version 1803 for x64-based Systems",
    "10_1803_x64_proforworkstations_en-us_systeminfo.txt": "Windows 10 Version 1803 for x64-based Systems",
    "10_1803_x86_enterprise_nl_systeminfo.txt": "Windows 10 Version 1803 for 32-bit Systems",
    "10_1809_x64_education_en-us_20190306_systeminfo.txt": "Windows 10 Version 1809 for x64-based Systems",
    "10_1809_x64_education_en-us_systeminfo.txt": "Windows 10 Version 1809 for x64-based Systems",
    "10_1809_x64_enterprise_zh-cn_systeminfo.txt": "Windows 10 Version 1809 for x64-based Systems",
    "10_1809_x64_pro_en-us_20190307_systeminfo.txt": "Windows 10 Version 1809 for x64-based Systems",
    "10_21H2_x64_pro_systeminfo.txt": "Windows 10 Version 21H2 for x64-based Systems",
    "10_22H2_x64_enterprise_en-us_systeminfo.txt": "Windows 10 Version 22H2 for x64-based Systems",
    "10_rtm_x64_pro_en-us_systeminfo.txt":
        "Windows 10 for x64-based Systems|Windows 10 Version 1507 for x64-based Systems",
    "11_22H2_x64_home-single-language_systeminfo.txt": "Windows 11 Version 22H2 for x64-based Systems",
    "11_23H2_x64_enterprise_systeminfo.txt": "Windows 11 Version 23H2 for x64-based Systems",
    "11_24H2_x64_enterprise_systeminfo.txt": "Windows 11 Version 24H2 for x64-based Systems",
    "7_sp1_x64_enterprise_en-us_20190305_systeminfo.txt": "Windows 7 for x64-based Systems Service Pack 1",
    "7_sp1_x64_enterprise_en-us_A_systeminfo.txt": "Windows 7 for x64-based Systems Service Pack 1",
    "7_sp1_x64_enterprise_en-us_B_systeminfo.txt": "Windows 7 for x64-based Systems Service Pack 1",
    "7_sp1_x64_enterprise_fr_systeminfo_cmd.txt": "Windows 7 for x64-based Systems Service Pack 1",
    "7_sp1_x64_enterprise_fr_systeminfo_powershell.txt": "Windows 7 for x64-based Systems Service Pack 1",
    "7_sp1_x86_enterprise_en-us_systeminfo.txt": "Windows 7 for 32-bit Systems Service Pack 1",
    "8.1_u1_x64_enterprise_en-us_systeminfo.txt": "Windows 8.1 for x64-based Systems",
    "srv_2003_rtm_x86_standard_en-us_systeminfo.txt": "",  # the table has nothing for it: unknown
    "srv_2003r2_sp2_rtm_x64_standard_en-us_systeminfo.txt":
        "Microsoft Windows Server 2003 x64 Edition Service Pack 2|Windows Server 2003 R2 x64 Edition Service Pack 2",
    "srv_2003r2_sp2_x86_standard_en-us_systeminfo.txt":
        "Microsoft Windows Server 2003 Service Pack 2|Windows Server 2003 R2 Service Pack 2",
    "srv_2008_rtm_x64_standard_en-us_systeminfo.txt":
        "Windows Server 2008 for x64-based Systems|Windows Server 2008 for x64-based Systems Service Pack 1",
    "srv_2008r2_sp1_x64_standard_en-us_systeminfo.txt": "Windows Server 2008 R2 for x64-based Systems Service Pack 1",
    "srv_2012r2_u1_systeminfo.txt": "Windows Server 2012 R2",
    "srv_2012r2_x64_standard_ru_systeminfo.txt": "Windows Server 2012 R2",
    "srv_2019_rtm_datacenter_en-us_systeminfo.txt": "Windows Server 2019",
    "srv_2022_systeminfo.txt": "Windows Server 2022",
    "vista_x64_sp0_systeminfo.txt": "Windows Vista x64 Edition",
    "vista_x64_sp1_systeminfo.txt": "Windows Vista x64 Edition Service Pack 1",
    "vista_x64_sp2_systeminfo.txt": "Windows Vista x64 Edition Service Pack 2",
    "xp_rtm_x86_professional_en-us_systeminfo.txt": "Microsoft Windows XP",
    "xp_sp1_x86_systeminfo.txt": "Microsoft Windows XP Service Pack 1",
    "xp_sp2_x64_systeminfo.txt": "Microsoft Windows XP Professional x64 Edition Service Pack 2",
    "xp_sp2_x86_systeminfo.txt": "Microsoft Windows XP Service Pack 2",
    "xp_sp3_x86_professional_en-us_systeminfo.txt": "Microsoft Windows XP Service Pack 3",
}
# systeminfo itself stopped in the middle of these lists (it says 273 and prints 245).
NOT_WHOLE = {
    "7_sp1_x64_enterprise_en-us_20190305_systeminfo.txt", "7_sp1_x64_enterprise_en-us_B_systeminfo.txt",
    "srv_2003r2_sp2_x86_standard_en-us_systeminfo.txt", "xp_sp2_x64_systeminfo.txt",
    "xp_sp3_x86_professional_en-us_systeminfo.txt",
}
# What Windows Update itself said was missing on that day, beside the machine it said it of.
WUA_MISSING = {
    "10_1803_x64_proforworkstations_en-us_systeminfo.txt":
        "10_1803_x64_proforworkstations_en-us_B_20190306_updates.txt",
    "10_1809_x64_education_en-us_20190306_systeminfo.txt": "10_1809_x64_education_en-us_20190306_updates.txt",
    "7_sp1_x64_enterprise_en-us_20190305_systeminfo.txt": "7_sp1_x64_enterprise_en-us_20190305_updates.txt",
}


# ---- the independent computation ----

def number(text):
    m = re.fullmatch(r"(?:KB|Q)?(\d{5,8})(?:v\d{1,2})?", text.strip(), re.I)
    return int(m.group(1)) if m else None


def tidy(product):
    return " ".join(product.split()).lower()


def named(cve):
    return re.fullmatch(r"CVE-\d{4}-(\d{4}|[1-9]\d{4,})|ADV\d{6}", cve) is not None


class Table:
    def __init__(self):
        self.fixes = collections.defaultdict(lambda: collections.defaultdict(set))  # product: CVE or None: KBs
        self.older = collections.defaultdict(set)
        self.dates = {}  # of each KB: the first
        self.facts = set()

    def add(self, product, cve, kb, supersedes, date):
        self.dates[kb] = min(date, self.dates.get(kb, date))
        self.fixes[tidy(product)][cve if named(cve) else None].add(kb)
        for old in re.split("[;,]", supersedes or ""):
            if number(old) and number(old) != kb:
                self.older[kb].add(number(old))

    def add_csv(self, text):
        for row in csv.reader(io.StringIO(text, newline="")):
            if len(row) >= 9 and not row[0].startswith("#") and row[0] != "DatePosted" and number(row[2]):
                self.add(row[4], row[1], number(row[2]), row[8], row[0])

    def add_cvrf(self, document):
        names = {p["ProductID"]: p["Value"] for p in document["ProductTree"]["FullProductName"]}
        date = document["DocumentTracking"]["InitialReleaseDate"][:10].replace("-", "")
        for v in document["Vulnerability"]:
            for r in v["Remediations"]:
                kb = number(r["Description"].get("Value", "")) if r["Type"] == 2 else None
                for p in r.get("ProductID", []) if kb else []:
                    self.add(names[p], v["CVE"], kb, r.get("Supercedence"), date)

    def closure(self, kbs, chained=None):
        seen, queue = set(), list(kbs)
        while queue:
            kb = queue.pop()
            if kb not in seen:
                seen.add(kb)
                queue += self.older.get(kb, ())
                queue += (chained or {}).get(kb, ())
        return seen

    def chain(self, products):
        """Since Windows 10 a cumulative update (one that fixes eight vulnerabilities of the system or more) holds those of lower
        numbers that were not first named later, unless the table says that such a one supersedes it."""
        before = collections.defaultdict(set)
        for product in products:
            fixed = collections.Counter(kb for cve, kbs in self.fixes.get(tidy(product), {}).items() if cve for kb in kbs)
            order = []
            for kb in sorted(kb for kb, count in fixed.items() if count >= 8):
                at = len(order)
                while at and kb in self.closure([order[at - 1]], before):
                    at -= 1
                order.insert(at, kb)
            pairs = [(older, newer) for i, newer in enumerate(order) for older in order[:i]
                     if self.dates[older] <= self.dates[newer]]
            for older, newer in pairs:
                before[newer].add(older)
        return before

    def judge(self, products, installed):
        """Open CVEs and the latest updates that close them."""
        modern = any(re.match(r"Windows (1[01]|Server 20(16|19|22|25))\b", p) for p in products)
        self.chained = self.chain(products) if modern else {}
        covered = self.closure(installed, self.chained)
        open_, listed = {}, set()
        for product in products:
            for cve, kbs in self.fixes.get(tidy(product), {}).items():
                listed |= kbs
                if cve and not kbs & covered:
                    open_[(tidy(product), cve)] = kbs
        below = {kb: self.closure([kb], self.chained) for kb in listed}
        latest = {kb for kb in listed if not any(kb in below[other] and other not in below[kb] for other in listed)}
        missing = {kb for kb in latest - covered if any(below[kb] & kbs for kbs in open_.values())}
        return set(open_), missing, covered


def text_of(path):
    data = path.read_bytes()
    return data.decode("utf-16") if data[:2] == b"\xff\xfe" else data.decode("cp1252", "replace")


def installed_in(path):
    """By the form of the items alone."""
    kbs = [number(m.group(1)) for m in
           re.finditer(r"^\s*\[\d+\]:\s*((?:KB|Q)?\d{5,8}(?:v\d+)?)(?:\s+-.*)?\s*$", text_of(path), re.M | re.I)]
    return set(kbs[:-1] if path.name in NOT_WHOLE and not path.name.startswith("srv_2003r2") else kbs)


# ---- the program ----

class Windows:
    def __init__(self, s):
        self.s = s
        self.data = s.tmp / "data"

    def run(self, *args):
        return subprocess.run([lib.MAMORI, *args, "--data", self.data], capture_output=True, text=True, timeout=120)

    def load(self, *paths):
        done = self.run("feed", "import", "--json", *paths)
        return done, [json.loads(line) for line in done.stdout.splitlines()]

    def scan(self, *args):
        done = self.run("scan", "--json", "--systeminfo", *args)
        return done, json.loads(done.stdout) if done.stdout else None


def kbs_of(answer, state):
    return {int(m["patch"][3:]) for m in answer["missing"] if m["state"] == state}


def cves_of(answer, key="findings"):
    return {(tidy(f["package"]), f["vulnerability"]) for f in answer[key]}


PC = """
Host Name:                 PC-12
OS Name:                   Microsoft Windows 10 Pro
OS Version:                10.0.17134 N/A Build 17134
System Type:               x64-based PC
Processor(s):              1 Processor(s) Installed.
                           [01]: Intel64 Family 6 Model 78
Hotfix(s):                 %d Hotfix(s) Installed.
%sNetwork Card(s):           1 NIC(s) Installed.
                           [01]: Intel(R) 82574L Gigabit Network Connection
"""


def pc(*kbs):
    return PC % (len(kbs), "".join("                           [%02d]: KB%d\n" % (i + 1, kb) for i, kb in enumerate(kbs)))


def row(cve, kb, supersedes="", product="Windows 10 Version 1803 for x64-based Systems", date="20260101"):
    return '"%s","%s","%s","A title","%s","Windows","Important","Remote Code Execution","%s",""\r\n' % (
        date, cve, kb, product, supersedes)


def check_sums(s, reports, title):
    for r in reports:
        s.ok(r["read"] == r["kept"] + sum(r["skipped"].values()), f"{title}: figures of the import add up", r)


def small(s):
    w = Windows(s)
    table, machine = s.tmp / "CVEs_20260101.csv", s.tmp / "pc.txt"

    def given(rows, *kbs):
        table.write_text(HEADER + rows, newline="")
        machine.write_text(pc(*kbs))
        done, reports = w.load(table)
        check_sums(s, reports, done.returncode)
        return w.scan(machine)[1]

    chain = (row("CVE-2030-0001", 5000001) + row("CVE-2030-0002", 5000002, "5000001") +
             row("CVE-2030-0003", 5000003, "5000002") +
             row("CVE-2030-0004", 5000009, "", "Internet Explorer 11 on Windows 10 Version 1803 for x64-based Systems"))
    a = given(chain)
    s.ok(len(a["findings"]) == 3 and kbs_of(a, "missing") == {5000003}, "pain 12: only the latest of a chain is missing", a)
    s.ok([u["vulnerability"] for u in a["unknown"]] == ["CVE-2030-0004"] and kbs_of(a, "unknown") == {5000009},
         "a part that may not be there is unknown, not vulnerable", a["unknown"])
    a = given(chain, 5000002)
    s.ok({f["vulnerability"] for f in a["findings"]} == {"CVE-2030-0003"} and a["closed"] == 2,
         "pain 12: an installed update closes what it supersedes", a)
    a = given(chain, 5000003)
    s.ok(a["findings"] == [] and a["missing"][0]["state"] == "unknown", "the newest closes all, two steps down", a)

    circle = (row("CVE-2030-0001", 5000001, "5000003") + row("CVE-2030-0002", 5000002, "5000001") +
              row("CVE-2030-0003", 5000003, "5000002;5000003"))
    a = given(circle)
    s.ok(a["cyclic"] == 3 and kbs_of(a, "missing") == {5000001, 5000002, 5000003},
         "a circle ends, is counted, and its updates are equals", a)
    s.ok(w.load(table)[1][0]["skipped"].get("cyclic") == 3, "the import counts a circle's rows")
    a = given(circle, 5000002)
    s.ok(a["findings"] == [], "one of a circle closes them all", a)

    machine.write_text(pc(5000002)[:pc(5000002).index("KB50000") + 7])
    a = w.scan(machine)[1]
    s.ok(a["findings"] == [] and len(a["unknown"]) == 3 and not a["host"]["updates_known"],
         "a list cut off in the middle of a number: unknown, not vulnerable", a)
    done = w.run("scan", "--systeminfo", machine, "--fail-on", "high")
    s.ok(done.returncode == 4 and "cut off" in done.stderr, "such a list passes no --fail-on", done.stderr)
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"):
        machine.write_bytes(pc(5000002).replace("Host Name", "Nom d’hôte").encode(encoding))
        s.ok(w.scan(machine)[1]["host"]["updates"] == ["kb:5000002"], f"systeminfo in {encoding}")
    machine.write_bytes(pc(5000002).replace("Hotfix(s)", "Correctifs installés").encode("cp850"))
    s.ok(w.scan(machine)[1]["host"]["updates"] == ["kb:5000002"], "systeminfo in code page 850")
    machine.write_text("nothing of Windows\n")
    done, _ = w.scan(machine)
    s.ok(done.returncode == 3 and "systeminfo" in done.stderr, "another text is refused by name", done.stderr)
    machine.write_text(pc().replace("17134", "99999"))
    done, a = w.scan(machine)
    s.ok(done.returncode == 4 and a["findings"] is None, "a build that nobody knows: unknown", done.stderr)
    machine.write_text(pc())
    s.ok(w.run("scan", "--systeminfo", machine, "--fail-on", "high").returncode == 1, "--fail-on holds for Windows")
    shown = w.run("scan", "--systeminfo", machine).stdout
    s.ok("CVE-2030-0001" in shown and "high 3" in shown, "the table names what is open, and sums it up", shown)
    shown = w.run("scan", "--systeminfo", machine, "--lang", "ja").stdout
    s.ok("題名" in shown and "TITLE" not in shown and "PATCH" not in shown, "in Japanese as well", shown)
    rows = list(csv.DictReader(io.StringIO(w.run("scan", "--systeminfo", machine, "--csv").stdout)))
    open_ones = w.scan(machine)[1]["findings"]
    s.ok([(r["vulnerability"], r["fixed"], r["action"], r["due"]) for r in rows] ==
         [(f["vulnerability"], f["fixed"], f["action"], f["due"] or "") for f in open_ones] and rows[0]["action_why"]
         and rows[0]["due"], "--csv and --json say the same, with what to do and by when", rows)
    shown = w.run("scan", "--systeminfo", machine, "--why").stdout
    s.ok("by KB5000001; not installed" in shown, "--why names the update that would close a finding", shown)
    support(s, w, machine)
    # The table forgets to say that each of these holds the one before it; a servicing stack (one fix) holds nothing.
    def month(number, kb, count=9, supersedes=""):
        return "".join(row(f"CVE-2030-{number}{i:02}", kb, supersedes) for i in range(count))

    gaps = month(11, 5000011) + month(12, 5000012) + month(13, 5000013, 1) + month(14, 5000014)
    a = given(gaps, 5000014)
    s.ok({f["vulnerability"] for f in a["findings"]} == {"CVE-2030-1300"} and kbs_of(a, "missing") == {5000013},
         "pain 12: a cumulative update holds those before it, a servicing stack of its own is still missing", a)
    a = given(gaps, 5000011)
    s.ok(len(a["findings"]) == 19 and kbs_of(a, "missing") == {5000013, 5000014}, "one of them is enough", a)
    a = given(gaps, 5000013)
    s.ok(len(a["findings"]) == 27, "what is not cumulative holds no other", a)
    late = month(11, 5000011).replace("20260101", "20260201")
    a = given(late + month(12, 5000012), 5000012)
    s.ok(len(a["findings"]) == 9 and kbs_of(a, "missing") == {5000011},
         "an update with a higher number that was first named earlier does not hold the later one", a)
    a = given(month(10, 5000010) + late + month(12, 5000012) + month(13, 5000013).replace("20260101", "20260301"), 5000013)
    s.ok(a["findings"] == [], "one that comes after both holds both", a)
    a = given(month(10, 5000010) + late + month(12, 5000012), 5000012)
    s.ok(len(a["findings"]) == 9 and kbs_of(a, "missing") == {5000011}, "and the one in doubt holds what is before both", a)
    a = given(month(11, 5000012) + month(12, 5000011, supersedes="5000012"), 5000012)
    s.ok(len(a["findings"]) == 9 and kbs_of(a, "missing") == {5000011}, "the table's own word on the order stands", a)

    bad_input(s, w, chain, table, machine)


def support(s, w, machine):
    """Until when Microsoft supports a system follows from its build and its edition."""
    cycles = (("10-1803-e", "2021-05-11", None), ("10-1803-w", "2019-11-12", None), ("10-22h2", "2025-10-14", "2199-10-10"),
              ("11-26h1-w", "2198-03-14", None), ("11-24h2-e-lts", "2197-10-09", None), ("11-24h2-e", "2196-10-12", None))
    folder = s.tmp / "eol"
    folder.mkdir()
    for name, rows in (("windows", cycles), ("windows-server", (("2019", "2199-01-09", None),))):
        (folder / f"{name}.json").write_text(json.dumps(
            [{"cycle": cycle, "releaseDate": "2015-01-01", "support": "2024-01-09", "eol": end,
              **({"extendedSupport": more} if more else {})} for cycle, end, more in rows]))
    done, reports = w.load(folder)
    s.ok(done.returncode == 0 and reports[0]["feed"] == "eol", "Microsoft's dates are imported", done.stderr)
    server = "Microsoft Windows Server 2019 Standard"
    for name, build, cycle, words in (
            ("Microsoft Windows 10 Pro", 17134, "10-1803-w", "Microsoft Windows 10 Pro 1803 ended on 2019-11-12. It gets no more"),
            ("Microsoft Windows 10 Enterprise", 17134, "10-1803-e", "Enterprise 1803 ended on 2021-05-11"),
            ("Microsoft Windows 10 Entreprise", 17134, "10-1803-e", "Entreprise 1803 ended on 2021-05-11"),
            ("Microsoft Windows 10 Pro", 19045, "10-22h2", "22H2 ended on 2025-10-14. More fixes come until 2199-10-10, but only"),
            ("Microsoft Windows 11 Home", 28000, "11-26h1-w", "26H1 gets long-term fixes until 2198-03-14"),
            ("Microsoft Windows 11 Enterprise LTSC", 26100, "11-24h2-e-lts", "until 2197-10-09"),
            ("Microsoft Windows 11 Enterprise", 26100, "11-24h2-e", "until 2196-10-12"),
            ("Microsoft Windows 11 Pro", 26100, None, None), (server, 17763, "2019", server + " gets long-term fixes")):
        machine.write_text(pc().replace("Microsoft Windows 10 Pro", name).replace("17134", str(build)))
        answer, shown = w.scan(machine)[1], w.run("scan", "--systeminfo", machine).stdout
        eol = answer["host"]["eol"]
        s.ok((eol["cycle"] if eol else None) == cycle and (words in shown if words else "support" not in shown),
             f"support of {name} {build}: {cycle}", [eol, shown[-400:]])
    machine.write_text(pc())


def bad_input(s, w, chain, table, machine):
    table.write_text(HEADER + chain, newline="")
    w.load(table)
    before = (w.data / "feeds" / "index").read_bytes()
    for name, text in {
        "cut in the middle of a row": HEADER + chain[:-30],
        "cut in the middle of a title": (HEADER + chain)[:(HEADER + chain).rindex("A title") + 3],
        "of the wrong type": HEADER.replace("BulletinKB", "Bulletin") + chain,
        "empty": "",
    }.items():
        table.write_text(text, newline="")
        done, reports = w.load(table)
        s.ok(done.returncode == 3 and str(table) in done.stderr, f"a table {name} is refused by name", done.stderr)
        s.ok((w.data / "feeds" / "index").read_bytes() == before, f"a table {name} leaves the old index")
    table.write_text(HEADER + row("CVE-2030-0001", 5000001) + row("C" * 1000000, 5000001) + row("CVE-2030-0002", 5, "")
                     + row("CVE-2030-0003", 5000003, "5000001;" * 100000) + row("CVE-2030-0004", 5000004), newline="")
    _, reports = w.load(table)
    s.ok(reports[0]["kept"] == 2 and reports[0]["skipped"] == {"invalid": 2, "no-kb": 1},
         "fields of 1 MB are counted and lose nothing else", reports)
    document = {"DocumentTitle": {"Value": "x"}, "DocumentTracking": {
        "Identification": {"ID": {"Value": "2030-Jan"}}, "CurrentReleaseDate": "2030-01-08T08:00:00Z"},
        "ProductTree": {"FullProductName": [
            {"ProductID": "1", "Value": "Windows 10 Version 1803 for x64-based Systems"}]},
        "Vulnerability": [{"CVE": "CVE-2030-0009", "Title": {"Value": "Nine"}, "Threats": [
            {"Type": 3, "Description": {"Value": "Critical"}, "ProductID": ["1"]}], "Remediations": [
            {"Type": 2, "Description": {"Value": "5000010"}, "Supercedence": "5000004", "ProductID": ["1", "2"],
             "FixedBuild": "10.0.17134.900"}]}]}
    cvrf = s.tmp / "2030-Jan.json"
    cvrf.write_text(json.dumps(document))
    _, reports = w.load(cvrf)
    s.ok((reports[0]["kept"], reports[0]["skipped"]) == (1, {"no-package": 1}), "a CVRF document is read", reports)
    a = w.scan(machine)[1]
    s.ok([f["severity"] for f in a["findings"] if f["vulnerability"] == "CVE-2030-0009"] == ["critical"],
         "its severity is the product's", a)
    machine.write_text(pc().replace("10.0.17134 N/A", "10.0.17134.950 N/A"))
    a = w.scan(machine)[1]
    s.ok({f["vulnerability"] for f in a["findings"]} == {"CVE-2030-0001"},
         "a build at or past the fixed one has the update, and what that supersedes", a)
    before = (w.data / "feeds" / "index").read_bytes()
    cvrf.write_text(json.dumps(document)[:-40])
    done, _ = w.load(cvrf)
    s.ok(done.returncode == 3 and (w.data / "feeds" / "index").read_bytes() == before,
         "a CVRF document cut off changes nothing", done.stderr)
    # Missing updates times vulnerabilities would be more than ten million: only an attacker writes such a table.
    table.write_text(HEADER + "".join(row(f"CVE-2030-{i}", 5000000 + i) for i in range(10000, 13300)), newline="")
    w.load(table)
    done, _ = w.scan(machine)
    s.ok(done.returncode == 3 and "more missing updates" in done.stderr, "a table without end is refused", done.stderr)


def real(s):
    w = Windows(s)
    w.data = s.tmp / "real"
    table = Table()
    definitions = lib.SHARED_DATA / "msrc-definitions" / "definitions.zip"
    with zipfile.ZipFile(definitions) as z:
        for name in z.namelist():
            if name.endswith(".csv"):
                table.add_csv(z.read(name).decode("utf-8", "replace"))
    cvrf = sorted((lib.SHARED_DATA / "msrc-cvrf" / "testdata").glob("*.json"))
    for path in cvrf:
        table.add_cvrf(json.loads(path.read_text()))
    done, reports = w.load(definitions, *cvrf)
    s.ok(done.returncode == 0 and reports[0]["read"] > 608000, "the whole table is imported", done.stderr)
    check_sums(s, reports, "real table")
    for path in sorted(SYSTEMS.glob("*systeminfo*.txt")):
        if path.name in MACHINES:
            machine(s, w, table, path)
    others = {p.name for p in SYSTEMS.glob("*systeminfo*.txt")} - set(MACHINES)
    s.ok(not others, "every machine of the folder has a known product here", others)


def machine(s, w, table, path):
    name, products = path.name.removesuffix(".txt"), [p for p in MACHINES[path.name].split("|") if p]
    done, answer = w.scan(path)
    if not products:
        s.ok(done.returncode == 4 and answer["findings"] is None, f"{name}: unknown, as the table has nothing for it")
        return
    installed = installed_in(path)
    s.ok({int(u[3:]) for u in answer["host"]["updates"]} == installed, f"{name}: the installed updates",
         lambda: (set(answer["host"]["updates"]) ^ {f"kb:{k}" for k in installed}))
    expected, missing, covered = table.judge(products, installed)
    if path.name in NOT_WHOLE:
        s.ok(answer["findings"] == [] and not answer["host"]["updates_known"] and
             kbs_of(answer, "missing") == set() and expected <= cves_of(answer, "unknown"),
             f"{name}: its list is cut off, so {len(expected)} findings are unknown",
             lambda: sorted(expected - cves_of(answer, "unknown"))[:20])
    else:
        s.ok(cves_of(answer) == expected, f"{name}: {len(expected)} findings are the computed ones",
             lambda: sorted(cves_of(answer) ^ expected)[:20])
        s.ok(kbs_of(answer, "missing") == missing, f"{name}: {len(missing)} missing updates are the computed ones",
             lambda: sorted(kbs_of(answer, "missing") ^ missing))
        needed = {int(m["patch"][3:]) for m in answer["missing"] if m["needed"]}
        below = table.closure(installed | needed, table.chained)
        left = [f for f in answer["findings"] if not {int(k[2:]) for k in f["advisories"]} & below]
        s.ok(not left, f"{name}: the needed updates close every finding", left[:3])
    alarms = [f["vulnerability"] for f in answer["findings"] + answer["unknown"]
              if {int(k[2:]) for k in f["advisories"]} & covered]
    s.ok(not alarms, f"pain 12: {name}: nothing that an installed update supersedes is reported", alarms[:10])
    said = WUA_MISSING.get(path.name)
    if said:
        kbs = set(map(int, re.findall(r"KB(\d+)", text_of(SYSTEMS / said))))
        s.ok(not kbs & covered, f"{name}: nothing that Windows Update called missing counts as installed", kbs & covered)


with lib.Scenario() as s:
    small(s)
    if (lib.SHARED_DATA / "msrc-definitions" / "definitions.zip").exists() and SYSTEMS.exists():
        real(s)
    else:
        s.skip("every real machine", "there is no ../shared/data")
