"""Debian hosts and their server in a time that a scenario moves (libfaketime, for the server and the agents), and what an
agent keeps in its state folder."""
import json
import os
import pathlib
import ssl
import time

import debian
import lib

FAKETIME = pathlib.Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
HOUR, DAY = 3600, 86400


class Clock:
    """The time of this scenario: the real one and an offset, which server and agents read from their own files."""

    def __init__(self, s):
        self.s, self.files, self.offset = s, [], 0
        if os.geteuid() == 0:
            s.own_shm()  # libfaketime's
        self.midnight = int(time.time()) // DAY * DAY + DAY  # tomorrow's

    def tell(self, path):
        """path: a function, because a host's files are elsewhere while it is up."""
        self.files.append(path)
        path().write_text(f"+{self.offset}\n")

    def at(self, day, hour, minute=0):
        """Day 0 is tomorrow."""
        wanted = self.midnight + day * DAY + hour * HOUR + minute * 60
        self.offset = wanted - int(time.time())
        for path in self.files:
            path().write_text(f"+{self.offset}\n")

    def variables(self, library, rc):
        return {"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(rc), "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}


class Hospital(debian.Site):
    """A server with a clock of its own, and hosts that share it."""

    def __init__(self, s):
        s.needs("root", "debootstrap", "nsenter", "unshare")
        if not FAKETIME.exists():
            raise lib.Skip("needs libfaketime")
        self.clock = Clock(s)
        self.clock.at(0, 10)
        self.rc = s.tmp / "faketimerc"
        self.clock.tell(lambda: self.rc)
        self.s = s
        self.roots = debian.Roots(s).prepare()
        os.environ.update(self.clock.variables(FAKETIME, self.rc))  # the server and its command line; not this program
        self.server = s.server(address=s.site_address())
        self.server.tls = ssl._create_unverified_context  # its certificate is from tomorrow; others test that
        for key in self.clock.variables(FAKETIME, self.rc):
            del os.environ[key]

    def at(self, day, hour, minute=0):
        """Moves the time; who was signed in long ago signs in anew."""
        self.clock.at(day, hour, minute)
        self.server.link = self.server.cli("signin").out.strip().splitlines()[-1]
        self.server.cookie = None

    def with_clock(self, host):
        (host.root / "usr/local/lib").mkdir(parents=True, exist_ok=True)
        (host.root / "usr/local/lib/faketime.so").write_bytes(FAKETIME.read_bytes())
        if not hasattr(host, "clocked"):
            self.clock.tell(lambda: host.root / "etc/faketimerc")
        host.clocked = True
        variables = self.clock.variables("/usr/local/lib/faketime.so", "/etc/faketimerc")
        host.env = ["env", *(f"{k}={v}" for k, v in variables.items())]
        return host

    def admit(self, host, group):
        self.with_clock(host)
        token = self.server.cli("token", "create", "--group", group).out
        (host.root / "root/token").write_text(token)
        (host.root / "root/token").chmod(0o600)
        # The agent gives each address 8 seconds to answer, which a person repeats by hand; so do we on a loaded machine.
        for last in (False, False, True):
            done = host.run(*host.env, "mamori-agent", "enrol", "--token-file", "/root/token", check=last)
            if done.status == 0:
                break
            if "time" not in done.err:
                raise RuntimeError(f"enrolling {host.name}: {done.err}")
            time.sleep(5 * lib.SLOW)
        return host

    def machine(self, name, group):
        return self.admit(self.roots.host(name), group)

    def turn(self, host):
        return host.run(*host.env, "mamori-agent", "once", timeout=600)

    def settle(self, hosts, rounds=1):
        """Check-ins with time for the server's planner between."""
        done = None
        for _ in range(rounds):
            for host in hosts:
                done = self.turn(host)
            time.sleep(lib.SLOW)
        return done

    def policy(self, text):
        name = text.split("policy:")[1].split()[0]
        return self.server.api("PUT", f"/api/v1/policies/{name}", {"yaml": text, "note": "scenario"})

    def directed(self, hosts):
        """Until each host obeys a directive that approves something."""
        def all_have():
            self.settle(hosts)
            return all(len(directive(h).get("patches", [])) > 0 for h in hosts)
        self.s.wait_for("directives with approved updates", 300, all_have)


def state(host, name):
    try:
        return json.loads((host.root / "var/lib/mamori-agent" / name).read_text())
    except (OSError, ValueError):
        return {}


def directive(host):
    signed = state(host, "directive.json")
    return json.loads(signed["document"]) if signed else {}


def report(host):
    return state(host, "slot-report.json")


def why(host):
    return report(host).get("why", "")


def finished(host):
    return {f["id"]: f["how"] for f in report(host).get("finished", [])}


def installed(host, wanted):
    """Packages of wanted (name -> version) that are in."""
    versions = host.versions()
    return {p for p, v in wanted.items() if versions.get(p) == v}
