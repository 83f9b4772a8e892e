#!/usr/bin/env python3
# timeout: 900
"""Nobody touches a machine: three departments with their own calendars on real Debian 12 roots, by policies alone. The
clock is moved (libfaketime, for server and agents), the updates are Debian's own, and what is believed is dpkg-query and
the history. With a pilot that fails, a held machine, one that was off, one that is killed at every state of its slot,
and a booted system that really restarts."""
import json
import os
import time

import booted
import debian
import lib
from moved_time import Hospital, finished, installed, report, state, why

WARD = """
policy: ward-night
applies-to: {groups: [ward-3, pilot]}
approve:
  - {classification: any, after: 0d}
install:
  windows:
    - {name: night, weekly: [mon, tue, wed, thu, fri, sat, sun], at: '22:00', for: 3h, cutoff: 1h, tz: UTC}
rings:
  - {name: pilot, groups: [pilot], soak: 1h, min-success: 1.0}
  - {name: rest, error-stop: 1}
"""
OUTPATIENT = """
policy: outpatient-early
applies-to: {groups: [outpatient]}
approve:
  - {classification: any, after: 0d}
install:
  windows:
    - {name: early, weekly: [mon, tue, wed, thu, fri, sat, sun], at: '05:00', for: 2h, tz: UTC}
  passes: {until-clean: true, max-reboots: 3}
"""
SERVERS = """
policy: inspection-day
applies-to: {groups: [servers]}
approve:
  - {classification: any, after: 0d}
install:
  windows:
    - {name: inspection, weekly: [mon, tue, wed, thu, fri, sat, sun], at: '13:00', for: 4h, tz: UTC}
reboot: {mode: always}
"""


def truth(s, site, host, wanted, title):
    """What dpkg says is what the history says."""
    s.equal(host.simulated(), {}, f"{title}: apt has nothing left to upgrade")
    s.equal(installed(host, wanted), set(wanted), f"{title}: dpkg-query has every approved version")
    s.equal(debian.unpacked_twice(host), [], f"{title}: nothing was installed twice")
    rows = site.history(host)
    s.ok(rows and all(r["trigger"] == "window" for r in rows), f"{title}: the history names the window as the reason", rows)
    s.equal(site.untruths(host, rows), [], f"pain 9: {title}: the history says what dpkg says")
    return rows


def three_calendars(s, site):
    hosts = {name: site.machine(name, group) for name, group in (
        ("pilot-1", "pilot"), ("ward-1", "ward-3"), ("out-1", "outpatient"), ("out-held", "outpatient"),
        ("out-off", "outpatient"), ("out-killed", "outpatient"))}
    site.policy(WARD)
    site.policy(OUTPATIENT)
    wanted = hosts["out-1"].simulated()
    before = hosts["out-1"].versions()
    s.ok(len(wanted) >= 5, f"apt simulates {len(wanted)} upgrades", wanted)
    site.settle(hosts.values())
    site.directed([h for n, h in hosts.items() if n != "ward-1"])
    site.at(0, 12)
    site.settle(hosts.values(), 2)
    s.ok(all(h.versions() == before for h in hosts.values()), "nothing is installed at noon")
    s.equal({n: report(h).get("reason") for n, h in hosts.items() if n.startswith(("pilot", "out"))},
            {n: "before-window" for n in hosts if n.startswith(("pilot", "out"))}, "each waits for its window")
    s.ok("22:00" in why(hosts["pilot-1"]) and "05:00" in why(hosts["out-1"]),
         "and says so, with its department's own hour", (why(hosts["pilot-1"]), why(hosts["out-1"])))
    return hosts, wanted, before


def pilot_fails(s, site, hosts, before):
    pilot, ward = hosts["pilot-1"], hosts["ward-1"]
    (pilot.root / "etc/apt/apt.conf.d/99broken").write_text('DPkg::Pre-Invoke { "exit 1"; };\n')
    site.at(0, 22, 10)
    site.settle([pilot, ward], 2)
    rows = site.history(pilot)
    s.ok(rows and all(r["state"] == "failed" and r["why"] for r in rows), "the pilot's updates fail, with a reason", rows)
    s.equal(pilot.versions(), before, "dpkg-query: nothing moved on the pilot")
    site.settle([ward], 2)
    s.equal(ward.versions(), before, "the rest of its ring is not touched that night")


def second_night(s, site, hosts, before):
    ward = hosts["ward-1"]
    site.at(1, 22, 10)
    site.settle([ward, ward], 2)
    s.equal(ward.versions(), before, "nor in the next night: a halted ring stays halted")
    states = {r["state"] for r in site.patches(ward).values()}
    s.ok(states == {"waiting-ring"}, "and every update of the ward says that it waits for its ring",
         lambda: {p: (r["state"], r.get("why")) for p, r in site.patches(ward).items()})


def early_morning(s, site, hosts, wanted, before):
    """Day 1, 05:10: the outpatient department. One held by the ward, one off, one killed at every state."""
    held, off = hosts["out-held"], hosts["out-off"]
    site.at(1, 4)
    site.settle([hosts["out-1"], held, off, hosts["out-killed"]])
    hold(s, site, held)
    off.kill()
    site.at(1, 5, 10)
    first = site.turn(hosts["out-1"])
    s.ok(first.status == 0, "a check-in in the window succeeds", first)
    site.settle([hosts["out-1"]])
    truth(s, site, hosts["out-1"], wanted, "in its window")
    site.turn(held)
    s.equal((held.versions(), report(held).get("reason")), (before, "held"), "the held machine stays as it is")
    s.ok("surgery" in why(held), "and says why", why(held))
    killed_everywhere(s, site, hosts["out-killed"], wanted)


def checking_in(host):
    return [a for a in host.processes().values() if os.path.basename(a[0]) == "mamori-agent" and "once" in a]


def hold(s, site, held):
    agent = held.start(*held.env, "mamori-agent", "run", log="held-run")
    try:
        s.wait_for("the ward's socket", 20, lambda: (held.root / "run/mamori-agent/socket").exists())
        s.wait_for("the first check-in to end", 60, lambda: not checking_in(held))
        held.run("useradd", "-m", "-u", "1001", "nurse")
        said = held.run("su", "nurse", "-c", " ".join(held.env) + " mamori-agent hold surgery --for 4h")
        s.ok(said.status == 0 and "Held until" in said.out, "a nurse without rights holds the machine", said)
        notice = held.run("su", "nurse", "-c", " ".join(held.env) + " mamori-agent notice")
        s.ok(notice.status == 0 and notice.out, "and reads what is planned", notice)
        refused = held.run("su", "-s", "/bin/sh", "www-data", "-c", " ".join(held.env) + " mamori-agent release")
        s.equal(refused.status, 5, "a program's user may not end it")
        s.wait_for("the server to hear of it", 60, lambda: "hold.create" in json.dumps(site.server.items("/api/v1/audit")))
        s.ok(True, "the server hears of it at once")
    finally:
        held.end(lambda argv: "mamori-agent" in argv[0])
        agent.stop()


def killed_everywhere(s, site, host, wanted):
    """SIGKILL to the agent as soon as a new step is stamped, again and again."""
    seen, runs = [], 0
    for minute in range(10, 100, 3):
        site.at(1, 5, minute)
        agent = host.start(*host.env, "mamori-agent", "once", log=f"killed-{minute}")
        runs += 1
        while agent.running():
            now = state(host, "slot.json")
            mark = (now.get("slot"), now.get("step"), now.get("begun"), now.get("pass"))
            if now.get("slot") and now.get("begun") and mark not in seen:
                seen.append(mark)
                host.end(lambda argv: os.path.basename(argv[0]) == "mamori-agent" and "once" in argv)
                break
            time.sleep(0.0005)
        agent.process.wait(600)
        if finished(host):
            break
    steps = {m[1] for m in seen}
    # A health check of a root without services is over in an instant: the unit tests kill at every contact.
    s.ok({"install", "rescan"} <= steps, f"killed at {len(seen)} states of its slot in {runs} runs", seen)
    site.settle([host], 2)


def was_off(s, site, hosts, before):
    """Day 1 later, then day 2: it missed its window, and takes the next one."""
    off, held = hosts["out-off"], hosts["out-held"]
    off.boot()
    site.with_clock(off)
    site.at(1, 12)
    site.settle([off, held], 2)
    s.equal(off.versions(), before, "a machine that was off installs nothing at noon")


def third_morning(s, site, hosts, wanted):
    off, held, killed = hosts["out-off"], hosts["out-held"], hosts["out-killed"]
    site.at(2, 4)
    site.settle([off, held, killed])
    site.at(2, 5, 10)
    site.settle([off, held, killed], 2)
    truth(s, site, off, wanted, "the machine that was off")
    truth(s, site, held, wanted, "the hold is over by itself")
    # Where it was killed before apt began, that pass was missed and this window makes up for it.
    truth(s, site, killed, wanted, "killed at every state")


def real_restart(s, site):
    """A server of the machine room on inspection day: installs, restarts for real, is healthy, says so."""
    s.needs("systemd-nspawn")
    host = booted.host(s, site, booted.base(s, site.roots), "srv-1")
    site.at(3, 9)
    site.admit(host, "servers")
    site.policy(SERVERS)
    wanted = host.simulated()
    s.ok(wanted, f"a booted system misses {len(wanted)} updates", wanted)
    site.directed([host])
    units = host.run("systemctl", "list-units", "--type=service", "--state=running", "--plain", "--no-legend").out
    first = host.boot_id()
    site.at(3, 13, 10)
    site.turn(host)
    host.up(but=first)
    s.note(f"started {host.starts} times by systemd-nspawn")
    s.ok(host.boot_id() != first, "it restarted by itself, in its window")
    site.at(3, 13, 20)
    site.settle([host], 2)
    truth(s, site, host, wanted, "after a real restart")
    s.ok("done" in finished(host).values() and report(host).get("healthy"), "its slot is done and healthy", report(host))
    second = host.boot_id()
    again = host.run("systemctl", "list-units", "--type=service", "--state=running", "--plain", "--no-legend").out
    names = lambda text: {line.split()[0] for line in text.splitlines() if line}
    s.ok({"cron.service", "dbus.service"} <= names(again) & names(units), "services that ran before run again", again)
    site.at(3, 14)
    site.settle([host], 2)
    s.equal(host.boot_id(), second, "and it restarts once only")


with lib.Scenario() as s:
    site = Hospital(s)
    hosts, wanted, before = three_calendars(s, site)
    pilot_fails(s, site, hosts, before)
    early_morning(s, site, hosts, wanted, before)
    was_off(s, site, hosts, before)
    second_night(s, site, hosts, before)
    third_morning(s, site, hosts, wanted)
    real_restart(s, site)
