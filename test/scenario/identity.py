#!/usr/bin/env python3
# timeout: 400
"""One identity, one machine: a cloned and a reverted state folder are noticed and said, a revoked host is turned away,
and SIGKILL at any moment leaves the agent's state usable and is never mistaken for one of these."""
import json
import os
import random
import secrets
import shutil
import signal
import time

import lib

STATUS = """Package: base-files
Status: install ok installed
Architecture: amd64
Version: 12.4+deb12u5

Package: openssl
Status: install ok installed
Architecture: amd64
Version: 3.0.15-1~deb12u1

"""


class Machine:
    """A root folder with a machine-id, and the state folder of its agent."""

    def __init__(self, s, name):
        self.s, self.name = s, name
        self.root, self.state = s.tmp / f"{name}-root", s.tmp / f"{name}-state"
        (self.root / "etc").mkdir(parents=True)
        (self.root / "var/lib/dpkg").mkdir(parents=True)
        (self.root / "etc/os-release").write_text(
            'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_CODENAME=bookworm\n')
        (self.root / "etc/machine-id").write_text(secrets.token_hex(16) + "\n")
        (self.root / "etc/hostname").write_text(name + "\n")
        (self.root / "var/lib/dpkg/status").write_text(STATUS)

    def agent(self, verb, *words):
        return self.s.run(lib.AGENT, verb, "--state", self.state, "--root", self.root, *words)

    def once(self):
        return self.agent("once")

    def enrol(self, server, *words):
        return self.agent("enrol", "--token-file", self.s.token_file(server), *words)

    def id(self):
        return json.loads((self.state / "identity.json").read_text())["host"]


def notices(server, host):
    return [n["code"] for n in server.api("GET", f"/api/v1/hosts/{host}")["notices"]]


def enrolled(s, server, name):
    machine = Machine(s, name)
    done = machine.enrol(server)
    s.ok(done.status == 0, f"{name} enrols", done)
    done = machine.once()
    s.ok(done.status == 0, f"{name} checks in", done)
    return machine


def cloned(s, server):
    first = enrolled(s, server, "original")
    second = Machine(s, "clone")
    shutil.copytree(first.state, second.state)
    done = second.once()
    s.ok(done.status == 0, "a copy of the state folder that comes first may be the machine with new hardware", done)
    s.ok("hardware" in notices(server, first.id()), "which is said on the host's page")
    done = first.once()
    s.ok(done.status == 5 and ("clone" in done.err.lower() or "two machines" in done.err),
         "the second of the two is refused, in words", done)
    done = second.once()
    s.ok(done.status == 5, "and from then on the first one, too", done)
    s.ok("cloned" in notices(server, first.id()), "the server says so on the host's page",
         lambda: server.api("GET", f"/api/v1/hosts/{first.id()}"))
    s.ok(any(n["code"] == "cloned" for n in server.api("GET", "/api/v1/overview")["notices"]), "and in the overview")
    done = second.enrol(server, "--again")
    s.ok(done.status == 0 and second.once().status == 0, "the copy enrolled anew is a host of its own", done)
    s.ok(second.id() != first.id(), "with an identity of its own")


def reverted(s, server):
    machine = enrolled(s, server, "snapshot")
    kept = s.tmp / "kept"
    shutil.copytree(machine.state, kept)
    s.equal(notices(server, machine.id()), [], "no notice before")
    for _ in range(3):
        machine.once()
    received = server.api("GET", f"/api/v1/hosts/{machine.id()}")["sections"]["packages"]
    shutil.rmtree(machine.state)
    shutil.copytree(kept, machine.state)
    time.sleep(1.1)
    done = machine.once()
    s.ok(done.status == 0, "a state folder put back to an earlier state goes on", done)
    s.ok("reverted" in notices(server, machine.id()), "the server says that the disk was put back",
         lambda: server.api("GET", f"/api/v1/hosts/{machine.id()}"))
    s.ok(server.api("GET", f"/api/v1/hosts/{machine.id()}")["sections"]["packages"] > received,
         "and asks for every section anew")


def revoked(s, server):
    machine = enrolled(s, server, "stolen")
    host = machine.id()
    server.api("POST", f"/api/v1/hosts/{host}/revoke", {})
    done = machine.once()
    s.ok(done.status == 5 and "revoked" in done.err, "a revoked host is turned away, in words", done)
    s.equal(server.api("GET", f"/api/v1/hosts/{host}")["state"], "revoked", "its page says so")
    server.api("DELETE", f"/api/v1/hosts/{host}")
    s.ok(machine.once().status != 0, "a forgotten host stays outside")


def killed(s, server):
    machine = enrolled(s, server, "unlucky")
    host = machine.id()
    started = time.monotonic()
    machine.once()
    whole = time.monotonic() - started
    chance = random.Random(20261121)
    broken = []
    for round_number in range(60):
        # Something new to send, so that every step of a check-in has its turn.
        with open(machine.root / "var/lib/dpkg/status", "a") as status:
            status.write(f"Package: extra{round_number}\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n\n")
        agent = s.start(lib.AGENT, "once", "--state", machine.state, "--root", machine.root, log="unlucky")
        time.sleep(chance.uniform(0, whole))
        # The agent alone, or all of its processes.
        if agent.running():
            if round_number % 2:
                agent.process.kill()
            else:
                os.killpg(agent.pid, signal.SIGKILL)
        agent.process.wait()
        for path in machine.state.rglob("*.json"):
            try:
                json.loads(path.read_text())
            except ValueError as why:
                broken.append(f"{path.name}: {why}")
        if round_number % 10 == 9:
            done = s.wait_for("a check-in after the kills", 10, lambda: succeeded(machine))
            s.ok(done.status == 0, f"after {round_number + 1} kills a check-in succeeds", done)
    s.equal(broken, [], "every file of the state is whole at every moment")
    s.equal(machine.id(), host, "it is the same host")
    s.equal(notices(server, host), [], "a kill is not mistaken for a cloned or reverted disk")
    status = machine.agent("status", "--json")
    s.ok(status.status == 0, "status answers", status)
    s.equal(server.api("GET", f"/api/v1/hosts/{host}")["packages"], 62, "the server knows all packages in the end")


def succeeded(machine):
    done = machine.once()
    return done if done.status == 0 else None


with lib.Scenario() as s:
    s.needs("root")
    server = s.server()
    cloned(s, server)
    reverted(s, server)
    revoked(s, server)
    killed(s, server)
