#!/usr/bin/env python3
# timeout: 600
"""What hurts users of other tools that look for an attack surface (test/PAINS-surface.md), tried on the small internet: strangers'
names, resolvers that lie, lose or keep silent, certificates searched in vain, dead names, take-overs that only look so, a
million names in one zone, several organisations in one run."""
import contextlib
import os
import pty
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lib
import small_internet
import small_internet_dns as dns

# Of the world's own names, and some of nobody's; "admin" stands below wildcards.
WORDS = "www mail mx1 vpn admin shop test dev stg old portal remote ns1 ns2 smtp web ftp api blog recruit".split()
BRIEF = ("whois", "rdap", "ct", "internetdb", "shodan", "censys")


class Desk:
    """Whoever discovers: a data folder and a sources file for each run."""

    def __init__(self, s, world):
        self.s, self.world, self.main = s, world, world.truth.main
        (s.tmp / "words").write_text("\n".join(WORDS) + "\n")

    def words(self, name, *more, **sources):
        path = self.s.tmp / f"{name}.yaml"
        path.write_text(self.world.sources_yaml(**sources))
        return [*self.world.desk, lib.MAMORI, "surface", "discover", "--data", self.s.tmp / name, "--sources", path, *more]

    def discover(self, name, *more, **sources):
        done = self.s.run(*self.words(name, "--json", *more, **sources), timeout=300)
        self.s.ok(done.status == 0, f"the run “{name}” ends well", done)
        return done.lines()[0]

    def rows(self, name, what="assets", *more):
        return self.s.run(lib.MAMORI, "surface", what, "--data", self.s.tmp / name, "--json", *more, check=True).lines()

    def approved(self, name, *kinds):
        return {r["name"] for r in self.rows(name) if r["ownership"] == "approved" and r["kind"] in kinds}


def whole(s, world, desk):
    """A whole run with contractors, a resolver that lies beside a good one, and no key for any source."""
    done = desk.discover("whole", "--seed", world.truth.main, "--seeds", world.seeds_csv(), "--words", s.tmp / "words",
                         resolvers=("lying", "good"))
    rows = desk.rows("whole")
    ours = [r for r in rows if r["ownership"] == "approved"]
    score = world.score([r for r in rows if r["owner"] != "contractor"])
    s.note(str(score))
    truth = world.truth
    strangers = {n for (kind, n), t in truth.things.items() if t.ownership == "stranger" and kind in ("domain", "host")}
    names = {r["name"] for r in ours}
    s.equal(sorted(n for n in names if any(n == x or n.endswith("." + x) for x in
                                           (truth.provider["isp"].name, truth.provider["carrier"].name))), [],
            "pains 1 and 2: nothing of the providers is ours: no customer's line, no reverse name of a pool")
    s.equal(sorted(names & strangers), [], f"pains 3 and 4: none of {len(strangers)} strangers' names is ours, on whatever CDN, address or certificate")
    s.equal(sorted(n for n in names if n.endswith("." + truth.provider["cdn"].name)), [], "pain 3: no name of the CDN is ours")
    s.equal(score.false, [], "and nothing else of anybody's is")
    s.equal([r["name"] for r in ours if not r["path"] or any(not step["rule"] or not step["evidence"] for step in r["path"])], [],
            f"pain 5: each of {len(ours)} assets has a path whose every step has a rule and evidence")
    left = done["resolvers_left_out"]
    s.ok(len(left) == 1 and dns.RESOLVERS["lying"] in str(left), "pain 6: the resolver that lies is left out, and told", left)
    s.ok(dns.LIE not in {r["name"] for r in rows}, "and nothing that it said is believed")
    s.equal(score.phantoms, [], "pains 7 and 8: no name is ours that only a wildcard made: plain, rotating, choosing, echoing")
    made = {n for (kind, n), t in truth.things.items() if kind == "host" and t.why == "made by hand below a wildcard" and "ct" in t.seen_by}
    s.equal(sorted(made - names), [], "and those that were made by hand beside them, and show in certificates, are")
    shown = truth.findable("ct")
    s.ok(len(shown & names) >= len(shown) * 0.95, f"pain 10: {len(shown & names)} of {len(shown)} names that crt.sh shows are found, though it failed at random",
         sorted(shown - names))
    again = [k for k, n in world.engines.times.items() if k.startswith("crtsh") and n > 1]
    s.ok(again, f"it was asked again {len(again)} times")
    s.equal(score.dead, [], "pain 11: no name is told that exists no more")
    failed = next(c["failed"] for c in done["coverage"] if c["source"] == "dns")
    s.ok(0 < failed < 20, "aliases in a circle end; that the resolver fails at them is told", failed)
    several(s, world, rows)
    risks(s, world, desk)


def several(s, world, rows):
    owners = {}
    for r in rows:
        if r["ownership"] == "approved" and r["kind"] in ("domain", "host"):
            owners.setdefault(r["owner"], set()).add(r["name"])
    agreed = [c for c in world.truth.contractors if c["consent"]]
    silent = [c for c in world.truth.contractors if not c["consent"]]
    s.equal(sorted(c["domain"] for c in agreed if c["domain"] not in owners.get("contractor", ())), [], "pain 16: the contractors are found in the same run")
    s.ok(all(any(n.endswith("." + c["domain"]) for n in owners["contractor"]) for c in agreed), "with the hosts of those that agreed", owners.get("contractor"))
    s.equal(sorted(n for c in silent for n in owners.get("contractor", ()) if n.endswith("." + c["domain"])), [], "and nothing below those that did not")
    s.equal(sorted(n for n in owners["self"] for c in agreed + silent if n == c["domain"] or n.endswith("." + c["domain"])), [],
            "none of theirs is told as our own")


def risks(s, world, desk):
    rows = desk.rows("whole", "risks")
    alarms = {r["asset"]: r["risk"] for r in rows if r["risk"] in ("takeover", "dangling-service")}
    quiet = [r for r in world.truth.risks if r["kind"] == "no-takeover"]
    s.equal({r["asset"]: alarms[r["asset"]] for r in quiet if r["asset"] in alarms}, {}, f"pain 15: {len(quiet)} names that look as if anybody could take them raise no alarm")
    real = [r for r in world.truth.risks if r["kind"] == "takeover" and r["target"].rstrip(".").endswith(world.truth.expired)]
    s.ok(real and all(alarms.get(r["asset"]) == "takeover" for r in real), "the one whose domain is free to anybody does", alarms)
    s.note("alarms: " + str(alarms) + "; of the truth: " + str([r["asset"] for r in world.truth.risks if r["kind"] == "takeover"]))
    table = s.run(lib.MAMORI, "surface", "risks", "--data", s.tmp / "whole", check=True).out \
        + s.run(lib.MAMORI, "surface", "assets", "--data", s.tmp / "whole", check=True).out
    s.ok("\x1b" not in table and "\u202e" not in table, "hostile text reaches no terminal: no control, nothing that turns the line around")
    s.ok(all(isinstance(r, dict) for r in rows), "and the machine's lines stay JSON")


def resolvers(s, world, desk):
    """With certificates and DNS alone: what a good resolver finds, a lossy one finds, and a silent one does not call absent."""
    options = ("--seed", desk.main, "--no-guesses")
    desk.discover("good", *options, disabled=BRIEF)
    good = desk.approved("good", "domain", "host")
    world.resolvers.loss = 0.05
    lossy = desk.discover("lossy", *options, disabled=BRIEF, resolvers=("lossy",))
    s.equal((sorted(good - desk.approved("lossy", "domain", "host")), sorted(desk.approved("lossy", "domain", "host") - good)), ([], []),
            f"pain 9: a resolver that loses 1 of 20 packets, and is forged, gives the same {len(good)} names")
    s.note(str([c for c in lossy["coverage"] if c["source"] == "dns"]))
    silent = desk.discover("silent", *options, disabled=BRIEF, resolvers=("silent",))
    coverage = next(c for c in silent["coverage"] if c["source"] == "dns")
    s.ok(coverage["failed"] > 100 and coverage["nothing"] == 0 and coverage["last_failure"], "without any answer all questions failed, and none says “no such name”", coverage)
    kept = desk.approved("silent", "domain", "host")
    s.ok(good & kept and not {n for n in good if n.endswith("." + desk.main)} - kept - {desk.main} - named_by_dns(world, good),
         "and what certificates name stays: unknown is not absent", sorted(good - kept)[:20])


def named_by_dns(world, names):
    """Those that no certificate shows."""
    return set(names) - world.truth.findable("ct")


def without_crtsh(s, world, desk):
    world.book.fail("crtsh", "status", code=502)
    done = desk.discover("no-crtsh", "--seed", desk.main, "--no-guesses", disabled=("whois", "rdap", "internetdb", "shodan", "censys"))
    world.book.heal("crtsh")
    coverage = {c["source"]: c for c in done["coverage"]}
    s.ok(coverage["crtsh"]["failed"] > 0 and "502" in coverage["crtsh"]["last_failure"], "pain 10: that crt.sh failed all the time is told", coverage["crtsh"])


def by_name(s, world, desk):
    desk.discover("name", "--seed", f"name:{world.truth.us.ja}", "--no-guesses", engines=False, disabled=("internetdb", "shodan", "censys"))
    found = desk.approved("name", "domain")
    s.ok(desk.main in found, f"pain 13: from the name alone, with free sources only, the main domain is found ({len(found)} domains)", sorted(found))


def progress(s, world, desk):
    """On a terminal something moves all the time."""
    ours, theirs = pty.openpty()
    seen = []

    def read():
        while True:
            try:
                data = os.read(ours, 4096)
            except OSError:
                return
            if not data:
                return
            seen.append((time.monotonic(), data))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    rates = dict(small_internet.RATES, dns=25)
    words = [str(w) for w in desk.words("progress", "--seed", desk.main, "--no-guesses", "--json", disabled=BRIEF, rates=rates)]
    began = time.monotonic()
    run = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=theirs, stdin=subprocess.DEVNULL)
    os.close(theirs)
    time.sleep(8)
    still = run.poll() is None
    moments = [at - began for at, data in seen if b"%" in data]
    s.ok(still and len(moments) >= 4, f"pain 12: {len(moments)} times in eight seconds a terminal is told how far the run is", seen[:3])
    run.terminate()
    stopped = time.monotonic()
    run.wait(20)
    took = time.monotonic() - stopped
    reader.join(10)  # the last words
    s.ok(took < 5 * lib.SLOW, f"SIGTERM ends it ({took:.1f} s)", run.returncode)
    text = b"".join(data for _, data in seen).decode(errors="replace")
    s.ok(run.returncode not in (0, 70) and run.returncode > 0 and "goes on from there" in text, "with words that say how to go on", (run.returncode, text[-400:]))
    asked = len(world.asked())
    done = desk.discover("progress", "--seed", desk.main, "--no-guesses", disabled=BRIEF)
    stored = sum(c["stored"] for c in done["coverage"])
    s.ok(stored >= 100, f"run again, {stored} answers of the stopped run count", (stored, asked))


def flood(s, world, desk):
    """A service that gives each visitor a certificate: a million names below one domain."""
    world.engines.flood[desk.main], since = 1000000, time.time()
    run = s.start(*desk.words("flood", "--seed", desk.main, "--no-guesses", "--json", disabled=BRIEF,
                              rates=dict(small_internet.RATES, dns=100000)), log="flood")
    s.wait_for("a million names to be asked for", 60, lambda: any(desk.main in n.question for n in world.asked("crtsh", since=since)) or not run.running())
    peak, began = 0, time.monotonic()
    while run.running() and time.monotonic() - began < 150 * lib.SLOW:
        with contextlib.suppress(OSError, AttributeError):  # it ends just now
            peak = max(peak, run.peak())
        time.sleep(0.3)
    s.note(f"pain 14: peak {peak / 1e6:.0f} MB after {time.monotonic() - began:.0f} s; {'still running' if run.running() else 'ended'}")
    s.ok(0 < peak < 1500e6, "pain 14: a million names below one domain take bounded memory", peak)
    s.ok(not run.running() and run.process.wait() == 0, "and the run ends by itself", run.output()[-400:])
    run.stop(seconds=20)
    done = desk.rows("flood")
    known = [r for r in done if r["kind"] == "host"]
    asked = {n.question.split()[-1] for n in world.asked("dns:good", since=since) if n.question.endswith("." + desk.main)}
    s.note(f"{len(known)} hosts are known, {sum(bool(r.get('not_asked')) for r in known)} were not asked about, {len(asked)} names were")
    domain = next(r for r in done if r["kind"] == "domain" and r["name"] == desk.main)
    s.ok(len(asked) < 7000, "not many more names of one domain were asked about than a run allows", len(asked))
    s.ok(domain.get("names_not_asked", 0) > 10000 and sum(bool(r.get("not_asked")) for r in known) >= domain["names_not_asked"],
         "most names were not asked about, and are told", domain.get("names_not_asked"))
    del world.engines.flood[desk.main]


def main():
    with lib.Scenario() as s:
        world = small_internet.World(s, seed=1)
        desk = Desk(s, world)
        parts = {p.__name__: p for p in (whole, resolvers, without_crtsh, by_name, progress, flood)}
        for name, part in parts.items():
            if len(sys.argv) < 2 or name in sys.argv[1:]:
                began = time.monotonic()
                part(s, world, desk)
                s.note(f"{name}: {time.monotonic() - began:.1f} s")
        s.equal(world.packets_to_target(), set(), "no packet of ours went to an address of the target")


main()
