#!/usr/bin/env python3
# timeout: 900
"""From a domain to everything that belongs to a medical company, on a small internet whose truth is known: recall, precision,
a path for every asset, no packet to the target, no question twice; killed in the middle, from the name alone, offline."""
import json
import os
import signal
import sqlite3
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lib
import small_internet
import small_internet_web as web


def words(world, data, *more):
    return [*world.desk, lib.MAMORI, "surface", "discover", "--data", data, "--sources", world.sources, "--shodan-key-file",
            world.key, "--censys-key-file", world.key, "--json", *more]


def discover(s, world, data, *more):
    return s.run(*words(world, data, *more), timeout=600)


def assets(s, data, *more):
    return s.run(lib.MAMORI, "surface", "assets", "--data", data, "--json", *more, check=True).lines()


def judge(s, world, rows, what):
    score = world.score(rows)
    s.note(str(score))
    s.ok(score.recall >= 0.95, f"{what}: at least 95 of 100 domains and hosts of ours are found", score)
    s.ok(score.precision >= 0.99, f"{what}: at least 99 of 100 that are approved are ours", score)
    s.equal((score.unexplained, score.phantoms), ([], []), f"{what}: each has a path of evidence, and none is a wildcard's")


def from_a_domain(s, world, data):
    done = discover(s, world, data, "--seed", world.truth.main, "--seed", f"name:{world.truth.us.ja}",
                    "--saved-page", f"https://www.{world.truth.main}/={world.home_page()}")
    s.ok(done.status == 0, "a run from a domain and a name ends well", done)
    registry_search(s, world, done)
    judge(s, world, assets(s, data), "from a domain and a name")
    shown = s.run(lib.MAMORI, "surface", "show", "--data", data, world.truth.main)
    s.ok(shown.status == 0 and "seed" in shown.out, "an asset shows the path that leads to it", shown)


def registry_search(s, world, done):
    """From the organisation's name to the handle of a registry, and over several pages to its domains."""
    row = next(c for c in done.lines()[0]["coverage"] if c["source"] == "rdap-search")
    s.ok(row["answered"] >= 3 and row["failed"] > 0, "a registry that lets search is searched; what it does not offer is told", row)
    asked = [a.question for a in world.asked() if a.source == "rdap:search"]
    s.ok(any("cursor=" in q and "handle=" in q for q in asked) and any("nsLdhName=" in q for q in asked),
         "by name, by handle with further pages, by name server", asked[:20])


def risks(s, world, data):
    """What must be fixed, against the truth's own list."""
    rows = s.run(lib.MAMORI, "surface", "risks", "--data", data, "--json", check=True).lines()
    seen = {r["risk"] for r in rows}
    s.ok({"exposed-remote-desktop", "exposed-dicom", "vpn-gateway", "takeover", "dmarc-missing", "certificate-expired"} <= seen,
         "what an attacker looks for first is told", sorted(seen))
    lame = [(r["asset"], r["detail"]) for r in rows if r["risk"] == "dangling-name-server"]
    s.equal(lame, [(r["asset"], r["target"]) for r in world.truth.risks if "name server" in r["why"]],
            "the zone whose name servers' domain anybody may register is told, and no other")
    s.ok(all(r["act"] and r["says"] and r["advice"] for r in rows), "each says what to do", rows[:3])
    s.note(sorted((k, sum(r["risk"] == k for r in rows)) for k in seen))
    s.note([str(r) for r in world.truth.risks][:120])


def offline(s, world, data):
    """What was answered is enough: the same assets, and nobody is asked."""
    before, first = len(world.asked()), assets(s, data)
    done = discover(s, world, data, "--offline", "--saved-page", f"https://www.{world.truth.main}/={world.home_page()}")
    s.ok(done.status == 0 and done.lines()[0]["run"] == 2, "a run without any question, from the seeds of the one before", done)
    s.equal(len(world.asked()), before, "nobody was asked")
    changed = s.run(lib.MAMORI, "surface", "diff", "--data", data, "--json")
    s.equal((changed.status, changed.out), (0, ""), "nothing differs from the run before")
    s.equal(len(assets(s, data)), len(first), "it has as many assets")


def own_index(s, world, data):
    """What was imported into mamori's own exposure index is a source, too, and nobody is asked for it."""
    before, name = len(world.asked()), f"forgotten-rdp.{world.truth.main}"
    seen, folder = s.tmp / "seen.json", s.tmp / "exposure"
    folder.mkdir()
    seen.write_text(json.dumps({"ip_str": "203.0.113.77", "port": 3389, "transport": "tcp", "timestamp": "2026-01-01T00:00:00.000000",
                                "hostnames": [name], "data": "Remote Desktop", "_shodan": {"module": "rdp"}}) + "\n")
    s.run(lib.MAMORI, "exposure", "import", "--data", folder, seen, check=True)
    done = discover(s, world, data, "--offline", "--exposure", folder)
    s.ok(done.status == 0 and any(c["source"] == "exposure" and c["answered"] for c in done.lines()[0]["coverage"]),
         "the index of what was imported answers", done)
    s.ok(name in [r["name"] for r in assets(s, data, "--kind", "host", "--ownership", "approved")] and len(world.asked()) == before,
         "a host that it alone knows is found, and nobody was asked")


def mine(s, data):
    """What the run found to be ours is `mine:true` among what was imported; what is a contractor's, or only used, is not."""
    rows = assets(s, data, "--kind", "address,network")
    ours = {r["name"] for r in rows if r["ownership"] == "approved" and r["owner"] != "contractor"}
    told = {r["network"] for r in s.run(lib.MAMORI, "exposure", "mine", "list", "--data", data, "--json", check=True).lines()
            if r["from"] == "surface"}
    s.ok(len(ours) > 100 and told == ours, "the addresses and networks of ours are known to exposure", sorted(told ^ ours)[:10])
    addresses = [name for name in sorted(ours) if "/" not in name][:30]
    seen = s.tmp / "mine.json"
    seen.write_text("".join(json.dumps({"ip_str": ip, "port": 443, "transport": "tcp", "timestamp": "2026-01-01T00:00:00.000000",
                                        "data": "x"}) + "\n" for ip in addresses + ["8.8.8.8"]))
    s.run(lib.MAMORI, "exposure", "import", "--data", data, "--no-enrich", seen, check=True)
    found = {r["ip"] for r in s.run(lib.MAMORI, "exposure", "search", "--data", data, "--json", "mine:true", check=True).lines()}
    s.equal(found, set(addresses), "mine:true finds them and no other")


def the_log(s, world, data):
    whole = s.run(lib.MAMORI, "surface", "log", "--data", data, "--verify", "--json")
    s.ok(whole.status == 0 and whole.lines()[0]["whole"], "the log of all questions is whole", whole)
    lines = s.run(lib.MAMORI, "surface", "log", "--data", data, "--json", check=True).lines()
    s.ok(len(lines) > len(world.asked()), "every question that others got is in it", (len(lines), len(world.asked())))
    with sqlite3.connect(data / "surface/answers.db") as db:
        db.execute("DELETE FROM log WHERE id = (SELECT max(id) / 2 FROM log)")
    cut = s.run(lib.MAMORI, "surface", "log", "--data", data, "--verify")
    s.ok(cut.status == 5 and "not whole" in cut.out, "a line that was taken out shows", cut)


def asked_twice(s, data):
    """By the log: what was asked although an answer to it was there. A datagram that is sent once more, because no answer had
    come, is no other question; how often that happens depends on how busy the machine is."""
    what, answered, again = {}, set(), []
    for line in s.run(lib.MAMORI, "surface", "log", "--data", data, "--json", check=True).lines():
        if line.get("event") == "asked":
            what[line["row"]] = question = line["service"], line["what"]
            if question in answered:
                again.append(question)
        elif line.get("event") == "answered" and line["question"] in what:
            answered.add(what[line["question"]])
    return again


def from_the_name(s, world, data):
    """Killed in the middle; what was answered is not asked again."""
    seed = ["--seed", f"name:{world.truth.us.ja}", "--saved-page", f"https://www.{world.truth.main}/={world.home_page()}"]
    since = time.time()
    run = s.start(*words(world, data, *seed), log="killed")
    s.wait_for("a run to be in its middle", 300, lambda: len(world.asked(since=since)) > 2000 or not run.running(), every=0.2)
    s.ok(run.running(), "it still runs when it is killed", run.output())
    run.process.send_signal(signal.SIGKILL)
    run.process.wait(30)
    done = discover(s, world, data, *seed)
    s.ok(done.status == 0, "run again it goes on", done)
    stored = sum(c["stored"] for c in done.lines()[0]["coverage"])
    s.ok(stored > 1000, "with what was answered before", stored)
    again = world.duplicates(since=since)
    s.ok(len(again) <= 1000, "only what was under way is asked twice", list(again.items())[:20])
    s.note(f"{len(again)} questions were under way")
    rows = assets(s, data, "--kind", "domain", "--ownership", "approved")
    s.ok(world.truth.main in [r["name"] for r in rows], "the name alone finds the main domain", [r["name"] for r in rows])
    judge(s, world, assets(s, data), "from the name alone")


def main():
    with lib.Scenario() as s:
        world = small_internet.World(s, seed=1)
        world.sources, world.key = s.tmp / "sources.yaml", s.tmp / "key"
        world.sources.write_text(world.sources_yaml())
        world.key.write_text(web.KEY + "\n")
        first, second = s.tmp / "first", s.tmp / "second"
        from_a_domain(s, world, first)
        s.equal(asked_twice(s, first), [], "no question was asked twice, by the log")
        s.equal({k: n for k, n in world.duplicates().items() if not k[0].startswith("dns:")}, {}, "nor by those who were asked")
        risks(s, world, first)
        offline(s, world, first)
        own_index(s, world, first)
        mine(s, first)
        the_log(s, world, first)
        from_the_name(s, world, second)
        s.equal(world.packets_to_target(), set(), "no packet of ours went to an address of the target")


main()
