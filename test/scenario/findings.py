#!/usr/bin/env python3
# timeout: 400
"""From an advisory to a date: two agents in roots of their own, made-up feeds, a server. Findings have dates, the command
line lists them, a feed that speaks of one package matches only the hosts that have it, being exploited moves dates without
any matching, and SIGKILL between an import and the reload, or in the middle of matching, leaves nothing wrong behind."""
import contextlib
import json
import random
import secrets
import shutil
import signal
import sqlite3
import time

import lib

MANY = 1500  # packages of each host: matching takes long enough to be interrupted


class Machine:
    """A root folder of Debian 12 with these packages, and its agent."""

    def __init__(self, s, server, name, packages):
        self.s, self.name, self.packages = s, name, packages
        self.root, self.state = s.tmp / f"{name}-root", s.tmp / f"{name}-state"
        (self.root / "etc").mkdir(parents=True)
        (self.root / "var/lib/dpkg").mkdir(parents=True)
        (self.root / "etc/os-release").write_text(
            'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_CODENAME=bookworm\n')
        (self.root / "etc/machine-id").write_text(secrets.token_hex(16) + "\n")
        (self.root / "etc/hostname").write_text(name + "\n")
        self.write()
        done = self.agent("enrol", "--token-file", s.token_file(server))
        s.ok(done.status == 0 and self.agent("once").status == 0, f"{name} enrols and checks in", done)
        self.id = json.loads((self.state / "identity.json").read_text())["host"]

    def write(self):
        (self.root / "var/lib/dpkg/status").write_text("".join(
            f"Package: {p}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {v}\n\n"
            for p, v in self.packages.items()))

    def agent(self, *words):
        return self.s.run(lib.AGENT, *words, "--state", self.state, "--root", self.root)


class Feeds:
    """Advisories as OSV publishes them: package -> (vulnerability, fixed version, vector)."""

    def __init__(self, s, server):
        self.s, self.server, self.facts = s, server, {}

    def write(self):
        path = self.s.tmp / "osv.jsonl"
        with open(path, "w", encoding="ascii") as f:
            for number, (package, (v, fixed, vector)) in enumerate(sorted(self.facts.items())):
                f.write(json.dumps({
                    "id": f"DSA-{5000 + number}-1", "modified": "2026-01-05T00:00:00Z", "published": "2026-01-05T08:30:00Z",
                    "summary": f"{package} - security update", "related": [v],
                    "severity": [{"type": "CVSS_V3", "score": vector}] if vector else [],
                    "affected": [{"package": {"ecosystem": "Debian:12", "name": package}, "ranges": [
                        {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]}]}) + "\n")
        return path

    def load(self):
        return self.server.cli("feed", "import", "--json", self.write())

    def kev(self, *vulnerabilities):
        path = self.s.tmp / "kev.json"
        path.write_text(json.dumps({
            "title": "KEV", "catalogVersion": "2026.03.01", "dateReleased": "2026-03-01T10:00:00.000Z",
            "count": len(vulnerabilities), "vulnerabilities": [
                {"cveID": v, "vulnerabilityName": v, "dateAdded": "2026-02-20", "dueDate": "2026-02-27",
                 "knownRansomwareCampaignUse": "Unknown"} for v in vulnerabilities]}))
        return self.server.cli("feed", "import", path)

    def wanted(self, machines):
        """(host, package, vulnerability) as the advisories say; versions here are single numbers and a revision."""
        return {(m.name, p, self.facts[p][0]) for m in machines for p, version in m.packages.items()
                if p in self.facts and int(version.split("-")[0]) < int(self.facts[p][1].split("-")[0])}


HIGH = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


def listed(server, *words):
    return server.cli("finding", "list", "--json", *words).lines()


def keys(rows):
    return {(f["host"]["name"], f["package"], f["vulnerability"]) for f in rows}


def settled(s, server, feeds, machines):
    """Waits until the findings are those that the advisories say."""
    wanted = feeds.wanted(machines)
    with contextlib.suppress(TimeoutError):
        s.wait_for("the findings", 60, lambda: keys(server.items("/api/v1/findings")) == wanted, every=0.2)
    return keys(server.items("/api/v1/findings")), wanted


def reloads(server):
    """What the last reload answered is in the audit log: "MATCHED of HOSTS hosts"."""
    with contextlib.closing(sqlite3.connect(f"file:{server.data / 'mamori.db'}?mode=ro", uri=True)) as db:
        return [d for (d,) in db.execute("SELECT detail FROM audit WHERE what = 'feeds.reload' ORDER BY seq")]


WRONG = {  # what pages read as sums, against what counting gives
    "hosts of vulnerabilities": """SELECT count(*) FROM vulnerability v WHERE (hosts, fixable) <> (SELECT count(DISTINCT host),
        count(DISTINCT CASE WHEN patch IS NOT NULL THEN host END) FROM finding WHERE vulnerability = v.id)""",
    "severities of hosts": """SELECT count(*) FROM host h WHERE (critical, high, medium, low, unknown, kev) <> (SELECT
        coalesce(sum(severity = 4), 0), coalesce(sum(severity = 3), 0), coalesce(sum(severity = 2), 0),
        coalesce(sum(severity = 1), 0), coalesce(sum(severity = 0), 0), coalesce(sum(kev), 0) FROM vulnerability
        WHERE id IN (SELECT vulnerability FROM finding WHERE host = h.id))""",
    "groups": """SELECT count(*) FROM group_sum g WHERE (hosts, critical, high, kev, overdue) <> (SELECT count(*),
        coalesce(sum(critical), 0), coalesce(sum(high), 0), coalesce(sum(kev), 0), coalesce(sum(overdue), 0) FROM host h
        WHERE h.state = 'active' AND coalesce(h.group_name, '') = g.group_name)""",
    "twice": "SELECT count(*) FROM (SELECT 1 FROM finding GROUP BY host, package, installed, vulnerability HAVING count(*) > 1)",
}


def sums_wrong(server):
    with contextlib.closing(sqlite3.connect(f"file:{server.data / 'mamori.db'}?mode=ro", uri=True)) as db:
        found = {name: n for name, text in WRONG.items() if (n := db.execute(text).fetchone()[0])}
        check = db.execute("PRAGMA integrity_check").fetchone()[0]
        return {**found, **({} if check == "ok" else {"integrity": check})}


def generations(server, scratch):
    """Of the index that each host's findings are of, read from a copy of what the killed server left."""
    folder = scratch / f"killed-{secrets.token_hex(3)}"
    folder.mkdir()
    for name in ("mamori.db", "mamori.db-wal"):
        if (server.data / name).exists():
            shutil.copy(server.data / name, folder / name)
    with contextlib.closing(sqlite3.connect(folder / "mamori.db")) as db:
        found = [g for (g,) in db.execute("SELECT matched_generation FROM host WHERE state = 'active'")]
    shutil.rmtree(folder)
    return found


# ---- what a user sees ----

def dated(s, server, feeds, machines):
    feeds.facts = {"openssl": ("CVE-2026-1001", "3-1", HIGH), "bash": ("CVE-2026-1002", "6-1", None),
                   "nginx": ("CVE-2026-1003", "2-1", HIGH)}
    feeds.load()
    s.equal(*settled(s, server, feeds, machines), "the findings are those that the advisories say")
    rows = {(f["host"]["name"], f["package"]): f for f in listed(server)}
    ours = rows["ward-1", "openssl"]
    s.ok(all(f["due"] and f["action"] and f["action_why"] for f in rows.values()), "each has an action, a date and why", rows)
    s.ok(ours["due"].endswith("T00:00:00Z") and "2026-01-05" < ours["due"] < "2026-04-01", "dates count from the advisory", ours)
    s.equal(keys(listed(server, "--host", "ward-2")), {k for k in feeds.wanted(machines) if k[0] == "ward-2"}, "finding list --host")
    s.equal(keys(listed(server, "--vulnerability", "CVE-2026-1001")),
            {k for k in feeds.wanted(machines) if k[2] == "CVE-2026-1001"}, "finding list --vulnerability")
    s.equal(listed(server, "--patch", "deb:openssl@3-1"), [], "finding list --patch: no update is pending")
    late = listed(server, "--overdue")
    s.ok(late and all(f["overdue"] for f in late), "finding list --overdue: only what is past its date", late)
    s.equal(keys(late), {k for k, f in ((( n, p, f["vulnerability"]), f) for (n, p), f in rows.items()) if f["overdue"]},
            "and all of it")
    table = server.cli("finding", "list").out
    s.ok("CVE-2026-1001" in table and "HOST" in table and "(overdue)" in table, "the table says so, too", table)
    wrong = server.cli("finding", "list", "--host", "nobody", check=False)
    s.ok(wrong.status != 0 and "nobody" in wrong.err, "a machine that is not there is named", wrong)


def concerned(s, server, feeds, machines):
    feeds.facts["nginx"] = ("CVE-2026-1003", "4-1", HIGH)
    feeds.load()
    s.equal(*settled(s, server, feeds, machines), "a changed advisory is taken over")
    s.equal(reloads(server)[-1], "1 of 2 hosts", "only the host that has the package was matched")
    answer = server.api("POST", "/api/v1/feeds/reload", {})
    s.equal((answer["hosts"], answer["matched"]), (2, 0), "the same feeds again match nobody")


def exploited(s, server, feeds):
    before = {(f["host"]["name"], f["package"]): f for f in listed(server)}
    feeds.kev("CVE-2026-1002")
    after = {(f["host"]["name"], f["package"]): f for f in listed(server)}
    s.equal(reloads(server)[-1], "0 of 2 hosts", "being exploited needs no matching")
    ours, theirs = after["ward-1", "bash"], before["ward-1", "bash"]
    s.ok(ours["kev"] and ours["due"] != theirs["due"] and ours["due"] == "2026-02-27T00:00:00Z", "and moves the date to CISA's",
         [theirs, ours])
    s.equal(ours["first_seen"], theirs["first_seen"], "the day it was first seen stays")
    s.equal({k: v["due"] for k, v in after.items() if k[1] != "bash"}, {k: v["due"] for k, v in before.items() if k[1] != "bash"},
            "and so does every other date")


def trend(s, server, machines):
    machines[0].packages["openssl"] = "3-1"
    machines[0].write()
    s.ok(machines[0].agent("once").status == 0, "ward-1 has updated openssl")
    s.wait_for("the finding to go", 30, lambda: not [
        f for f in server.items("/api/v1/findings") if f["host"]["name"] == "ward-1" and f["package"] == "openssl"])
    answer = server.api("GET", "/api/v1/trend?days=3")
    today = answer["items"][-1]
    open_now = len({(f["host"]["id"], f["vulnerability"]) for f in server.items("/api/v1/findings")})
    s.equal(sum(today[k] for k in ("critical", "high", "medium", "low", "unknown")), open_now, "the trend's day has what is open")
    s.ok(today["hosts"] == 2 and today["fixed"] >= 1 and today["new"] >= 4 and today["kev"] == 2, "what came and what was fixed", today)
    s.ok(sum(v["count"] for v in answer["fixed"].values()) == today["fixed"], "and by severity", answer["fixed"])


# ---- what a crash leaves ----

def kill(server):
    server.program.send(signal.SIGKILL)
    server.program.process.wait()


def killed_before_the_reload(s, server, feeds, machines):
    """The import is on disk, the server has not heard of it: it is halted while the command line tells it."""
    feeds.facts["bash"] = ("CVE-2026-1002", "9-1", None)
    feeds.facts["zlib"] = ("CVE-2026-1004", "2-1", HIGH)
    server.program.send(signal.SIGSTOP)
    index = server.data / "feeds/index"
    before = index.stat().st_ino
    tell = s.start(lib.MAMORI, "feed", "import", feeds.write(), "--data", server.data, log="import", env={"LANG": "C.UTF-8"})
    s.wait_for("the import to be on disk", 30, lambda: index.stat().st_ino != before)
    time.sleep(0.3)
    kill(server)
    tell.process.wait(60)
    s.ok(tell.process.returncode == 0 or "restart" in tell.output(), "the command line says what happened", tell.output())
    server.start()
    s.equal(*settled(s, server, feeds, machines), "killed between import and reload: right after the next start")
    s.equal(sums_wrong(server), {}, "and every sum with it")


def killed_while_matching(s, server, feeds, machines):
    """Again and again, at other moments; the last of them is followed by a start that is left alone."""
    pick, middle, seen = random.Random(2026), 0, set()
    for turn in range(10):
        version = turn + 10
        for i in range(0, MANY, 3):
            feeds.facts[f"pkg{i}"] = (f"CVE-2026-{20000 + i}", f"{version if turn % 2 else 1}-1", HIGH)
        feeds.facts["zlib"] = ("CVE-2026-1004", f"{version}-1", HIGH)
        feeds.load()
        time.sleep(pick.random() * 0.25)
        kill(server)
        found = generations(server, s.tmp)
        middle += len(set(found)) > 1
        seen.update(found)
        server.start()
        if turn in (4, 9):
            s.equal(*settled(s, server, feeds, machines), f"killed while matching ({turn + 1} times): right after the next start")
            s.equal(sums_wrong(server), {}, "and every sum with it")
    s.note(f"killed between two hosts of one matching: {middle} of 10 times")
    s.ok(len(seen) > 2, "hosts were matched with one index after the other", seen)
    s.equal(keys(listed(server)), feeds.wanted(machines), "the command line agrees")
    counted = sum(sum(h["findings"][k] for k in ("critical", "high", "medium", "low", "unknown"))
                  for h in server.items("/api/v1/hosts"))
    s.equal(counted, len({(n, v) for n, _, v in feeds.wanted(machines)}), "and the list of hosts")


with lib.Scenario() as s:
    server = s.server()
    feeds = Feeds(s, server)
    common = {"openssl": "1-1", "bash": "5-1", "zlib": "1-1"}
    machines = [Machine(s, server, "ward-1", dict(common)), Machine(s, server, "ward-2", {**common, "nginx": "1-1"})]
    dated(s, server, feeds, machines)
    concerned(s, server, feeds, machines)
    exploited(s, server, feeds)
    trend(s, server, machines)
    killed_before_the_reload(s, server, feeds, machines)
    machines += [Machine(s, server, f"ward-{3 + n}", {**common, **{f"pkg{i}": "2-1" for i in range(n, MANY)}}) for n in range(6)]
    killed_while_matching(s, server, feeds, machines)
    seconds = server.stop()
    s.ok(seconds is not None and seconds < 5 * lib.SLOW, "SIGTERM ends the server in time", seconds)
