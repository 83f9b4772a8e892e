#!/usr/bin/env python3
# timeout: 900
"""A machine that is updated past mamori, on a real Debian root: what apt by hand, dpkg, unattended-upgrades and a removal
did shows at the next check-in, with who did it as far as the machine knows; nothing of it is done a second time in the
slot; the other updater is named on the host's page, and the policy switches it off and on again."""
import urllib.parse

import debian
import lib
from moved_time import Hospital, finished

POLICY = """
policy: ward-night
applies-to: {groups: [ward-3]}
approve:
  - {classification: any, after: 0d}
install:
  windows:
    - {name: night, weekly: [mon, tue, wed, thu, fri, sat, sun], at: '22:00', for: 3h, cutoff: 1h, tz: UTC}
"""
NAMES = ("viewer", "player", "reader", "suite", "bad", "auto", "calm", "last")
DAILY = "/usr/lib/apt/apt.systemd.daily"
NOBODY = "Not done by mamori; nothing on this machine says by whom."


def row(site, host, patch):
    """As the list of updates has it; the update's own page, the CLI and the API agree, or the test fails."""
    rows = site.patches(host)
    told = {r["patch"]: r for r in site.server.cli("patch", "list", "--host", host.name, "--json").lines()}
    seen = rows.get(patch)
    if seen:
        page = site.server.api("GET", "/api/v1/patches/" + urllib.parse.quote(patch, safe=""))
        here = [t for t in page["targets"] if t["host"]["name"] == host.name]
        if (len(here), here[0]["state"], here[0]["why"]) != (1, seen["state"], seen["why"]):
            raise AssertionError(f"the update's page contradicts the list: {here} {seen}")
    if (told.get(patch) or {}).get("state") != (seen or {}).get("state"):
        raise AssertionError(f"the CLI contradicts the API: {told.get(patch)} {seen}")
    return seen or {"state": "", "why": "", "trigger": None}


def rows_of(site, host, patch):
    return sorted((r for r in site.history(host) if r["patch"] == patch), key=lambda r: r["at"])


def by_hand(host, *argv):
    return host.run(*host.env, "env", "DEBIAN_FRONTEND=noninteractive", *argv, check=True)


def setting(site, host):
    site.settle([host])
    rows = site.server.api("GET", f"/api/v1/hosts/{site.row(host)['id']}")["settings"]
    return next(((r["state"], r["why"] or "") for r in rows if r["setting"] == "own-updates"), ("", ""))


def offered(s, host, wanted):
    debian.repository(s, host, [(name, version, "") for name, version in wanted], alone=True)


def the_afternoon(s, site, host):
    """Three programs are changed by hand, hours before the slot."""
    s.equal(row(site, host, "deb:viewer@2")["state"], "waiting-window", "an update waits for the night")
    by_hand(host, "env", "SUDO_UID=1000", "apt-get", "install", "-y", "viewer")
    by_hand(host, "dpkg", "-i", "/srv/repository/player_2_all.deb")
    by_hand(host, "apt-get", "remove", "-y", "reader")
    site.turn(host)
    seen = row(site, host, "deb:viewer@2")
    s.equal((seen["state"], seen["trigger"]), ("installed", "outside"), "what was installed by hand is installed, at the next check-in")
    s.ok("Not done by mamori, but by “apt-get install -y viewer”, asked for by clerk (1000)." in seen["why"],
         "and says by which command and whom", seen)
    rows = rows_of(site, host, "deb:viewer@2")
    s.equal([(r["from"], r["to"], r["state"], r["trigger"], r["by"]) for r in rows], [("1", "2", "installed", "outside", "clerk (1000)")],
            "the history has one row of it, which is not mamori's")
    s.equal([(r["state"], r["trigger"], r["why"]) for r in rows_of(site, host, "deb:player@2")], [("installed", "outside", NOBODY)],
            "what dpkg did without apt is told, and that nobody knows by whom")
    gone = rows_of(site, host, "remove:reader")
    s.ok(len(gone) == 1 and gone[0]["trigger"] == "outside" and "apt-get remove -y reader" in gone[0]["why"],
         "so is what was taken out", gone)
    s.equal(row(site, host, "deb:reader@2")["state"], "", "and its update is missing no more")


def the_night(s, site, host):
    site.at(0, 22, 10)
    site.settle([host], 2)
    s.equal(host.versions().get("suite"), "2", "the slot comes all the same: what is still missing goes in")
    s.equal([k for k in ("viewer", "player", "reader") if any(r["trigger"] != "outside" for r in rows_of(site, host, f"deb:{k}@2"))], [],
            "and nothing of what was done by hand is tried again")
    s.equal(debian.unpacked_twice(host), [], "dpkg unpacked nothing twice")
    s.ok(finished(host), "the slot is finished", finished(host))
    before = len(site.history(host))
    site.settle([host], 2)
    s.equal(len(site.history(host)), before, "what mamori did itself is nobody else's doing")


def put_back_by_hand(s, site, host):
    site.at(1, 12)
    by_hand(host, "apt-get", "install", "-y", "--allow-downgrades", "viewer=1")
    site.settle([host], 2)
    seen = row(site, host, "deb:viewer@2")
    s.ok(seen["state"] == "waiting-window" and "22:00" in seen["why"], "put back by hand it is missing again, and the reason says until when", seen)
    s.equal([(r["from"], r["to"], r["trigger"]) for r in rows_of(site, host, "deb:viewer@2")], [("1", "2", "outside"), ("2", "1", "outside")],
            "the history has the way there and back, and who")
    site.at(1, 22, 10)
    site.settle([host], 2)
    s.equal(host.versions().get("viewer"), "2", "the next night puts it in")
    s.equal(rows_of(site, host, "deb:viewer@2")[-1]["trigger"], "window", "which is mamori's doing")


def withdrawn_by_hand(s, site, host):
    site.at(2, 12)
    offered(s, host, [("bad", "2")])
    site.settle([host])
    site.server.api("POST", "/api/v1/verdicts", {"patch": "deb:bad@2", "verdict": "withdrawn", "reason": "it crashes"})
    by_hand(host, "apt-get", "install", "-y", "bad=2")
    site.settle([host], 2)
    rows = rows_of(site, host, "deb:bad@2")
    s.equal([(r["state"], r["trigger"]) for r in rows], [("installed", "outside")], "a withdrawn update put in by hand is seen")
    s.equal(row(site, host, "deb:bad@2")["state"], "installed", "and shown as what it is: in")
    site.at(2, 22, 10)
    site.settle([host], 2)
    s.equal(host.versions().get("bad"), "1", "the next night takes it back")
    s.equal([(r["to"], r["trigger"]) for r in rows_of(site, host, "deb:bad@2")], [("2", "outside"), ("1", "window")],
            "the history says who put it in and who took it back")


def daily(host):
    """What apt-daily-upgrade.timer starts once a day."""
    for stamp in (host.root / "var/lib/apt/periodic").glob("*"):
        stamp.unlink()
    return by_hand(host, DAILY, "install")


def unattended(s, site, host):
    """Debian's own unattended-upgrades."""
    site.at(3, 8)
    offered(s, host, [("auto", "2")])
    state, why = setting(site, host)
    s.ok(state == "conflict" and "unattended-upgrades is active on this machine: it installs outside the windows" in why and "own-updates: off" in why,
         "a machine with windows and unattended-upgrades says so on its page, and what to do", (state, why))
    daily(host)
    s.equal(host.versions().get("auto"), "2", "unattended-upgrades installs in the morning")
    site.turn(host)
    rows = rows_of(site, host, "deb:auto@2")
    s.ok(len(rows) == 1 and rows[0]["trigger"] == "outside" and rows[0]["by"] == "unattended-upgrade" and "/usr/bin/unattended-upgrade" in rows[0]["why"],
         "and the history names it", rows)
    site.policy(POLICY + "settings: {own-updates: off}\n")
    site.settle([host])
    s.wait_for("the setting", 60, lambda: setting(site, host) == ("in-force", ""))
    s.ok(True, "the policy switches it off")
    offered(s, host, [("calm", "2")])
    daily(host)
    s.equal(host.versions().get("calm"), "1", "its daily job installs nothing any more")
    local = host.root / "etc/apt/apt.conf.d/zzz-local"
    local.write_text('APT::Periodic::Unattended-Upgrade "1";\n')
    state, why = setting(site, host)
    s.ok(state == "conflict" and "read later" in why, "somebody's later file is shown and not fought", (state, why))
    local.unlink()
    site.policy(POLICY + "settings: {own-updates: on}\n")
    s.wait_for("the setting", 60, lambda: setting(site, host) == ("in-force", ""))
    s.ok(not (host.root / "etc/apt/apt.conf.d/zz-mamori-own-updates").exists(), "where it is meant to be on nothing of ours is left")
    daily(host)
    s.equal(host.versions().get("calm"), "2", "and it works as before")


with lib.Scenario() as s:
    s.needs("gpg", "gpgconf")
    site = Hospital(s)
    host = site.roots.host("out-1")
    done = host.run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", "--no-install-recommends", "install",
                    "unattended-upgrades", timeout=300)
    has_unattended = done.status == 0
    host.run("useradd", "-u", "1000", "clerk", check=True)
    (host.root / "etc/apt/apt.conf.d/52own").write_text('Unattended-Upgrade::Origins-Pattern { "origin=Own"; };\n')
    (host.root / "etc/apt/apt.conf.d/20auto-upgrades").write_text('APT::Periodic::Unattended-Upgrade "1";\n')
    for name in NAMES:
        host.run("dpkg", "-i", debian.package(host, "/tmp/old", name, "1"), check=True)
    offered(s, host, [(n, "1") for n in NAMES] + [(n, "2") for n in ("viewer", "player", "reader", "suite")])
    site.admit(host, "ward-3")
    site.policy(POLICY)
    site.directed([host])
    the_afternoon(s, site, host)
    the_night(s, site, host)
    put_back_by_hand(s, site, host)
    withdrawn_by_hand(s, site, host)
    if has_unattended:
        unattended(s, site, host)
    else:
        s.skip("unattended-upgrades", "the archive does not give it: " + str(done)[-300:])
