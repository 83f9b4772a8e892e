"""For scenarios of the relay: an origin that can misbehave in every way, an archive signed by a key of its own, and a
relay with a host's manners of asking."""
import hashlib
import os
import random
import re
import socket
import subprocess
import threading
import time

import lib


class Manner:
    """How the origin behaves for one path."""

    def __init__(self, **how):
        self.rate = how.get("rate")  # bytes a second
        self.cut_after = how.get("cut_after")  # bytes of a body, then the connection breaks
        self.cuts = how.get("cuts", 1)  # how often; None: always
        self.flip = how.get("flip")  # offset of a byte that is sent wrong
        self.claim = how.get("claim")  # added to the true Content-Length
        self.extra = how.get("extra", 0)  # bytes sent behind the body
        self.status = how.get("status")
        self.location = how.get("location")
        self.raw = how.get("raw")  # the whole answer, as bytes
        self.chunked = how.get("chunked", False)
        self.ranges = how.get("ranges", True)
        self.hold = how.get("hold")  # an Event: nothing behind half of the body before it is set


class Origin:
    def __init__(self, address="127.0.0.1"):
        self.listener = socket.create_server((address, 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.host = f"{address}:{self.port}"
        self.url = f"http://{self.host}"
        self.files, self.manners, self.requests = {}, {}, []
        self.connections = 0
        self.sent = 0
        self.lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def asked(self, path):
        return [r for r in self.requests if r[1] == path]

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._client, args=(client,), daemon=True).start()

    def _client(self, client):
        with client:
            try:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                reader = client.makefile("rb")
                while self._request(client, reader):
                    pass
            except (OSError, ValueError):
                pass

    def _request(self, client, reader):
        line = reader.readline(8192).decode("latin-1").split()
        if len(line) < 3:
            return False
        headers = {}
        while (header := reader.readline(8192).strip()):
            key, _, value = header.decode("latin-1").partition(":")
            headers[key.strip().lower()] = value.strip()
        with self.lock:
            self.requests.append((line[0], line[1], headers))
        return self._answer(client, line[0], line[1], headers)

    def _answer(self, client, method, path, headers):
        manner = self.manners.get(path) or Manner()
        body = self.files.get(path)
        if manner.raw is not None:
            client.sendall(manner.raw)
            return False
        if manner.location:
            client.sendall(f"HTTP/1.1 302 Found\r\nLocation: {manner.location}\r\nContent-Length: 0\r\n\r\n".encode())
            return True
        if manner.status or body is None:
            status = manner.status or 404
            client.sendall(f"HTTP/1.1 {status} No\r\nContent-Length: 3\r\n\r\nno\n".encode())
            return True
        etag = '"' + hashlib.md5(body).hexdigest() + '"'
        if headers.get("if-none-match") == etag:
            client.sendall(f"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n\r\n".encode())
            return True
        start, status = 0, "200 OK"
        asked = re.match(r"bytes=(\d+)-$", headers.get("range", ""))
        more = ""
        if asked and manner.ranges and int(asked.group(1)) < len(body) and headers.get("if-range", etag) == etag:
            start, status = int(asked.group(1)), "206 Partial Content"
            more = f"Content-Range: bytes {start}-{len(body) - 1}/{len(body)}\r\n"
        sized = f"Content-Length: {len(body) - start + (manner.claim or 0)}\r\n"
        if manner.chunked:
            sized = "Transfer-Encoding: chunked\r\n"
        client.sendall(f"HTTP/1.1 {status}\r\nETag: {etag}\r\n{more}{sized}\r\n".encode())
        if method == "HEAD":
            return True
        return self._body(client, manner, body, start)

    def _body(self, client, manner, body, start):
        if manner.flip is not None:
            body = bytearray(body)
            body[manner.flip] ^= 1
            body = bytes(body)
        cut = None
        if manner.cut_after is not None and manner.cuts != 0:
            cut = start + manner.cut_after
            if manner.cuts is not None:
                manner.cuts -= 1
        at, piece = start, 16384 if manner.rate or cut is not None or manner.hold else 262144
        if manner.hold:
            piece = min(piece, max(1, len(body) // 2))
        while at < len(body):
            if manner.hold and at >= len(body) // 2:
                manner.hold.wait(60)
            end = min(at + piece, len(body), cut if cut is not None else len(body))
            bytes_ = body[at:end]
            client.sendall(b"%x\r\n%s\r\n" % (len(bytes_), bytes_) if manner.chunked else bytes_)
            self.sent += len(bytes_)
            at = end
            if cut is not None and at >= cut:
                return False
            if manner.rate:
                time.sleep(piece / manner.rate)
        if manner.extra:
            client.sendall(b"x" * manner.extra)
        if manner.chunked:
            client.sendall(b"0\r\n\r\n")
        return not manner.claim and not manner.extra


class Archive:
    """A Debian archive below /debian of an origin: packages of random bytes, listed in Packages, listed in an InRelease
    that a key made for this run has signed."""

    def __init__(self, scenario, origin, seed=1):
        scenario.needs("gpg", "gpgv")
        self.s, self.origin, self.random = scenario, origin, random.Random(seed)
        self.home = scenario.tmp / "gpg"
        self.home.mkdir(mode=0o700)
        self.keyring = scenario.tmp / "archive.gpg"
        self.gpg("--quick-generate-key", "--passphrase", "", "Archive of a test <archive@example.org>", "ed25519", "sign")
        self.keyring.write_bytes(self.gpg("--export"))
        scenario.exits.callback(subprocess.run, ["gpgconf", "--homedir", self.home, "--kill", "all"], capture_output=True)
        self.packages = {}

    def gpg(self, *words, data=b""):
        return subprocess.run(["gpg", "--homedir", self.home, "--batch", "--yes", "--pinentry-mode", "loopback", *words],
                              input=data, capture_output=True, check=True).stdout

    def add(self, name, size):
        """A package; gives its path."""
        path = f"/debian/pool/main/{name[0]}/{name}/{name}_1.0_amd64.deb"
        self.packages[path] = self.origin.files[path] = self.random.randbytes(size)
        return path

    def publish(self, sign=True):
        packages = "".join(
            f"Package: {p.split('/')[-2]}\nVersion: 1.0\nArchitecture: amd64\nFilename: {p.removeprefix('/debian/')}\n"
            f"Size: {len(b)}\nSHA256: {hashlib.sha256(b).hexdigest()}\n\n" for p, b in self.packages.items()).encode()
        digest = hashlib.sha256(packages).hexdigest()
        release = (f"Origin: Test\nSuite: stable\nCodename: stable\nArchitectures: amd64\nComponents: main\n"
                   f"Acquire-By-Hash: yes\nDate: Sat, 21 Nov 2026 00:00:00 UTC\nSHA256:\n"
                   f" {digest} {len(packages)} main/binary-amd64/Packages\n").encode()
        signed = self.gpg("--clearsign", data=release) if sign else release
        dists = "/debian/dists/stable"
        self.origin.files.update({
            f"{dists}/InRelease": signed, f"{dists}/main/binary-amd64/Packages": packages,
            f"{dists}/main/binary-amd64/by-hash/SHA256/{digest}": packages})
        return f"{dists}/InRelease", f"{dists}/main/binary-amd64/Packages"


class Relay:
    def __init__(self, scenario, *options, data=None, address="127.0.0.1", env=None, before=()):
        self.s, self.address = scenario, address
        self.data = data or scenario.tmp / f"relay-{os.urandom(3).hex()}"
        self.options, self.env, self.before = options, env, before
        self.port = lib.free_port(address)
        self.start()

    def start(self):
        self.program = self.s.start(*self.before, lib.MAMORI, "relay", "run", "--data", self.data, "--listen",
                                    f"{self.address}:{self.port}", *self.options, log="relay", env=self.env)
        self.s.wait_for("the relay's ready line", 30, self._ready)

    def _ready(self):
        if not self.program.running():
            raise RuntimeError("the relay ended: " + self.program.output())
        return "is ready" in self.program.output()

    def stop(self):
        return self.program.stop()

    def raw(self, data, timeout=10, until_closed=True):
        """Bytes as they are; what came back."""
        with socket.create_connection((self.address, self.port), timeout=timeout * lib.SLOW) as s:
            s.sendall(data)
            got = b""
            try:
                while (piece := s.recv(65536)):
                    got += piece
                    if not until_closed and b"\r\n\r\n" in got:
                        break
            except (ConnectionResetError, TimeoutError):
                pass
            return got

    def get(self, origin, path, method="GET", headers=None, timeout=60):
        """(status, headers, body, whether it was complete)"""
        lines = "".join(f"{k}: {v}\r\n" for k, v in (headers or {}).items())
        request = f"{method} /o/{origin.host}{path} HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n{lines}\r\n"
        with socket.create_connection((self.address, self.port), timeout=timeout * lib.SLOW) as s:
            s.sendall(request.encode())
            got, reset = b"", False
            try:
                while (piece := s.recv(262144)):
                    got += piece
            except (ConnectionResetError, TimeoutError):
                reset = True
        head, _, body = got.partition(b"\r\n\r\n")
        fields = {}
        for line in head.decode("latin-1").split("\r\n")[1:]:
            key, _, value = line.partition(":")
            fields[key.lower()] = value.strip()
        status = int(head.split(b" ")[1]) if head.count(b" ") >= 1 else 0
        whole = not reset and (method == "HEAD" or status in (304,) or len(body) == int(fields.get("content-length", -1)))
        return status, fields, body, whole

    def learn(self, origin, *paths):
        """Asks for an archive's metadata, as a package manager would."""
        return [self.get(origin, p)[0] for p in paths]

    def cached(self):
        return sorted(p.name for p in (self.data / "cache" / "objects").glob("*/*"))
