#!/usr/bin/env python3
# timeout: 500
"""A site with two relays, and real apt behind them: whichever of them is killed while apt fetches lists, downloads ahead or
downloads for an installation, the same run goes on by the other one, and nothing is done twice."""
import json
import shutil
import threading

import closed
import debian
import lib
import relay_lib
from relay_chain import SITE, Member

POLICY = """policy: ward-always
applies-to: {groups: [ward-net]}
approve:
  - {classification: any, after: 0d}
install:
  windows:
    - {name: always, weekly: [mon, tue, wed, thu, fri, sat, sun], at: '00:00', for: 24h, tz: UTC}
"""
NAMES = ("own-list", "own-ahead", "own-order", "own-pass")


class Archive(closed.Archive):
    """Of no security archive's name, so that nothing is downloaded ahead by itself; given out by an origin that can be told
    to stop in the middle of a file."""

    def __init__(self, s):
        super().__init__(s, "127.0.0.1")
        self.origin = relay_lib.Origin()
        self.url = f"{self.origin.url}/debian"

    def publish(self):
        super().publish()
        suite = self.folder / "debian/dists/stable-security"
        text = (suite / "Release").read_text().replace("Debian-Security", "Own").replace("Origin: Debian", "Origin: Own")
        (suite / "Release").write_text(text)
        self.gpg("--clearsign", "-o", str(suite / "InRelease"), str(suite / "Release"))
        self.origin.files = {f"/{p.relative_to(self.folder)}": p.read_bytes()
                             for p in (self.folder / "debian").rglob("*") if p.is_file()}

    def held(self, part):
        """From here on nothing behind the first half of such files; gives their paths and the event that ends it."""
        go, paths = threading.Event(), [p for p in self.origin.files if part in p]
        for path in paths:
            self.origin.manners[path] = relay_lib.Manner(hold=go)
        return paths, go


class Ward:
    def __init__(self, s):
        self.s, self.archive, self.roots, self.server = s, Archive(s), debian.Roots(s), s.server()
        self.host = self.roots.host("ward-pc")
        s.run("nsenter", "-t", self.host.pid, "-n", "--", "ip", "route", "del", "default", check=True)  # nothing but relays
        old = [self.archive.package(n, "1", keep=False) for n in NAMES]
        (self.host.root / "root/old").mkdir()
        for path in old:
            shutil.copy(path, self.host.root / "root/old")
        self.host.run("sh", "-c", "dpkg -i /root/old/*.deb", check=True)
        apt = self.host.root / "etc/apt"
        (apt / "archive.gpg").write_bytes(self.archive.key.read_bytes())
        (apt / "sources.list").write_text(f"deb [signed-by=/etc/apt/archive.gpg] {self.archive.url} stable-security main\n")
        (apt / "apt.conf.d/90test").write_text('Acquire::Languages "none";\n')
        for name in NAMES:
            self.archive.package(name, "2", size=600_000)
        self.archive.publish()
        options = ("--allow", self.archive.url, "--keyring", self.archive.key)
        self.relays = {r.url: r for r in (Member(s, self.server, n, *options, address=self.host.gateway)
                                          for n in ("relay-a", "relay-b"))}
        self.server.api("PUT", f"/api/v1/sites/{SITE}", {"relay_only": True})
        s.wait_for("both relays to have checked in", 60,
                   lambda: all(r["last_seen"] for r in self.server.items("/api/v1/relays")))
        token = self.host.root / "root/token"
        token.write_text(self.server.cli("token", "create", "--group", SITE).out)
        token.chmod(0o600)
        self.enrolled = self.host.run("mamori-agent", "enrol", "--token-file", "/root/token", "--relay", list(self.relays)[0])
        self.id = self.server.items("/api/v1/hosts")[0]["id"]

    def state(self, name):
        path = self.host.root / "var/lib/mamori-agent" / name
        return json.loads(path.read_text()) if path.exists() else {}

    def plan(self):
        return {p["source"]: p for p in self.state("plan.json").get("updates", {}).get("patches", [])}

    def first(self):
        """The relay that packages are asked from first."""
        last = self.state("ways.json").get("packages")
        return self.relays[last or self.state("identity.json")["relays"][0]]

    def once_while_killed(self, part):
        """A check-in during which the relay dies as half of such a file has passed."""
        paths, go = self.archive.held(part)
        asked = lambda: sum(len(self.archive.origin.asked(p)) for p in paths)
        before, away = asked(), self.first()
        once = self.host.start("mamori-agent", "once", log="once")
        self.s.wait_for(f"{part} to be asked for", 90, lambda: asked() > before or not once.running())
        was = once.running()
        away.kill()
        go.set()
        self.s.wait_for("the check-in to end", 240, lambda: not once.running())
        for path in paths:
            self.archive.origin.manners.pop(path)
        away.start()
        return was, away, once

    def history(self, patch):
        rows = self.server.cli("patch", "history", "--host", "ward-pc", "--json").lines()
        return [(r["state"], r["trigger"]) for r in rows if r["patch"] == patch]


def lists(s, w):
    s.ok(w.enrolled.status == 0, "a host is enrolled through the first relay", w.enrolled)
    w.host.run("mamori-agent", "once")
    s.equal(sorted(w.state("identity.json")["relays"]), sorted(w.relays), "and learns both")
    w.server.api("POST", f"/api/v1/hosts/{w.id}/refresh")
    was, away, once = w.once_while_killed("/by-hash/")
    s.ok(was and sorted(w.plan()) == sorted(NAMES), "killed while lists are fetched: they come by the other",
         lambda: (w.plan(), once.output()))
    s.ok(w.state("ways.json")["packages"] not in (None, away.url), "which is asked first from now on", w.state("ways.json"))


def ahead(s, w):
    w.server.cli("patch", "stage", "--host", "ward-pc", "deb:own-ahead@2")
    was, _, once = w.once_while_killed("own-ahead_2_all.deb")
    s.ok(was and w.plan()["own-ahead"]["staged"], "killed while an update is downloaded ahead: it comes by the other",
         lambda: (w.plan(), once.output()))
    s.equal(w.host.versions()["own-ahead"], "1", "and is not installed for that")


def by_order(s, w):
    w.server.cli("patch", "apply", "--host", "ward-pc", "deb:own-order@2")
    was, away, once = w.once_while_killed("own-order_2_all.deb")
    s.ok(was and w.host.versions()["own-order"] == "2", "killed while an order downloads: the same attempt installs it",
         once.output)
    w.host.run("mamori-agent", "once")
    s.equal(w.history("deb:own-order@2"), [("installed", "order")], "one attempt, installed")
    s.ok(w.state("ways.json")["packages"] not in (None, away.url), "and the other is asked first from now on",
         w.state("ways.json"))


def in_a_pass(s, w):
    w.server.api("PUT", "/api/v1/policies/ward-always", {"yaml": POLICY, "note": "scenario"})
    was, away, once = w.once_while_killed("own-pass_2_all.deb")
    for _ in range(4):  # the directive may come with the second check-in only
        if was:
            break
        was, away, once = w.once_while_killed("own-pass_2_all.deb")
    s.ok(was and w.host.versions()["own-pass"] == "2", "killed while a pass of a window downloads: the same pass installs it",
         once.output)
    w.host.run("mamori-agent", "once")
    s.equal(w.history("deb:own-pass@2"), [("installed", "window")], "one attempt of one pass")
    s.equal({n: w.host.versions()[n] for n in NAMES}, dict.fromkeys(NAMES, "2"), "all updates of that pass are installed")
    slots = [w.history(f"deb:{n}@2") for n in ("own-list", "own-ahead")]
    s.equal(slots, [[("installed", "window")]] * 2, "each by one attempt")
    s.equal(debian.unpacked_twice(w.host), [], "dpkg unpacked nothing twice")


with lib.Scenario() as s:
    s.needs("root", "debootstrap", "nsenter", "unshare", "gpg", "gpgv", "dpkg-deb", "xz")
    w = Ward(s)
    lists(s, w)
    ahead(s, w)
    by_order(s, w)
    in_a_pass(s, w)
