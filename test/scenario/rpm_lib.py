"""For scenarios with dnf: packages and a repository made by Debian's own rpmbuild, rpmsign and createrepo_c, and a machine
of rpm's: real dnf and rpm in namespaces of their own, with rpm's and dnf's folders empty and dpkg's away."""
import hashlib
import shutil
import subprocess

import lib

SPEC = """Name: {name}
Version: {version}
Release: 1
Summary: a sample
License: none
BuildArch: noarch
{fields}
%description
A sample.
%install
mkdir -p %{{buildroot}}/opt/{name}
echo {version} > %{{buildroot}}/opt/{name}/version
head -c {size} /dev/urandom > %{{buildroot}}/opt/{name}/data
%files
/opt/{name}
"""
# What installing touches is the machine's own, /etc too: a folder made in the real one to mount on would be gone for this
# machine as soon as another scenario removes it.
MOUNTS = """set -e
for d in /var/lib /var/cache /var/log /run /opt; do mount -t tmpfs tmpfs $d; done
mkdir /var/lib/dpkg /var/lib/dnf /var/lib/rpm /var/cache/dnf
cp -a /etc {home}/etc
mkdir -p {home}/etc/yum.repos.d {home}/etc/rpm
mount --bind {home}/etc /etc
mount --bind {home}/rpmdb /var/lib/rpm
mount --bind {home}/repos /etc/yum.repos.d
mount --bind {home}/macros /etc/rpm
ip link set lo up
hostname {name}
echo up
exec sleep infinity
"""
PROGRAMS = ("root", "dnf", "createrepo_c", "rpmbuild", "rpmsign", "rpm", "rpmkeys", "unshare", "nsenter", "ip", "gpg", "gpgv")


class Repository:
    """A folder of packages with repodata, signed by a key of its own; `files()` is what an origin gives out."""

    def __init__(self, s, name="el9"):
        s.needs(*PROGRAMS)
        self.s, self.folder, self.home = s, s.tmp / name, s.tmp / f"gpg-{name}"
        self.folder.mkdir()
        self.home.mkdir(mode=0o700)
        self.gpg("--passphrase", "", "--quick-gen-key", f"{name}@example.org", "rsa2048", "sign", "never")
        self.keyring = s.tmp / f"{name}.gpg"
        self.keyring.write_bytes(self.gpg("--export"))
        self.key = self.gpg("--export", "--armor")
        self.name = f"{name}@example.org"
        s.exits.callback(s.run, "gpgconf", "--homedir", self.home, "--kill", "all")

    def gpg(self, *words, data=b""):
        return subprocess.run(["gpg", "--homedir", self.home, "--batch", "--yes", "--pinentry-mode", "loopback", *words],
                              input=data, capture_output=True, check=True).stdout

    def package(self, name, version, fields="", size=1000, folder=None, sign=True):
        """Builds and signs one; gives its path. folder: where to, else this repository's."""
        spec, out = self.s.tmp / f"{name}.spec", self.s.tmp / "rpmbuild-out"
        spec.write_text(SPEC.format(name=name, version=version, fields=fields, size=size))
        shutil.rmtree(out, ignore_errors=True)
        self.s.run("rpmbuild", "-bb", "--quiet", "--define", f"_topdir {self.s.tmp}/rpmbuild", "--define", f"_rpmdir {out}",
                   "--define", "_binary_payload w0.gzdio", "--define", "_dbpath /nonexistent", spec, check=True)
        path = next(out.rglob("*.rpm"))
        if sign:
            self.s.run("rpmsign", "--addsign", "--define", f"_gpg_name {self.name}", "--define", f"_gpg_path {self.home}",
                       "--define", f"__gpg {shutil.which('gpg')}", path, check=True)
        to = (folder or self.folder) / path.name
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, to)
        return to

    def publish(self):
        """Writes repodata anew and signs it."""
        self.s.run("createrepo_c", "-q", self.folder, check=True)
        text = self.folder / "repodata/repomd.xml"
        (self.folder / "repodata/repomd.xml.asc").write_bytes(self.gpg("--detach-sign", "--armor", data=text.read_bytes()))

    def files(self, below):
        """Path at the origin -> bytes."""
        return {f"{below}/{p.relative_to(self.folder)}": p.read_bytes() for p in self.folder.rglob("*") if p.is_file()}


def digest(folder):
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()}


class Machine:
    """Real dnf and rpm over this machine's own files; its only cable is the one that plug() lays."""

    def __init__(self, s, name, repo, installed):
        s.needs(*PROGRAMS)
        self.s, self.name, self.home = s, name, s.tmp / name
        self.state = self.home / "state"
        for folder in ("rpmdb", "repos", "macros", "home"):
            (self.home / folder).mkdir(parents=True)
        (self.home / "macros/macros").write_text("%_dbpath /var/lib/rpm\n")
        (self.home / "repos/own.repo").write_text(repo)
        self.init = s.start("unshare", "-m", "-n", "-u", "sh", "-c", MOUNTS.format(home=self.home, name=name), log=name)
        s.wait_for("the machine", 10, lambda: "up" in self.init.output())
        self.run("rpm", "--nodeps", "-i", *installed, check=True)

    def plug(self, address, gateway, bridge=None):
        """A cable to this machine itself, or to a bridge in the namespace of another process: (pid, name)."""
        link = f"mr{self.init.pid % 1000000}"
        run = lambda *a: self.s.run(*a, check=True)
        there = ("nsenter", "-t", bridge[0], "-n", "--") if bridge else ()
        run(*there, "ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", self.init.pid)
        self.s.exits.callback(subprocess.run, ["ip", "link", "del", link], capture_output=True)
        if bridge:
            run(*there, "ip", "link", "set", link, "master", bridge[1], "up")
        else:
            run("ip", "addr", "add", f"{gateway}/24", "dev", link)
            run("ip", "link", "set", link, "up")
        self.run("ip", "addr", "add", f"{address}/24", "dev", "eth0", check=True)
        self.run("ip", "link", "set", "eth0", "up", check=True)

    def run(self, *words, check=False, timeout=240):
        return self.s.run("nsenter", "-t", self.init.pid, "-n", "-m", "-u", "--", *words, check=check, timeout=timeout,
                          env={"HOME": str(self.home / "home")})

    def start(self, *words, log):
        return self.s.start("nsenter", "-t", self.init.pid, "-n", "-m", "-u", "--", *words, log=log,
                            env={"HOME": str(self.home / "home")})

    def agent(self, verb, *words):
        return self.run(lib.AGENT, verb, "--state", self.state, *words)

    def version(self, package):
        """As rpm says; empty: it is not installed. And the file that the package brought says the same."""
        done = self.run("rpm", "-q", "--qf", "%{VERSION}", package)
        if done.status != 0:
            return ""
        told = self.run("cat", f"/opt/{package}/version").out.strip()
        return done.out if told == done.out else f"{done.out} in the database, {told} on the disk"
