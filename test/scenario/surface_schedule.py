#!/usr/bin/env python3
# timeout: 400
"""The server looks for what is ours by itself: seeds that it keeps and that can be taken back, a run at once, by schedule, cancelled,
and one that goes on after the server was killed in the middle of it. Asks this machine alone."""
import os
import pathlib
import signal
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lib

QUIET = "disabled: [whois, rdap, crtsh, ct, internetdb, shodan, censys, page]\n"


class Resolver:
    """Says of each name that it does not exist; where mail policies are, only once it may."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.sock.getsockname()[1]}"
        self.held, self.asked = False, []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            message, peer = self.sock.recvfrom(2048)
            name, end = self._name(message)
            self.asked.append(name)
            if self.held and "_dmarc" in name:
                continue
            self.sock.sendto(message[:2] + struct.pack("!5H", 0x8183, 1, 0, 0, 0) + message[12:end + 4], peer)

    @staticmethod
    def _name(message):
        labels, at = [], 12
        while message[at]:
            labels.append(message[at + 1:at + 1 + message[at]].decode("latin-1"))
            at += 1 + message[at]
        return ".".join(labels).lower(), at + 1  # whoever asks writes them in any case, against forged answers


def status(server):
    return server.cli("surface", "schedule", "--json").json()


def ended(s, server, seconds=60):
    s.wait_for("the run to end", seconds, lambda: status(server)["state"] == "idle")
    return status(server)["last"]


def children(server):
    """Processes of discovery on this folder."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"discover" in words and str(server.data).encode() in words:
            found.append(int(folder.name))
    return found


def seeds(s, server):
    s.ok("surface seed add" in server.cli("surface", "seed").out, "without seeds it says how to add one")
    refused = server.cli("surface", "schedule", "run", check=False)
    s.ok(refused.status == 2 and "where to begin" in refused.err, "and a run is refused", refused)
    server.cli("surface", "seed", "add", "example.co.jp", "--owner", "self", "--site", "本院", "--country", "日本")
    refused = server.cli("surface", "seed", "add", "co.jp", check=False)
    s.ok(refused.status != 0 and "public suffix" in refused.err, "a seed that leads to strangers is refused with the reason", refused)
    table = s.tmp / "seeds.csv"
    table.write_text("起点,所有者,会社名,同意者,同意日\nname:株式会社 例メンテ,委託先,例メンテ,,\nexample.com,グループ,例商事,,\n"
                     "8.8.8.0/24,自組織,,,\n", encoding="utf-8")
    read = server.cli("surface", "seed", "import", table, "--json").json()
    s.ok((read["read"], read["kept"], read["new"], read["bad"], read["waiting"]) == (3, 2, 2, 1, 1), "a table is taken, its bad row told", read)
    s.ok(read["faults"][0]["row"] == 4 and "google" in read["faults"][0]["why"].lower(), "with its number and the reason", read["faults"])
    rows = {r["seed"]: r for r in server.items("/api/v1/surface/seeds")}
    s.ok(rows["domain:example.co.jp"]["site"] == "本院" and rows["domain:example.co.jp"]["country"] == "JP", "attributes are kept", rows)
    firm = rows["name:株式会社 例メンテ"]
    s.ok(firm["owner"] == "contractor" and not firm["expands"] and firm["why"], "a contractor without consent waits, and it is said why", firm)
    undone = server.cli("surface", "seed", "undo", str(read["change"]), "--json").json()
    s.equal({r["seed"] for r in server.items("/api/v1/surface/seeds")}, {"domain:example.co.jp"}, "an import can be taken back")
    server.cli("surface", "seed", "undo", str(undone["change"]))
    s.equal(len(server.items("/api/v1/surface/seeds")), 3, "and that as well")
    gone = server.cli("surface", "seed", "remove", "example.com", "--json").json()
    s.ok(gone["was"]["company"] == "例商事", "what is removed is told", gone)
    server.cli("surface", "seed", "undo", str(gone["change"]))
    back = [r for r in server.items("/api/v1/surface/seeds") if r["seed"] == "domain:example.com"]
    s.ok(back and back[0]["company"] == "例商事" and back[0]["owner"] == "group", "and comes back as it was", back)
    server.cli("surface", "seed", "add", "example.com", "--owner", "self")
    refused = server.cli("surface", "seed", "undo", str(gone["change"]), check=False)
    s.ok(refused.status != 0, "an undo is done once", refused)
    audit = {a["what"] for a in server.items("/api/v1/audit")}
    s.ok({"surface.seed", "surface.seed-delete", "surface.seeds", "surface.seed-undo"} <= audit, "all of it is in the audit log", audit)


def at_once(s, server, resolver):
    server.cli("surface", "schedule", "run")
    last = ended(s, server)
    s.ok((last["state"], last["run"], last["cause"]) == ("done", 1, "hand"), "a run at once ends well", last)
    names = {(a["name"], a["owner"], a["ownership"]) for a in server.items("/api/v1/surface/assets")}
    s.ok(("example.co.jp", "self", "approved") in names, "and its result is where everything else reads it", names)
    s.ok(any(r["seed"] == "name:株式会社 例メンテ" for r in server.items("/api/v1/surface/seeds?run=1")), "it began with the seeds that are kept")
    s.ok(len(resolver.asked) > 10, "it asked")


def killed(s, server, resolver):
    """The server dies by SIGKILL while its run waits for answers."""
    server.cli("surface", "seed", "add", "example.net", "--owner", "self")
    resolver.held = True
    server.cli("surface", "schedule", "run")
    s.wait_for("it to wait for answers", 30, lambda: "_dmarc.example.net" in resolver.asked)
    s.wait_for("it to tell how far it is", 30, lambda: status(server)["progress"])
    s.equal(len(children(server)), 1, "one process does it")
    pid = children(server)[0]
    s.ok(os.getpriority(os.PRIO_PROCESS, pid) == 19, "at the lowest priority")
    refused = server.cli("surface", "schedule", "run", check=False)
    s.ok(refused.status == 5 and "going on already" in refused.err, "a second one is refused", refused)
    server.program.send(signal.SIGKILL)
    server.program.process.wait()
    s.wait_for("its process to end with it", 20, lambda: not children(server))
    s.ok(True, "a killed server leaves no process behind")
    answered = resolver.asked.count("example.net")
    resolver.held = False
    server.start()
    s.equal(status(server)["state"], "running", "the next start goes on with it, unasked")
    last = ended(s, server)
    s.ok((last["state"], last["run"]) == ("done", 2), "and brings it to its end", last)
    s.ok(answered > 0 and resolver.asked.count("example.net") == answered, "what was answered before is not asked again",
         (answered, resolver.asked.count("example.net")))


def cancelled(s, server, resolver):
    server.cli("surface", "seed", "add", "example.org", "--owner", "self")
    resolver.held = True
    server.cli("surface", "schedule", "run")
    s.wait_for("it to wait for answers", 30, lambda: "_dmarc.example.org" in resolver.asked)
    server.cli("surface", "schedule", "cancel")
    last = status(server)["last"]
    s.ok(last["state"] == "cancelled" and status(server)["state"] == "idle", "a run can be cancelled", last)
    s.wait_for("its process to end", 20, lambda: not children(server))
    s.equal(len(server.items("/api/v1/surface/runs")), 2, "and leaves no half of a result")
    s.ok(server.cli("surface", "schedule", "cancel", check=False).status == 5, "twice is refused")
    resolver.held = False


def failed(s, server):
    """Who keeps wrong sources sees it on the page."""
    sources = server.data / "surface/sources.yaml"
    kept = sources.read_text()
    sources.write_text("resolvr: [192.0.2.1]\n")
    server.cli("surface", "schedule", "run")
    last = ended(s, server)
    s.ok(last["state"] == "failed" and "resolvr" in last["why"], "a run that fails tells why", last)
    said = server.cli("surface", "schedule").out
    s.ok("resolvr" in said, "also on the command line", said)
    sources.write_text(kept)


def by_itself(s, server):
    for words in (("--every", "yearly"), ("--every", "weekly", "--day", "someday"), ("--every", "daily", "--from", "25:00")):
        s.equal(server.cli("surface", "schedule", *words, check=False).status, 2, f"{' '.join(words)} is refused")
    set_ = server.cli("surface", "schedule", "--every", "daily", "--from", "00:00", "--until", "00:00", "--json").json()
    s.ok(set_["every"] == "daily" and set_["next"] and set_["zone"], "a schedule is set", set_)
    s.wait_for("it to begin by itself", 150, lambda: status(server)["cause"] == "schedule" or
               (status(server)["last"] or {}).get("cause") == "schedule", every=1)
    last = ended(s, server)
    s.ok((last["state"], last["cause"], last["by"]) == ("done", "schedule", None), "it runs by itself", last)
    time.sleep(2)
    s.ok(status(server)["state"] == "idle" and status(server)["next"] > last["ended"], "once, and the next is tomorrow", status(server))
    server.cli("surface", "schedule", "--every", "off")
    s.ok(status(server)["next"] is None, "off is off")


def main():
    with lib.Scenario() as s:
        server, resolver = s.server(), Resolver()
        server.sign_in()
        s.equal(status(server)["every"], "off", "nothing runs by itself unless it is asked for")
        seeds(s, server)
        (server.data / "surface").mkdir(exist_ok=True)
        (server.data / "surface/sources.yaml").write_text(f"resolver: [{resolver.address}]\nrate: {{dns: 100000}}\n{QUIET}")
        (server.data / "surface/words.txt").write_text("www\nmail\nvpn\n")
        at_once(s, server, resolver)
        killed(s, server, resolver)
        cancelled(s, server, resolver)
        failed(s, server)
        by_itself(s, server)


main()
