#!/usr/bin/env python3
# timeout: 900
"""Every command of doc/update-metadata.md as it is written there: the first keys, daily files, renewal, each lost key, stolen
keys of the server with versions raised beyond all measure. A machine follows through all of it."""
import json
import re
import shlex
import shutil

import lib
from tuf_lib import Hospital, Thief, keep, put_back

MANUAL = lib.SOURCE / "doc/update-metadata.md"
# Named in passing, without what they would work on; run in other words here or elsewhere.
IN_PASSING = {"mamori key rotate", "mamori key show", "mamori repo remove", "mamori relay status", "mamori relay list",
              "mamori scan --data R"}


def flat(text):
    return re.sub(r"\s+", " ", text.replace("\\\n", " ")).strip()


def commands():
    """Every command of the manual, in one line each."""
    text = MANUAL.read_text()
    blocks = re.findall(r"(?:^    .*\n)+", text, re.M)
    found = []
    for block in blocks:
        for line in block.replace("\\\n", " ").splitlines():
            found += [flat(c) for c in re.findall(r"(mamori (?:key|repo) [^#]*?)(?:\s+#|$)", line)]
    found += [flat(c) for c in re.findall(r"`(mamori [^`…]+)`", text)]
    return found


class Manual:
    def __init__(self, s, h):
        self.s, self.h, self.done = s, h, []
        self.known = commands()

    def do(self, text, check=True, cwd=None, more=(), **swap):
        """Runs a command of the manual; swap: a word of it and what stands here in its place."""
        if text not in self.known:
            raise RuntimeError(f"the manual has no such command: {text}")
        self.done.append(text)
        words = [str(swap.get(w, w)) for w in shlex.split(text)[1:]]
        if words[:2] in (["key", "new"], ["key", "sign"]) or "--new-keys" in words:
            words += ["--password-file", str(self.h.password)]
        return self.s.run(lib.MAMORI, *words, *more, check=check, cwd=cwd or self.h.server.data, timeout=120)


def keyid(path):
    return json.loads(path.read_text())["keyid"]


class Keys:
    """Where people keep them, away from the server; whatever is signed is carried there and back."""

    def __init__(self, s, h, m):
        self.s, self.h, self.m, self.folder = s, h, m, s.tmp / "away"
        self.folder.mkdir()

    def new(self, role, name):
        text = 'mamori key new --role root --out root-suzuki.key --comment "Suzuki, safe on the 3rd floor"'
        self.m.do(flat(text), cwd=self.folder, **{"root": role, "root-suzuki.key": f"{name}.key"})
        shutil.copy(self.folder / f"{name}.key.pub", self.h.server.data)
        return keyid(self.folder / f"{name}.key.pub")

    def sign(self, role, *names):
        there = self.h.repo / f"pending/{role}.json"
        shutil.copy(there, self.folder)
        shown = self.m.do("mamori key show root.json", cwd=self.folder, **{"root.json": f"{role}.json"})
        for name in names:
            self.m.do("mamori key sign root.json --key root-suzuki.key", cwd=self.folder,
                      **{"root.json": f"{role}.json", "root-suzuki.key": f"{name}.key"})
        shutil.copy(self.folder / f"{role}.json", there)
        return shown


def short_way(s, h, m):
    """On a server of its own."""
    data, stick = s.tmp / "other", s.tmp / "other-stick"
    stick.mkdir()
    s.run(lib.MAMORI, "init", "--data", data, check=True)
    done = m.do("mamori repo init --new-keys /media/stick", more=("--data", data), **{"/media/stick": stick})
    s.ok((data / "updates/metadata/timestamp.json").exists() and not list((data / "updates/pending").iterdir()),
         "one administrator: keys, signatures and the first state by one command", done)


def first_root(s, h, m, keys):
    for name in ("suzuki", "tanaka", "sato"):
        keys.new("root", f"root-{name}")
    for role in ("targets", "catalog", "custom"):
        keys.new(role, role)
    m.do("mamori repo init updates --root root-suzuki.key.pub --root root-tanaka.key.pub --root root-sato.key.pub "
         "--root-threshold 2 --targets targets.key.pub --catalog catalog.key.pub --custom custom.key.pub")
    shown = keys.sign("root", "root-suzuki")
    s.ok("2 of these keys sign it" in shown.out, "what is to be signed says who may sign it", shown)
    lacks = m.do("mamori repo show updates")
    s.ok("lacks 1 signature" in lacks.out, "the repository says what is still missing", lacks)
    keys.sign("root", "root-tanaka")
    for role in ("targets", "catalog", "custom"):
        keys.sign(role, role)
    m.do("mamori repo publish updates")
    done = m.do("mamori repo verify updates")
    s.ok(done.status == 0, "several people: published, and an own client accepts it", done)


def daily(s, h, m, keys, host):
    (h.server.data / "printer.deb").write_bytes(b"a package")
    (h.server.data / "check-disk.sh").write_text("#!/bin/sh\nexit 0\n")
    m.do("mamori repo add updates printer.deb --role custom --as custom/printer/2.1/printer.deb")
    m.do("mamori repo add updates check-disk.sh --role custom --as custom/scripts/check-disk.sh")
    shutil.copy(h.repo / "pending/custom.json", keys.folder)
    m.do("mamori key sign custom.json --key custom.key", cwd=keys.folder)
    shutil.copy(keys.folder / "custom.json", h.repo / "pending")
    m.do("mamori repo publish updates")
    done = m.do("mamori repo publish updates --valid-for 30d")
    ends = h.metadata("timestamp.json")["signed"]["expires"]
    s.ok(ends > lib.time.strftime("%Y-%m-%dT", lib.time.gmtime(lib.time.time() + 29 * 86400)),
         "daily files are signed and published; for a site with a stick a month, valid for as long", (ends, done))
    m.do("mamori repo renew updates --role root")
    keys.sign("root", "root-suzuki", "root-tanaka")
    m.do("mamori repo publish updates")
    follows(s, h, host, "the yearly renewal of the root: the machine follows")


def follows(s, h, host, title):
    done = host.once()
    s.equal((host.trusts(), host.trusts("root"), h.told(host)),
            (h.timestamp(), max(int(p.name.split(".")[0]) for p in h.repo.glob("metadata/*.root.json")), ""), title)
    return done


def lost_root_key(s, h, m, keys, host):
    lost = keyid(keys.folder / "root-suzuki.key.pub")
    (keys.folder / "root-suzuki.key").unlink()
    keys.new("root", "new")
    m.do("mamori key rotate updates --role root --add new.key.pub --revoke ID", ID=lost)
    keys.sign("root", "root-tanaka", "root-sato", "new")
    m.do("mamori repo publish updates")
    follows(s, h, host, "a root key is lost: replaced by the others and the new one, the machine follows")


def lost_targets(s, h, m, keys, host):
    lost = keyid(keys.folder / "targets.key.pub")
    (keys.folder / "targets.key").unlink()
    keys.new("targets", "targets-2")
    m.do("mamori key rotate updates --role targets --add new.key.pub --revoke ID", ID=lost,
         **{"new.key.pub": "targets-2.key.pub"})
    keys.sign("root", "root-tanaka", "new")
    keys.sign("targets", "targets-2")
    m.do("mamori repo publish updates")
    follows(s, h, host, "the key of targets is lost: both files are published together, the machine follows")
    lost = keyid(keys.folder / "custom.key.pub")
    (keys.folder / "custom.key").unlink()
    keys.new("custom", "custom-2")
    m.do("mamori key rotate updates --role targets --add new.key.pub --revoke ID", ID=lost,
         **{"targets": "custom", "new.key.pub": "custom-2.key.pub"})
    keys.sign("targets", "targets-2")
    keys.sign("custom", "custom-2")
    m.do("mamori repo publish updates")
    follows(s, h, host, "the key of custom is lost: targets signs, then the new key, the machine follows")


def new_online_keys(m, keys):
    for role in ("timestamp", "snapshot", "approval", "index"):
        m.do(f"mamori key rotate updates --role {role} --online")
    keys.sign("root", "root-tanaka", "new")
    keys.sign("targets", "targets-2")
    m.do("mamori repo publish updates")


def lost_online(s, h, m, keys, host):
    shutil.rmtree(h.repo / "online")
    (h.repo / "online").mkdir(mode=0o700)
    new_online_keys(m, keys)
    follows(s, h, host, "the server's own keys are lost: new ones, root and targets sign, the machine follows")


def stolen_online(s, h, m, keys, host):
    """The thief raises all versions so far that whatever is honest looks old."""
    backup = keep(h.repo, s.tmp / "backup")
    thief = Thief(h)
    timestamp = thief.load("timestamp.json")["signed"]
    timestamp["version"] = 2_000_000_000
    (thief.folder / "timestamp.json").write_bytes(thief.sign(timestamp, "timestamp"))
    host.once()
    s.equal(host.trusts(), 2_000_000_000, "stolen keys: the machine follows a timestamp of two thousand million")
    put_back(backup, h.repo)
    done = host.once()
    s.ok("timestamp-rollback" in done.err, "what is honest then looks old to it", done)
    new_online_keys(m, keys)
    host.once()
    follows(s, h, host, "after the rotation it forgets the raised versions and follows again")


def root_is_gone(s, h, m, keys, host):
    """More root keys are lost than the threshold can bear."""
    h.server.stop()
    shutil.rmtree(h.repo)
    for path in keys.folder.glob("*"):
        path.unlink()
    for path in h.server.data.glob("*.key.pub"):
        path.unlink()
    first_root(s, h, m, keys)
    h.server_back()
    done = host.once()
    s.ok("refused" in done.err, "a new repository: the machine does not take it for the old one", done)
    shutil.rmtree(host.state / "updates")
    (host.state / "updates.json").unlink()
    again = host.enrol("--again")
    s.equal((again.status, host.trusts("root")), (0, 1), "with the new root handed to it by its enrolment it does")
    follows(s, h, host, "and follows")


def main():
    with lib.Scenario() as s:
        s.needs("openssl")
        h = Hospital(s)
        m = Manual(s, h)
        keys = Keys(s, h, m)
        short_way(s, h, m)
        first_root(s, h, m, keys)
        host = h.machine("ward-pc")
        follows(s, h, host, "a machine enrolled now follows")
        daily(s, h, m, keys, host)
        lost_root_key(s, h, m, keys, host)
        lost_targets(s, h, m, keys, host)
        lost_online(s, h, m, keys, host)
        stolen_online(s, h, m, keys, host)
        root_is_gone(s, h, m, keys, host)
        left = set(m.known) - set(m.done) - IN_PASSING
        s.equal(left, set(), f"every command of the manual was run: {len(set(m.done))} of {len(set(m.known))}")


if __name__ == "__main__":
    main()
