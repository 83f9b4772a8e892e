#!/usr/bin/env python3
# timeout: 900
"""The main job on a real Debian 12 root without its security updates: what is pending is apt's own simulation, what
is ordered is installed, dpkg and the history say so; then with the agent, everything or the server dying meanwhile."""
import datetime
import os
import re
import signal

import debian
import lib


def first_patching(s, site):
    host = site.enrol("ward-3-pc-07", group="ward-3")
    done = site.once(host)
    s.ok(done.status == 0, "the first check-in succeeds", done)
    row = site.row(host)
    s.equal((row["state"], row["group"], row["os"]["key"]), ("active", "ward-3", "debian:12"),
            "the server lists the host with its department and system")
    simulated, before = host.simulated(), host.versions()
    s.ok(len(simulated) >= 5, f"apt simulates {len(simulated)} upgrades", simulated)
    s.equal(site.packages(host, {"missing"}), simulated, "the updates shown are apt's own simulation")
    listed = site.server.cli("patch", "list", "--host", host.name, "--json").lines()
    s.equal({r["patch"] for r in listed}, set(site.patches(host)), "the command line lists the same updates")
    s.ok(listed and all(r["title"] and r["from"] and r["to"] and r["why"] and r["state"] == "missing" for r in listed),
         "each has title, from, to, state and why", listed)
    security = {p for p, r in site.patches(host).items() if r["security"]}
    s.ok(security, "some of them are security updates", site.patches(host))

    s.equal(host.versions(), before, "nothing was installed without an order")
    started = datetime.datetime.now(datetime.timezone.utc)
    ordered = site.order(host, "--security")
    s.ok(ordered.status == 0, "the security updates are ordered", ordered)
    s.ok(all(r["state"] == "queued" for p, r in site.patches(host).items() if p in security),
         "they are queued until the host fetches the order", site.patches(host))
    rows = site.settle(host)
    after = host.versions()
    moved = {p: v for p, v in after.items() if before.get(p) != v}
    promised = {p["name"]: p["to"] for r in rows for p in r["packages"]}
    s.equal({r["patch"] for r in rows}, security, "the history has one row for each security update")
    s.ok(rows and all(r["state"] in ("installed", "installed-pending-reboot") for r in rows), "all were installed", rows)
    s.equal(moved, promised, "dpkg-query: exactly the versions of the history moved")
    s.ok(all(p["from"] == before.get(p["name"]) for r in rows for p in r["packages"] if p["from"]),
         "the history knows from which version", rows)
    s.ok(all(r["group"] == "ward-3" and r["host"] == host.name and r["trigger"] == "order" for r in rows),
         "when, which department, which host, why it was done", rows)
    s.ok(all(r["title"].startswith(r["patch"].split(":")[1].split("@")[0] + " ") and "→" in r["title"] for r in rows),
         "each update has its readable name", [r["title"] for r in rows])
    s.ok(all(abs((datetime.datetime.fromisoformat(r["at"].replace("Z", "+00:00")) - started).total_seconds()) < 600
             for r in rows), "each row says when", rows)
    s.ok(rows and all(r.get("words") for r in rows), "the package manager's own words are kept", rows)
    s.equal(debian.unpacked_twice(host), [], "nothing was installed twice")
    site.order(host, "--all")
    site.settle(host)
    s.equal(host.simulated(), {}, "after the others too nothing is left to upgrade")
    site.once(host)
    row = site.row(host)
    s.equal((row["security"], row["pending"]), (0, 0), "and the server says so")


def in_the_middle(s, site, name, strike):
    """Orders everything on a fresh host, strikes while dpkg works, and looks whether the next check-ins tell the truth."""
    host = site.enrol(name)
    site.once(host)
    wanted = host.simulated()
    site.order(host, "--all")
    agent = host.start("mamori-agent", "once", log=f"{name}-once")
    s.wait_for("dpkg to be at work", 180, lambda: debian.upgrading(host) or not agent.running(), every=0.005)
    s.ok(agent.running(), f"{name}: struck while packages are being installed", agent.output())
    strike(host, agent)
    rows = site.settle(host, rounds=8)
    s.ok(rows and all(r["state"] not in ("queued", "running") for r in rows), f"{name}: every attempt has its end", rows)
    s.equal(site.untruths(host, rows), [], f"{name}: the history says what dpkg says")
    s.equal(host.run("dpkg", "--audit").out, "", f"{name}: nothing is left half installed")
    if [r for r in rows if r["state"] == "failed"]:
        s.ok(all(r["why"] for r in rows if r["state"] == "failed"), f"{name}: a failure says why", rows)
        if host.simulated():
            site.order(host, "--all")
            site.settle(host)
    s.equal({p: v for p, v in host.versions().items() if p in wanted}, wanted, f"{name}: in the end all is installed")
    site.once(host)
    s.equal(site.row(host)["pending"], 0, f"{name}: and the server says so")
    return host


def is_agent(argv):
    return os.path.basename(argv[0]).startswith("mamori-agent")


def kill_agent(s):
    def strike(host, agent):
        ended = host.end(is_agent)
        s.ok(ended, "agent killed: its processes were there to kill", host.processes())
        agent.stop()
    return strike


def is_dpkg(argv):
    return os.path.basename(argv[0]) == "dpkg"


def kill_everything(s):
    """apt calls dpkg several times: one of them is held fast until all die."""
    def strike(host, agent):
        s.wait_for("a dpkg to hold", 120, lambda: host.end(is_dpkg, signal.SIGSTOP), every=0.002)
        ended = host.end()
        s.ok(any(is_dpkg(a) for a in ended), "all killed: dpkg was among the dead", ended)
        agent.stop()
    return strike


def pull_plug(s):
    def strike(host, agent):
        host.kill()
        agent.stop()
        host.boot()
    return strike


def stop_server(s, site):
    def strike(host, agent):
        seconds = site.server.stop()
        s.ok(seconds is not None and seconds < 5 * lib.SLOW, "server stopped: it ends within 5 s", seconds)
        agent.process.wait(300)
        s.equal(host.run("dpkg", "--audit").out, "", "server stopped: the host finished on its own")
        status = host.run("mamori-agent", "status", "--json")
        s.ok(status.status == 0 and re.search(r'"results?[\w_]*":\s*([1-9]|\[\s*[{"])', status.out),
             "server stopped: the agent says that results wait", status)
        away = site.once(host)
        s.equal(away.status, 4, "server stopped: a check-in says that the server is out of reach")
        s.ok(away.err.strip(), "server stopped: in words", away)
        site.server.start()
    return strike


with lib.Scenario() as s:
    site = debian.Site(s)
    first_patching(s, site)
    in_the_middle(s, site, "agent-killed", kill_agent(s))
    in_the_middle(s, site, "all-killed", kill_everything(s))
    in_the_middle(s, site, "plug-pulled", pull_plug(s))
    in_the_middle(s, site, "server-stopped", stop_server(s, site))
