#!/usr/bin/env python3
# timeout: 900
"""A site that nothing but a folder reaches: security updates arrive by a bundle alone, are installed in their window, and
what came of them goes back by a bundle. One machine uses an archive of the scenario's own, one Debian's where that can be
had. The site's wire is captured: no packet goes anywhere but to the relay."""
import os
import time
import urllib.request

import closed
import debian
import lib

POLICY = """
policy: annex-always
applies-to: {groups: [annex]}
approve:
  - {classification: any, after: 0d}
install:
  windows:
    - {name: always, weekly: [mon, tue, wed, thu, fri, sat, sun], at: '00:00', for: 24h, tz: UTC}
"""


def once(host):
    return host.run("mamori-agent", "once", timeout=600)


def round_trip(s, site):
    """Letters out, to the server, answers and packages back."""
    up = site.pack().lines()[0]
    site.give(up["folder"])
    time.sleep(2 * lib.SLOW)  # the server's planner
    down = site.export().lines()[-1]
    taken = site.take(down["folder"]).lines()[0]
    time.sleep(2.5 * lib.SLOW)  # the running relay looks about once a second which archives it may give out
    return down, taken


def until(s, site, hosts, done, rounds):
    """Check-ins and round trips until done() holds."""
    trips = []
    for _ in range(rounds):
        for host in hosts:
            once(host)
        if done():
            break
        trips.append(round_trip(s, site))
    return trips


def real_sources(s, roots):
    """Lines for Debian's archives; None where they cannot be had."""
    suites = [debian.RELEASE, f"{debian.RELEASE}-security"]
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": roots.proxy.url, "https": roots.proxy.url}))
    try:
        for suite in suites:
            opener.open(f"{roots.archive[suite]}/dists/{suite}/InRelease", timeout=30).read(100)
    except OSError as problem:
        s.skip("Debian's own updates by a bundle", f"the archive cannot be had: {problem}")
        return None
    key = "/usr/share/keyrings/debian-archive-keyring.gpg"
    return "".join(f"deb [signed-by={key}] {roots.archive[suite]} {suite} main\n" for suite in suites)


def enrolled(s, site, host):
    site.enrol(host)
    s.ok(once(host).status == 0, f"{host.name}: checks in through the relay while there is a way out")


def own_update(s, site, host):
    trips = until(s, site, [host], lambda: host.versions().get("own-tool") == "2", 6)
    s.equal({p: v for p, v in host.versions().items() if p.startswith("own-")}, {"own-tool": "2", "own-lib": "1"},
            "an update and what it depends on came by the folder alone")
    s.ok(trips[-1][0]["since"] > 0 and trips[-1][0]["packages"] == 0,
         "later bundles leave out what the site has", [t[0] for t in trips])
    once(host)
    round_trip(s, site)
    rows = site.server.cli("patch", "history", "--host", host.name, "--json").lines()
    s.ok([r for r in rows if r["patch"] == "deb:own-tool@2" and r["state"] == "installed" and r["trigger"] == "window"],
         "the server's history says so", rows)


def real_updates(s, site, host, trips):
    before = host.versions()
    pending = lambda: host.simulated()
    until(s, site, [host], lambda: not pending() and host.versions() != before, 5)
    after = host.versions()
    moved = {p: v for p, v in after.items() if before.get(p) != v}
    s.ok(len(moved) >= 5, f"Debian's own updates: {len(moved)} packages came by the folder alone", moved)
    s.equal(pending(), {}, "Debian's own updates: apt has nothing left to upgrade")
    carried = trips[0][0]["packages"]
    s.note(f"carried {carried} files for {len(moved)} packages that apt installed; {trips[0][0]['bytes']} bytes")
    once(host)
    round_trip(s, site)
    rows = site.server.cli("patch", "history", "--host", host.name, "--json").lines()
    told = {p["name"]: p["to"] for r in rows if r["state"].startswith("installed") for p in r["packages"]}
    s.equal(told, moved, "Debian's own updates: the server's history says what dpkg says")


with lib.Scenario() as s:
    s.needs("root", "debootstrap", "nsenter", "unshare", "gpg", "gpgconf", "dpkg-deb", "xz")
    address = s.site_address()
    roots = debian.Roots(s)
    server = s.server(address=address)
    archive = closed.Archive(s, address)
    site = closed.ClosedSite(s, server, roots, archive, "annex")
    old = archive.package("own-tool", "1", keep=False)
    archive.package("own-tool", "1")
    archive.publish()
    site.enrol_relay()
    site.run_relay()
    own = site.machine("annex-1")
    (own.root / "root/own.deb").write_bytes(old.read_bytes())
    own.run("dpkg", "-i", "/root/own.deb", check=True)
    hosts, sources = [own], real_sources(s, roots)
    if sources:
        hosts.append(site.machine("annex-2", sources))
    for host in hosts:
        enrolled(s, site, host)
    server.api("PUT", "/api/v1/policies/annex-always", {"yaml": POLICY, "note": "scenario"})
    site.close()
    site.run_relay("--offline")
    site.capture()
    archive.package("own-lib", "1")
    archive.package("own-tool", "2", "Depends: own-lib\n")
    archive.publish()
    os.environ.update({"http_proxy": roots.proxy.url, "https_proxy": roots.proxy.url, "no_proxy": address})
    for host in hosts:
        server.api("POST", f"/api/v1/hosts/{host.id}/refresh", {})
        once(host)
    first = [round_trip(s, site)]
    s.equal(first[0][0]["left_out"], [], "no archive of the site is left out of the bundle")
    if sources:
        real_updates(s, site, hosts[1], first)
    own_update(s, site, own)
    listed = next(i for i in server.items("/api/v1/sites") if i["site"] == "annex")["bundle"]
    s.ok(listed["counter"] >= listed["seen"] > 0 and listed["made"] and listed["up"] > 0,
         "the server knows the last bundle of the site and what came back", listed)
    elsewhere = {(a, b) for a, b in site.packets() if ":" not in a and not (
        a == site.address or (a.startswith(f"10.77.{site.net}.") and b == site.address))}
    s.equal(elsewhere, set(), "nobody sent a packet anywhere but to the relay")
