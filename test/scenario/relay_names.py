#!/usr/bin/env python3
"""A name that is not allowed is never resolved: a relay in a network namespace whose only name server is the test's own,
which counts every question."""
# timeout: 120
import ctypes
import os
import socket
import struct
import threading

import lib
from relay_lib import Manner, Origin, Relay

CLONE_NEWNET = 0x40000000
ALLOWED = "archive.allowed.test"
SERVER = "server.allowed.test"
FORBIDDEN = "forbidden.test"


def inside(pid, work):
    """Runs work() in a thread that belongs to the namespace; sockets made there stay there."""
    results = []

    def run():
        with open(f"/proc/{pid}/ns/net") as ns:
            if ctypes.CDLL(None, use_errno=True).setns(ns.fileno(), CLONE_NEWNET) != 0:
                results.append(OSError(ctypes.get_errno(), "setns"))
                return
        try:
            results.append(work())
        except OSError as e:
            results.append(e)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(results[0], OSError):
        raise results[0]
    return results[0]


class NameServer:
    """Answers every question with 127.0.0.1, also those for forbidden names, and remembers them."""

    def __init__(self):
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            question, who = self.socket.recvfrom(2048)
            labels, at = [], 12
            while question[at]:
                labels.append(question[at + 1:at + 1 + question[at]].decode("latin-1"))
                at += 1 + question[at]
            self.asked.append(".".join(labels).lower())
            kind = struct.unpack("!H", question[at + 1:at + 3])[0]
            answer = b"\xc0\x0c\0\1\0\1\0\0\0\x05\0\4\x7f\0\0\1" if kind == 1 else b""
            head = question[:2] + b"\x81\x80\0\1" + struct.pack("!H", 1 if answer else 0) + b"\0\0\0\0"
            self.socket.sendto(head + question[12:at + 5] + answer, who)

    def names(self):
        return set(self.asked)


class InsideRelay(Relay):
    """Started and asked in the namespace."""

    def __init__(self, s, pid, resolv, *options):
        self.ns = pid
        super().__init__(s, *options, before=(
            "nsenter", "-t", pid, "-n", "--", "unshare", "-m", "sh", "-c",
            f'mount --bind {resolv} /etc/resolv.conf && exec "$@"', "sh"))

    def raw(self, data, timeout=10, until_closed=True):
        return inside(self.ns, lambda: super(InsideRelay, self).raw(data, timeout, until_closed))


def ask(relay, text):
    got = relay.raw((text + "\r\nConnection: close\r\n\r\n").encode(), until_closed=not text.startswith("CONNECT"))
    return got[9:12].decode(), got.partition(b"\r\n\r\n")[2]


def forbidden_names(s, relay, origin, server, port):
    before = len(server.asked)
    for text in (f"GET /o/{FORBIDDEN}/x HTTP/1.1\r\nHost: r", f"GET /o/{FORBIDDEN}:{port}/free/note HTTP/1.1\r\nHost: r",
                 f"GET http://{FORBIDDEN}/x HTTP/1.1\r\nHost: {FORBIDDEN}",
                 f"GET http://x.{ALLOWED}:{port}/free/note HTTP/1.1\r\nHost: x.{ALLOWED}:{port}",
                 f"GET /o/{ALLOWED}.{FORBIDDEN}:{port}/free/note HTTP/1.1\r\nHost: r",
                 f"GET /o/{ALLOWED}:{port}/elsewhere/note HTTP/1.1\r\nHost: r",
                 f"HEAD /o/{FORBIDDEN}/x HTTP/1.1\r\nHost: r",
                 f"CONNECT {FORBIDDEN}:443 HTTP/1.1\r\nHost: {FORBIDDEN}:443",
                 f"CONNECT {SERVER}:22 HTTP/1.1\r\nHost: {SERVER}:22",
                 f"CONNECT {ALLOWED}:{port} HTTP/1.1\r\nHost: {ALLOWED}:{port}"):
        status, _ = ask(relay, text)
        s.equal(status, "403", f"{text.splitlines()[0].replace(str(port), 'PORT')} is refused")
    s.equal(server.asked[before:], [], "and the name server was asked nothing at all")


def main():
    with lib.Scenario() as s:
        s.needs("root", "unshare", "nsenter", "ip", "sh")
        holder = s.start("unshare", "--net", "sleep", "infinity", log="namespace")
        s.wait_for("the namespace", 10, lambda: os.readlink(f"/proc/{holder.pid}/ns/net")
                   != os.readlink("/proc/self/ns/net"))
        s.run("nsenter", "-t", holder.pid, "-n", "--", "ip", "link", "set", "lo", "up", check=True)
        server = inside(holder.pid, NameServer)
        origin = inside(holder.pid, Origin)
        echo = inside(holder.pid, Origin)
        origin.files["/free/note"] = b"a note\n"
        origin.manners["/free/away"] = Manner(location=f"http://{FORBIDDEN}:{origin.port}/free/note")
        resolv = s.tmp / "resolv.conf"
        resolv.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        relay = InsideRelay(s, holder.pid, resolv, "--allow", f"http://{ALLOWED}:{origin.port}/free,unverified",
                            "--tunnel", f"{SERVER}:{echo.port}")
        s.equal(server.names(), set(), "a relay that starts asks for no name")
        forbidden_names(s, relay, origin, server, origin.port)
        s.equal(ask(relay, f"GET /o/{ALLOWED}:{origin.port}/free/note HTTP/1.1\r\nHost: r"), ("200", b"a note\n"),
                "an allowed origin is fetched by its name")
        s.equal(server.names(), {ALLOWED}, "for which the name server was asked: it does count")
        status, _ = ask(relay, f"GET /o/{ALLOWED}:{origin.port}/free/away HTTP/1.1\r\nHost: r")
        s.equal(status, "502", "a redirection to a forbidden name is not followed")
        s.equal(server.names(), {ALLOWED}, "nor is that name asked for")
        status, _ = ask(relay, f"CONNECT {SERVER}:{echo.port} HTTP/1.1\r\nHost: {SERVER}:{echo.port}")
        s.equal((status, server.names()), ("200", {ALLOWED, SERVER}), "a tunnel on the list asks for its own name")
        forbidden_names(s, relay, origin, server, origin.port)
        connections = origin.connections
        s.ok(connections >= 1 and len(origin.requests) == 2, "the origin saw the two requests that were allowed",
             origin.requests)
        s.ok(relay.stop() is not None, "SIGTERM ends it cleanly")


if __name__ == "__main__":
    main()
