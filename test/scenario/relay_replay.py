#!/usr/bin/env python3
"""An old Release is signed for ever. A relay that has seen a newer one of the same suite does not go back, whatever the
origin sends; apt on the machine does not either, and refuses one whose Valid-Until is over."""
import re
import shutil
import time

import lib
from relay_lib import Archive, Origin, Relay

SUITE = "/debian/dists/stable"


def date(at):
    return time.strftime("%a, %d %b %Y %H:%M:%S UTC", time.gmtime(at))


def publish(archive, at, until=None):
    """The archive as it is now, with the dates given; gives what the origin then has of the suite."""
    archive.publish()
    origin, path = archive.origin, f"{SUITE}/InRelease"
    text = re.search(rb"\n\n(Origin:.*?)-----BEGIN", origin.files[path], re.S).group(1).decode()
    text = re.sub(r"Date: .*\n", f"Date: {date(at)}\n" + (f"Valid-Until: {date(until)}\n" if until else ""), text)
    origin.files[path] = archive.gpg("--clearsign", data=text.encode())
    return {p: b for p, b in origin.files.items() if p.startswith(SUITE)}


class Apt:
    """apt of this machine with folders of its own: it reads nothing else and installs nothing."""

    def __init__(self, s, keyring, url):
        self.s, self.folder = s, s.tmp / f"apt-{lib.secrets.token_hex(3)}"
        for name in ("etc/apt.conf.d", "etc/preferences.d", "etc/trusted.gpg.d", "state/lists/partial", "cache/archives/partial"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "status").write_text("")
        shutil.copy(keyring, self.folder / "key.gpg")
        (self.folder / "etc/sources.list").write_text(f"deb [signed-by={self.folder}/key.gpg] {url} stable main\n")
        self.words = ("-o", f"Dir::Etc={self.folder}/etc", "-o", f"Dir::State={self.folder}/state", "-o",
                      f"Dir::Cache={self.folder}/cache", "-o", f"Dir::State::status={self.folder}/status", "-o",
                      "APT::Architecture=amd64", "-o", "APT::Architectures=amd64", "-o", "Acquire::Languages=none", "-o",
                      "APT::Sandbox::User=root", "-o", "Acquire::http::Proxy=DIRECT", "-o", "Acquire::Retries=0", "-o",
                      "Debug::NoLocking=1", "-o", "Acquire::Check-Valid-Until=true", "-o", "Acquire::Check-Date=true")

    def update(self):
        return self.s.run("apt-get", *self.words, "update", env={"LANG": "C.UTF-8"})

    def knows(self):
        out = self.s.run("apt-cache", *self.words, "pkgnames").out
        return sorted(out.split())


def relay_does_not_go_back(s, origin, relay, old, new):
    origin.files.update(new)
    s.equal(relay.learn(origin, f"{SUITE}/InRelease", f"{SUITE}/main/binary-amd64/Packages"), [200, 200],
            "the relay passes on the newest Release")
    origin.files.update(old)
    status, _, body, _ = relay.get(origin, f"{SUITE}/InRelease", headers={"Cache-Control": "no-cache"})
    s.ok(status == 502 and b"older" in body or body == new[f"{SUITE}/InRelease"],
         "the origin goes back to an older one: it does not pass", (status, body[:300]))
    relay.stop()
    shutil.rmtree(relay.data / "cache")
    relay.start()
    status, _, body, _ = relay.get(origin, f"{SUITE}/InRelease")
    s.ok(status == 502 and b"older" in body, "not after a restart with an empty cache either, and it says why", (status, body))
    s.ok("an older state is not passed on" in relay.program.output(), "its log names both dates", relay.program.output())
    origin.files.update(new)
    s.equal(relay.get(origin, f"{SUITE}/InRelease")[0], 200, "what is as new as the one before passes again")


def apt_does_not_go_back(s, origin, archive, old, new, now):
    """Without any relay between: what the machine does by itself."""
    apt = Apt(s, archive.keyring, f"{origin.url}/debian")
    origin.files.update(new)
    done = apt.update()
    s.equal((done.status, apt.knows()), (0, ["first", "second"]), "apt: the newest Release is read")
    origin.files.update(old)
    done = apt.update()
    s.equal(apt.knows(), ["first", "second"], "apt: an older one is not taken, what it knew stays")
    ended = publish(archive, now - 60, now - 30)
    origin.files.update(ended)
    done = apt.update()
    s.ok("expired" in (done.out + done.err).lower(), "apt: one whose Valid-Until is over is refused", done)
    s.equal(apt.knows(), ["first", "second"], "apt: and nothing of it is taken")


def main():
    with lib.Scenario() as s:
        s.needs("gpg", "gpgv", "apt-get", "apt-cache")
        origin, now = Origin(), int(time.time())
        archive = Archive(s, origin)
        archive.add("first", 5000)
        old = publish(archive, now - 86400)
        archive.add("second", 5000)
        new = publish(archive, now - 3600)
        relay = Relay(s, "--allow", f"{origin.url}/debian", "--keyring", archive.keyring)
        relay_does_not_go_back(s, origin, relay, old, new)
        apt_does_not_go_back(s, origin, archive, old, new, now)


if __name__ == "__main__":
    main()
