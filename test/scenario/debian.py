"""Real Debian 12 roots without their security updates, and how one is made quickly.

The archive's address, its proxy, certificates and clock settings come from the machine's own /etc/apt at the time of
the test; nothing about it is written here.  The base root is kept as a tarball in the cache.
"""
import functools
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import urllib.parse

import lib

RELEASE = "bookworm"
# What mamori-agent is linked with, from the plain suite, so that these may have security updates too.
RUNTIME = ["ca-certificates", "libcurl4", "libssl3", "libarchive13", "zlib1g", "libzstd1"]
# Small packages with a history of security updates, beside those of the base system.
MORE = ["openssl", "vim-tiny", "libxml2", "libexpat1", "libpython3.11-minimal", "rsync"]


def sources():
    """Suite -> archive address, as this machine's apt has it; empty where it is no Debian 12."""
    form = "$(CREATED_BY)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)"
    out = subprocess.run(["apt-get", "indextargets", "--format", form], capture_output=True, text=True).stdout
    found = {}
    for line in out.splitlines():
        kind, uri, release, component = (line + "|||").split("|")[:4]
        if kind == "Packages" and component == "main" and release in (RELEASE, f"{RELEASE}-security"):
            found.setdefault(release, uri.rstrip("/"))
    return found


def acquire_settings():
    """How this machine fetches (clock checks, certificates), without its proxy: the test has one of its own."""
    out = subprocess.run(["apt-config", "dump", "Acquire"], capture_output=True, text=True).stdout
    return "".join(f"{line}\n" for line in out.splitlines()
                   if re.match(r"Acquire::[\w:.-]+ \"", line) and "proxy" not in line.lower()
                   and "IndexTargets" not in line and "Languages" not in line and '""' not in line)


def configure(root, archive, proxy, suites):
    apt = root / "etc/apt"
    lines = [f"deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {archive[s]} {s} main" for s in suites]
    (apt / "sources.list").write_text("\n".join(lines) + "\n")
    (apt / "apt.conf.d/90test").write_text(
        acquire_settings() + f'Acquire::http::Proxy "{proxy}";\nAcquire::https::Proxy "{proxy}";\n'
        'Acquire::Languages "none";\n')
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    store = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
    if archive[RELEASE].startswith("https:") and store.exists():
        shutil.copy(store, root / "etc/ssl/certs/ca-certificates.crt")


def tarball(s, archive, proxy):
    """The base root as a tarball: made once (about half a minute), then taken from the cache."""
    wanted = RUNTIME + MORE
    key = hashlib.sha256("\n".join([RELEASE, archive[RELEASE], *wanted, "1"]).encode()).hexdigest()[:16]
    path = lib.CACHE / f"root-{RELEASE}-{key}.tar.zst"
    if path.exists():
        return path
    lib.CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=s.tmp) as work:
        root = pathlib.Path(work) / "root"
        # debootstrap's wget reads http_proxy; the relay keeps the packages for the next time.
        done = s.run("debootstrap", "--variant=minbase", f"--include={','.join(wanted)}", RELEASE, root,
                     archive[RELEASE], timeout=900, env={"http_proxy": proxy, "https_proxy": proxy})
        if done.status != 0:
            raise lib.Skip("debootstrap could not make a root: " + " ".join(done.out.splitlines()[-3:]))
        part = path.with_suffix(".part")
        s.run("tar", "--zstd", "-cpf", part, "--numeric-owner", "--one-file-system", "-C", root, ".", check=True,
              timeout=300)
        part.rename(path)
    return path


@functools.cache
def can_overlay(s):
    """Whether roots can be laid over their base; else they are copied."""
    folders = [s.tmp / f"overlay-{n}" for n in ("lower", "upper", "work", "whole")]
    for folder in folders:
        folder.mkdir()
    options = "lowerdir={},upperdir={},workdir={}".format(*folders)
    return s.run("unshare", "--mount", "mount", "-t", "overlay", "overlay", "-o", options, folders[3]).status == 0


class Roots:
    """Fresh copies of one prepared root: security suite known, lists fetched, programs under test inside."""

    def __init__(self, s):
        s.needs("root", "debootstrap", "apt-get", "unshare", "nsenter", "ip", "zstd")
        self.s, self.archive = s, sources()
        if set(self.archive) != {RELEASE, f"{RELEASE}-security"}:
            raise lib.Skip(f"needs an apt that knows the archives of {RELEASE} and its security suite")
        self.proxy = lib.ArchiveProxy("127.0.0.1")
        self.base = s.tmp / "base"
        self.base.mkdir()
        # The temporary folder may be on a small tmpfs; unpacked roots are 300 MB each.
        s.run("tar", "--zstd", "-xpf", tarball(s, self.archive, self.proxy.url), "--numeric-owner", "-C", self.base,
              check=True, timeout=120)
        for program in ("mamori-agent", "mamori-agent-wait"):
            if (lib.BUILD / program).exists():
                shutil.copy(lib.BUILD / program, self.base / "usr/local/bin" / program)
        for log in ("dpkg.log", "apt/history.log", "apt/term.log"):
            (self.base / "var/log" / log).unlink(missing_ok=True)  # what is logged from here on is the scenario's
        os.utime(self.base / "var/lib/apt/lists")  # how old its lists are is not the cache's matter
        self.copies = 0

    def host(self, name, machine_id=None, disk="", base=None):
        """A booted host of its own over the root, with a relay to the archive on its own link (host.proxy).
        disk: size of a disk of its own, else it shares the folder's."""
        self.copies += 1
        root, base = self.s.tmp / f"root-{self.copies}", base or self.base
        if disk or not can_overlay(self.s):
            self.s.run("cp", "-a", "--reflink=auto", base, root, check=True)
            base = ""
        host = lib.Host(self.s, root, name, machine_id, disk, base).boot()
        host.proxy = lib.ArchiveProxy(host.gateway)
        configure(host.root, self.archive, host.proxy.url, [RELEASE, f"{RELEASE}-security"])
        return host

    def prepare(self):
        """Fetches the package lists once, for all later copies."""
        host = self.host("prepare")
        done = host.run("apt-get", "-q", "update", timeout=300)
        if done.status != 0 or not host.simulated():
            raise lib.Skip("the archive offers no update for a fresh root: " + str(done)[-300:])
        fetched = self.s.tmp / "lists"
        shutil.copytree(host.root / "var/lib/apt/lists", fetched)
        host.kill()
        shutil.rmtree(self.base / "var/lib/apt/lists")
        fetched.rename(self.base / "var/lib/apt/lists")
        shutil.rmtree(host.folder)
        return self


def package(host, folder, name, version, fields="", arch="all", files=None):
    """Builds a package inside the host; gives its path there. files: path in the package -> text, control scripts as
    DEBIAN/NAME."""
    tree = host.root / "tmp/package"
    shutil.rmtree(tree, ignore_errors=True)
    control = {"DEBIAN/control": f"Package: {name}\nVersion: {version}\nArchitecture: {arch}\n"
                                 f"Maintainer: a <a@example.org>\n{fields}Description: x\n"}
    for path, text in {**control, **(files or {})}.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
        (tree / path).chmod(0o755 if text.startswith("#!") else 0o644)
    (host.root / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
    path = f"{folder}/{name}_{version}_{arch}.deb"
    host.run("dpkg-deb", "-b", "--root-owner-group", "/tmp/package", path, check=True)
    return path


def signing(s):
    """gpg with a throw-away key, made once for a scenario."""
    home = s.tmp / "gpg"
    gpg = ["gpg", "--homedir", str(home), "--batch", "--yes"]
    if not home.exists():
        home.mkdir(mode=0o700)
        subprocess.run([*gpg, "--passphrase", "", "--quick-gen-key", "own@example.org", "rsa2048", "sign", "never"],
                       check=True, capture_output=True)
        s.exits.callback(subprocess.run, ["gpgconf", "--homedir", str(home), "--kill", "all"], capture_output=True)
    return gpg


# Refreshes the own repository alone.
OWN_ONLY = ["-o", "Dir::Etc::sourcelist=/etc/apt/sources.list.d/own.list", "-o", "Dir::Etc::sourceparts=-",
            "-o", "APT::Get::List-Cleanup=0"]


def repository(s, host, packages, alone=False):
    """The hospital's own signed repository, on the host itself, which then knows it; packages: arguments of package()
    after the folder. alone: the host knows no other one. Again: with what is new beside what was there."""
    for wanted in packages:
        package(host, "/srv/repository", *wanted)
    folder, lines = host.root / "srv/repository", []
    for path in sorted(folder.glob("*.deb")):
        control = host.run("dpkg-deb", "-f", f"/srv/repository/{path.name}", check=True).out
        data = path.read_bytes()
        lines.append(f"{control.strip()}\nFilename: ./{path.name}\nSize: {len(data)}\n"
                     f"SHA256: {hashlib.sha256(data).hexdigest()}\n")
    index = "\n".join(lines).encode()
    (folder / "Packages").write_bytes(index)
    date = time.strftime("%a, %d %b %Y %H:%M:%S UTC", time.gmtime())
    (folder / "Release").write_text(f"Origin: Own\nLabel: Own\nSuite: stable\nCodename: stable\nDate: {date}\n"
                                    f"SHA256:\n {hashlib.sha256(index).hexdigest()} {len(index)} Packages\n")
    gpg = signing(s)
    (host.root / "etc/apt/own.gpg").write_bytes(
        subprocess.run([*gpg, "--export"], check=True, capture_output=True).stdout)
    subprocess.run([*gpg, "--clearsign", "-o", str(folder / "InRelease"), str(folder / "Release")], check=True,
                   capture_output=True)
    (host.root / "etc/apt/sources.list.d").mkdir(exist_ok=True)
    (host.root / "etc/apt/sources.list.d/own.list").write_text("deb [signed-by=/etc/apt/own.gpg] file:/srv/repository ./\n")
    if alone:
        (host.root / "etc/apt/sources.list").write_text("")
    host.run("apt-get", "-q", "update", *OWN_ONLY, check=True)


class Site:
    """A server and Debian hosts around it."""

    def __init__(self, s):
        self.s = s
        self.roots = Roots(s).prepare()
        self.server = s.server(address=s.site_address())

    def enrol(self, name, group="ward-3", **options):
        """A fresh host, enrolled by a token in a file."""
        host = self.roots.host(name, **options)
        token = self.server.cli("token", "create", "--group", group).out
        (host.root / "root/token").write_text(token)
        (host.root / "root/token").chmod(0o600)
        done = host.run("mamori-agent", "enrol", "--token-file", "/root/token", check=True)
        host.enrolled_words = done.out + done.err
        return host

    def once(self, host, timeout=300):
        return host.run("mamori-agent", "once", timeout=timeout)

    def row(self, host):
        """The host as the API lists it."""
        return next(h for h in self.server.items("/api/v1/hosts") if h["name"] == host.name)

    def patches(self, host):
        """Patch id -> row of host × patch."""
        rows = self.server.items(f"/api/v1/host-patches?host={self.row(host)['id']}")
        return {r["patch"]: r for r in rows}

    def history(self, host):
        rows = self.server.cli("patch", "history", "--host", host.name, "--json").lines()
        return rows

    def packages(self, host, states):
        """Package -> new version over the host's patches in these states."""
        found = {}
        for patch, row in self.patches(host).items():
            if row["state"] in states:
                detail = self.server.api("GET", "/api/v1/patches/" + urllib.parse.quote(patch, safe=""))
                for target in detail["targets"]:
                    if target["host"]["name"] == host.name:
                        found.update({p["name"]: p["to"] for p in target["packages"]})
        return found

    def order(self, host, *what):
        return self.server.cli("patch", "apply", "--host", host.name, *(what or ("--all",)))

    def settle(self, host, rounds=6):
        """Checks in until no attempt of this host is open; gives the history."""
        for _ in range(rounds):
            self.once(host)
            rows = self.history(host)
            if rows and all(r["state"] not in ("queued", "running") for r in rows):
                break
            time.sleep(1)
        return self.history(host)

    def untruths(self, host, rows):
        """Rows that contradict what dpkg says; empty when all is true. The last row of each patch counts."""
        versions, wrong = host.versions(), []
        for row in rows:
            moved = all(versions.get(p["name"]) == p["to"] for p in row["packages"])
            later = [r for r in rows if r["patch"] == row["patch"] and r["at"] > row["at"]]
            if row["state"].startswith("installed") and not moved:
                wrong.append((row["patch"], row["state"], "is not installed"))
            if row["state"] == "failed" and moved and not later:
                wrong.append((row["patch"], row["state"], "is installed all the same"))
        return wrong


def upgrading(host, count=3):
    """True once dpkg has unpacked `count` packages in this host since it was made."""
    log = host.root / "var/log/dpkg.log"
    return log.exists() and len(re.findall(r" status unpacked ", log.read_text(errors="replace"))) >= count


def unpacked_twice(host):
    """Packages that dpkg upgraded more than once to one version: an attempt that ran twice."""
    lines = re.findall(r" upgrade (\S+) \S+ (\S+)$", (host.root / "var/log/dpkg.log").read_text(errors="replace"), re.M)
    return sorted({p for p in lines if lines.count(p) > 1})
