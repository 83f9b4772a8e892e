#!/usr/bin/env python3
# timeout: 900
"""What goes wrong around apt: a lock held by someone else, a held package, a half-configured dpkg, the network lost
in the middle, a full disk. Each gets a clear result, nothing is lost, and the next run recovers."""
import re
import sys

import debian
import lib

# fcntl(F_SETLK) as dpkg and apt do it, by a program that a minimal root has.
LOCKER = r"""
use Fcntl; open(F, ">>", "/var/lib/dpkg/lock-frontend") or die; $|=1;
my $l = pack("s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0); fcntl(F, F_SETLK, $l) or die "busy"; print "locked\n"; sleep 1000;
"""


def failures(rows):
    return [r for r in rows if r["state"] == "failed"]


def recovers(s, site, host, wanted, title, ended_later=False):
    """A new order after the cause is gone brings every update. ended_later: what failed half-way was ended by a later
    check-in; the history keeps the failure."""
    site.once(host)
    s.equal(host.run("dpkg", "--audit").out, "", f"{title}: the next check-in leaves nothing half installed")
    if host.simulated():
        site.order(host, "--all")
    rows = site.settle(host)
    s.equal({p: v for p, v in host.versions().items() if p in wanted}, wanted, f"{title}: the next run recovers")
    if not ended_later:
        s.equal(site.untruths(host, rows), [], f"{title}: the history says what dpkg says")
    s.equal(site.row(host)["pending"], 0, f"{title}: nothing is pending any more")
    s.equal(host.run("dpkg", "--audit").out, "", f"{title}: nothing is left half installed")


def lock_held(s, site):
    host = site.enrol("lock-held")
    site.once(host)
    before, wanted = host.versions(), host.simulated()
    locker = host.start("perl", "-e", LOCKER)
    s.wait_for("the lock", 10, lambda: "locked" in locker.output())
    site.order(host, "--all")
    rows = site.settle(host, rounds=2)
    s.equal(host.versions(), before, "lock held: nothing is changed while somebody else installs")
    row = (failures(rows) or rows or [None])[0]
    s.ok(row and re.search(r"perl|lock|another|in use", row["why"] or ""), "lock held: the reason names it", rows)
    s.note(row and row["why"])
    locker.stop()
    host.end(lambda argv: argv[0] == "perl")
    recovers(s, site, host, wanted, "lock held")


def held_package(s, site):
    host = site.enrol("held")
    wanted = host.simulated()
    name = next(p for p in ("rsync", "openssl", *wanted) if p in wanted)
    host.run("apt-mark", "hold", name, check=True)
    site.once(host)
    before = host.versions()[name]
    held = [r for r in site.patches(host).values() if r["state"] == "kept-back"]
    s.ok(held and any("h" in (r["why"] or "") and re.search(r"h[oe]ld", r["why"]) for r in held),
         "held package: the update is shown as kept back, with the reason", site.patches(host))
    site.order(host, "--all")
    rows = site.settle(host)
    s.equal(host.versions()[name], before, "held package: it stays where it is")
    s.ok(rows and not failures(rows), "held package: the other updates are installed", rows)
    host.run("apt-mark", "unhold", name, check=True)
    recovers(s, site, host, wanted, "held package")


def half_configured(s, site):
    host = site.enrol("half")
    site.once(host)
    wanted = host.simulated()
    # A package whose configuration failed once, as after a power cut in its postinst.
    flag = host.root / "etc/broken"
    flag.write_text("")
    package = host.root / "tmp/p/DEBIAN"
    package.mkdir(parents=True)
    (package / "control").write_text("Package: trouble\nVersion: 1\nArchitecture: all\nMaintainer: a <a@example.org>\n"
                                     "Description: fails to configure while /etc/broken is there\n")
    (package / "postinst").write_text("#!/bin/sh\n[ ! -e /etc/broken ]\n")
    (package / "postinst").chmod(0o755)
    host.run("dpkg-deb", "-b", "/tmp/p", "/tmp/p.deb", check=True)
    host.run("dpkg", "-i", "/tmp/p.deb")
    s.ok("trouble" in host.run("dpkg", "--audit").out, "half configured: dpkg says so before")
    site.order(host, "--all")
    rows = site.settle(host, rounds=2)
    s.equal(site.untruths(host, rows), [], "half configured: the history says what dpkg says")
    if failures(rows):
        s.ok(any("trouble" in f'{r["why"]} {r.get("words")}' for r in failures(rows)),
             "half configured: a failure names the package in the way", rows)
        s.note(failures(rows)[0]["why"])
    flag.unlink()
    recovers(s, site, host, wanted, "half configured")


def network_lost(s, site):
    host = site.enrol("network-lost")
    host.proxy.cut_after = 200_000
    site.once(host)
    before, wanted = host.versions(), host.simulated()
    site.order(host, "--all")
    rows = site.settle(host, rounds=2)
    s.ok(host.proxy.broken(), "network lost: it broke in the middle of a download", host.proxy.served)
    s.equal(host.versions(), before, "network lost: nothing is changed")
    s.ok(failures(rows) and all(re.search(r"network|reach|download|fetch|connect|answer", r["why"], re.I) for r in failures(rows)),
         "network lost: the result says so", rows)
    s.note(rows and rows[0]["why"])
    host.proxy.cut_after = None
    recovers(s, site, host, wanted, "network lost")


def used(host):
    out = host.run("df", "-k", "--output=used,avail", "/", check=True).out.split()
    return int(out[2]) * 1024, int(out[3]) * 1024


def fill(host, leave):
    """Fills the disk but for `leave` bytes: at once, since dpkg does not wait; then what is left of the last mebibyte."""
    _, available = used(host)
    size = max(0, available - leave)
    host.run("fallocate", "-l", str(max(4096, size - (1 << 20))), "/filler")
    host.run("dd", "if=/dev/zero", "of=/filler", "oflag=append", "conv=notrunc", "bs=64k", "status=none",
             *([f"count={(1 << 20) // (64 << 10)}"] if leave else []))


def disk_full_before(s, site):
    host = site.enrol("disk-full", disk="1200m")
    site.once(host)
    before, wanted = host.versions(), host.simulated()
    fill(host, 1_500_000)
    site.order(host, "--all")
    rows = site.settle(host, rounds=2)
    s.equal(host.versions(), before, "disk full: nothing is changed")
    s.ok(failures(rows) and all(re.search(r"space|full", r["why"]) for r in failures(rows)),
         "disk full: the result says so", rows)
    s.note(rows and rows[0]["why"])
    (host.root / "filler").unlink(missing_ok=True)
    recovers(s, site, host, wanted, "disk full")


def disk_full_meanwhile(s, site):
    host = site.enrol("disk-fills", disk="1200m")
    site.once(host)
    wanted = host.simulated()
    site.order(host, "--all")
    agent = host.start("mamori-agent", "once", log="disk-fills-once")
    s.wait_for("dpkg to be at work", 180, lambda: debian.upgrading(host, 2) or not agent.running(), every=0.005)
    fill(host, 0)
    agent.process.wait(300)
    rows = site.history(host)
    s.equal(site.untruths(host, [r for r in rows if r["state"] != "running"]), [],
            "disk fills meanwhile: the history says what dpkg says")
    s.ok(failures(rows) and all(re.search(r"space|full", r["why"]) for r in failures(rows)),
         "disk fills meanwhile: the result says so", rows)
    s.note(rows and [r["why"] for r in failures(rows)][:1])
    (host.root / "filler").unlink(missing_ok=True)
    recovers(s, site, host, wanted, "disk fills meanwhile", ended_later=True)


with lib.Scenario() as s:
    site = debian.Site(s)
    only = sys.argv[1:]  # names of troubles, while working on one
    for trouble in (lock_held, held_package, half_configured, network_lost, disk_full_before, disk_full_meanwhile):
        if not only or trouble.__name__ in only:
            trouble(s, site)
