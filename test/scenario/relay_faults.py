#!/usr/bin/env python3
"""What a relay does when an origin, a disk, a clock, a host or its own process misbehaves: nothing is lost, nothing
wrong is served, nothing is asked that is not on its list."""
# timeout: 600
import gzip
import hashlib
import os
import pathlib
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time

import lib
from relay_lib import Archive, Manner, Origin, Relay

MB = 1 << 20
HELD = 64 << 10


def streams_and_holds_back(s, origin, archive, relay):
    path = archive.paths["big"]
    body = origin.files[path]
    hold = threading.Event()
    origin.manners[path] = Manner(hold=hold)
    with socket.create_connection((relay.address, relay.port), timeout=20) as c:
        c.sendall(f"GET /o/{origin.host}{path} HTTP/1.1\r\nHost: r\r\nConnection: close\r\n\r\n".encode())
        got = b""
        while len(got) < len(body) // 2 - HELD:
            got += c.recv(262144)
        s.ok(len(got) <= len(body) // 2 + 4096, "bytes are passed on while the rest is still at the origin")
        hold.set()
        while (piece := c.recv(262144)):
            got += piece
    s.ok(got.endswith(body), "and what arrives is what the archive lists")
    origin.manners.pop(path)
    origin.requests.clear()
    s.ok(relay.get(origin, path)[2] == body and not origin.requests, "a second time it comes from the cache")
    return body


def many_for_one(s, origin, archive, relay):
    path = archive.paths["shared"]
    origin.manners[path] = Manner(rate=8 * MB)
    first, results = [], []

    def one():
        began = time.monotonic()
        with socket.create_connection((relay.address, relay.port), timeout=60) as c:
            c.sendall(f"GET /o/{origin.host}{path} HTTP/1.1\r\nHost: r\r\nConnection: close\r\n\r\n".encode())
            got = c.recv(65536)
            first.append(time.monotonic() - began)
            while (piece := c.recv(262144)):
                got += piece
        results.append(got.partition(b"\r\n\r\n")[2])

    began = time.monotonic()
    threads = [threading.Thread(target=one) for _ in range(64)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    seconds = time.monotonic() - began
    s.ok(len(results) == 64 and all(r == origin.files[path] for r in results), "64 hosts get one cold file whole")
    s.equal(len(origin.asked(path)), 1, "and the origin is asked for it once")
    s.ok(sorted(first)[32] < seconds / 2, "and their first bytes do not wait for its last",
         lambda: f"median first byte {sorted(first)[32]:.3f} s of {seconds:.3f} s")
    origin.manners.pop(path)


def origin_breaks(s, origin, archive, relay):
    path = archive.paths["cut"]
    body = origin.files[path]
    origin.manners[path] = Manner(cut_after=300_000, cuts=2)
    status, _, got, whole = relay.get(origin, path)
    ranges = [r[2].get("range") for r in origin.asked(path)]
    s.ok(status == 200 and whole and got == body, "an origin that breaks off twice: the host gets the file whole")
    s.equal(ranges, [None, "bytes=300000-", "bytes=600000-"], "and only what was missing was asked for again")

    path = archive.paths["dead"]
    body = origin.files[path]
    origin.manners[path] = Manner(cut_after=500_000, cuts=1)
    real = origin._answer

    def dead(client, method, asked, headers):
        if asked == path and len(origin.asked(path)) > 1:
            return False
        return real(client, method, asked, headers)

    origin._answer = dead
    status, _, got, whole = relay.get(origin, path)
    s.ok(not whole and len(got) < len(body), "an origin that never comes back: the host sees that its file is not whole")
    s.ok(hashlib.sha256(body).hexdigest() not in relay.cached(), "and nothing of it counts as kept")
    origin._answer = real
    origin.manners.pop(path)
    origin.requests.clear()
    status, _, got, whole = relay.get(origin, path)
    s.ok(whole and got == body, "when it is back, the file is whole")
    s.equal([r[2].get("range") for r in origin.asked(path)], ["bytes=500000-"], "gone on with where it broke off")


def origin_lies(s, origin, archive, relay):
    for name, manner, title in (
            ("flip", Manner(flip=1_000_000), "a wrong byte in the middle"),
            ("flip-last", Manner(flip=1_999_999), "a wrong last byte"),
            ("small", Manner(flip=10), "a wrong byte in a small file"),
            ("short", Manner(claim=-1000), "a shorter length than was signed"),
            ("long", Manner(claim=1000, extra=1000), "a longer length than was signed"),
            ("greedy", Manner(chunked=True, extra=0), None)):
        path = archive.paths[name]
        body = origin.files[path]
        if title is None:
            origin.files[path] = body + b"more of it"
            title = "more than was signed, without a length"
        origin.manners[path] = manner
        status, _, got, whole = relay.get(origin, path)
        s.ok(not (status == 200 and whole) and body[-1000:] not in got, f"{title}: no host gets a complete file",
             lambda: f"status {status}, {len(got)} bytes, whole {whole}")
        s.ok(hashlib.sha256(body).hexdigest() not in relay.cached(), f"{title}: nothing is kept")
        origin.files[path] = body
        origin.manners.pop(path)
        status, _, got, whole = relay.get(origin, path)
        s.ok(status == 200 and whole and got == body, f"{title}: once the origin is right, so is what hosts get",
             lambda: f"status {status}, {len(got)} bytes, whole {whole}")


def trusting(certificate):
    context = ssl.create_default_context(cafile=str(certificate))
    context.check_hostname = False
    return context


class TlsClient:
    """TLS in memory, so that the socket's own words are heard: Python takes a reset for an end."""

    def __init__(self, context, relay):
        self.socket = socket.create_connection((relay.address, relay.port), timeout=60 * lib.SLOW)
        self.into, self.out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.into, self.out, server_hostname=relay.address)
        self._step()

    def _step(self):
        try:
            self.tls.do_handshake()
            done = True
        except ssl.SSLWantReadError:
            done = False
        self.socket.sendall(self.out.read())
        return done

    def finish(self):
        """The rest of the handshake, behind the hello."""
        while not self._step():
            piece = self.socket.recv(65536)
            if not piece:
                return False
            self.into.write(piece)
        return True

    def sendall(self, data):
        self.tls.write(data)
        self.socket.sendall(self.out.read())

    def recv(self, size):
        while True:
            try:
                return self.tls.read(size)
            except ssl.SSLZeroReturnError:
                return b""
            except ssl.SSLWantReadError:
                piece = self.socket.recv(size)
                if not piece:
                    return b""
                self.into.write(piece)

    def given_up(self):
        """By the relay."""
        self.socket.setblocking(False)
        try:
            while self.socket.recv(65536):
                pass
            return True
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True

    def close(self):
        self.socket.close()


def ending(relay, origin, path, context=None, version="1.0"):
    """(bytes, was it reset): as a client that looks at no length sees it."""
    got = b""
    if context:
        c = TlsClient(context, relay)
        c.finish()
    else:
        c = socket.create_connection((relay.address, relay.port), timeout=60 * lib.SLOW)
    try:
        c.sendall(f"GET /o/{origin.host}{path} HTTP/{version}\r\nHost: r\r\nConnection: close\r\n\r\n".encode())
        while (piece := c.recv(262144)):
            got += piece
        return got, False
    except ConnectionResetError:
        return got, True
    finally:
        c.close()


def wrong_is_a_broken_connection(s, origin, archive, relay, context):
    """Who knows no length (HTTP/1.0, or a reader of the bytes alone) takes an orderly end for the end of the file."""
    path = archive.paths["flip"]
    body = origin.files[path]
    for title, manner in (("with its length", Manner(flip=1_000_000, rate=8 * MB)),
                          ("in chunks", Manner(flip=1_000_000, rate=8 * MB, chunked=True)),
                          ("only in part", Manner(cut_after=500_000, cuts=None, ranges=False))):
        for version, tls in (("1.0", None), ("1.1", None), ("1.0", context), ("1.1", context)):
            origin.manners[path] = manner
            got, reset = ending(relay, origin, path, tls, version)
            origin.manners.pop(path)
            begun = got.startswith(b"HTTP/1.1 200")
            s.ok((begun and reset and not got.endswith(body[-1000:])) or got.startswith(b"HTTP/1.1 502"),
                 f"a wrong file that the origin sends {title} ends with a broken connection: HTTP/{version}"
                 f"{' over TLS' if tls else ''}", lambda: (got[:100], len(got), reset))


def signatures(s, origin, archive, relay):
    unknown = "/debian/pool/main/u/unlisted/unlisted_1.0_amd64.deb"
    origin.files[unknown] = b"never listed" * 1000
    origin.requests.clear()
    s.equal(relay.get(origin, unknown)[0], 403, "a file that no signed list names is not passed on")
    s.ok(not origin.asked(unknown), "nor even asked for")
    forged = origin.files["/debian/dists/stable/InRelease"].replace(b"Suite: stable", b"Suite: stabIe")
    origin.files["/debian/dists/forged/InRelease"] = forged
    status, _, got, _ = relay.get(origin, "/debian/dists/forged/InRelease")
    s.ok(status == 502 and b"stabIe" not in got, "a changed InRelease is not passed on")
    origin.files["/debian/dists/bare/InRelease"] = b"Origin: nobody\nSHA256:\n"
    s.equal(relay.get(origin, "/debian/dists/bare/InRelease")[0], 502, "one without a signature neither")


def rpm_repository(s, origin, archive, relay):
    """repomd.xml with its signature beside it, primary.xml, packages; and the Debian form with the signature beside it."""
    body = os.urandom(300_000)
    primary = (f'<metadata xmlns="http://linux.duke.edu/metadata/common" packages="1"><package type="rpm"><name>a</name>'
               f'<checksum type="sha256" pkgid="YES">{hashlib.sha256(body).hexdigest()}</checksum>'
               f'<size package="{len(body)}" installed="1" archive="1"/><location href="Packages/a.rpm"/></package>'
               f'</metadata>').encode()
    packed = gzip.compress(primary)
    repomd = (f'<repomd xmlns="http://linux.duke.edu/metadata/repo"><data type="primary"><checksum type="sha256">'
              f'{hashlib.sha256(packed).hexdigest()}</checksum><location href="repodata/primary.xml.gz"/>'
              f'<size>{len(packed)}</size></data></repomd>').encode()
    base = "/debian/el9"
    origin.files.update({f"{base}/repodata/repomd.xml": repomd, f"{base}/repodata/primary.xml.gz": packed,
                         f"{base}/Packages/a.rpm": body})
    s.equal(relay.get(origin, f"{base}/repodata/repomd.xml")[0], 502, "a repomd.xml without its signature is not passed on")
    origin.files[f"{base}/repodata/repomd.xml.asc"] = archive.gpg("--detach-sign", "--armor", data=repomd)
    s.equal(relay.get(origin, f"{base}/Packages/a.rpm")[0], 403, "nor what it lists")
    s.equal(relay.learn(origin, f"{base}/repodata/repomd.xml", f"{base}/repodata/primary.xml.gz"), [200, 200],
            "with its signature it is, and what it lists")
    s.ok(relay.get(origin, f"{base}/Packages/a.rpm")[2] == body, "and an rpm that this lists")
    release = origin.files["/debian/dists/stable/InRelease"].split(b"\n\n", 1)[1].split(b"-----BEGIN PGP SIGNATURE")[0]
    origin.files["/debian/dists/old/Release"] = release
    origin.files["/debian/dists/old/Release.gpg"] = archive.gpg("--detach-sign", "--armor", data=b"something else")
    s.equal(relay.get(origin, "/debian/dists/old/Release")[0], 502, "a Release beside a signature of something else is not")
    origin.files["/debian/dists/old/Release.gpg"] = archive.gpg("--detach-sign", "--armor", data=release)
    s.wait_for("the bad signature to be forgotten", 10,
               lambda: relay.get(origin, "/debian/dists/old/Release")[0] == 200, every=0.5)
    s.ok(relay.get(origin, "/debian/dists/old/Release")[2] == release, "with its own it is")


def never_asked(s, origin, archive, relay):
    origin.requests.clear()
    before = origin.connections
    host = origin.host
    for path in ("../../etc/passwd", "/../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "..%2f..%2fetc%2fpasswd",
                 "%2e%2e%2fetc/passwd", "%252e%252e/etc/passwd", "%252e%252e%252fetc/passwd", "..\\..\\etc\\passwd",
                 "..%5c..%5cetc", "a/./b", "a%00b", "%c0%ae%c0%ae/etc/passwd%0d%0aX: y", "debian/pool/../../etc/passwd",
                 "debian/%2e%2e/secret", "free/../secret", "free/a/../../secret", "free/%2e%2e/secret", "free/./secret", "%zz",
                 "%2"):
        got = relay.raw(f"GET /o/{host}/{path} HTTP/1.1\r\nHost: r\r\nConnection: close\r\n\r\n".encode("latin-1"))
        status = got[9:12]
        s.ok(status in (b"400", b"403", b"404") and b"root:" not in got, f"{path} is refused", lambda: got[:300])
    for target, wanted in ((f"/o/127.0.0.1:{lib.free_port()}/x", b"403"), ("/o/not-allowed.invalid/x", b"403"),
                           ("/o/", b"404"), ("/o//x", b"404"), ("/etc/passwd", b"404"), ("/", b"404"),
                           (f"/o/user@{host}/x", b"400"), (f"/o/{host}:80/x", b"400"),
                           ("http://not-allowed.invalid/x", b"403"), ("ftp://x/y", b"400")):
        own = target.split("/")[2] if "://" in target else "r"
        got = relay.raw(f"GET {target} HTTP/1.1\r\nHost: {own}\r\nConnection: close\r\n\r\n".encode())
        s.ok(got[9:12] == wanted, f"GET {target}: {wanted.decode()}", lambda: got[:300])
    for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"):
        got = relay.raw(f"{method} /o/{host}/debian/x HTTP/1.1\r\nHost: r\r\nConnection: close\r\n\r\n".encode())
        s.ok(got[9:12] == b"405", f"{method} is no way to ask a relay", lambda: got[:300])
    s.ok(not origin.requests and origin.connections == before, "the origin was not asked for any of this",
         lambda: origin.requests)


def tunnels(s, origin, relay):
    other = Origin()
    for target in (f"127.0.0.1:{other.port}", f"127.0.0.1:{origin.port}", "not-allowed.invalid:443", "127.0.0.1",
                   "127.0.0.1:0", "127.0.0.1:99999", ":443", "x@127.0.0.1:443"):
        got = relay.raw(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode(), until_closed=False)
        s.ok(got[9:12] in (b"403", b"400"), f"CONNECT {target} is refused", lambda: got[:200])
    s.equal(other.connections, 0, "no connection was made to what is not on the list")
    with socket.create_connection((relay.address, relay.port), timeout=20) as c:
        c.sendall(f"CONNECT 127.0.0.1:{relay.echo} HTTP/1.1\r\nHost: 127.0.0.1:{relay.echo}\r\n\r\nhello".encode())
        got = b""
        while not got.endswith(b"hello"):
            piece = c.recv(4096)
            if not piece:
                break
            got += piece
        s.ok(got.startswith(b"HTTP/1.1 200") and got.endswith(b"hello"), "a server on the list is reached, both ways")
        big = os.urandom(3 * MB)
        threading.Thread(target=c.sendall, args=(big,), daemon=True).start()
        back = b""
        while len(back) < len(big) and (piece := c.recv(262144)):
            back += piece
        s.ok(back == big, "and megabytes pass through unchanged")


def echo_server():
    listener = socket.create_server(("127.0.0.1", 0))

    def client(c):
        with c:
            try:
                while (piece := c.recv(65536)):
                    c.sendall(piece)
            except OSError:
                pass

    def accept():
        while True:
            c, _ = listener.accept()
            threading.Thread(target=client, args=(c,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def smuggling(s, origin, archive, relay):
    origin.requests.clear()
    target = f"/o/{origin.host}{archive.paths['smuggled']}"
    hidden = f"GET {target} HTTP/1.1\r\nHost: r\r\n\r\n"
    ok = f"/o/{origin.host}{archive.paths['big']}"
    cases = {
        "a length and chunks": f"GET {ok} HTTP/1.1\r\nHost: r\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}",
        "chunks and a length": f"GET {ok} HTTP/1.1\r\nHost: r\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{hidden}",
        "two lengths": f"GET {ok} HTTP/1.1\r\nHost: r\r\nContent-Length: 0\r\nContent-Length: {len(hidden)}\r\n\r\n{hidden}",
        "two equal lengths": f"GET {ok} HTTP/1.1\r\nHost: r\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello{hidden}",
        "a length with a sign": f"GET {ok} HTTP/1.1\r\nHost: r\r\nContent-Length: +{len(hidden)}\r\n\r\n{hidden}",
        "a folded line": f"GET {ok} HTTP/1.1\r\nHost: r\r\nX: a\r\n b: c\r\n\r\n{hidden}",
        "a blank before the colon": f"GET {ok} HTTP/1.1\r\nHost: r\r\nContent-Length : 5\r\n\r\nhello{hidden}",
        "a bare line feed": f"GET {ok} HTTP/1.1\nHost: r\nContent-Length: 5\n\nhello{hidden}",
        "a line feed in a field": f"GET {ok} HTTP/1.1\r\nHost: r\r\nX: a\nY: b\r\n\r\n{hidden}",
        "two hosts": f"GET {ok} HTTP/1.1\r\nHost: r\r\nHost: q\r\n\r\n{hidden}",
        "no host": f"GET {ok} HTTP/1.1\r\n\r\n{hidden}",
        "another host than in the address":
            f"GET http://{origin.host}{archive.paths['big']} HTTP/1.1\r\nHost: other.invalid\r\n\r\n{hidden}",
        "an unknown coding": f"GET {ok} HTTP/1.1\r\nHost: r\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{hidden}",
        "a body": f"GET {ok} HTTP/1.1\r\nHost: r\r\nContent-Length: {len(hidden)}\r\n\r\n{hidden}",
        "HTTP/2.0 in the line": f"GET {ok} HTTP/2.0\r\nHost: r\r\n\r\n{hidden}",
        "a blank in the address": f"GET {ok} x HTTP/1.1\r\nHost: r\r\n\r\n{hidden}",
    }
    for title, text in cases.items():
        got = relay.raw(text.encode())
        s.ok(got.startswith(b"HTTP/1.1 4") or got.startswith(b"HTTP/1.1 5"), f"{title}: refused", lambda: got[:200])
        s.ok(got.count(b"\r\nDate: ") == 1, f"{title}: and what lies behind it is no request", lambda: got[:500])
    s.ok(not origin.asked(archive.paths["smuggled"]), "the smuggled file was never asked for")
    pipelined = relay.raw((f"GET {ok} HTTP/1.1\r\nHost: r\r\nRange: bytes=0-9\r\n\r\n" * 3 +
                           f"GET {ok} HTTP/1.1\r\nHost: r\r\nRange: bytes=0-9\r\nConnection: close\r\n\r\n").encode())
    s.equal(pipelined.count(b"HTTP/1.1 206"), 4, "requests behind each other are answered in turn")


def answers_of_origins(s, origin, relay):
    """Heads that another reader would understand otherwise."""
    for title, raw in {
        "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 3\r\n\r\nhello",
        "a length and chunks": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
        "nothing": b"",
        "an endless head": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100000,
        "a part that nobody asked for": b"HTTP/1.1 206 Partial\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\nhello",
        "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
    }.items():
        path = "/free/" + title.replace(" ", "-")
        origin.files[path] = b"x"
        origin.manners[path] = Manner(raw=raw)
        status, _, got, _ = relay.get(origin, path)
        s.ok(status >= 500, f"an origin that answers {title}: 5xx", lambda: f"{status} {got[:200]}")


def redirects(s, origin, relay):
    other = Origin()
    other.files["/secret"] = b"inside"
    origin.manners["/free/away"] = Manner(location=f"{other.url}/secret")
    status, _, got, _ = relay.get(origin, "/free/away")
    s.ok(status == 502 and b"inside" not in got, "a redirection to what is not on the list is not followed")
    s.equal(other.connections, 0, "and nobody was connected to")
    origin.manners["/free/local"] = Manner(location="file:///etc/passwd")
    s.equal(relay.get(origin, "/free/local")[0], 502, "nor one to a file of the relay's own")
    origin.files["/free/there"] = b"it is here"
    origin.manners["/free/here"] = Manner(location="/free/there")
    s.equal(relay.get(origin, "/free/here")[2], b"it is here", "one within the list is")
    origin.manners["/free/round"] = Manner(location="/free/round")
    s.equal(relay.get(origin, "/free/round")[0], 502, "one in a circle ends")


def killed(s, origin, archive, relay):
    """SIGKILL under load, five times."""
    paths = [archive.paths[f"load{i}"] for i in range(12)]
    for p in paths:
        origin.manners[p] = Manner(rate=6 * MB)
    wrong, right, stop = [], [], threading.Event()

    def load(n):
        while not stop.is_set():
            for p in paths[n::3] + paths[:2]:
                try:
                    status, _, got, whole = relay.get(origin, p, timeout=10)
                except OSError:
                    time.sleep(0.02)
                    continue
                if status == 200 and whole:
                    (right if got == origin.files[p] else wrong).append(p)

    threads = [threading.Thread(target=load, args=(n,)) for n in range(6)]
    for t in threads:
        t.start()
    for _ in range(5):
        time.sleep(0.6)
        relay.program.send(signal.SIGKILL)
        relay.program.process.wait()
        relay.start()
    time.sleep(0.5)
    stop.set()
    for t in threads:
        t.join()
    s.ok(right and not wrong, "killed five times under load: no host was given a wrong file as whole",
         lambda: f"{len(right)} right, wrong: {wrong}")
    for p in paths:
        origin.manners.pop(p)
    bad = [p for p in paths if relay.get(origin, p)[2] != origin.files[p]]
    s.ok(not bad, "afterwards every file is whole", lambda: bad)
    origin.requests.clear()
    bad = [p for p in paths if relay.get(origin, p)[2] != origin.files[p]]
    s.ok(not bad and not origin.requests, "and comes from the cache", lambda: origin.requests[:5])
    relay.program.send(signal.SIGKILL)
    relay.program.process.wait()
    relay.start()
    bad = [p for p in paths if relay.get(origin, p)[2] != origin.files[p]]
    s.ok(not bad and not origin.requests, "also after one more kill: it starts warm", lambda: origin.requests[:5])


def damaged_cache(s, origin, archive, relay):
    """A file cut short by a broken disk is not given out; a torn journal loses no more than its last line."""
    path = archive.paths["load3"]
    digest = hashlib.sha256(origin.files[path]).hexdigest()
    relay.stop()
    lies = relay.data / "cache" / "objects" / digest[:2] / digest
    with open(lies, "r+b") as f:
        f.truncate(len(origin.files[path]) - 5000)
    journal = relay.data / "cache" / "journal"
    with open(journal, "ab") as f:
        f.write(b'{"url":"http://half')
    relay.start()
    origin.requests.clear()
    s.ok(relay.get(origin, path)[2] == origin.files[path], "a file that was cut short in the cache is fetched anew")
    s.ok(len(origin.asked(path)) == 1, "once")
    for name, by in (("load5", -5000), ("load6", 5000)):
        path = archive.paths[name]
        digest = hashlib.sha256(origin.files[path]).hexdigest()
        lies = relay.data / "cache" / "objects" / digest[:2] / digest
        os.truncate(lies, len(origin.files[path]) + by)  # the relay runs, and has not opened it since its start
        origin.requests.clear()
        status, _, got, whole = relay.get(origin, path)
        s.ok(status == 200 and whole and got == origin.files[path] and len(origin.asked(path)) == 1,
             f"one whose length changes by {by} bytes while the relay runs is fetched anew", lambda: (status, len(got), whole, origin.requests))
    relay.stop()
    shutil.rmtree(relay.data / "known")
    relay.start()
    s.equal(relay.get(origin, path)[0], 403, "when what is known was lost, nothing is taken for known")
    s.equal(relay.learn(origin, *archive.lists[:1]), [200], "the signed list is read again when a host asks for it")
    s.ok(relay.get(origin, path)[2] == origin.files[path], "and the rest by itself, when a package is asked for")
    origin.requests.clear()
    s.ok(relay.get(origin, archive.paths["load4"])[2] == origin.files[archive.paths["load4"]] and
         not origin.asked(archive.paths["load4"]), "the others are still there after a torn line in the journal")


def full_disk(s, origin, archive, learn):
    s.needs("root", "unshare")
    data = s.tmp / "small"
    data.mkdir()
    script = f'mount -t tmpfs -o size=12m tmpfs {data} && exec "$@"'
    relay = Relay(s, "--allow", f"{origin.url}/debian", "--keyring", archive.keyring, data=data,
                  before=("unshare", "-m", "sh", "-c", script, "sh"))
    relay.learn(origin, *learn)
    inside = pathlib.Path(f"/proc/{relay.program.pid}/root{data}")
    kept = archive.paths["load0"]
    s.ok(relay.get(origin, kept)[2] == origin.files[kept], "a small disk: the first file is kept")
    large = archive.paths["huge"]
    status, _, got, whole = relay.get(origin, large)
    s.ok(status == 200 and whole and got == origin.files[large], "a file larger than the disk is passed on whole")
    filler = inside / "filler"
    with open(filler, "wb") as f:
        try:
            while True:
                f.write(b"x" * 65536)
                f.flush()
        except OSError:
            pass
    origin.manners[large] = Manner(rate=30 * MB)
    results = []
    threads = [threading.Thread(target=lambda: results.append(relay.get(origin, large)[2] == origin.files[large]))
               for _ in range(5)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    s.equal(results, [True] * 5, "a full disk: five at once get a large file whole")
    status, _, got, whole = relay.get(origin, archive.paths["small"])
    s.ok(status == 200 and got == origin.files[archive.paths["small"]], "and a small one")
    origin.manners[large] = Manner(flip=5 * MB)
    status, _, got, whole = relay.get(origin, large)
    s.ok(not whole, "and a wrong one is not completed there either")
    origin.manners.pop(large)
    origin.requests.clear()
    s.ok(relay.get(origin, kept)[2] == origin.files[kept] and not origin.requests, "what was kept is still there")
    s.ok(relay.program.rss() < 64 * MB, "memory stays small", lambda: relay.program.rss())
    filler.unlink()
    after = archive.paths["load1"]
    relay.get(origin, after)
    origin.requests.clear()
    s.ok(s.wait_for("the file to be kept", 5, lambda: hashlib.sha256(origin.files[after]).hexdigest() in
                    [p.name for p in (inside / "cache" / "objects").glob("*/*")]),
         "with room again, files are kept again")
    relay.stop()


def wrong_clock(s, origin, archive, relay):
    if lib.SLOW > 1:
        s.skip("a wrong clock", "libfaketime and a sanitizer cannot both come first")
        return
    s.needs("faketime")
    path = archive.paths["load0"]
    relay.stop()
    before = relay.cached()
    library = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    for when in ("2045-01-01 00:00:00", "1971-01-01 00:00:00"):
        relay.env = {"LD_PRELOAD": str(library), "FAKETIME": f"@{when}", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        relay.start()
        origin.requests.clear()
        s.ok(relay.get(origin, path)[2] == origin.files[path] and not origin.requests,
             f"a clock at {when[:4]}: what is kept is given out")
        origin.files["/free/note"] = f"a note of {when}\n".encode() * 50
        s.equal(relay.get(origin, "/free/note")[2], origin.files["/free/note"],
                f"a clock at {when[:4]}: what changed is asked for")
        relay.stop()
    relay.env = None
    relay.start()
    gone = set(before) - set(relay.cached())
    s.ok(len(gone) <= len(before) // 24 + 2, "and hardly anything was thrown away for its age",
         lambda: f"{len(gone)} of {len(before)}")


def slow_reader(s, origin, archive, relay):
    path = archive.paths["huge"]
    relay.get(origin, path)
    before = relay.program.rss()
    slow = [socket.create_connection((relay.address, relay.port)) for _ in range(50)]
    for c in slow:
        c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        c.sendall(f"GET /o/{origin.host}{path} HTTP/1.1\r\nHost: r\r\n\r\n".encode())
    began = time.monotonic()
    s.ok(relay.get(origin, path)[2] == origin.files[path], "beside 50 that do not read, another gets its file")
    s.ok(time.monotonic() - began < 10 * lib.SLOW, "without waiting for them")
    s.ok(relay.program.rss() - before < 4 * MB, "and they cost no memory",
         lambda: f"{(relay.program.rss() - before) >> 10} KiB more")
    for c in slow:
        c.close()


def handshakes(s, origin, certificate):
    """512 at once, and some that never go on."""
    context = trusting(certificate / "c.pem")
    core = str(min(os.sched_getaffinity(0)))  # with one loop the limit of its handshakes is met
    relay = Relay(s, "--allow", f"{origin.url},unverified", "--certificate", certificate / "c.pem", "--key",
                  certificate / "k.pem", before=("taskset", "-c", core))
    clients = [TlsClient(context, relay) for _ in range(512)]
    done = []
    threads = [threading.Thread(target=lambda n: done.extend(c.finish() for c in clients[n::32]), args=(n,))
               for n in range(32)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    s.equal(done.count(True), 512, "512 clients that said hello before anybody went on shake hands")
    for c in clients:
        c.close()
    stuck = [TlsClient(context, relay) for _ in range(100)]
    late = TlsClient(context, relay)
    s.ok(late.finish() and not any(c.given_up() for c in stuck),
         "beside 100 that never go on, another one need not wait for their end")
    plain = relay.raw(b"GET /relay/v1/health HTTP/1.1\r\nHost: r\r\nConnection: close\r\n\r\n")
    s.ok(plain.startswith(b"HTTP/1.1 200"), "nor does who speaks plain HTTP")
    for c in (*stuck, late):
        c.close()
    relay.stop()


def idle_connections(s, origin, certificate):
    """10,000 TLS connections that say nothing more."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    wanted = 10_000 if hard >= 12_000 and lib.SLOW == 1 else min(2000, hard // 4)
    relay = Relay(s, "--allow", f"{origin.url},unverified", "--certificate", certificate / "c.pem", "--key",
                  certificate / "k.pem")
    context = trusting(certificate / "c.pem")
    small = "/free/note"

    def ask(c):
        c.sendall(f"GET /o/{origin.host}{small} HTTP/1.1\r\nHost: r\r\n\r\n".encode())
        got = b""
        while not got.endswith(origin.files[small]):
            piece = c.recv(65536)
            if not piece:
                break
            got += piece
        return got.endswith(origin.files[small])

    def connect():
        c = context.wrap_socket(socket.create_connection((relay.address, relay.port), timeout=60))
        c.settimeout(60)
        return c

    first = connect()
    s.ok(ask(first), "a file over TLS on the same port")
    base = relay.program.rss()
    idle = []
    try:
        while len(idle) < wanted:
            c = connect()
            if len(idle) % 100 == 0:
                ask(c)
            idle.append(c)
    except OSError as e:
        s.note(f"after {len(idle)} connections: {e}")
    s.equal(len(idle), wanted, f"{wanted} TLS connections at once")
    each = (relay.program.rss() - base) / wanted
    plain = lib.SLOW == 1  # a sanitizer's own memory is not the relay's
    s.ok(not plain or each < 24 * 1024, f"each costs less than 24 KiB: {each / 1024:.1f} KiB")
    pss = sum(int(l.split()[1]) for l in pathlib.Path(f"/proc/{relay.program.pid}/smaps_rollup").read_text().splitlines()
              if l.startswith("Pss:"))
    s.ok(not plain or pss / 1024 < 16 + 24 / 1024 * wanted, f"all in all {pss / 1024:.0f} MiB, less than 16 MiB beside them")
    s.ok(ask(first) and ask(idle[-1]) and ask(connect()), "and it still answers old and new ones")
    seconds = relay.stop()
    s.ok(seconds is not None and seconds < 5 * lib.SLOW, f"SIGTERM with them all: over in {seconds} s")
    for c in idle:
        c.close()


def ways_out(s, origin, archive, learn):
    """Upstream relays with failover, a company proxy with a password, no way out at all, a limit."""
    further = Relay(s, "--allow", f"{origin.url}/debian", "--keyring", archive.keyring)
    dead = f"http://127.0.0.1:{lib.free_port()}"
    near = Relay(s, "--allow", f"{origin.url}/debian", "--keyring", archive.keyring, "--upstream",
                 f"{dead},http://127.0.0.1:{further.port}")
    near.learn(origin, *learn)
    path = archive.paths["load5"]
    s.ok(near.get(origin, path)[2] == origin.files[path], "through a second relay, when the first does not answer")
    s.ok("mamori" in origin.asked(path)[-1][2].get("via", ""), "the origin is told by which relays it was asked")
    further.stop()
    status, _, got, _ = near.get(origin, path)
    s.ok(got == origin.files[path], "with no relay further out, what is kept is given out")
    status, _, got, _ = near.get(origin, learn[0])
    s.ok(status == 200 and got == origin.files[learn[0]], "the signed list too, as it was")
    s.ok(near.get(origin, archive.paths["load6"])[0] in (502, 504), "and for what is not there it says so")
    near.options = ("--allow", f"{origin.url}/debian", "--offline")
    near.stop()
    near.start()
    origin.requests.clear()
    s.ok(near.get(origin, path)[2] == origin.files[path] and near.get(origin, learn[0])[2] == origin.files[learn[0]] and
         not origin.requests, "offline it gives out what it has, and asks nobody")
    s.equal(near.get(origin, archive.paths["load6"])[0], 504, "and says so of what it does not have")
    near.stop()

    proxy = Origin()
    real = proxy._answer

    def through(client, method, target, headers):
        if headers.get("proxy-authorization") != "Basic dXNlcjpwYXNz":
            client.sendall(b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n")
            return True
        proxy.files[target] = origin.files.get("/" + target.split("/", 3)[3])
        return real(client, method, target, headers)

    proxy._answer = through
    secret = s.tmp / "proxy-password"
    secret.write_text("user:pass\n")
    out = Relay(s, "--allow", "http://archive.invalid/free,unverified", "--proxy", proxy.url, "--proxy-credentials", secret)
    got = out.raw(b"GET http://archive.invalid/free/note HTTP/1.1\r\nHost: archive.invalid\r\nConnection: close\r\n\r\n")
    s.ok(got.endswith(origin.files["/free/note"]), "through a proxy that wants a password; names are the proxy's to resolve",
         lambda: got[:300])
    out.stop()

    origin.files["/free/limited"] = os.urandom(3 * MB)
    limited = Relay(s, "--allow", f"{origin.url},unverified", "--limit", "=1M")
    began = time.monotonic()
    got = limited.get(origin, "/free/limited")[2]
    seconds = time.monotonic() - began
    s.ok(got == origin.files["/free/limited"] and 2.2 < seconds, f"3 MB at 1 MB/s take {seconds:.1f} s")
    began = time.monotonic()
    limited.get(origin, "/free/limited")
    s.ok(time.monotonic() - began < 1.5 * lib.SLOW, "from the cache there is no limit")
    limited.stop()


def parts_and_conditions(s, origin, archive, relay):
    path = archive.paths["load7"]
    body = origin.files[path]
    _, fields, _, _ = relay.get(origin, path)
    etag = fields["etag"]
    for asked, wanted, part in (("bytes=0-0", 206, body[:1]), ("bytes=100-199", 206, body[100:200]),
                                ("bytes=-77", 206, body[-77:]), (f"bytes={len(body) - 5}-", 206, body[-5:]),
                                (f"bytes={len(body)}-", 416, b""), ("bytes=5-2", 200, body), ("lines=1-2", 200, body),
                                ("bytes=0-1,5-9", 200, body)):
        status, _, got, _ = relay.get(origin, path, headers={"Range": asked})
        s.ok((status, got) == (wanted, part), f"Range: {asked} gives {wanted}", lambda: f"{status} {len(got)}")
    status, _, got, _ = relay.get(origin, path, headers={"Range": "bytes=5-9", "If-Range": etag})
    s.ok((status, got) == (206, body[5:10]), "a part of what the host has the beginning of")
    status, _, got, _ = relay.get(origin, path, headers={"Range": "bytes=5-9", "If-Range": '"other"'})
    s.ok((status, got) == (200, body), "all of it, when that was another file")
    s.equal(relay.get(origin, path, headers={"If-None-Match": etag})[0], 304, "nothing, when the host has it")
    status, fields, got, _ = relay.get(origin, path, method="HEAD")
    s.ok((status, fields["content-length"], got) == (200, str(len(body)), b""), "HEAD tells its length")


def main():
    with lib.Scenario() as s:
        s.needs("gpgv", "openssl")
        origin = Origin()
        archive = Archive(s, origin)
        sizes = {"big": 4 * MB, "shared": 6 * MB, "cut": 1_500_000, "dead": 1_500_000, "flip": 2_000_000,
                 "flip-last": 2_000_000, "small": 2000, "short": 300_000, "long": 300_000, "greedy": 300_000,
                 "smuggled": 1000, "huge": 20 * MB, **{f"load{i}": 400_000 + 100_000 * i for i in range(12)}}
        archive.paths = {name: archive.add(name, size) for name, size in sizes.items()}
        learn = archive.lists = archive.publish()
        origin.files["/free/note"] = b"a note that may change\n" * 50
        echo = echo_server()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                        s.tmp / "k.pem", "-out", s.tmp / "c.pem", "-days", "30", "-subj", "/CN=relay", "-addext",
                        "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        relay = Relay(s, "--allow", f"{origin.url}/debian", "--allow", f"{origin.url}/free,unverified", "--keyring",
                      archive.keyring, "--tunnel", f"127.0.0.1:{echo}", "--certificate", s.tmp / "c.pem", "--key",
                      s.tmp / "k.pem")
        relay.echo = echo
        s.equal(relay.learn(origin, *learn), [200, 200], "a signed list and what it lists pass")
        streams_and_holds_back(s, origin, archive, relay)
        many_for_one(s, origin, archive, relay)
        origin_breaks(s, origin, archive, relay)
        wrong_is_a_broken_connection(s, origin, archive, relay, trusting(s.tmp / "c.pem"))
        origin_lies(s, origin, archive, relay)
        signatures(s, origin, archive, relay)
        rpm_repository(s, origin, archive, relay)
        never_asked(s, origin, archive, relay)
        tunnels(s, origin, relay)
        smuggling(s, origin, archive, relay)
        answers_of_origins(s, origin, relay)
        redirects(s, origin, relay)
        parts_and_conditions(s, origin, archive, relay)
        slow_reader(s, origin, archive, relay)
        killed(s, origin, archive, relay)
        damaged_cache(s, origin, archive, relay)
        wrong_clock(s, origin, archive, relay)
        ways_out(s, origin, archive, learn)
        handshakes(s, origin, s.tmp)
        idle_connections(s, origin, s.tmp)
        s.ok(relay.stop() is not None, "SIGTERM ends it cleanly")
        full_disk(s, origin, archive, learn)


if __name__ == "__main__":
    main()
