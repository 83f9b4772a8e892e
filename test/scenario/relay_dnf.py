#!/usr/bin/env python3
# timeout: 420
"""A machine with dnf behind a relay, without any other way: its lists, what it downloads ahead and what it installs come by
the private copy of its repositories, signatures are checked by dnf itself, and what it has configured stays as it is.
Debian's own dnf, rpm, rpmsign and createrepo_c."""
import json
import threading

import lib
import rpm_lib
from relay_chain import SITE, Member
from relay_lib import Manner, Origin


class Ward:
    """Origin and server are reached by the relay alone, which listens where the machine's only cable ends."""

    def __init__(self, s):
        self.s, self.origin, self.repository = s, Origin(), rpm_lib.Repository(s)
        net = f"10.216.{s.number()}"
        self.gateway, self.address = f"{net}.1", f"{net}.2"
        old = s.tmp / "old"
        names = ("mamori-sample", "mamori-changed", "mamori-foreign", "mamori-second", "mamori-third")
        self.origin.files["/keys/RPM-GPG-KEY-own"] = self.repository.key
        self.machine = rpm_lib.Machine(
            s, "rpm-pc", f"[own]\nname=own\nbaseurl={self.origin.url}/el9\nenabled=1\ngpgcheck=1\nrepo_gpgcheck=1\n"
            f"gpgkey={self.origin.url}/keys/RPM-GPG-KEY-own\n", [self.repository.package(n, "1", folder=old) for n in names])
        self.machine.plug(self.address, self.gateway)
        self.server = s.server()
        self.options = ("--allow", f"{self.origin.url}/el9", "--allow", f"{self.origin.url}/keys,unverified", "--keyring",
                        self.repository.keyring)
        self.relay = Member(s, self.server, "relay", *self.options, address=self.gateway)
        self.server.api("PUT", f"/api/v1/sites/{SITE}", {"relay_only": True})
        s.wait_for("the relay's first check-in", 60, lambda: self.server.items("/api/v1/relays")[0]["last_seen"])

    def publish(self):
        self.repository.publish()
        self.origin.files.update(self.repository.files("/el9"))

    def refresh(self):
        host = self.server.items("/api/v1/hosts")[0]["id"]
        self.server.api("POST", f"/api/v1/hosts/{host}/refresh")
        return self.machine.agent("once")

    def plan(self):
        path = self.machine.state / "plan.json"
        plan = json.loads(path.read_text()) if path.exists() else {}
        return {p["source"]: p for p in plan.get("updates", {}).get("patches", [])}

    def order(self, verb, patch):
        self.server.cli("patch", verb, "--host", "rpm-pc", patch)
        done = self.machine.agent("once")
        return done

    def history(self, patch):
        """(state, why) of each attempt."""
        rows = self.server.cli("patch", "history", "--host", "rpm-pc", "--json").lines()
        return [(r["state"], r["why"]) for r in rows if r["patch"] == patch]


def lists(s, w):
    token = s.token_file(w.server, "--group", SITE)
    done = w.machine.agent("enrol", "--token-file", token, "--relay", w.relay.url)
    s.ok(done.status == 0, "a machine with dnf is enrolled through the relay", done)
    away = w.machine.run("curl", "-sS", "--max-time", "3", f"{w.origin.url}/el9/repodata/repomd.xml")
    s.ok(away.status != 0, "it reaches nothing else: no route leads to the repository", away)
    w.machine.agent("once")
    done = w.refresh()
    s.equal(sorted(w.plan()), ["mamori-changed", "mamori-foreign", "mamori-sample", "mamori-second", "mamori-third"],
            "its list of updates comes by the relay")
    title = w.plan().get("mamori-sample", {}).get("title", "")
    s.ok("2-1" in title, "with the version that the repository has", lambda: (title, str(done), w.relay.program.output()))


def ahead_then_installed(s, w):
    """Downloaded ahead through the relay; installed although the relay is gone by then."""
    patch = "rpm:mamori-sample@2-1"
    done = w.order("stage", patch)
    staged = sorted(p.name for p in (w.machine.state / "staged").glob("*.rpm"))
    s.equal(staged, ["mamori-lib-1-1.noarch.rpm", "mamori-sample-2-1.noarch.rpm"],
            "an update and what it needs newly are downloaded ahead through the relay")
    s.ok(w.plan()["mamori-sample"]["staged"], "and known as such", lambda: (w.plan(), done))
    s.equal(w.machine.version("mamori-sample"), "1", "nothing is installed yet")
    asked = len(w.origin.requests)
    w.order("apply", patch)
    s.equal((w.machine.version("mamori-sample"), w.machine.version("mamori-lib")), ("2", "1"),
            "an order installs it with real dnf and rpm: rpm says so, and its files are there")
    s.equal([state for state, _ in w.history(patch)], ["installed"], "the server's history says so")
    rpms = [p for _, p, _ in w.origin.requests[asked:] if p.endswith(".rpm")]
    s.equal(rpms, [], "what was downloaded ahead was not fetched again")
    w.machine.agent("once")
    s.equal(sorted(p.name for p in (w.machine.state / "staged").glob("*.rpm")), [], "what is installed is not kept")


def refused(s, w):
    """Bytes that were changed at the origin, and a package that another key has signed."""
    patch = "rpm:mamori-changed@2-1"
    path = "/el9/mamori-changed-2-1.noarch.rpm"
    good = w.origin.files[path]
    w.origin.files[path] = good[:-1000] + bytes(b ^ 1 for b in good[-1000:])
    before = w.relay.cached()
    w.order("apply", patch)
    s.equal(w.machine.version("mamori-changed"), "1", "a package that was changed at the origin is not installed")
    rows = w.history(patch)
    s.ok([state for state, _ in rows] == ["failed"] and rows[0][1], "the history says so, and why", rows)
    s.note(rows[0][1] if rows else "")
    s.ok(w.origin.asked(path) and w.relay.cached() == before, "the relay passed none of it on and keeps none",
         lambda: (before, w.relay.cached(), w.relay.program.output()[-2000:]))
    w.origin.files[path] = good
    w.order("apply", patch)
    s.equal(w.machine.version("mamori-changed"), "2", "when the origin has the true one again, it is installed")

    patch = "rpm:mamori-foreign@2-1"
    w.order("apply", patch)
    s.equal(w.machine.version("mamori-foreign"), "1", "a package of another key is in the signed list: dnf itself refuses it")
    rows = w.history(patch)
    s.ok([state for state, _ in rows] == ["failed"] and "GPG" in (rows[0][1] or ""), "and says so in the history", rows)
    s.note(rows[0][1] if rows else "")


def without_the_relay(s, w):
    """What lies there is installed by an order that was taken before the relay died."""
    patch = "rpm:mamori-second@2-1"
    w.order("stage", patch)
    s.ok(w.plan()["mamori-second"]["staged"], "another is downloaded ahead", w.plan())
    w.server.cli("patch", "apply", "--host", "rpm-pc", patch)
    locks = lambda: {p.name for p in (w.machine.state / "orders").glob("*.lock")}
    before = locks()
    held = w.machine.start(lib.AGENT, "once", "--state", w.machine.state, log="held")
    s.wait_for("the order to be taken", 60, lambda: locks() - before, every=0.01)
    w.relay.kill()
    s.wait_for("the agent to end", 200, lambda: not held.running())
    s.equal(w.machine.version("mamori-second"), "2", "the relay is killed as the order is taken: it is installed all the same")
    w.relay.start()
    w.machine.agent("once")
    s.equal([state for state, _ in w.history(patch)], ["installed"], "and told when the relay is there again")


def by_the_other(s, w):
    """A second relay, which has seen nothing of this repository; the first is killed as dnf downloads for an order."""
    other = Member(s, w.server, "relay-b", *w.options, address=w.gateway)
    s.wait_for("the second relay's first check-in", 60,
               lambda: all(r["last_seen"] for r in w.server.items("/api/v1/relays")))
    w.machine.agent("once")
    patch, path, go = "rpm:mamori-third@2-1", "/el9/mamori-third-2-1.noarch.rpm", threading.Event()
    w.origin.manners[path] = Manner(hold=go)
    w.server.cli("patch", "apply", "--host", "rpm-pc", patch)
    once = w.machine.start(lib.AGENT, "once", "--state", w.machine.state, log="other")
    s.wait_for("the package to be asked for", 90, lambda: w.origin.asked(path) or not once.running())
    was = once.running()
    w.relay.kill()
    go.set()
    s.wait_for("the agent to end", 240, lambda: not once.running())
    s.ok(was and w.machine.version("mamori-third") == "2",
         "the relay is killed as dnf downloads: the same order is done by the site's other relay", once.output)
    w.machine.agent("once")
    s.equal([state for state, _ in w.history(patch)], ["installed"], "by one attempt")
    s.equal(json.loads((w.machine.state / "ways.json").read_text())["packages"], other.url,
            "the other is asked first from now on")


def main():
    with lib.Scenario() as s:
        s.needs("curl", *rpm_lib.PROGRAMS)
        w = Ward(s)
        other = rpm_lib.Repository(s, "other")
        w.repository.package("mamori-sample", "2", "Requires: mamori-lib")
        w.repository.package("mamori-lib", "1", size=300_000)
        w.repository.package("mamori-changed", "2", size=300_000)
        w.repository.package("mamori-second", "2")
        w.repository.package("mamori-third", "2", size=600_000)
        other.package("mamori-foreign", "2", folder=w.repository.folder)
        w.publish()
        before = rpm_lib.digest(w.machine.home / "repos")
        lists(s, w)
        ahead_then_installed(s, w)
        refused(s, w)
        without_the_relay(s, w)
        by_the_other(s, w)
        s.ok(all(h.get("user-agent", "").startswith("mamori-relay/") for _, _, h in w.origin.requests),
             "every question to the repository was the relay's", w.origin.requests)
        s.equal(rpm_lib.digest(w.machine.home / "repos"), before, "the machine's own configuration is as it was")


if __name__ == "__main__":
    main()
