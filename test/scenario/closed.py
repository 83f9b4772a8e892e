"""A closed site that only a folder reaches: an archive outside with a signed repository, a relay and machines in network
namespaces that are cut off from everything else once they are enrolled."""
import hashlib
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time

import debian
import lib


class Archive:
    """A signed Debian archive with a throw-away key, served on one address; what was asked for is kept in `asked`."""

    def __init__(self, s, address):
        self.s, self.folder, self.asked = s, s.tmp / "archive", []
        self.folder.mkdir()
        archive = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *a):
                super().__init__(*a, directory=str(archive.folder))

            def log_message(self, *a):
                archive.asked.append((self.client_address[0], self.path))

        self.http = http.server.ThreadingHTTPServer((address, 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = f"http://{address}:{self.http.server_address[1]}/debian"
        self.home = s.tmp / "gpg"
        self.home.mkdir(mode=0o700)
        self.gpg("--passphrase", "", "--quick-gen-key", "archive@example.org", "rsa2048", "sign", "never")
        self.key = s.tmp / "archive.gpg"
        self.key.write_bytes(self.gpg("--export").stdout)
        s.exits.callback(subprocess.run, ["gpgconf", "--homedir", str(self.home), "--kill", "all"], capture_output=True)
        self.stanzas = []

    def gpg(self, *words):
        return subprocess.run(["gpg", "--homedir", str(self.home), "--batch", "--yes", *words], check=True,
                              capture_output=True)

    def package(self, name, version, fields="", size=0, keep=True):
        """Builds a .deb; with keep it is offered from the next publish() on. Gives its path."""
        work = self.s.tmp / "deb"
        shutil.rmtree(work, ignore_errors=True)
        (work / "DEBIAN").mkdir(parents=True)
        control = (f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: a <a@example.org>\n"
                   f"{fields}Description: x\n")
        (work / "DEBIAN/control").write_text(control)
        if size:
            (work / "usr/share/own").mkdir(parents=True)
            (work / f"usr/share/own/{name}").write_bytes(os.urandom(size))
        path = self.folder / f"debian/pool/main/{name}_{version}_all.deb"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.s.run("dpkg-deb", "-b", "--root-owner-group", "-Znone" if size else "-Zxz", work, path, check=True)
        data = path.read_bytes()
        if keep:
            self.stanzas.append(f"{control}Filename: pool/main/{path.name}\nSize: {len(data)}\n"
                                f"SHA256: {hashlib.sha256(data).hexdigest()}\n")
        return path

    def publish(self):
        suite = self.folder / "debian/dists/stable-security"
        index = suite / "main/binary-amd64"
        index.mkdir(parents=True, exist_ok=True)
        text = "\n".join(self.stanzas).encode()
        (index / "Packages").write_bytes(text)
        packed = subprocess.run(["xz", "-c"], input=text, capture_output=True, check=True).stdout
        (index / "Packages.xz").write_bytes(packed)
        hashes = index / "by-hash/SHA256"
        hashes.mkdir(parents=True, exist_ok=True)
        lines = []
        for name, data in (("Packages", text), ("Packages.xz", packed)):
            digest = hashlib.sha256(data).hexdigest()
            (hashes / digest).write_bytes(data)
            lines.append(f" {digest} {len(data)} main/binary-amd64/{name}\n")
        date = time.strftime("%a, %d %b %Y %H:%M:%S UTC", time.gmtime())
        (suite / "Release").write_text(
            "Origin: Debian\nLabel: Debian-Security\nSuite: stable-security\nCodename: stable-security\n"
            f"Acquire-By-Hash: yes\nDate: {date}\nArchitectures: amd64\nComponents: main\nSHA256:\n{''.join(lines)}")
        self.gpg("--clearsign", "-o", str(suite / "InRelease"), str(suite / "Release"))


CAPTURE = r"""
import socket, struct, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind((sys.argv[1], 0))
print("listening", flush=True)
seen = set()
while True:
    f = s.recv(2048)
    kind = struct.unpack("!H", f[12:14])[0]
    if kind == 0x0800:
        pair = (socket.inet_ntoa(f[26:30]), socket.inet_ntoa(f[30:34]))
    elif kind == 0x0806:
        pair = (socket.inet_ntoa(f[28:32]), socket.inet_ntoa(f[38:42]))
    elif kind == 0x86dd:
        pair = (socket.inet_ntop(socket.AF_INET6, f[22:38]), socket.inet_ntop(socket.AF_INET6, f[38:54]))
    else:
        continue
    if pair not in seen:
        seen.add(pair)
        print("packet", *pair, flush=True)
"""


class Namespace:
    """A network namespace without anything in it, for the relay."""

    def __init__(self, s, name):
        self.s, self.name = s, name
        self.holder = s.start("unshare", "--net", "sleep", "infinity", log=f"net-{name}")
        s.wait_for("a network namespace", 10, lambda: os.path.exists(f"/proc/{self.holder.pid}/ns/net") and os.readlink(
            f"/proc/{self.holder.pid}/ns/net") != os.readlink("/proc/self/ns/net"))
        self.enter = ("nsenter", "-t", self.holder.pid, "-n", "--")
        self.run("ip", "link", "set", "lo", "up")

    def run(self, *argv):
        return self.s.run(*self.enter, *argv, check=True)

    def start(self, *argv, log):
        return self.s.start(*self.enter, *argv, log=log)


class ClosedSite:
    """Machines behind one relay. `open()` leaves the relay an uplink, for enrolment; `close()` takes it away for good."""

    def __init__(self, s, server, roots, archive, site):
        self.s, self.server, self.roots, self.archive, self.site, self.net = s, server, roots, archive, site, s.number()
        self.data, self.stick = s.tmp / f"relay-{site}", s.tmp / f"stick-{site}"
        self.stick.mkdir()
        self.hosts, self.relay = [], None
        self.ns = Namespace(s, f"relay-{site}")
        self.address = f"10.77.{self.net}.1"
        self.url = f"https://{self.address}:8480"
        self.up = f"mb{self.net}"
        s.run("ip", "link", "add", self.up, "type", "veth", "peer", "name", "up0", "netns", self.ns.holder.pid, check=True)
        s.exits.callback(subprocess.run, ["ip", "link", "del", self.up], capture_output=True)
        s.run("ip", "addr", "add", f"10.78.{self.net}.1/30", "dev", self.up, check=True)
        s.run("ip", "link", "set", self.up, "up", check=True)
        self.ns.run("ip", "addr", "add", f"10.78.{self.net}.2/30", "dev", "up0")
        self.ns.run("ip", "link", "set", "up0", "up")
        self.ns.run("ip", "route", "add", "default", "via", f"10.78.{self.net}.1")
        self.ns.run("ip", "link", "add", "in0", "type", "bridge")
        self.ns.run("ip", "addr", "add", f"{self.address}/24", "dev", "in0")
        self.ns.run("ip", "link", "set", "in0", "up")

    def enrol_relay(self):
        token = self.s.token_file(self.server, "--role", "relay", "--group", self.site)
        self.s.run(*self.ns.enter, lib.MAMORI, "relay", "enrol", "--data", self.data, "--token-file", token, "--name",
                   self.address, check=True)

    def run_relay(self, *words):
        self.relay = self.ns.start(lib.MAMORI, "relay", "run", "--data", self.data, "--listen", f"{self.address}:8480",
                                   "--allow", self.archive.url, *words, log=f"relay-{self.site}")
        self.s.wait_for("the relay", 20, lambda: "ready" in self.relay.output() or not self.relay.running())

    def machine(self, name, sources=None):
        """A machine whose only cable leads to the relay. sources: lines of its own instead of the archive's."""
        host = self.roots.host(name)
        self.s.run("ip", "link", "del", host.link, check=True)
        number = len(self.hosts) + 2
        self.ns.run("ip", "link", "add", f"h{number}", "type", "veth", "peer", "name", "eth0", "netns", str(host.pid))
        self.ns.run("ip", "link", "set", f"h{number}", "master", "in0", "up")
        inside = ("nsenter", "-t", host.pid, "-n", "--")
        self.s.run(*inside, "ip", "addr", "add", f"10.77.{self.net}.{number}/24", "dev", "eth0", check=True)
        self.s.run(*inside, "ip", "link", "set", "eth0", "up", check=True)
        (host.root / "etc/apt/archive.gpg").write_bytes(self.archive.key.read_bytes())
        (host.root / "etc/apt/sources.list").write_text(
            sources or f"deb [signed-by=/etc/apt/archive.gpg] {self.archive.url} stable-security main\n")
        (host.root / "etc/apt/apt.conf.d/90test").write_text('Acquire::Languages "none";\n')
        shutil.rmtree(host.root / "var/lib/apt/lists", ignore_errors=True)
        (host.root / "var/lib/apt/lists/partial").mkdir(parents=True)
        self.hosts.append(host)
        return host

    def enrol(self, host):
        token = self.server.cli("token", "create", "--group", "annex").out
        (host.root / "root/token").write_text(token)
        (host.root / "root/token").chmod(0o600)
        host.run("mamori-agent", "enrol", "--token-file", "/root/token", "--relay", self.url, check=True)
        host.id = next(h["id"] for h in self.server.items("/api/v1/hosts") if h["name"] == host.name)
        self.server.cli("host", "set", host.id, "--site", self.site)

    def close(self):
        """No way out is left: not a route that is missing, but no cable."""
        if self.relay:
            self.relay.stop()
        self.s.run("ip", "link", "del", self.up, check=True)

    def capture(self):
        """Every packet on the site's wire from here on: who sent it, where to."""
        self.dump = self.ns.start(sys.executable, "-c", CAPTURE, "in0", log=f"wire-{self.site}")
        self.s.wait_for("the capture", 10, lambda: "listening" in self.dump.output())

    def packets(self):
        """(from, to) of all IP packets and ARP questions so far."""
        return {tuple(line.split()[1:]) for line in self.dump.output().splitlines() if line.startswith("packet ")}

    # ---- bundles ----

    def export(self, *words, check=True, to=None, timeout=600):
        return self.server.cli("bundle", "export", "--site", self.site, "--to", to or self.stick, "--keyring",
                               self.archive.key, "--json", *words, check=check, timeout=timeout)

    def take(self, folder=None, check=True, words=()):
        return self.s.run(lib.MAMORI, "bundle", "import", folder or self.stick, "--data", self.data, "--json", *words,
                          check=check, timeout=300, env={"LANG": "C.UTF-8"})

    def pack(self, to=None, check=True):
        return self.s.run(lib.MAMORI, "bundle", "export", "--up", "--to", to or self.stick, "--data", self.data, "--json",
                          check=check, timeout=60)

    def give(self, folder=None, check=True):
        return self.server.cli("bundle", "import", folder or self.stick, "--json", check=check)
