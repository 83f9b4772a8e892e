#!/usr/bin/env python3
# timeout: 300
"""What is pending is what apt itself would do, where that is not plain: a package from the hospital's own signed
repository, one that stands against another, a held one, a pinned one, a second architecture. And two check-ins with
nothing new in between plan once, staging or not."""
import re

import debian
import lib

OWN = [("own-tool", "1", ""), ("own-clash", "1", ""), ("own-lib", "1", ""), ("own-app", "1", "Depends: own-lib (= 1)\n")]
NEWER = [("own-tool", "2", "Source: own-suite (2.1)\n"), ("own-clash", "2", "Conflicts: own-app\n"), ("own-lib", "2", ""),
         ("own-foreign", "2", "Multi-Arch: same\n", "i386")]


def repository(s, host):
    """Beside the archive; the older versions are installed."""
    for older in OWN:
        host.run("dpkg", "-i", debian.package(host, "/tmp/old", *older), check=True)
    debian.repository(s, host, NEWER)


def simulation(host):
    """What apt would install, as (name, version), and what it keeps back."""
    out = host.run("apt-get", "-s", "-q", "--with-new-pkgs", "upgrade", check=True).out
    kept = re.search(r"kept back:\n((?:  .*\n)+)", out)
    return dict(re.findall(r"^Inst ([^\s:]+)\S* (?:\[[^]]*\] )?\((\S+)", out, re.M)), set(kept[1].split()) if kept else set()


def compare(s, site, host, title):
    site.once(host)
    wanted, kept = simulation(host)
    rows = site.patches(host).values()
    s.equal(site.packages(host, {"missing"}), wanted, f"{title}: what is pending is apt's own simulation")
    back = {r["title"].split()[0]: r["why"] for r in rows if r["state"] == "kept-back"}
    sources = {"own-tool": "own-suite"}
    s.equal(set(back), {sources.get(k.split(":")[0], k.split(":")[0]) for k in kept},
            f"{title}: what apt keeps back is shown as such")
    s.ok(all(back.values()), f"{title}: each with its reason", back)
    return wanted, back


with lib.Scenario() as s:
    s.needs("gpg", "gpgconf")
    site = debian.Site(s)
    host = site.enrol("plan")
    repository(s, host)
    wanted, back = compare(s, site, host, "own repository")
    s.ok("own-tool" in wanted and {"own-clash", "own-lib"} <= set(back),
         "own repository: the free update is taken, those that need a removal are kept back", (wanted, back))
    s.ok("remov" in back["own-lib"], "own repository: the reason says what would be needed", back)

    host.run("apt-mark", "hold", "own-tool", check=True)
    _, back = compare(s, site, host, "held")
    s.ok("held" in back["own-suite"], "held: the reason says so", back)
    host.run("apt-mark", "unhold", "own-tool", check=True)

    pin = host.root / "etc/apt/preferences.d/pin"
    pin.write_text("Package: own-tool\nPin: version 2\nPin-Priority: -1\n")
    wanted, back = compare(s, site, host, "pinned")
    s.ok("own-tool" not in wanted and "own-suite" not in back, "pinned: what may not come is not pending", (wanted, back))
    pin.unlink()

    host.run("dpkg", "--add-architecture", "i386", check=True)
    host.run("dpkg", "-i", "--force-depends",
             debian.package(host, "/tmp/old", "own-foreign", "1", "Multi-Arch: same\n", "i386"), check=True)
    host.run("apt-get", "-q", "update", *debian.OWN_ONLY, check=True)
    wanted, _ = compare(s, site, host, "second architecture")
    s.ok({"own-tool", "own-foreign"} <= set(wanted), "second architecture: its updates are there, too", wanted)

    planned = lambda: site.server.api("GET", f"/api/v1/hosts/{site.row(host)['id']}")["planned_at"]
    site.once(host)
    first = planned()
    site.once(host)
    s.equal(planned(), first, "a second check-in with nothing new does not plan again")
    host.run("apt-get", "-s", "-q", "upgrade", check=True)
    site.once(host)
    s.equal(planned(), first, "nor after somebody else asked apt")
    host.run("apt-mark", "hold", "own-tool", check=True)
    site.once(host)
    s.ok(planned() != first, "a hold makes it plan again")
