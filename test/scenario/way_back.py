#!/usr/bin/env python3
# timeout: 600
"""Withdrawn updates and removals by real apt: what a policy wants out goes out and nothing else, a withdrawn update goes
back where an older version is still offered, and where it cannot the reason is said; the server's history has all of it.
The packages come from the hospital's own signed repository."""
import json

import debian
import lib
from moved_time import Hospital, finished, report, why

POLICY = """
policy: ward-night
applies-to: {groups: [ward-3]}
approve:
  - {classification: any, after: 0d}
install:
  windows:
    - {name: night, weekly: [mon, tue, wed, thu, fri, sat, sun], at: '22:00', for: 3h, cutoff: 1h, tz: UTC}
remove:
  - {app: old-reader, why: unsupported}
  - {app: old-library, why: unsupported}
"""
# In at first; "viewer 1" and "suite 1" stay in the repository, "player 1" does not.
OLD = [("viewer", "1", ""), ("player", "1", ""), ("suite", "1", ""), ("suite-data", "1", "Source: suite\n"),
       ("old-reader", "1", ""), ("old-library", "1", ""), ("needs-library", "1", "Depends: old-library\n"),
       ("bystander", "1", "")]
OFFERED = [("viewer", "1", ""), ("viewer", "2", ""), ("player", "2", ""), ("suite", "1", ""), ("suite", "2", ""),
           ("suite-data", "1", "Source: suite\n"), ("suite-data", "2", "Source: suite\n"), ("bystander", "1", "")]


def repository(s, host):
    """The only one that this host has."""
    host.run("dpkg", "-i", *(debian.package(host, "/tmp/old", *p) for p in OLD), check=True)
    debian.repository(s, host, OFFERED, alone=True)


def rows_of(site, host, patch):
    return [r for r in site.history(host) if r["patch"] == patch]


def changed(before, after):
    return {p: (before.get(p), after.get(p)) for p in {*before, *after} if before.get(p) != after.get(p)}


def first_night(s, site, host):
    before = host.versions()
    site.at(0, 22, 10)
    site.settle([host], 2)
    s.equal(changed(before, host.versions()),
            {"viewer": ("1", "2"), "player": ("1", "2"), "suite": ("1", "2"), "suite-data": ("1", "2"),
             "old-reader": ("1", None)}, "the night: updates come in, exactly the unwanted package goes")
    gone = rows_of(site, host, "remove:old-reader")
    s.ok(len(gone) == 1 and gone[0]["state"] == "installed" and gone[0]["trigger"] == "window" and "old-reader" in gone[0]["title"],
         "the history says that it was taken out", gone)
    kept = rows_of(site, host, "remove:old-library")
    s.ok(len(kept) == 1 and kept[0]["state"] == "failed" and "needs-library" in f'{kept[0]["why"]} {kept[0].get("words")}',
         "what another package needs stays, and the history says which", kept)
    s.ok("tried again when" in kept[0]["why"], "and when it is tried again", kept)


def withdraw(s, site, host):
    for source in ("viewer", "player", "suite"):
        site.server.api("POST", "/api/v1/verdicts",
                        {"patch": f"deb:{source}@2", "verdict": "withdrawn", "reason": "it crashes"})
    before = host.versions()
    site.at(1, 12)
    site.settle([host], 3)
    s.equal(host.versions(), before, "withdrawn at noon: nothing changes outside the window")
    site.at(1, 22, 10)
    site.settle([host], 2)
    s.equal(changed(before, host.versions()), {"viewer": ("2", "1"), "suite": ("2", "1"), "suite-data": ("2", "1")},
            "the next night they go back where an older version is offered, with every package of theirs")
    for source in ("viewer", "suite"):
        rows = rows_of(site, host, f"deb:{source}@2")
        s.equal([(r["from"], r["to"], r["state"]) for r in sorted(rows, key=lambda r: r["at"])],
                [("1", "2", "installed"), ("2", "1", "installed")], f"{source}: the history has the way there and back")
    rows = [r for r in rows_of(site, host, "deb:player@2") if r["state"] == "failed"]
    s.ok(len(rows) == 1 and "no older version is offered" in rows[0]["why"], "what cannot go back says why, once", rows)
    s.ok("no older version" in json.dumps(report(host)), "and so does the machine", report(host))


def stays_so(s, site, host):
    before, rows = host.versions(), len(site.history(host))
    site.at(2, 22, 10)
    site.settle([host], 2)
    s.equal(host.versions(), before, "a withdrawn update does not come again")
    s.equal(len(site.history(host)), rows, "nothing is tried or told a second time, not even what could not be removed")
    states = {p: r["state"] for p, r in site.patches(host).items()}
    s.equal({p: states.get(p) for p in ("deb:viewer@2", "deb:suite@2")},
            {"deb:viewer@2": "withdrawn", "deb:suite@2": "withdrawn"}, "the server shows them as withdrawn")


def unhindered(s, site, host):
    settings = lambda: {x["setting"]: x for x in site.server.api("GET", f"/api/v1/hosts/{site.row(host)['id']}")["settings"]}
    seen = settings().get("remove:old-library", {})
    s.ok(seen.get("state") == "failed" and "tried again" in seen["why"], "the host's page says what could not go, and when it is tried again", seen)
    host.run("dpkg", "-r", "needs-library", check=True)
    site.at(3, 22, 10)
    site.settle([host], 2)
    s.ok("old-library" not in host.versions(), "once nothing needs it, it goes in the next night", rows_of(site, host, "remove:old-library"))
    s.ok("remove:old-library" not in settings(), "and the host's page is silent about it", settings())


with lib.Scenario() as s:
    s.needs("gpg", "gpgconf")
    site = Hospital(s)
    host = site.roots.host("back-1")
    repository(s, host)
    site.admit(host, "ward-3")
    site.policy(POLICY)
    site.directed([host])
    first_night(s, site, host)
    withdraw(s, site, host)
    stays_so(s, site, host)
    unhindered(s, site, host)
    s.note(f"{why(host)} {finished(host)}")
