#!/usr/bin/env python3
# timeout: 900
"""A real Debian machine in a closed site. Scripts of a policy run only when people signed them: fetched through the relay,
then by bundle alone; an unsigned one and one with a changed byte never run, and without them nothing is installed. Metadata
that has expired: what was staged before goes in within offline-for, with a warning at the machine and on its page; what is newer is not
put aside, and nothing goes in after that, staged or not, until the metadata comes. The clock is moved (libfaketime)."""
import contextlib
import json
import os
import shutil
import ssl

import closed
import debian
import lib
from moved_time import FAKETIME, Clock
from tuf_lib import PASSWORD, keep, put_back

POLICY = """policy: annex-night
applies-to: {{groups: [annex]}}
approve:
  - {{app: '{app}', after: 0d}}
install:
  windows:
    - {{name: night, weekly: [mon, tue, wed, thu, fri, sat, sun], at: '02:00', for: {length}, tz: UTC}}
{scripts}"""
SCRIPT = "#!/bin/sh\necho {word} >> /root/ran\n"


@contextlib.contextmanager
def today():
    """What is started meanwhile has the real time."""
    moved = os.environ.pop("LD_PRELOAD", None)
    try:
        yield
    finally:
        if moved:
            os.environ["LD_PRELOAD"] = moved


class Archive(closed.Archive):
    """Builds and signs in today's time: whoever checks, in whatever time, looks back on it."""

    def package(self, *words, **more):
        with today():
            return super().package(*words, **more)

    def gpg(self, *words):
        with today():
            return super().gpg(*words)


class Site(closed.ClosedSite):
    """With a clock for all, and a repository of update metadata."""

    def begin(self, clock):
        self.clock, self.stick2, self.password = clock, self.s.tmp / "keys", self.s.tmp / "password"
        self.stick2.mkdir()
        self.password.write_text(PASSWORD + "\n")
        self.repo = self.server.data / "updates"
        self.server.cli("repo", "init", "--new-keys", self.stick2, "--password-file", self.password)
        self.version = 1

    def at(self, day, hour, minute=0):
        self.clock.at(day, hour, minute)
        self.server.link = self.server.cli("signin").out.strip().splitlines()[-1]
        self.server.cookie = None

    def clocked(self, host):
        (host.root / "usr/local/lib").mkdir(parents=True, exist_ok=True)
        (host.root / "usr/local/lib/faketime.so").write_bytes(FAKETIME.read_bytes())
        self.clock.tell(lambda: host.root / "etc/faketimerc")
        host.env = ["env", *(f"{k}={v}" for k, v in self.clock.variables(
            "/usr/local/lib/faketime.so", "/etc/faketimerc").items())]

    def vouch(self, name, text):
        path = self.s.tmp / name
        path.write_text(text)
        self.s.run(lib.MAMORI, "repo", "add", self.repo, path, "--role", "custom", "--as", f"custom/scripts/{name}",
                   check=True)
        self.s.run(lib.MAMORI, "key", "sign", self.repo / "pending/custom.json", "--key", self.stick2 / "custom.key",
                   "--password-file", self.password, check=True, timeout=120)
        self.publish()

    def publish(self):
        self.s.run(lib.MAMORI, "repo", "publish", self.repo, check=True)

    def timestamp(self, folder=None):
        return json.loads(((folder or self.repo / "metadata") / "timestamp.json").read_text())["signed"]["version"]

    def mirrored(self):
        self.s.wait_for("the relay to have the server's metadata", 150, lambda: (
            self.data / "metadata/timestamp.json").exists() and self.timestamp(self.data / "metadata") == self.timestamp(),
            every=0.5)

    def policy(self, script, app="*", length="4h"):
        text = POLICY.format(scripts=f"scripts: {{pre: {script}}}\n" if script else "", app=app, length=length)
        self.server.api("PUT", "/api/v1/policies/annex-night", {"yaml": text, "note": "scenario"})

    def update(self):
        """The archive has a newer own-tool; gives its version."""
        self.version += 1
        self.archive.package("own-tool", str(self.version))
        self.archive.publish()
        return str(self.version)

    def told(self, host):
        page = self.server.api("GET", f"/api/v1/hosts/{host.id}")
        return " ".join(n["text"] for n in page["notices"] if n["code"] == "metadata")

    def carry_up(self):
        """The letters that wait, carried to the server."""
        self.give(self.pack().lines()[0]["folder"])

    def round_trip(self, host):
        self.carry_up()
        return self.down(host)

    def down(self, host):
        self.server.api("POST", f"/api/v1/hosts/{host.id}/refresh", {})
        self.publish()  # the clock may have leapt since the server's last look
        down = self.export().lines()[-1]
        if down.get("left_out"):
            self.s.note(f"left out of the bundle: {down['left_out']}")
        taken = self.take(down["folder"])
        lib.time.sleep(2.5 * lib.SLOW)  # it looks about once a second which archives it may give out
        return taken


def once(host):
    return host.run(*host.env, "mamori-agent", "once", timeout=600)


def state(host, name):
    try:
        return json.loads((host.root / "var/lib/mamori-agent" / name).read_text())
    except (OSError, ValueError):
        return {}


def tool(host):
    return host.versions().get("own-tool")


def ran(host):
    path = host.root / "root/ran"
    return path.read_text().split() if path.exists() else []


def directed(s, host, version, rounds=12):
    """Until its directive approves that update."""
    for _ in range(rounds):
        done = once(host)
        document = state(host, "directive.json").get("document", "{}")
        if f"own-tool@{version}" in document:
            return done
        lib.time.sleep(1 * lib.SLOW)
    raise TimeoutError(f"no directive about own-tool {version}: {document} {done} {state(host, 'contact.json')}")


def obeyed(host):
    """The directive that the machine keeps."""
    return json.loads(state(host, "directive.json")["document"])


def length(directive):
    return directive["policy"]["install"]["windows"][0]["for"]


def online(s, site, host):
    """Through the relay, with a way out."""
    site.policy("gate.sh")
    site.vouch("gate.sh", SCRIPT.format(word="first"))
    site.mirrored()
    new = site.update()
    site.server.api("POST", f"/api/v1/hosts/{host.id}/refresh", {})
    directed(s, host, new)
    site.at(1, 2, 10)
    once(host)
    done = once(host)
    s.equal((tool(host), ran(host)[:1]), (new, ["first"]), "a script that people signed runs in the slot, then the update goes in")
    site.at(1, 12)
    site.policy("unsigned.sh")
    new = site.update()
    site.server.api("POST", f"/api/v1/hosts/{host.id}/refresh", {})
    directed(s, host, new)
    before = ran(host)
    (host.root / "var/lib/mamori-agent/scripts").mkdir(exist_ok=True)
    (host.root / "var/lib/mamori-agent/scripts/unsigned.sh").write_text(SCRIPT.format(word="unsigned"))
    (host.root / "var/lib/mamori-agent/scripts/unsigned.sh").chmod(0o755)
    site.at(2, 2, 10)
    done = once(host)
    once(host)
    s.equal((tool(host), ran(host)), (str(int(new) - 1), before), "one that nobody signed does not run, and nothing is installed")
    s.ok("administrator" in done.err, "the machine says why", done)
    slot = site.server.api("GET", f"/api/v1/hosts/{host.id}/policy")["slot"]
    words = "the slot was not begun (the script unsigned.sh of the policy is signed neither by the holders of the keys"
    s.ok(slot["told_by_host"] and slot["why"].startswith(words), "and so does its page", (slot, state(host, "slot-report.json")))
    listed = [row["why"] for row in site.server.cli("patch", "list", "--json").lines() if row["patch"] == f"deb:own-tool@{new}"]
    s.ok(listed and listed[0].startswith(words), "and mamori patch list", listed)
    return new


def changed_byte(s, site, host, new):
    """By a server whose folder somebody changed; the metadata is the honest one."""
    site.at(2, 12)
    site.policy("gate.sh")
    site.vouch("gate.sh", SCRIPT.format(word="second"))
    target = max(site.repo.glob("targets/custom/scripts/*.gate.sh"), key=lambda p: p.stat().st_mtime)
    honest = target.read_bytes()
    target.write_bytes(honest.replace(b"second", b"seconD"))
    site.server.api("POST", f"/api/v1/hosts/{host.id}/refresh", {})
    before = ran(host)
    done = directed(s, host, new)
    once(host)
    said = site.told(host)
    s.ok("gate.sh" in said, "a script with a changed byte: the machine's page says that it is another one", (said, done))
    site.at(3, 2, 10)
    once(host)
    once(host)
    s.equal((tool(host), ran(host)), (str(int(new) - 1), before), "it does not run, and nothing is installed")
    target.write_bytes(honest)
    site.at(3, 12)
    once(host)
    site.at(4, 2, 10)
    once(host)
    once(host)
    s.equal((tool(host), ran(host)[-1:]), (new, ["second"]), "with the honest bytes it runs, and the update goes in")


def by_bundle(s, site, host):
    """No cable is left."""
    site.close()
    site.run_relay("--offline")
    shutil.rmtree(site.data / "metadata")
    shutil.rmtree(site.data / "scripts")
    site.at(4, 12)
    once(host)
    site.vouch("gate.sh", SCRIPT.format(word="third"))
    new = site.update()
    site.carry_up()
    had = obeyed(host)
    site.policy("gate.sh", length="5h")  # no letter of the machine's comes to the server after this
    site.down(host)
    once(host)
    has = obeyed(host)
    s.ok(has["serial"] > had["serial"] and (length(had), length(has)) == ("4h", "5h"),
         "a policy that is edited after the machine's last letter is in force after the import and its next look", (had, has))
    for _ in range(4):
        once(host)
        if f"own-tool@{new}" in state(host, "directive.json").get("document", ""):
            break
        site.round_trip(host)
    s.equal(state(host, "updates/timestamp.json").get("signed", {}).get("version"), site.timestamp(),
            "the update metadata came by bundle alone")
    s.equal((host.root / "var/lib/mamori-agent/vouched/gate.sh").read_text(), SCRIPT.format(word="third"),
            "so did the script that it vouches for")
    site.at(5, 2, 10)
    once(host)
    once(host)
    s.ok((tool(host), ran(host)[-1:]) == (new, ["third"]), "it runs in the slot, and the update of the bundle goes in",
         lambda: (tool(host), ran(host), state(host, "contact.json"), state(host, "directive.json").get("document")))


def days(site, host, first, last):
    """A look at each noon: a machine that has slept for more than a day starts nothing before the server confirms its clock."""
    for day in range(first, last + 1):
        site.clock.at(day, 12)
        once(host)


def night(site, host, day):
    """A machine whose clock leapt and whom no server confirms it starts nothing for an hour; of three looks more than an hour
    apart the first or the second one is past that. Gives what it said at each."""
    said = []
    site.at(day, 2, 10)
    for hour, minute in ((2, 10), (3, 20), (4, 30)):
        site.clock.at(day, hour, minute)
        once(host)
        once(host)
        said.append(state(host, "slot-report.json").get("why", ""))
    return said


def staged(host, name, version):
    """In the plan, and its file is put aside."""
    return f"{name}@{version}" in json.dumps(state(host, "plan.json") or {}) and list(
        (host.root / "var/lib/mamori-agent/staged").rglob(f"{name}_{version}_*.deb"))


def approved(host, name, version):
    return f"{name}@{version}" in state(host, "directive.json").get("document", "")


def expired(s, site, host):
    """The last metadata is of day 5; the relay, or who holds its disk, lets no newer one through. own-tool is approved then,
    own-second only after offline-for; both lie staged, as security updates do."""
    site.at(5, 12)
    site.policy("", app="own-tool")
    site.publish()
    site.archive.package("own-second", "2")
    new = site.update()
    for _ in range(6):
        once(host)
        site.round_trip(host)
        once(host)
        once(host)
        if staged(host, "own-tool", new) and staged(host, "own-second", "2") and approved(host, "own-tool", new):
            break
    s.ok(staged(host, "own-tool", new) and staged(host, "own-second", "2"), "two updates lie staged on the machine", lambda: (
        state(host, "contact.json"), [p.name for p in (host.root / "var/lib/mamori-agent/staged").rglob("*.deb")],
        state(host, "directive.json").get("document")))
    s.ok(approved(host, "own-tool", new) and not approved(host, "own-second", "2"), "one of them is approved",
         state(host, "directive.json").get("document"))
    frozen = keep(site.data / "metadata", s.tmp / "frozen")
    ends = json.loads((frozen / "timestamp.json").read_text())["signed"]["expires"]
    s.note(f"the metadata expires at {ends}")
    days(site, host, 6, 12)
    before = host.versions().get("own-tool")
    done = night(site, host, 13)
    s.equal((before, tool(host), host.versions().get("own-second")), (str(int(new) - 1), new, "1"),
            "after it has expired, what was approved and staged before goes in at the window, and nothing else")
    said = host.run("mamori-agent", "status").out
    s.ok("expired at" in said and "is still installed until" in said, "with a warning at the machine", (said, done))
    site.at(13, 12)
    site.carry_up()
    said = site.told(host)
    s.ok("expired at" in said and "is still installed until" in said, "and on its page, which came by bundle", (said, done))
    newer = site.update()
    for _ in range(3):
        site.round_trip(host)
        put_back(frozen, site.data / "metadata")
        once(host)
        once(host)
        if approved(host, "own-tool", newer):
            break
    s.ok(approved(host, "own-tool", newer) and not staged(host, "own-tool", newer),
         "a newer update that a fresh directive approves is not put aside", state(host, "directive.json").get("document"))
    night(site, host, 14)
    s.equal(tool(host), new, "and is not installed in the next window")
    days(site, host, 14, 26)
    site.at(27, 12)
    site.policy("")
    once(host)
    for _ in range(4):
        site.round_trip(host)
        put_back(frozen, site.data / "metadata")
        once(host)
        if approved(host, "own-second", "2"):
            break
    s.ok(approved(host, "own-second", "2") and staged(host, "own-second", "2"),
         "after offline-for a fresh directive approves what has lain staged all the time",
         lambda: (state(host, "directive.json").get("document"), state(host, "plan.json")))
    whys = night(site, host, 28)
    s.equal((tool(host), host.versions().get("own-second")), (new, "1"), "neither that is installed nor anything newer")
    said = host.run("mamori-agent", "status").out
    s.ok(any("what it may do by itself ended" in why for why in whys) and "longer ago than" in said, "the machine says why",
         (whys, said))
    site.carry_up()
    said = site.told(host)
    s.ok("expired" in said and "longer ago than" in said, "and so does its page", said)
    site.at(28, 12)
    for _ in range(3):
        site.round_trip(host)
        once(host)
        once(host)
        if staged(host, "own-tool", newer):
            break
    night(site, host, 29)
    s.equal((tool(host), host.versions().get("own-second")), (newer, "2"), "once the metadata comes by bundle, both go in")


def main():
    with lib.Scenario() as s:
        s.needs("root", "debootstrap", "nsenter", "unshare", "gpg", "gpgconf", "dpkg-deb", "xz")
        if not FAKETIME.exists():
            raise lib.Skip("needs libfaketime")
        address, clock = s.site_address(), Clock(s)
        roots = debian.Roots(s)
        rc = s.tmp / "faketimerc"
        clock.tell(lambda: rc)  # certificates are of today: apt knows no other time
        os.environ.update(clock.variables(FAKETIME, rc))  # of what is started; not of this program
        os.environ["LANG"] = "C.UTF-8"
        server = s.server(address=address)
        server.tls = ssl._create_unverified_context  # its certificate is from tomorrow; others test that
        archive = Archive(s, address)
        site = Site(s, server, roots, archive, "annex")
        old = archive.package("own-tool", "1", keep=False)
        archive.package("own-tool", "1")
        second = archive.package("own-second", "1")
        archive.publish()
        site.begin(clock)
        site.enrol_relay()
        site.run_relay("--keyring", archive.key)
        s.wait_for("the relay's first check-in", 60, lambda: server.items("/api/v1/relays")[0]["last_seen"])
        host = site.machine("annex-pc")
        site.clocked(host)
        plain, host.run = host.run, lambda *argv, **more: plain(*(host.env if argv[0] == "mamori-agent" else ()), *argv, **more)
        (host.root / "root/own.deb").write_bytes(old.read_bytes())
        (host.root / "root/second.deb").write_bytes(second.read_bytes())
        host.run("dpkg", "-i", "/root/own.deb", "/root/second.deb", check=True)
        site.enrol(host)
        once(host)
        site.at(0, 12)
        new = online(s, site, host)
        changed_byte(s, site, host, new)
        by_bundle(s, site, host)
        expired(s, site, host)


if __name__ == "__main__":
    main()
