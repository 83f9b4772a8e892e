#!/usr/bin/env python3
"""The relay's enemies: an origin that was taken over, a host of the closed side that wants to keep others out or to learn
what it may not, and somebody who laid his hands on the cache's folder."""
# timeout: 600
import hashlib
import json
import os
import socket
import threading
import time

import lib
from relay_lib import Archive, Origin, Relay

MB = 1 << 20
LONG_AGO, SOON_AFTER = "Sun, 01 Nov 2026 08:00:00 GMT", "Sun, 01 Nov 2026 08:00:01 GMT"
MUCH_LATER = "Sun, 01 Nov 2026 09:00:00 GMT"


def first_then(origin, path, first, then):
    """The first answer for path is `first`, broken off behind its last byte; the others are `then`. Gives what was asked."""
    real, asked = origin._answer, []

    def answer(client, method, wanted, headers):
        if wanted != path:
            return real(client, method, wanted, headers)
        asked.append(headers)
        client.sendall(first if len(asked) == 1 else then(headers))
        return False

    origin._answer = answer
    return asked, lambda: setattr(origin, "_answer", real)


def another_file_behind_the_first(s, origin, relay):
    old, new = os.urandom(900_000), os.urandom(900_000)

    def part_of_new(validator):
        return lambda headers: (f"HTTP/1.1 206 P\r\n{validator}Content-Range: bytes 300000-899999/900000\r\n"
                                f"Content-Length: 600000\r\n\r\n").encode() + new[300_000:]

    for title, validator, later, resumed in (
            ("with another tag", 'ETag: "a"\r\n', 'ETag: "b"\r\n', True),
            ("changed at another time", f"Last-Modified: {LONG_AGO}\r\nDate: {MUCH_LATER}\r\n",
             f"Last-Modified: {SOON_AFTER}\r\n", True),
            ("that changed a second before it was sent", f"Last-Modified: {LONG_AGO}\r\nDate: {SOON_AFTER}\r\n",
             f"Last-Modified: {LONG_AGO}\r\n", False),
            ("with a weak tag", 'ETag: W/"a"\r\n', 'ETag: W/"a"\r\n', False),
            ("without tag or time", "", "", False)):
        path = "/free/" + title.replace(" ", "-")
        head = f"HTTP/1.1 200 OK\r\n{validator}Content-Length: 900000\r\n\r\n".encode()
        asked, undo = first_then(origin, path, head + old[:300_000], part_of_new(later))
        status, _, got, whole = relay.get(origin, path)
        undo()
        s.ok(not (status == 200 and whole) and new[300_000:301_000] not in got, f"a file {title} is not put together from two",
             lambda: f"{status} {len(got)} {whole}")
        s.equal([h.get("range") for h in asked], [None, "bytes=300000-"] if resumed else [None],
                f"a file {title}: the rest is {'asked for, if it is the same' if resumed else 'not asked for'}")
        origin.files[path] = new
        s.ok(relay.get(origin, path)[2] == new, f"a file {title}: afterwards it comes whole")
    same = os.urandom(900_000)
    path = "/free/same"
    asked, undo = first_then(
        origin, path, f"HTTP/1.1 200 OK\r\nLast-Modified: {LONG_AGO}\r\nDate: {MUCH_LATER}\r\nContent-Length: 900000\r\n\r\n".encode()
        + same[:300_000], lambda h: (f"HTTP/1.1 206 P\r\nLast-Modified: {LONG_AGO}\r\nContent-Length: 600000\r\n"
                                     f"Content-Range: bytes 300000-899999/900000\r\n\r\n").encode() + same[300_000:])
    s.ok(relay.get(origin, path)[2] == same, "a file that has not changed for an hour is gone on with")
    s.equal(asked[1].get("if-range"), LONG_AGO, "if it is still of that time")
    undo()


def endless(s, origin, relay):
    """Answers that never end, in their heads and behind their bodies."""
    before = relay.program.rss()

    def pour(head, drop):
        def answer(client, method, wanted, headers):
            client.sendall(head)
            for _ in range(400):
                client.sendall(drop * 1000)
            return False
        return answer

    real = origin._answer
    for title, head, drop in (
            ("interim answers", b"", b"HTTP/1.1 103 Early\r\nX: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n\r\n"),
            ("fields", b"HTTP/1.1 200 OK\r\n", b"X-Y: zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\r\n"),
            ("fields behind the chunks", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n",
             b"X-Y: zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\r\n")):
        origin._answer = pour(head, drop)
        status, _, _, whole = relay.get(origin, "/free/endless-" + title.replace(" ", "-"))
        s.ok(status >= 500 or not whole, f"endless {title}: no file", lambda: status)
    origin._answer = real
    s.ok(lib.SLOW > 1 or relay.program.rss() - before < 4 * MB, "and no memory",
         lambda: f"{(relay.program.rss() - before) >> 10} KiB more")


def a_wave(s, origin, relay):
    """2,000 different files of an origin that does not answer, all at once."""
    stuck = Origin()
    hold = threading.Event()
    stuck._answer = lambda *_: hold.wait(120) and False
    wanted = 2000 if lib.SLOW == 1 else 300
    other = Relay(s, "--allow", f"{stuck.url},unverified", "--allow", f"{origin.url},unverified")
    before = other.program.rss()
    waiting = []
    for i in range(wanted):
        c = socket.create_connection((other.address, other.port))
        c.sendall(f"GET /o/{stuck.host}/{i} HTTP/1.1\r\nHost: r\r\n\r\n".encode())
        waiting.append(c)
    s.wait_for("the stuck origin to be asked", 30, lambda: len(stuck.requests) >= 16)
    status, _, got, _ = other.get(origin, "/free/note", timeout=30)
    s.ok((status, got) == (200, origin.files["/free/note"]), "beside a wave of questions to one origin another answers")
    s.ok(len(stuck.requests) <= 32, "the one that does not is asked 32 things at once", lambda: len(stuck.requests))
    each = (other.program.rss() - before) / wanted
    s.ok(lib.SLOW > 1 or each < 8 * 1024, "and whoever waits costs less than 8 KiB", lambda: f"{each / 1024:.1f} KiB")
    files = len(os.listdir(f"/proc/{other.program.pid}/fd"))
    s.ok(files < wanted + 200, "and no more than his connection", lambda: files)
    hold.set()
    for c in waiting:
        c.close()
    s.ok(s.wait_for("the wave to pass", 60, lambda: other.get(origin, "/free/note")[0] == 200), "then it goes on")
    seconds = other.stop()
    s.ok(seconds is not None and seconds < 5 * lib.SLOW, "and ends in time", lambda: seconds)


def a_crowd(s, origin, archive):
    """One host takes every connection and reads nothing."""
    s.needs("prlimit")
    relay = Relay(s, "--allow", f"{origin.url},unverified", before=("prlimit", "--nofile=1100:1100"))
    path = archive.paths["huge"]
    crowd = []

    def one():
        c = socket.socket()
        c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        c.settimeout(5)
        c.bind(("127.0.0.2", 0))
        try:
            c.connect((relay.address, relay.port))
            c.sendall(f"GET /o/{origin.host}{path} HTTP/1.1\r\nHost: r\r\n\r\n".encode())
        except OSError:
            pass
        crowd.append(c)

    relay.get(origin, path)
    for _ in range(800):
        one()
    good = 0
    for _ in range(20):
        try:
            good += relay.get(origin, "/free/note", timeout=20)[2] == origin.files["/free/note"]
        except OSError:
            pass
    s.equal(good, 20, "a host that takes every connection and reads nothing keeps no other host out")
    for c in crowd:
        c.close()
    relay.stop()


def slow_head(relay, out):
    """A byte of a head every two seconds."""
    began = time.monotonic()
    try:
        with socket.create_connection((relay.address, relay.port), timeout=5) as c:
            c.sendall(b"GET /o/x HTTP/1.1\r\n")
            while time.monotonic() - began < 90:
                c.sendall(b"X")
                c.settimeout(2)
                try:
                    if c.recv(1) == b"":
                        break
                except TimeoutError:
                    continue
    except OSError:
        pass
    out.append(time.monotonic() - began)


def hosts_words(s, origin, relay):
    origin.requests.clear()
    secret = {"Authorization": "Basic c2VjcmV0", "Cookie": "a=b", "X-Forwarded-For": "1.2.3.4", "Accept-Encoding": "gzip",
              "Proxy-Authorization": "Basic c2VjcmV0"}
    relay.get(origin, "/free/words", headers=secret)
    heard = origin.asked("/free/words")[-1][2]
    s.ok(not {k.lower() for k in secret} & set(heard), "what a host says of itself reaches no origin", lambda: heard)
    status, _, got, _ = relay.get(origin, "/free/words", headers={"Range": "bytes=" + ",".join(f"{i}-{i}" for i in range(1000))})
    s.ok((status, got) == (200, origin.files["/free/words"]), "a thousand pieces: the whole file, once")
    got = relay.raw(b"GET /o/x HTTP/1.1\r\nHost: r\r\nX: " + b"y" * 100_000 + b"\r\n\r\n")
    s.ok(got[9:12] in (b"431", b"400"), "a head of 100 kB is refused", lambda: got[:100])
    many = f"GET /o/{origin.host}/free/words HTTP/1.1\r\nHost: r\r\n\r\n".encode()
    got = relay.raw(many * 300 + many.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    s.equal(got.count(b"HTTP/1.1 200"), 301, "three hundred requests in one go are answered in turn")
    path = f"/debian/dists/stable/main/binary-amd64/by-hash/SHA256/{'0' * 64}"
    origin.files[path] = b"never listed"
    s.equal(relay.get(origin, path)[0], 403, "a file by a digest that no list names is refused")
    s.ok(not origin.asked(path), "and not asked for")


def hands_in_the_cache(s, origin, archive, relay):
    one, two, three = (archive.paths[n] for n in ("one", "two", "three"))
    for p in (one, two):
        relay.get(origin, p)
    digest = {p: hashlib.sha256(origin.files[p]).hexdigest() for p in (one, two, three)}
    s.wait_for("both to be kept", 20, lambda: {digest[one], digest[two]} <= set(relay.cached()))
    relay.stop()
    cache = relay.data / "cache"
    secret = s.tmp / "secret"
    secret.write_bytes(b"s" * len(origin.files[one]))
    lies = cache / "objects" / digest[one][:2] / digest[one]
    lies.unlink()
    lies.symlink_to(secret)
    # The part of what comes next is a way to a file that the relay may write to.
    victim = s.tmp / "victim"
    victim.write_bytes(b"untouched")
    key = f"{origin.url}{three} 0 {digest[three]}"
    (cache / "parts" / hashlib.sha256(key.encode()).hexdigest()).symlink_to(victim)
    journal = cache / "journal"
    lines = journal.read_text().splitlines()
    swapped = []
    for line in lines:
        record = json.loads(line)
        if record.get("url", "").endswith(two):
            record.update(sha256=hashlib.sha256(origin.files["/free/words"]).hexdigest(), size=len(origin.files["/free/words"]))
        swapped.append(json.dumps(record))
    swapped += ["", "{", "[" * 5000, '{"url":"x","sha256":"zz","size":-1}', '{"url":' + "9" * 70_000, "\x00\x01\x02",
                json.dumps({"url": f"{origin.url}/free/words", "sha256": digest[two], "size": 7}),
                '{"url":"' + "y" * 40_000 + '"}']
    journal.write_bytes("\n".join(swapped).encode() + os.urandom(3000))
    relay.start()
    s.ok(relay.get(origin, one)[2] == origin.files[one], "a link in the place of a file is not followed")
    s.ok(relay.get(origin, two)[2] == origin.files[two], "a journal that names another file for an address is not believed")
    s.ok(relay.get(origin, "/free/words")[2] == origin.files["/free/words"], "nor one that names another length")
    s.ok(relay.get(origin, three)[2] == origin.files[three], "a link in the place of a part: the host gets its file")
    s.equal(victim.read_bytes(), b"untouched", "and nothing is written through it")


def main():
    with lib.Scenario() as s:
        s.needs("gpgv", "openssl")
        origin = Origin()
        archive = Archive(s, origin)
        archive.paths = {n: archive.add(n, size) for n, size in (("one", 100_000), ("two", 120_000), ("three", 140_000),
                                                                 ("huge", 20 * MB))}
        learn = archive.publish()
        origin.files["/free/note"] = b"a note\n" * 50
        origin.files["/free/words"] = b"words\n" * 500
        relay = Relay(s, "--allow", f"{origin.url}/debian", "--allow", f"{origin.url}/free,unverified", "--keyring",
                      archive.keyring)
        slow = []
        dripping = threading.Thread(target=slow_head, args=(relay, slow))
        dripping.start()
        s.equal(relay.learn(origin, *learn), [200, 200], "a signed list and what it lists pass")
        another_file_behind_the_first(s, origin, relay)
        endless(s, origin, relay)
        hosts_words(s, origin, relay)
        a_wave(s, origin, relay)
        a_crowd(s, origin, archive)
        dripping.join()
        s.ok(slow[0] < 60 * lib.SLOW, "a head that comes byte by byte ends the connection", lambda: slow)
        hands_in_the_cache(s, origin, archive, relay)


if __name__ == "__main__":
    main()
