#!/usr/bin/env python3
# timeout: 300
"""Bad input of attack-surface discovery: seeds that lead to strangers, tables and files of garbage, a damaged store, a full
disk, a folder that cannot be written, two runs at once, twenty thousand seeds. Whatever happens, nothing that was kept is lost,
and the words say what to do. Asks this machine alone."""
import os
import random
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lib

QUIET = "disabled: [whois, rdap, crtsh, internetdb, page]\n"


class Resolver:
    """Says of each name that it does not exist, after a while."""

    def __init__(self, wait=0.0):
        self.sock, self.wait, self.asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), wait, 0
        self.sock.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.sock.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            message, peer = self.sock.recvfrom(2048)
            self.asked += 1
            time.sleep(self.wait)
            self.sock.sendto(message[:2] + struct.pack("!5H", 0x8183, 1, 0, 0, 0) + message[12:], peer)


class Desk:
    def __init__(self, s):
        self.s, self.resolver = s, Resolver()
        self.sources = s.tmp / "sources.yaml"
        self.sources.write_text(f"resolver: [{self.resolver.address}]\nrate: {{dns: 100000}}\n{QUIET}")

    def words(self, data, *more):
        return [lib.MAMORI, "--lang", "en", "surface", "discover", "--data", data, "--sources", self.sources, "--no-guesses", *more]

    def discover(self, data, *more, timeout=60):
        return self.s.run(*self.words(data, *more), timeout=timeout)

    def refused(self, what, status, words, *more, data=None):
        done = self.discover(data or self.s.tmp / "refused", *more)
        said = done.err.strip().splitlines()
        self.s.ok(done.status in status and said and all(w in done.err.lower() for w in words) and done.out == "",
                  f"{what} is refused, with the reason", done)
        return done


def seeds(s, desk):
    desk.refused("a public suffix", (5,), ("public suffix",), "--seed", "co.jp")
    desk.refused("a range of a provider", (5,), ("a range of google", "name the organisation"), "--seed", "network:8.8.8.0/24")
    desk.refused("“Private Registration”", (5,), ("hidden",), "--seed", "name:Private Registration")
    desk.refused("what is no seed", (2, 3), ("no domain", "write it as"), "--seed", "domain:???")
    desk.refused("no seed at all", (2,), ("--seed",))
    empty = s.tmp / "empty.csv"
    empty.write_text("seed,owner\n")
    desk.refused("an empty table of seeds", (2, 3), ("seed",), "--seeds", empty)
    desk.refused("a table that is not there", (3, 4), ("no-such.csv",), "--seeds", s.tmp / "no-such.csv")
    odd = s.tmp / "odd.csv"
    odd.write_bytes(random.Random(1).randbytes(100000))
    desk.refused("a table of random bytes", (3,), ("no text", "save the file as"), "--seeds", odd)
    s.ok(not (s.tmp / "refused/surface/runs").exists(), "and nothing of a run is left behind")


def hostile(s, desk):
    """Text of strangers in seeds: a table shows none of it raw, JSON stays JSON."""
    table = s.tmp / "hostile.csv"
    text = "\x1b]0;owned\x07<script>alert(1)</script>\u202e=cmd|' /C calc'!A1"
    table.write_text("seed,owner,company,consent-by,consent-at,note\nexample.co.jp,,,,,\n"
                     f"contractor.example,contractor,\"{text}\",\"{text}\",2026-01-02,\"{text}\"\n\"name:{text}\",,,,,\n")
    data = s.tmp / "hostile"
    done = desk.discover(data, "--seeds", table)
    s.ok(done.status == 0 and not set("\x1b\x07\u202e") & set(done.out + done.err), "hostile text in a table of seeds ends no run, and reaches no terminal", done)
    for what in ("assets", "risks"):
        shown = s.run(lib.MAMORI, "surface", what, "--data", data)
        s.ok(shown.status == 0 and not set("\x1b\x07\u202e") & set(shown.out), f"nor in the table of {what}", shown)
        s.ok(all(isinstance(r, dict) for r in s.run(lib.MAMORI, "surface", what, "--data", data, "--json", check=True).lines()), "and JSON stays JSON")
    shown = s.run(lib.MAMORI, "surface", "show", "--data", data, text)
    s.ok(shown.status != 70 and "\x1b" not in shown.out + shown.err, "nor when it is asked for by name", shown)


def sources(s, desk):
    bad = s.tmp / "bad.yaml"
    for what, content, words in (("garbage", random.Random(2).randbytes(5000), ("bad.yaml",)), ("an unknown key", b"resolver: [127.0.0.1:53]\nwhoiz: x\n", ("whoiz", "line 2")),
                                 ("a rate of nothing", b"rate: {dns: -1}\n", ("rate",)), ("an endless nest", b"[" * 100000, ("bad.yaml",)),
                                 ("many aliases", b"a: &a [x,x,x,x]\n" + b"".join(b"a%d: &a%d [*a,*a,*a]\n" % (i, i) for i in range(50)), ("bad.yaml",))):
        bad.write_bytes(content)
        done = s.run(lib.MAMORI, "--lang", "en", "surface", "discover", "--data", s.tmp / "refused", "--sources", bad, "--seed", "example.co.jp")
        s.ok(done.status in (2, 3) and all(w in done.err for w in words), f"a sources file with {what} is refused, by its name", done)


def damaged(s, desk):
    """What runs found stays readable without the store of answers; the store itself is not written over."""
    data = s.tmp / "damaged"
    s.ok(desk.discover(data, "--seed", "example.co.jp").status == 0, "a run ends well")
    store = data / "surface/answers.db"
    whole = store.read_bytes()
    for what, content in (("random bytes", random.Random(3).randbytes(len(whole))), ("half of it", whole[:len(whole) // 2]),
                          ("a hole in its middle", whole[:4096] + b"\xff" * 8192 + whole[12288:])):
        for more in ("-wal", "-shm"):
            store.with_name(store.name + more).unlink(missing_ok=True)
        store.write_bytes(content)
        done = desk.discover(data, "--seed", "example.co.jp")
        s.ok(done.status not in (0, 70) and done.status > 0 and "answers.db" in done.err, f"a store of answers with {what} is refused, by its name", done)
        s.ok(all(str(data / "surface" / name) in done.err for name in ("answers.db", "log.head")),
             "with what is to be moved away, by its whole name", done.err)
        s.ok(store.read_bytes()[4096:8192] == content[4096:8192], "and not written over")
        s.ok(s.run(lib.MAMORI, "surface", "assets", "--data", data, "--json").lines(), "what the run before found is there")
    store.unlink()
    (data / "surface/log.head").unlink(missing_ok=True)
    s.ok(desk.discover(data, "--seed", "example.co.jp").status == 0, "taken away, as the words say, the next run begins anew")


def at_once(s, desk):
    """The first one waits for a slow resolver."""
    slow = Resolver(wait=3)
    calm, desk.sources = desk.sources, s.tmp / "slow.yaml"
    desk.sources.write_text(f"resolver: [{slow.address}]\n{QUIET}")
    data = s.tmp / "twice"
    first = s.start(*desk.words(data, "--seed", "example.co.jp"), log="first")
    s.wait_for("the first run to ask", 30, lambda: slow.asked or not first.running())
    desk.refused("a second run in the same folder", (4, 5), ("another",), "--seed", "example.co.jp", data=data)
    s.ok(first.running(), "and the first one goes on")
    took = first.stop(seconds=20)
    s.ok(took is not None and took < 5 * lib.SLOW and first.process.returncode > 0 and
         f"mamori surface discover --data {data}" in first.output(),
         f"SIGTERM ends it cleanly, and says how to go on ({took:.1f} s)", (first.process.returncode, first.output()))
    desk.sources = calm
    done = desk.discover(data, "--json")
    s.ok(done.status == 0, "so the next one goes on, with the seeds of the one that was stopped", done)
    s.ok(any(r["name"] == "example.co.jp" and r["ownership"] == "approved"
             for r in s.run(lib.MAMORI, "surface", "assets", "--data", data, "--json").lines()), "and brings its result")


def disk(s, desk):
    """In a mount namespace of the run's own: a full disk, and one that may not be written."""
    if os.geteuid() != 0:
        s.skip("full disk", "needs root")
        return
    names = s.tmp / "many.csv"
    names.write_text("seed\n" + "".join(f"domain:d{i}.example.com.au\n".replace("example.", f"e{i}.") for i in range(3000)))
    data = s.tmp / "full"
    data.mkdir()
    script = f'mount -t tmpfs -o size=600k none {data} && "$@"; code=$?; ls -R {data} >&2; exit $code'
    done = s.run("unshare", "-m", "sh", "-c", script, "sh", *desk.words(data, "--seeds", names), timeout=120)
    s.ok(done.status not in (0, 70) and done.status > 0 and ("full" in done.err.lower() or "space" in done.err.lower()), "a full disk ends a run with words", done)
    s.ok("run.json" not in done.err, "and leaves no half of a run", done)
    script = f'mount -t tmpfs -o ro none {data} && "$@"'
    done = s.run("unshare", "-m", "sh", "-c", script, "sh", *desk.words(data, "--seed", "example.co.jp"))
    s.ok(done.status not in (0, 70) and done.status > 0 and str(data) in done.err, "a folder that may not be written is told by its name", done)
    s.note(done.err.strip())


def many(s, desk):
    rows = [f"domain:seed{i}.co.jp" for i in range(20000)]
    table = s.tmp / "20000.csv"
    table.write_text("seed\n" + "\n".join(rows) + "\n")
    began = time.monotonic()
    done = desk.discover(s.tmp / "many", "--seeds", table, "--offline", "--json", timeout=120)
    s.ok(done.status == 0 and done.lines()[0]["assets"]["approved"] >= 20000, f"20,000 seeds are taken ({time.monotonic() - began:.1f} s)", done.err)
    s.ok(done.lines()[0]["limited"], "and that not all of them were asked about is told", done.out[:300])
    table.write_text("seed\n" + "\n".join([*rows, "domain:one-more.co.jp"]) + "\n")
    done = desk.discover(s.tmp / "more", "--seeds", table, "--offline", timeout=120)
    s.ok("1 of 20001 rows" in done.err or done.status == 3, "one more is told, not silently left out", done)


def main():
    with lib.Scenario() as s:
        desk = Desk(s)
        for part in (seeds, hostile, sources, damaged, at_once, disk, many):
            if len(sys.argv) < 2 or part.__name__ in sys.argv[1:]:
                began = time.monotonic()
                part(s, desk)
                s.note(f"{part.__name__}: {time.monotonic() - began:.1f} s")


main()
