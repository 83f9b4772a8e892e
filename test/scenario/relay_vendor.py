#!/usr/bin/env python3
# timeout: 600
"""A vendor's host that is on no list of a relay: what people signed with its address passes from there, as those very bytes
and as nothing else. A server publishes it, a relay follows, hosts ask. Another path, another host, a tunnel, wrong bytes and
redirections are refused; so is what is signed no more, at once and without asking the vendor."""
import hashlib
import json
import os
import ssl
import subprocess
import threading

import lib
import tuf_lib
from relay_lib import Manner, Origin

MB = 1 << 20
NOT_HERE = "does not give out anything of that origin"


class TlsOrigin(Origin):
    def __init__(self, address, certificate, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        super().__init__(address)
        self.url = f"https://{self.host}"

    def _client(self, client):
        try:
            super()._client(self.context.wrap_socket(client, server_side=True))
        except OSError:
            client.close()


class Vendors:
    """What people at the hospital sign about files of vendors."""

    def __init__(self, s, keepers):
        self.s, self.keepers = s, keepers

    def sign(self, change):
        """change(): what the administrator lays before the holder of the key."""
        before = self.keepers.timestamp()
        change()
        self.keepers.sign("catalog", "catalog")
        self.keepers.published(before)

    def add(self, name, body, *urls):
        path, about = self.s.tmp / name, self.s.tmp / f"{name}.about"
        path.write_bytes(body)
        about.write_text(json.dumps({"urls": urls}))
        self.keepers.mamori("repo", "add", self.keepers.repo, path, "--role", "catalog", "--as", f"catalog/vendor/{name}",
                            "--about", about)

    def remove(self, name):
        self.keepers.mamori("repo", "remove", self.keepers.repo, f"catalog/vendor/{name}", "--role", "catalog")


def certificate(s, address):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    s.tmp / "vendor.key", "-out", s.tmp / "vendor.pem", "-days", "30", "-subj", "/CN=vendor", "-addext",
                    f"subjectAltName=IP:{address}"], check=True, capture_output=True)
    return s.tmp / "vendor.pem", s.tmp / "vendor.key"


def digest(body):
    return hashlib.sha256(body).hexdigest()


def refused(s, relay, origin, path, title):
    """With that sentence, and nobody was asked."""
    before, asked = origin.connections, len(origin.requests)
    status, _, got, _ = relay.get(origin, path)
    s.ok(status == 403 and (origin.connections, len(origin.requests)) == (before, asked), title,
         lambda: f"{status} {got[:200]} {origin.requests[asked:]}")
    return got.decode(errors="replace")


def together(relay, origin, path, count):
    results = []
    threads = [threading.Thread(target=lambda: results.append(relay.get(origin, path))) for _ in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return results


def served(s, relay, vendor, secure):
    path, body = "/dl/setup.bin", vendor.files["/dl/setup.bin"]
    vendor.manners[path] = Manner(rate=4 * MB)
    got = together(relay, vendor, path, 8)
    vendor.manners.pop(path)
    s.ok([r[0] for r in got] == [200] * 8 and all(r[2] == body and r[3] for r in got),
         "a vendor's file with a signed address comes through the relay, whole, to eight hosts at once",
         lambda: [(r[0], len(r[2]), r[3]) for r in got])
    s.equal(len(vendor.asked(path)), 1, "the vendor was asked once")
    s.wait_for("it to be kept", 30, lambda: digest(body) in relay.cached())
    s.ok(relay.get(vendor, path)[2] == body and len(vendor.asked(path)) == 1, "it is kept: the vendor is not asked again")
    status, _, got, _ = relay.get(secure, path)
    s.ok(status == 200 and got == body and not secure.requests, "at its second address it is that same file, kept already",
         lambda: (status, secure.requests))
    status, _, got, whole = relay.get(secure, "/tls/tool.bin")
    s.ok(status == 200 and whole and got == secure.files["/tls/tool.bin"] and len(secure.requests) == 1,
         "one at an https address is fetched over TLS", lambda: (status, got[:200]))
    got = relay.raw(f"GET {vendor.url}{path} HTTP/1.1\r\nHost: {vendor.host}\r\nConnection: close\r\n\r\n".encode())
    s.ok(got.endswith(body), "a host that has the relay for its HTTP proxy gets it, too", lambda: got[:300])


def nothing_else(s, relay, vendor, secure, stranger):
    said = refused(s, relay, vendor, "/dl/other.bin", "another file of that vendor is refused without asking him")
    s.ok(NOT_HERE in said, "in one sentence", said)
    for path, title in (("/dl/setup.bin/more", "what would lie below the file"), ("/dl/", "its folder"),
                        ("/", "the vendor's first page"), ("/dl/setup.bin?v=2", "its address with a question behind it"),
                        ("/dl/setup.bin.asc", "a signature beside it"), ("/dl/InRelease", "a list beside it")):
        refused(s, relay, vendor, path, f"{title} is refused")
    refused(s, relay, secure, "/tls/other.bin", "another file of the vendor with https is refused")
    refused(s, relay, stranger, "/dl/setup.bin", "the same path at another host is refused")
    before = secure.connections
    for origin in (secure, vendor, stranger):
        got = relay.raw(f"CONNECT {origin.host} HTTP/1.1\r\nHost: {origin.host}\r\n\r\n".encode(), until_closed=False)
        s.ok(got[9:12] == b"403", f"no tunnel leads to {origin.url}", lambda: got[:200])
    s.equal((secure.connections, stranger.connections), (before, 0), "nobody was connected to")


def wrong_bytes(s, relay, vendor):
    for name, manner, title in (("flip", Manner(flip=200_000), "a wrong byte"), ("tail", Manner(flip=599_999), "a wrong last byte"),
                                ("short", Manner(claim=-1000), "less than was signed"),
                                ("long", Manner(claim=1000, extra=1000), "more than was signed")):
        path = f"/dl/{name}.bin"
        body = vendor.files[path]
        vendor.manners[path] = manner
        status, _, got, whole = relay.get(vendor, path)
        s.ok(not (status == 200 and whole) and body[-1000:] not in got, f"{title}: no host gets a complete file",
             lambda: f"status {status}, {len(got)} bytes, whole {whole}")
        s.ok(digest(body) not in relay.cached(), f"{title}: nothing is kept")
        vendor.manners.pop(path)
        status, _, got, whole = relay.get(vendor, path)
        s.ok(status == 200 and whole and got == body, f"{title}: what was signed comes once the vendor has it",
             lambda: f"status {status}, {len(got)} bytes, whole {whole}")


def redirected(s, relay, vendor, stranger):
    stranger.files["/away.bin"] = vendor.files["/dl/away.bin"]
    vendor.manners["/dl/away.bin"] = Manner(location=f"{stranger.url}/away.bin")
    status, _, got, _ = relay.get(vendor, "/dl/away.bin")
    s.ok(status == 502 and b"not allowed" in got and stranger.connections == 0,
         "a vendor who sends to a host that nobody signed is not followed, though the bytes would be right",
         lambda: (status, got[:200], stranger.connections))
    vendor.files["/dl/elsewhere.bin"] = vendor.files["/dl/away.bin"]
    vendor.manners["/dl/away.bin"] = Manner(location="/dl/elsewhere.bin")
    s.ok(relay.get(vendor, "/dl/away.bin")[0] == 502 and not vendor.asked("/dl/elsewhere.bin"),
         "nor to another path of his own")
    vendor.manners["/dl/away.bin"] = Manner(location=f"{stranger.url}/mirror/away.bin")
    stranger.files["/mirror/away.bin"] = os.urandom(len(vendor.files["/dl/away.bin"]))
    status, _, got, whole = relay.get(vendor, "/dl/away.bin")
    s.ok(not (status == 200 and whole) and len(stranger.asked("/mirror/away.bin")) == 1,
         "one to an address that was signed, too, is followed, and what lies there is held to the digest",
         lambda: (status, len(got), whole))
    stranger.files["/mirror/away.bin"] = vendor.files["/dl/away.bin"]
    status, _, got, whole = relay.get(vendor, "/dl/away.bin")
    s.ok(status == 200 and whole and got == vendor.files["/dl/away.bin"], "the right file comes", lambda: (status, len(got)))


def server_away(s, keepers, relay, vendor):
    keepers.server.stop()
    relay.stop()
    relay.start()
    asked = len(vendor.requests)
    status = s.wait_for("the relay to read what it has", 30, lambda: relay.get(vendor, "/dl/setup.bin")[0] == 200)
    s.ok(status and len(vendor.requests) == asked, "a relay that is started while its server is away gives out what it keeps")
    status, _, got, whole = relay.get(vendor, "/dl/late.bin")
    s.ok(status == 200 and whole and got == vendor.files["/dl/late.bin"], "and fetches what was signed", lambda: (status, got[:200]))
    refused(s, relay, vendor, "/dl/other.bin", "and nothing else")
    keepers.server.start()


def signed_no_more(s, keepers, vendors, relay, vendor, stranger):
    newer = os.urandom(300_000)
    vendor.files["/dl/flip.bin"], old = newer, vendor.files["/dl/flip.bin"]

    def change():
        vendors.remove("setup.bin")
        vendors.remove("away.bin")
        vendors.add("flip.bin", newer, f"{vendor.url}/dl/flip.bin")

    vendors.sign(change)
    keepers.mirrored(relay)
    s.wait_for("the relay to heed it", 30, lambda: relay.get(vendor, "/dl/setup.bin")[0] == 403)
    refused(s, relay, vendor, "/dl/setup.bin", "a file that the metadata names no more is refused, though it is kept")
    refused(s, relay, stranger, "/mirror/away.bin", "so is one at each of its addresses")
    status, _, got, whole = relay.get(vendor, "/dl/flip.bin")
    s.ok(status == 200 and whole and got == newer, "an address for which another file was signed gives that one",
         lambda: (status, len(got), got == old))
    refused(s, relay, vendor, "/dl/away.bin", "nothing redirects any more, either")


def main():
    with lib.Scenario() as s:
        s.needs("openssl")
        vendor, stranger = Origin("127.0.0.5"), Origin("127.0.0.6")
        pem, key = certificate(s, "127.0.0.7")
        secure = TlsOrigin("127.0.0.7", pem, key)
        for name, size in (("setup", 3 * MB), ("flip", 600_000), ("tail", 600_000), ("short", 600_000), ("long", 600_000),
                           ("away", 400_000), ("late", 500_000), ("other", 1000)):
            vendor.files[f"/dl/{name}.bin"] = os.urandom(size)
        vendor.files["/dl/InRelease"] = b"Origin: nobody\n"
        secure.files.update({"/tls/tool.bin": os.urandom(700_000), "/tls/other.bin": b"inside"})
        keepers = tuf_lib.Keepers(s)
        keepers.server.cli("repo", "init", "--new-keys", keepers.stick, "--password-file", keepers.password)
        vendors = Vendors(s, keepers)
        relay = keepers.relay("--proxy-ca", pem)
        keepers.mirrored(relay)
        refused(s, relay, vendor, "/dl/setup.bin", "a vendor's host that nobody named is on no list: its file is refused")

        def change():
            vendors.add("setup.bin", vendor.files["/dl/setup.bin"], f"{vendor.url}/dl/setup.bin", f"{secure.url}/dl/setup.bin")
            for name in ("flip", "tail", "short", "long", "late"):
                vendors.add(f"{name}.bin", vendor.files[f"/dl/{name}.bin"], f"{vendor.url}/dl/{name}.bin")
            vendors.add("away.bin", vendor.files["/dl/away.bin"], f"{vendor.url}/dl/away.bin", f"{stranger.url}/mirror/away.bin")
            vendors.add("tool.bin", secure.files["/tls/tool.bin"], f"{secure.url}/tls/tool.bin")

        vendors.sign(change)
        s.note(f"signed and published: timestamp {keepers.timestamp()}")
        keepers.mirrored(relay)
        s.wait_for("the relay to let it pass", 30,
                   lambda: relay.get(vendor, "/dl/setup.bin", method="HEAD")[0] == 200)
        s.ok(not vendor.requests, "the relay knows it from the metadata alone: the vendor was not asked yet")
        served(s, relay, vendor, secure)
        nothing_else(s, relay, vendor, secure, stranger)
        wrong_bytes(s, relay, vendor)
        redirected(s, relay, vendor, stranger)
        server_away(s, keepers, relay, vendor)
        signed_no_more(s, keepers, vendors, relay, vendor, stranger)
        s.ok(relay.stop() is not None, "SIGTERM ends it cleanly")


if __name__ == "__main__":
    main()
