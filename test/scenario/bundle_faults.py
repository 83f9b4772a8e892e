#!/usr/bin/env python3
# timeout: 600
"""What happens to bundles on their way: cut, changed, old, of others, half there, on several media, killed while they are
written or taken in, on full disks. Each is refused by its own name, nothing is used of it, and what broke off goes on."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import closed
import debian
import lib

PARTS = 24  # packages of half a megabyte each


def refused(s, done, reason, words, title):
    """The bundle is refused: by this name, in these words, with the status that belongs to it."""
    try:
        name = done.lines()[-1].get("refused")
    except (ValueError, IndexError):
        name = None
    s.ok(name == reason and all(w in done.err for w in words) and done.status == (4 if reason == "unreadable" else 5),
         title, (reason, words, done))


def relay_state(data):
    path = data / "bundles/state.json"
    return json.loads(path.read_text()) if path.exists() else {"counter": 0}


def objects(data):
    return sum(1 for p in (data / "cache/objects").glob("*/*")) if (data / "cache/objects").exists() else 0


class Bench:
    """A server that knows one real machine, and as many relays as wanted, none of which runs."""

    def __init__(self, s):
        self.s, address = s, s.site_address()
        self.roots = debian.Roots(s)
        self.server = s.server(address=address)
        self.archive = closed.Archive(s, address)
        self.key = s.tmp / "order.pem"
        self.key.write_text(self.server.cli("bundle", "key").out)
        self.relays = 0
        old = [self.archive.package(f"own-{n}", "1", keep=False) for n in range(PARTS)]
        for n in range(PARTS):
            self.archive.package(f"own-{n}", "2", size=500_000)
        self.archive.publish()
        host = self.roots.host("far-1")
        (host.root / "etc/apt/archive.gpg").write_bytes(self.archive.key.read_bytes())
        (host.root / "etc/apt/sources.list").write_text(
            f"deb [signed-by=/etc/apt/archive.gpg] {self.archive.url} stable-security main\n")
        (host.root / "root/old").mkdir()
        for path in old:
            shutil.copy(path, host.root / "root/old")
        host.run("sh", "-c", "dpkg -i /root/old/*.deb", check=True)
        (host.root / "root/token").write_text(self.server.cli("token", "create", "--group", "far").out)
        (host.root / "root/token").chmod(0o600)
        host.run("mamori-agent", "enrol", "--token-file", "/root/token", check=True)
        host.run("mamori-agent", "once", check=True)
        self.host = self.server.items("/api/v1/hosts")[0]["id"]
        self.site("far")

    def site(self, name):
        self.server.cli("host", "set", self.host, "--site", name)

    def relay(self):
        """The folder of a relay that trusts this server."""
        self.relays += 1
        folder = self.s.tmp / f"relay-{self.relays}"
        folder.mkdir()
        return folder

    def words(self, to, *more, site="far"):
        return ("bundle", "export", "--site", site, "--to", to, "--keyring", self.archive.key, "--json", *more)

    def export(self, to, *more, site="far", check=True):
        return self.server.cli(*self.words(to, *more, site=site), check=check, timeout=120)

    def take(self, folder, data, *more, env=None):
        return self.s.run(lib.MAMORI, "bundle", "import", folder, "--data", data, "--key", self.key, "--json", *more,
                          env={"LANG": "C.UTF-8", **(env or {})})

    def verify(self, folder, *more):
        return self.s.run(lib.MAMORI, "bundle", "verify", folder, "--key", self.key, "--json", *more,
                          env={"LANG": "C.UTF-8"})


def copy(s, folder, name):
    to = s.tmp / name
    shutil.copytree(folder, to)
    return to


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def changed_on_the_way(s, b, bundle):
    data = b.relay()
    cut = copy(s, bundle, "cut")
    os.truncate(cut / "part-0002.mamori", 1000)
    refused(s, b.verify(cut), "damaged", ["part 2 of", "cut", "own-"], "a cut part: verify names part and members")
    refused(s, b.take(cut, data), "damaged", ["part 2 of", "cut", "own-"], "a cut part: import, too")
    byte = copy(s, bundle, "byte")
    flip(byte / "part-0003.mamori", 70_000)
    refused(s, b.take(byte, data), "damaged", ["part 3 of", "not what was signed", "own-"], "one byte of a part")
    flip(byte / "part-0003.mamori", 70_000)
    flip(byte / "members.zst", 30)
    refused(s, b.take(byte, data), "damaged", ["list of members"], "one byte of the list")
    head = copy(s, bundle, "head")
    text = (head / "bundle.json").read_text()
    (head / "bundle.json").write_text(text.replace('\\"counter\\":', '\\"counter\\":9'))
    refused(s, b.take(head, data), "forged", ["signature"], "a number changed in the head")
    (head / "bundle.json").write_text("{")
    refused(s, b.take(head, data), "damaged", ["head"], "half a head")
    none = b.take(s.tmp / "archive", data)
    s.ok(none.status == 3 and "no bundle" in none.err, "a folder without a bundle is bad input", none)
    s.equal((relay_state(data)["counter"], objects(data)), (0, 0), "nothing of all these was used")


def of_others(s, b, bundle):
    data = b.relay()
    s.ok(b.take(bundle, data).status == 0, "the first bundle is taken in")
    refused(s, b.take(bundle, data), "old", ["number"], "a second time it is old")
    b.site("near")
    near = pathlib.Path(b.export(s.tmp / "near", site="near").lines()[-1]["folder"])
    b.site("far")
    refused(s, b.take(near, data), "foreign-site", ["near", "far"], "another site's bundle is foreign")
    other = s.tmp / "other.pem"
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", s.tmp / "other.key"], check=True)
    subprocess.run(["openssl", "ec", "-in", s.tmp / "other.key", "-pubout", "-out", other], check=True, capture_output=True)
    done = s.run(lib.MAMORI, "bundle", "import", bundle, "--data", b.relay(), "--key", other, "--json", env={"LANG": "C.UTF-8"})
    refused(s, done, "foreign-server", ["foreign"], "another server's bundle is foreign")
    wrong = b.server.cli("bundle", "import", near, "--json", check=False)
    s.ok(wrong.status == 5 and "goes down" in wrong.err, "a server takes none that goes down", wrong)
    brief = pathlib.Path(b.export(s.tmp / "brief", "--expires", "1h", "--full").lines()[-1]["folder"])
    preload = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
    if os.path.exists(preload):
        late = b.take(brief, data, env={"LD_PRELOAD": preload, "FAKETIME": "+2h"})
        refused(s, late, "expired", ["expired"], "two hours later a bundle for one hour has expired")
    else:
        s.skip("a bundle that expired", "needs libfaketime")


def builds_on(s, b, bundle):
    """Delta: what the site has is left out, and a relay that lacks it says so."""
    counter = b.verify(bundle).lines()[0]["counter"]
    delta = b.export(s.tmp / "delta", "--since", str(counter)).lines()[-1]
    s.ok(delta["packages"] == 0 and delta["there"] >= PARTS and delta["bytes"] < 100_000,
         "on top of what the site has, a bundle brings no package twice", delta)
    refused(s, b.take(delta["folder"], b.relay()), "gap", ["builds on"], "a relay that lacks what it builds on refuses it")


def on_several_media(s, b, bundle):
    data = b.relay()
    media = []
    parts = sorted(bundle.glob("part-*.mamori"))
    for n, part in enumerate(parts):
        disc = s.tmp / f"disc-{n}"
        disc.mkdir()
        for name in ("bundle.json", "members.zst", part.name):
            shutil.copy(bundle / name, disc)
        media.append(disc)
    for n, disc in enumerate(media[:-1]):
        missing = ", ".join(str(i + 1) for i in range(n + 1, len(media)))
        refused(s, b.take(disc, data), "incomplete", [f"missing: {missing}"], f"disc {n + 1} of {len(media)}: says what is missing")
    s.equal(objects(data), 0, "nothing is used before all is there")
    last = b.take(media[-1], data)
    s.ok(last.status == 0 and objects(data) >= PARTS, "the last disc completes it", last)
    s.equal(list((data / "bundles").glob("*/part-*")), [], "and what was kept meanwhile is gone")


def update_metadata(s, b):
    """Metadata of the server's repository goes along and is verified by the client workflow; what was signed by others is
    refused, and an older state never comes back."""
    password, updates, keys = s.tmp / "password", b.server.data / "updates", s.tmp / "keys"
    password.write_text("a long password\n")
    password.chmod(0o600)
    keys.mkdir()
    run = lambda *words: s.run(lib.MAMORI, *words, check=True, timeout=120)
    for role in ("root", "targets"):
        run("key", "new", "--role", role, "--out", keys / f"{role}.key", "--password-file", password)
    run("repo", "init", updates, "--root", keys / "root.key.pub", "--targets", keys / "targets.key.pub")
    for role in ("root", "targets"):
        run("key", "sign", updates / f"pending/{role}.json", "--key", keys / f"{role}.key", "--password-file", password)
    run("repo", "publish", updates)
    data = b.relay()
    done = b.take(b.export(s.tmp / "tuf", "--full").lines()[-1]["folder"], data)
    s.ok(done.status == 0 and (data / "updates/timestamp.json").exists() and (data / "updates/root.json").exists(),
         "update metadata comes along and is verified", done)
    # A relay that trusts another root.
    other = b.relay()
    (other / "updates").mkdir(mode=0o700)
    strange = s.tmp / "strange"
    run("key", "new", "--role", "root", "--out", keys / "strange.key", "--password-file", password)
    run("repo", "init", strange, "--root", keys / "strange.key.pub", "--targets", keys / "targets.key.pub")
    for role, key in (("root", "strange"), ("targets", "targets")):
        run("key", "sign", strange / f"pending/{role}.json", "--key", keys / f"{key}.key", "--password-file", password)
    run("repo", "publish", strange)
    shutil.copy(strange / "metadata/1.root.json", other / "updates/root.json")
    done = b.take(s.tmp / "tuf", other)
    s.ok(done.status != 0 and relay_state(other)["counter"] == 0 and "metadata" in done.err,
         "metadata under another root is refused, and the bundle with it", done)
    shutil.rmtree(updates)


def of_another_user(s, b, bundle):
    """A relay that runs as a user of its own can read what root took in."""
    data = b.relay()
    os.chown(data, 65534, 65534)
    done = b.take(bundle, data)
    foreign = [str(p) for p in data.rglob("*") if p.lstat().st_uid != 65534]
    s.ok(done.status == 0 and not foreign, "what root takes in belongs to the relay's user", (done, foreign[:5]))


def kill_when(s, argv, when, env=None):
    program = subprocess.Popen([str(a) for a in argv], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env={**os.environ, **(env or {})})
    end = time.monotonic() + 60 * lib.SLOW
    while program.poll() is None and not when():
        if time.monotonic() > end:
            break
    program.send_signal(signal.SIGKILL)
    return program.wait() == -signal.SIGKILL


def killed_export(s, b):
    to = s.tmp / "killed"
    argv = (lib.MAMORI, *b.words(to, "--full", "--size", "3M"), "--data", b.server.data)
    struck = kill_when(s, argv, lambda: len(list(to.glob("*/part-*.mamori"))) >= 2)
    folder = next(to.glob("mamori-down-*"))
    s.ok(struck and not (folder / "bundle.json").exists(), "export killed: there is no head, so it is no bundle")
    again = b.export(to, "--full", "--size", "3M", "--resume").lines()[-1]
    s.ok(again["resumed"] and again["parts_kept"] >= 1 and again["folder"] == str(folder),
         "export killed: the next run goes on with the same number and the parts that were there", again)
    s.ok(b.verify(folder).status == 0, "export killed: and it is whole")
    s.ok(b.export(to, "--resume", check=False).status == 3, "--resume without anything to go on with says so")
    return folder


def killed_import(s, b, bundle):
    for strikes in (1, 9, 20):
        data = b.relay()
        argv = (lib.MAMORI, "bundle", "import", bundle, "--data", data, "--key", b.key)
        struck = kill_when(s, argv, lambda: objects(data) >= strikes)
        before = objects(data)
        s.ok(struck and relay_state(data)["counter"] == 0, f"import killed with {before} files in: it does not count as taken in")
        done = b.take(bundle, data)
        s.ok(done.status == 0 and objects(data) >= PARTS and done.lines()[0]["there"] >= before - 2,
             "import killed: the next run goes on, and takes nothing twice", done)


def full_disks(s, b, bundle):
    """On small file systems of their own, in a mount namespace."""
    size = sum(p.stat().st_size for p in bundle.glob("part-*"))
    take = f"{lib.MAMORI} bundle import {bundle} --data {s.tmp}/small --key {b.key} --json"
    script = f"""
mkdir -p {s.tmp}/small
mount -t tmpfs -o size={size} tmpfs {s.tmp}/small
{take} > {s.tmp}/0.out 2> {s.tmp}/0.err; echo $? > {s.tmp}/0.status
mount -o remount,size={size * 4} {s.tmp}/small
head -c {size * 7 // 2} /dev/zero > {s.tmp}/small/filler
{take} > {s.tmp}/1.out 2> {s.tmp}/1.err; echo $? > {s.tmp}/1.status
rm {s.tmp}/small/filler
{take}
"""
    done = s.run("unshare", "--mount", "sh", "-c", script, env={"LANG": "C.UTF-8"})
    full = [lib.Done(int((s.tmp / f"{n}.status").read_text()), (s.tmp / f"{n}.out").read_text(),
                     (s.tmp / f"{n}.err").read_text()) for n in (0, 1)]
    refused(s, full[0], "unreadable", ["cache holds"], "a disk that the files do not fit on: says so before anything")
    refused(s, full[1], "unreadable", ["No space"], "a disk that fills up meanwhile: says so")
    s.ok(done.status == 0 and done.lines()[0]["there"] > 0, "with room again it goes on", done)
    script = f"""
mkdir -p {s.tmp}/tiny
mount -t tmpfs -o size=1M tmpfs {s.tmp}/tiny
{' '.join(str(w) for w in (lib.MAMORI, *b.words(f'{s.tmp}/tiny', '--full'), '--data', b.server.data))}
"""
    done = s.run("unshare", "--mount", "sh", "-c", script, env={"LANG": "C.UTF-8"})
    s.ok(done.status == 4 and "room" in done.err, "export to a full stick: says how much room it takes", done)


with lib.Scenario() as s:
    s.needs("root", "debootstrap", "nsenter", "unshare", "gpg", "gpgconf", "dpkg-deb", "xz", "openssl")
    b = Bench(s)
    made = b.export(s.tmp / "stick", "--size", "3M").lines()[-1]
    bundle = pathlib.Path(made["folder"])
    s.ok(made["parts"] >= 4 and made["packages"] == PARTS and made["upgrades"] == PARTS, "a bundle in several parts", made)
    shown = b.verify(s.tmp / "stick").lines()[0]
    s.ok(shown["ok"] and shown["site"] == "far" and shown["contents"]["content"] >= PARTS, "verify says what is in it", shown)
    changed_on_the_way(s, b, bundle)
    of_others(s, b, bundle)
    builds_on(s, b, bundle)
    on_several_media(s, b, bundle)
    of_another_user(s, b, bundle)
    update_metadata(s, b)
    folder = killed_export(s, b)
    killed_import(s, b, folder)
    full_disks(s, b, folder)
    words = s.run(lib.MAMORI, "bundle", "verify", bundle, "--key", b.key, "--lang", "ja")
    s.ok("far" in words.out and any("ぁ" <= c <= "ヿ" for c in words.out), "in Japanese, too", words)
