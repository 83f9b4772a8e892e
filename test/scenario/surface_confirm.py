#!/usr/bin/env python3
# timeout: 240
"""A look at a host of ours, because a person names it: exactly one TLS handshake and one GET, counted on the wire in a network
namespace of the test's own; nothing goes to what is not approved; the next run counts what was seen."""
import os
import pathlib
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lib

OURS, OTHER, RESOLVER = "192.0.2.10", "198.51.100.10", "192.0.2.53"
QUIET = "disabled: [whois, rdap, crtsh, ct, internetdb, shodan, censys, page]\n"
NAMES = {"www.example.co.jp": OURS, "cdn.example.co.jp": OTHER}


def resolver():
    """Knows two names, asked over UDP as any resolver."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((RESOLVER, 53))

    def serve():
        while True:
            message, peer = sock.recvfrom(2048)
            labels, at = [], 12
            while message[at]:
                labels.append(message[at + 1:at + 1 + message[at]].decode("latin-1"))
                at += 1 + message[at]
            name, kind = ".".join(labels).lower(), struct.unpack("!H", message[at + 1:at + 3])[0]
            question, address = message[12:at + 5], NAMES.get(name)
            answer = b"\xc0\x0c\x00\x01\x00\x01" + struct.pack("!IH", 300, 4) + socket.inet_aton(address) if address and kind == 1 else b""
            exists = address or name == "example.co.jp"
            sock.sendto(message[:2] + struct.pack("!5H", 0x8180 if exists else 0x8183, 1, 1 if answer else 0, 0, 0) + question + answer, peer)

    threading.Thread(target=serve, daemon=True).start()


class Wire:
    """Every packet to the two hosts: beginnings of connections, TLS hellos of clients, everything else."""

    def __init__(self):
        self.syns, self.hellos, self.others = [], [], []
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self):
        while True:
            packet, (_, _, kind, _, _) = self.sock.recvfrom(65535)
            if kind == 4:  # outgoing: each packet on lo is there twice
                continue
            head = (packet[0] & 15) * 4
            to = socket.inet_ntoa(packet[16:20])
            if to not in (OURS, OTHER):
                continue
            if packet[9] != 6:
                self.others.append((to, packet[9]))
                continue
            port = struct.unpack("!H", packet[head + 2:head + 4])[0]
            flags, data = packet[head + 13], packet[head + (packet[head + 12] >> 4) * 4:]
            if flags & 2 and not flags & 16:
                self.syns.append((to, port))
            if data[:1] == b"\x16" and data[5:6] == b"\x01":
                self.hellos.append((to, port))


class Host:
    """HTTPS with a certificate of one day, and what was asked of it."""

    def __init__(self, folder):
        self.asked, key, cert = [], folder / "key.pem", folder / "cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-subj",
                        "/O=Example Hospital/CN=www.example.co.jp", "-days", "1"], check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert, key)
        self.sock = socket.create_server((OURS, 443))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                raw, _ = self.sock.accept()
            except OSError:
                return
            try:
                with self.context.wrap_socket(raw, server_side=True) as tls:
                    self.asked.append(tls.recv(4096).decode("latin-1"))
                    tls.sendall(b"HTTP/1.1 200 OK\r\nServer: nginx/1.14.0 (Ubuntu)\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n"
                                b"<html><head><title>FortiGate SSL VPN</title></head></html>")
            except (ssl.SSLError, OSError) as e:
                self.asked.append(f"failed: {e}")


def inside(s):
    for words in (("lo", "up"),):
        subprocess.run(["ip", "link", "set", *words], check=True)
    for address in (OURS, OTHER, RESOLVER):
        subprocess.run(["ip", "addr", "add", address + "/32", "dev", "lo"], check=True)
    data = s.tmp / "data"
    folder = data / "surface"
    folder.mkdir(parents=True)
    (folder / "sources.yaml").write_text(f"resolver: [{RESOLVER}:53]\nrate: {{dns: 100000}}\n{QUIET}")
    (folder / "words.txt").write_text("www\ncdn\n")
    resolver()
    host, wire = Host(s.tmp), Wire()

    def cli(*words, check=True):
        return s.run(lib.MAMORI, "--lang", "en", "surface", *words, "--data", data, check=check, timeout=90)

    cli("discover", "--seed", "example.co.jp", "--seed", "network:192.0.2.0/28")
    known = {a["name"]: a for a in cli("assets", "--json").lines()}
    s.ok(known["www.example.co.jp"]["addresses"] == [OURS] and known["www.example.co.jp"]["ownership"] == "approved", "a host of ours is known", known.keys())
    s.equal((wire.syns, wire.others, host.asked), ([], [], []), "and a run sent nothing to it")

    for name, words in (("www.example.com", ("does not know it",)), (OTHER, ("not approved", "dependency"))):
        refused = cli("confirm", name, check=False)
        s.ok(refused.status == 5 and all(w in refused.err for w in words), f"{name} is refused, with the reason", refused)
    refused = cli("confirm", "www.example.co.jp", "www.example.com", check=False)
    s.ok(refused.status == 5, "one that may not be looked at stops all of them", refused)
    s.equal((wire.syns, wire.others), ([], []), "and nothing left")

    seen = cli("confirm", "www.example.co.jp", "--json").lines()
    s.ok(seen[0]["answered"] and seen[0]["status"] == 200 and seen[0]["server"].startswith("nginx/1.14.0") and seen[0]["protocol"].startswith("TLS"),
         "a look tells what answered", seen)
    time.sleep(0.5)
    s.equal((wire.syns, wire.hellos, wire.others), ([(OURS, 443)], [(OURS, 443)], []), "one connection, one handshake, nothing else on the wire")
    s.ok(len(host.asked) == 1 and host.asked[0].startswith("GET / HTTP/1.1\r\n") and host.asked[0].count("GET ") == 1 and
         "Host: www.example.co.jp\r\n" in host.asked[0], "and one GET", host.asked)
    log = cli("log", "--json").out
    s.ok("www.example.co.jp 192.0.2.10 443" in log and '"confirm"' in log, "it stands in the log")
    s.ok(cli("log", "--verify").status == 0, "which is whole")

    cli("discover", "--offline")
    risks = {(r["risk"], r["asset"]): r for r in cli("risks", "--json").lines()}
    gate = risks.get(("vpn-gateway", f"{OURS} 443/tcp"))
    s.ok(gate and gate["source"] == "confirm" and gate["seen"], "the next run counts the title: a gateway", risks.keys())
    s.ok(any("certificate" in risk and r["source"] == "confirm" for (risk, _), r in risks.items()), "and the certificate that ends tomorrow",
         {k: r["source"] for k, r in risks.items()})
    shown = cli("show", OURS, "--json").out
    s.ok("nginx" in shown and "confirm" in shown, "surface show has it, with its source", shown)
    s.equal(len(host.asked), 1, "a run does not look again")

    host.sock.shutdown(socket.SHUT_RDWR)
    host.sock.close()
    gone = cli("confirm", "www.example.co.jp", "--json", check=False)
    s.ok(gone.status == 4 and not gone.lines()[0]["answered"] and gone.lines()[0]["why"], "a host that does not answer is told, with the reason", gone)
    s.equal(len(wire.syns), 2, "and not tried again")


def main():
    if os.environ.get("MAMORI_CONFIRM_INSIDE"):
        with lib.Scenario() as s:
            inside(s)
        return
    if os.geteuid() != 0 or subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode:
        with lib.Scenario() as s:
            s.skip("a look at a host", "needs root and network namespaces")
        return
    os.environ["MAMORI_CONFIRM_INSIDE"] = "1"
    os.execvp("unshare", ["unshare", "-n", sys.executable, str(pathlib.Path(__file__).resolve())])


main()
