#!/usr/bin/env python3
"""Two relays for one site, of which one is killed: check-ins and packages go by the other. A relay behind a relay: files,
tunnels and letters pass through both."""
# timeout: 300
import json

import lib
from relay_lib import Archive, Origin, Relay

SITE = "ward-net"


class Member(Relay):
    """An enrolled relay: TLS to hosts. Asked here in plain HTTP on the same port."""

    def __init__(self, s, server, name, *options, proxy=None, address="127.0.0.1"):
        data = s.tmp / name
        token = s.token_file(server, "--role", "relay", "--group", SITE)
        s.run(lib.MAMORI, "relay", "enrol", "--data", data, "--token-file", token, "--name", address,
              *(("--proxy", proxy) if proxy else ()), check=True)
        super().__init__(s, *options, data=data, address=address)
        self.url = f"https://{address}:{self.port}"

    def kill(self):
        self.program.send(9)
        self.program.process.wait()


class Machine:
    def __init__(self, s, server, name, relays):
        self.s, self.state, self.root = s, s.tmp / f"state-{name}", s.tmp / f"root-{name}"
        (self.root / "etc").mkdir(parents=True)
        (self.root / "etc/hostname").write_text(name + "\n")
        (self.root / "etc/os-release").write_text('ID=debian\nVERSION_ID="12"\n')
        (self.root / "var/lib/dpkg").mkdir(parents=True)
        (self.root / "var/lib/dpkg/status").write_text("Package: a\nStatus: install ok installed\nArchitecture: all\n"
                                                       "Maintainer: a\nVersion: 1\nDescription: a\n\n")
        token = s.token_file(server, "--group", SITE)
        self.enrolled = self.run("enrol", "--token-file", token, "--relay", ",".join(relays))

    def run(self, verb, *words):
        return self.s.run(lib.AGENT, verb, "--state", self.state, "--root", self.root, *words, timeout=90)

    def identity(self):
        return json.loads((self.state / "identity.json").read_text())


def last_seen(server):
    return server.items("/api/v1/hosts")[0]["last_seen"]


def two_for_one_site(s, server, origin, archive, learn, options):
    a, b = Member(s, server, "relay-a", *options), Member(s, server, "relay-b", *options)
    server.api("PUT", f"/api/v1/sites/{SITE}", {"relay_only": True})
    s.wait_for("both relays to have checked in", 60, lambda: all(r["last_seen"] for r in server.items("/api/v1/relays")))
    host = Machine(s, server, "ward-pc", [a.url])
    s.ok(host.enrolled.status == 0, "a host is enrolled through the first", host.enrolled)
    done = host.run("once")
    s.ok(done.status == 0, "and checks in", done)
    s.equal(sorted(host.identity()["relays"]), sorted([a.url, b.url]), "it learns both relays of its site")
    for relay in (a, b):
        s.equal(relay.learn(origin, *learn), [200, 200], "each has the signed lists")
    path = archive.paths["one"]
    s.ok(a.get(origin, path)[2] == origin.files[path], "a package comes by the first")
    for away, there, name in ((a, b, "first"), (b, a, "second")):
        before = last_seen(server)
        away.kill()
        done = host.run("once")
        s.ok(done.status == 0 and last_seen(server) >= before, f"the {name} is killed: the host checks in by the other", done)
        path = archive.paths["two" if away is a else "three"]
        s.ok(there.get(origin, path)[2] == origin.files[path], f"the {name} is killed: a package comes by the other")
        away.start()
    a.kill()
    b.kill()
    done = host.run("once")
    s.ok(done.status != 0, "with both killed there is no way: this site has nothing but relays", done)
    a.start()
    s.ok(host.run("once").status == 0, "until one is there again")
    return a, b, host


def behind_another(s, server, origin, archive, learn, options, outer):
    """The inner relay knows no way but the outer one."""
    inner = Member(s, server, "relay-inner", *options, "--upstream", outer.url, proxy=outer.url)
    s.equal(inner.learn(origin, *learn), [200, 200], "a relay behind a relay: the signed lists pass through both")
    path = archive.paths["four"]
    origin.requests.clear()
    s.ok(inner.get(origin, path)[2] == origin.files[path], "so does a package")
    asked = origin.asked(path)
    s.ok(len(asked) == 1 and "mamori" in asked[0][2].get("via", ""), "which the origin was asked for once, by both", asked)
    s.ok(outer.get(origin, path)[2] == origin.files[path] and len(origin.asked(path)) == 1, "and both have kept it")
    host = Machine(s, server, "inner-pc", [inner.url])
    s.ok(host.enrolled.status == 0, "a host is enrolled through both", host.enrolled)
    done = host.run("once")
    s.ok(done.status == 0, "its check-in is a tunnel through both", done)
    return inner, host


def letters(s, server, inner, outer, host):
    """The way further out is gone: a letter waits at the inner relay, then goes by the outer one."""
    identity = json.loads((host.state / "identity.json").read_text())
    identity["relays"] = identity["relays_given"] = [inner.url]  # of its two hops, no shorter way
    (host.state / "identity.json").write_text(json.dumps(identity))
    outer.kill()
    done = host.run("once")
    out = inner.data / "letters/out"
    s.ok(done.status == 4 and "letter" in done.err, "with the outer one killed a letter is left at the inner one", done)
    s.equal([p.stem for p in out.glob("*.letter")], [identity["host"]], "and waits there")
    outer.start()
    s.wait_for("the letter to be handed in", 120, lambda: not list(out.glob("*.letter")), every=0.5)
    s.ok(True, "when the outer one is back, the letter goes to the server by both")
    s.wait_for("its answer", 60, lambda: list((inner.data / "letters/in").glob("*.letter")), every=0.5)
    s.ok(host.run("once").status == 0, "and the host checks in as before")


def main():
    with lib.Scenario() as s:
        s.needs("gpg", "gpgv")
        server = s.server()
        origin = Origin()
        archive = Archive(s, origin)
        archive.paths = {n: archive.add(n, 400_000) for n in ("one", "two", "three", "four")}
        learn = archive.publish()
        options = ("--allow", f"{origin.url}/debian", "--keyring", archive.keyring)
        a, b, _ = two_for_one_site(s, server, origin, archive, learn, options)
        inner, host = behind_another(s, server, origin, archive, learn, options, a)
        letters(s, server, inner, a, host)


if __name__ == "__main__":
    main()
