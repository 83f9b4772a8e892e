#!/usr/bin/env python3
# timeout: 500
"""A site with rpm's machines that nothing but a folder reaches: the bundle carries the repository's signed list, what dnf
reads, the updates that the machine lacks and what they need; real dnf installs from the bundle alone, with gpgcheck and
repo_gpgcheck. What cannot be carried is named."""
import time

import closed
import lib
import relay_lib
import rpm_lib

SITE = "annex"
POLICY = """
policy: annex-always
applies-to: {groups: [annex]}
approve:
  - {classification: any, after: 0d}
install:
  windows:
    - {name: always, weekly: [mon, tue, wed, thu, fri, sat, sun], at: '00:00', for: 24h, tz: UTC}
"""


class Archive:
    """An rpm repository at an origin outside, in the words of closed.ClosedSite."""

    def __init__(self, s, address):
        self.repository, self.origin = rpm_lib.Repository(s), relay_lib.Origin(address)
        self.url, self.key = f"{self.origin.url}/el9", self.repository.keyring
        self.origin.files["/keys/RPM-GPG-KEY-own"] = self.repository.key

    def publish(self):
        self.repository.publish()
        self.origin.files.update(self.repository.files("/el9"))


class Site(closed.ClosedSite):
    def rpm_machine(self, name, repos, installed):
        host = rpm_lib.Machine(self.s, name, repos, installed)
        host.plug(f"10.77.{self.net}.2", self.address, bridge=(self.ns.holder.pid, "in0"))
        token = self.s.token_file(self.server, "--group", SITE)
        host.enrolled = host.agent("enrol", "--token-file", token, "--relay", self.url)
        host.id = next(h["id"] for h in self.server.items("/api/v1/hosts") if h["name"] == name)
        self.server.cli("host", "set", host.id, "--site", SITE)
        return host


def round_trip(s, site):
    """Letters out, to the server, answers and packages back."""
    up = site.pack().lines()[0]
    site.give(up["folder"])
    time.sleep(2 * lib.SLOW)  # the server's planner
    down = site.export().lines()[-1]
    site.take(down["folder"])
    time.sleep(2.5 * lib.SLOW)  # the running relay looks about once a second which archives it may give out
    return down


def prepare(s, archive):
    """What is installed, and what the archive has by the time the site is closed."""
    old = s.tmp / "old"
    installed = [archive.repository.package("own-tool", "1", "Requires: own-api = 1", folder=old),
                 archive.repository.package("own-base", "1", "Provides: own-api = 1", folder=old),
                 archive.repository.package("own-quiet", "1", folder=old)]
    archive.repository.package("own-tool", "1", "Requires: own-api = 1")
    archive.publish()
    return installed


def updates(archive):
    """Two versions of each, of which the newer one is wanted; a capability with a version, a file, a rich dependency."""
    package = archive.repository.package
    package("own-tool", "2", "Requires: own-api = 2")
    package("own-tool", "10", "Requires: own-api = 2\nRequires: /opt/own-lib/version\nRequires: (own-gone or own-part)\n"
            "Requires: (own-extra if own-absent)")
    package("own-base", "1", "Provides: own-api = 1")
    package("own-api2", "1", "Provides: own-api = 2")
    package("own-lib", "3", "Provides: /opt/own-lib/version", size=500_000)
    package("own-part", "1")
    package("own-extra", "1")
    package("own-unasked", "9", size=500_000)
    archive.publish()


with lib.Scenario() as s:
    s.needs("openssl", *rpm_lib.PROGRAMS)
    address = s.site_address()
    server = s.server(address=address)
    archive = Archive(s, address)
    site = Site(s, server, None, archive, SITE)
    installed = prepare(s, archive)
    site.enrol_relay()
    site.run_relay("--keyring", str(archive.key), "--allow", f"{archive.origin.url}/keys,unverified")
    host = site.rpm_machine(
        "annex-rpm",
        f"[own]\nname=own\nbaseurl={archive.url}\ngpgcheck=1\nrepo_gpgcheck=1\ngpgkey=file://{s.tmp}/own.asc\n"
        f"[far]\nname=far\nmetalink=https://mirrors.example.org/metalink?repo=el9\nenabled=1\nskip_if_unavailable=1\n"
        f"[bare]\nname=bare\nbaseurl={archive.origin.url}/bare\nskip_if_unavailable=1\n", installed)
    (s.tmp / "own.asc").write_bytes(archive.repository.key)
    archive.origin.files["/bare/repodata/repomd.xml"] = b"<repomd/>"
    s.ok(host.enrolled.status == 0 and host.agent("once").status == 0, "a machine with dnf checks in through the relay",
         host.enrolled)
    server.api("PUT", "/api/v1/policies/annex-always", {"yaml": POLICY, "note": "scenario"})
    site.close()
    site.run_relay("--offline")
    site.capture()
    updates(archive)
    server.api("POST", f"/api/v1/hosts/{host.id}/refresh", {})
    host.agent("once")
    down = round_trip(s, site)
    carried = sorted(p.split("/")[-1] for _, p, _ in archive.origin.requests if p.endswith(".rpm"))
    s.equal(carried, [f"{n}.noarch.rpm" for n in ("own-api2-1-1", "own-lib-3-1", "own-part-1-1", "own-tool-10-1")],
            "the newest version by rpm's order and what it needs are carried, and nothing else")
    out = {e["what"]: e["why"] for e in down["left_out"]}
    s.ok("baseurl" in out.pop("https://mirrors.example.org/metalink?repo=el9", ""), "a metalink is named as left out, with what "
         "to do", down["left_out"])
    s.ok("repomd.xml.asc" in out.pop(f"{archive.origin.url}/bare", ""), "so is a repository without a signature",
         down["left_out"])
    s.equal(out, {}, "and nothing else is left out")
    (host.home / "repos/own.repo").write_text(
        (host.home / "repos/own.repo").read_text().split("[far]")[0])  # what has no way only costs time from here on
    server.api("POST", f"/api/v1/hosts/{host.id}/refresh", {})
    for _ in range(5):
        done = host.agent("once")
        if host.version("own-tool") == "10":
            break
        again = round_trip(s, site)
    s.equal({n: host.version(n) for n in ("own-tool", "own-base", "own-quiet", "own-api2", "own-lib", "own-part", "own-extra")},
            {"own-tool": "10", "own-base": "1", "own-quiet": "1", "own-api2": "1", "own-lib": "3", "own-part": "1",
             "own-extra": ""}, "real dnf installs the update and what it needs from the bundle alone, signatures checked")
    host.agent("once")
    last = round_trip(s, site)
    s.ok(last["since"] > 0 and last["packages"] == 0, "later bundles leave out what the site has", last)
    rows = server.cli("patch", "history", "--host", "annex-rpm", "--json").lines()
    s.equal([(r["patch"], r["state"], r["trigger"]) for r in rows], [("rpm:own-tool@10-1", "installed", "window")],
            "the server's history says so")
    elsewhere = {(a, b) for a, b in site.packets() if ":" not in a and not (
        a == site.address or (a.startswith(f"10.77.{site.net}.") and b == site.address))}
    s.equal(elsewhere, set(), "nobody sent a packet anywhere but to the relay")
