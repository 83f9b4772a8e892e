#!/usr/bin/env python3
"""What a bundle of 1,000 packages takes: size, time and memory of export, verify and import.

    bench/bundle.py [--build DIR] [PACKAGES]

Needs root (a real Debian root tells the server what it has), dpkg-deb and gpg; nothing of it leaves this machine."""
import os
import pathlib
import random
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SOURCE / "test/scenario"))
if "--build" in sys.argv:
    at = sys.argv.index("--build")
    os.environ["MAMORI_BUILD"] = sys.argv[at + 1]
    del sys.argv[at:at + 2]

import closed  # noqa: E402
import debian  # noqa: E402
import lib  # noqa: E402

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 1000


def measured(s, title, argv):
    started = time.monotonic()
    pid = os.spawnvpe(os.P_NOWAIT, str(argv[0]), [str(a) for a in argv], {**os.environ, "LANG": "C.UTF-8"})
    _, status, used = os.wait4(pid, 0)
    wall = time.monotonic() - started
    s.ok(status == 0, title)
    s.note(f"{title}: {wall:.1f} s, {used.ru_utime + used.ru_stime:.1f} s of CPU, {used.ru_maxrss / 1024:.0f} MiB at most")


with lib.Scenario() as s:
    s.needs("root", "debootstrap", "nsenter", "unshare", "gpg", "gpgconf", "dpkg-deb", "xz")
    address = s.site_address()
    server = s.server(address=address)
    archive = closed.Archive(s, address)
    key = s.tmp / "order.pem"
    key.write_text(server.cli("bundle", "key").out)
    sizes = random.Random(1)
    host = debian.Roots(s).host("far-1")
    with open(host.root / "var/lib/dpkg/status", "a") as status:
        for n in range(COUNT):
            archive.package(f"own-{n}", "2", size=sizes.randrange(50_000, 400_000))
            status.write(f"\nPackage: own-{n}\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n"
                         "Maintainer: a <a@example.org>\nDescription: x\n")
    archive.publish()
    (host.root / "etc/apt/archive.gpg").write_bytes(archive.key.read_bytes())
    (host.root / "etc/apt/sources.list").write_text(
        f"deb [signed-by=/etc/apt/archive.gpg] {archive.url} stable-security main\n")
    (host.root / "root/token").write_text(server.cli("token", "create", "--group", "far").out)
    (host.root / "root/token").chmod(0o600)
    host.run("mamori-agent", "enrol", "--token-file", "/root/token", check=True)
    host.run("mamori-agent", "once", check=True)
    server.cli("host", "set", server.items("/api/v1/hosts")[0]["id"], "--site", "far")
    stick, relay = s.tmp / "stick", s.tmp / "relay"
    relay.mkdir()
    out = (lib.MAMORI, "bundle", "export", "--site", "far", "--to", stick, "--keyring", archive.key, "--data", server.data)
    measured(s, f"export of {COUNT} packages", (*out, "--full"))
    size = sum(p.stat().st_size for p in stick.glob("*/*"))
    s.note(f"size: {size / 1e6:.1f} MB")
    measured(s, "export again, everything fetched already", (*out, "--full"))
    first = next(stick.glob("mamori-down-far-1"))
    measured(s, "verify", (lib.MAMORI, "bundle", "verify", first, "--key", key))
    measured(s, "import", (lib.MAMORI, "bundle", "import", first, "--data", relay, "--key", key))
    measured(s, "export of what is new since then: nothing", (*out, "--since", "1"))
