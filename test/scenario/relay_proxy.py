#!/usr/bin/env python3
"""The relay's way out where a company has a proxy: one that wants a password, one that looks into TLS. What is wrong with the
way is said in a sentence, and secrets stay secret."""
# timeout: 300
import base64
import json
import pathlib
import re
import socket
import ssl
import threading

import lib
from relay_lib import Archive, Origin, Relay

NAME = "archive.invalid"  # no name server knows it: only the proxy does
SECRET = "pass-word:%40 x"


class Names:
    """The origin under a name, as Relay.get() wants it."""

    host = NAME


class Proxy:
    """A company's proxy: Basic authentication, CONNECT; with an authority of its own it looks into TLS."""

    def __init__(self, s, origin, name, user="relay", password=SECRET, inspect=True):
        self.origin, self.inspect, self.heads, self.refused = origin, inspect, [], 0
        self.servers = {}  # "name:port" of what it connects through to as it is: where that really is
        self.wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self.tls = self._certificates(s, name)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _certificates(self, s, name):
        """An authority, and what it makes of the origin's certificate."""
        folder = s.tmp / name
        folder.mkdir()
        self.ca = folder / "ca.pem"
        ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        s.run("openssl", "req", "-x509", *ec, "-days", "30", "-subj", f"/CN=Authority of {name}", "-keyout",
              folder / "ca.key", "-out", self.ca, check=True)
        s.run("openssl", "req", *ec, "-subj", f"/CN={NAME}", "-keyout", folder / "key.pem", "-out", folder / "csr.pem",
              check=True)
        (folder / "ext").write_text(f"subjectAltName=DNS:{NAME}\n")
        s.run("openssl", "x509", "-req", "-in", folder / "csr.pem", "-CA", self.ca, "-CAkey", folder / "ca.key",
              "-set_serial", "7", "-days", "30", "-extfile", folder / "ext", "-out", folder / "cert.pem", check=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        return context

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self._client, args=(client,), daemon=True).start()

    def _client(self, client):
        with client:
            try:
                while self._request(client):
                    pass
            except (OSError, ValueError):
                pass

    def _request(self, client):
        head = b""
        while not head.endswith(b"\r\n\r\n"):  # byte by byte: what follows is TLS
            piece = client.recv(1)
            if not piece:
                return False
            head += piece
        text = head.decode("latin-1")
        self.heads.append(text)
        given = re.search(r"(?im)^proxy-authorization: *(.*?)\r$", text)
        if not given or given[1] != self.wanted:
            self.refused += 1
            client.sendall(b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"company\"\r\nContent-Length: 0\r\n\r\n")
            return True
        method, target = text.split(" ")[:2]
        if method != "CONNECT":
            path = "/" + target.split("/", 3)[3]
            headers = {k.lower(): v.strip() for k, v in (l.split(":", 1) for l in text.split("\r\n")[1:] if ":" in l)}
            self.origin.requests.append((method, path, headers))
            return self.origin._answer(client, method, path, headers)
        if target == f"{NAME}:443":
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            self.origin._client(self.tls.wrap_socket(client, server_side=True))
        elif target in self.servers:
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            self._through(client, socket.create_connection(self.servers[target]))
        elif target == f"{NAME}:9443":  # a server, of which the bytes come back
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while (piece := client.recv(65536)):
                client.sendall(piece)
        else:
            client.sendall(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
        return False


    @staticmethod
    def _through(client, server):
        def copy(a, b):
            try:
                while (piece := a.recv(65536)):
                    b.sendall(piece)
                b.shutdown(socket.SHUT_WR)
            except OSError:
                pass

        with server:
            back = threading.Thread(target=copy, args=(server, client), daemon=True)
            back.start()
            copy(client, server)
            back.join()

    def connects(self):
        return [h.split(" ")[1] for h in self.heads if h.startswith("CONNECT ")]


def secret_file(s, name, text):
    path = s.tmp / name
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


def nowhere_to_be_seen(s, relay, title):
    argv = pathlib.Path(f"/proc/{relay.program.pid}/cmdline").read_bytes()
    environment = pathlib.Path(f"/proc/{relay.program.pid}/environ").read_bytes()
    written = b"".join(p.read_bytes() for p in relay.data.rglob("*") if p.is_file() and "objects" not in p.parts)
    places = {"argument list": argv, "environment": environment, "log": relay.program.output().encode(), "files": written}
    forms = [SECRET.encode(), base64.b64encode(f"relay:{SECRET}".encode()), b"pass-word", b"wrong-word"]
    s.equal([k for k, v in places.items() if any(f in v for f in forms)], [], f"{title}: no password is to be seen")


def authenticated(s, proxy, archive, learn):
    good, bad = secret_file(s, "good", f"relay:{SECRET}"), secret_file(s, "bad", "relay:wrong-word")
    options = ("--allow", f"http://{NAME}/debian", "--keyring", archive.keyring, "--proxy", proxy.url, "--tunnel",
               f"{NAME}:9443")
    relay = Relay(s, *options, "--proxy-credentials", good)
    s.equal(relay.learn(Names, *learn), [200, 200], "a proxy that wants a password: the signed lists come through it")
    path = archive.paths["one"]
    s.ok(relay.get(Names, path)[2] == archive.origin.files[path], "and a package")
    got = relay.raw(f"CONNECT {NAME}:9443 HTTP/1.1\r\nHost: {NAME}:9443\r\n\r\n".encode(), until_closed=False)
    s.ok(got.startswith(b"HTTP/1.1 200"), "and a tunnel to a server", got)
    nowhere_to_be_seen(s, relay, "with the right one")
    relay.stop()
    for title, more in (("a wrong one", ("--proxy-credentials", bad)), ("none", ())):
        relay = Relay(s, *options, *more)
        archive.origin.requests.clear()
        status, _, got, _ = relay.get(Names, learn[0])
        s.ok(status == 502 and b"password" in got and b"--proxy-credentials" in got,
             f"with {title}: refused, and the sentence says what to set right", got)
        got = relay.raw(f"CONNECT {NAME}:9443 HTTP/1.1\r\nHost: {NAME}:9443\r\n\r\n".encode())
        s.ok(got[9:12] == b"502" and b"--proxy-credentials" in got, f"with {title}: so is a tunnel", got)
        s.equal(archive.origin.requests, [], f"with {title}: nothing reached the origin")
        nowhere_to_be_seen(s, relay, f"with {title}")
        relay.stop()
    broken = secret_file(s, "broken", "pass-word")
    done = s.run(lib.MAMORI, "relay", "run", "--data", s.tmp / "never", "--listen", f"127.0.0.1:{lib.free_port()}",
                 *options, "--proxy-credentials", broken)
    s.ok(done.status != 0 and "user:password" in done.err and "pass-word" not in done.err,
         "a file without a user: it does not start, and does not say the secret", done)


def inspecting(s, proxy, other, archive, learn):
    good = secret_file(s, "good2", f"relay:{SECRET}")
    options = ("--allow", f"https://{NAME}/debian", "--keyring", archive.keyring, "--proxy", proxy.url,
               "--proxy-credentials", good)
    path = archive.paths["two"]
    for title, more in (("without its authority", ()), ("with another's authority", ("--proxy-ca", other.ca))):
        archive.origin.requests.clear()
        relay = Relay(s, *options, *more)
        status, _, got, _ = relay.get(Names, learn[0])
        s.ok(status == 502 and b"certificate" in got and b"--proxy-ca" in got,
             f"a proxy that looks into TLS, {title}: refused, and the sentence says why", got)
        s.equal(archive.origin.requests, [], f"{title}: no request was shown to it")
        nowhere_to_be_seen(s, relay, title)
        relay.stop()
    relay = Relay(s, *options, "--proxy-ca", proxy.ca)
    s.equal(relay.learn(Names, *learn), [200, 200], "with --proxy-ca the signed lists come through it")
    s.ok(relay.get(Names, path)[2] == archive.origin.files[path], "and a package")
    s.ok(all("proxy-authorization" not in h for _, _, h in archive.origin.requests),
         "the origin never sees the proxy's password")
    body = archive.origin.files[archive.paths["three"]]
    archive.origin.files[archive.paths["three"]] = b"!" + body[1:]
    status, _, got, whole = relay.get(Names, archive.paths["three"])
    s.ok(not (status == 200 and whole), "what such a proxy changes is never given out whole", (status, len(got)))
    archive.origin.files[archive.paths["three"]] = body
    nowhere_to_be_seen(s, relay, "with its authority")
    relay.stop()


def status_of(s, data):
    return json.loads(s.run(lib.MAMORI, "relay", "status", "--data", data, "--json", check=True).out)


def member(s, archive, learn):
    """An enrolled relay that goes to its server through the proxy, with a password, and by no other way."""
    proxy = Proxy(s, archive.origin, "member")
    server = s.server()
    proxy.servers = {f"127.0.0.1:{port}": ("127.0.0.1", port) for port in (server.port, server.agents_port)}
    good, bad = secret_file(s, "good3", f"relay:{SECRET}"), secret_file(s, "bad3", "relay:wrong-word")
    token = s.token_file(server, "--role", "relay", "--group", "ward-net")
    data = s.tmp / "member-relay"
    enrol = (lib.MAMORI, "relay", "enrol", "--data", data, "--token-file", token, "--name", "10.1.0.5", "--proxy", proxy.url)
    for title, more in (("without a password", ()), ("with a wrong one", ("--proxy-credentials", bad))):
        done = s.run(*enrol, *more, env={"LANG": "C.UTF-8"})
        s.ok(done.status == 4 and "user and password" in done.err and "--proxy-credentials" in done.err,
             f"enrolling {title}: a sentence says what to set right", done)
        s.ok("wrong-word" not in done.err + done.out, f"enrolling {title}: and shows no secret", done)
    s.equal(server.items("/api/v1/relays"), [], "nothing of that reached the server")
    done = s.run(*enrol, "--proxy-credentials", good, env={"LANG": "C.UTF-8"})
    s.ok(done.status == 0 and SECRET not in done.out + done.err, "with the right one it is enrolled", done)
    run = ("--proxy", proxy.url, "--allow", f"http://{NAME}/debian", "--keyring", archive.keyring)

    relay = Relay(s, *run, "--proxy-credentials", bad, data=data)
    s.wait_for("the relay to say why it does not reach its server", 60,
               lambda: "user and password" in (status_of(s, data).get("error") or ""))
    s.ok("--proxy-credentials" in status_of(s, data)["error"], "running with a wrong one: relay status says what to set right")
    s.ok(server.items("/api/v1/relays")[0]["last_seen"] is None, "and the server has not heard of it")
    nowhere_to_be_seen(s, relay, "enrolled, with a wrong one")
    relay.stop()

    proxy.heads.clear()
    relay = Relay(s, *run, "--proxy-credentials", good, data=data)
    s.wait_for("the relay's check-in", 60, lambda: server.items("/api/v1/relays")[0]["last_seen"])
    s.ok(f"127.0.0.1:{server.agents_port}" in proxy.connects(), "with the right one its check-in comes, by way of the proxy",
         proxy.connects())
    s.wait_for("relay status to say so", 60, lambda: status_of(s, data)["reached"] and not status_of(s, data)["error"])
    s.ok(True, "relay status says so")
    s.equal(relay.learn(Names, *learn), [200, 200], "and signed lists come by the same proxy")
    relay.get(type("Other", (), {"host": "elsewhere.invalid"}), "/x")

    def told():
        v = status_of(s, data)
        return v if v.get("refused") and v.get("origins") and v["origins"][0]["lists"] else None

    s.wait_for("the status to be written", 60, told)
    v = told()
    the = v["origins"][0]
    s.equal([the["url"], the["by"], the["unverified"], [l["label"] for l in the["lists"]]],
            [f"http://{NAME}/debian/", "relay", False, ["Test stable"]], "its status tells each origin and its signed lists")
    s.ok(the["lists"][0]["dated"] == "2026-11-21T00:00:00Z" and the["lists"][0]["checked"] and not the["lists"][0]["expires"],
         "when it was made and read", the)
    s.equal([(r["what"], r["count"], r["peer"]) for r in v["refused"]], [("elsewhere.invalid", 1, "127.0.0.1")],
            "and who asked for something else")
    nowhere_to_be_seen(s, relay, "enrolled, with the right one")
    row = server.items("/api/v1/relays")[0]
    s.ok("pass-word" not in json.dumps([row, server.api("GET", f"/api/v1/relays/{row['id']}")]),
         "what the server knows of it has no password")
    relay.stop()


def main():
    with lib.Scenario() as s:
        s.needs("gpg", "gpgv", "openssl")
        origin = Origin()
        archive = Archive(s, origin)
        archive.paths = {n: archive.add(n, 300_000) for n in ("one", "two", "three")}
        learn = archive.publish()
        proxy, other = Proxy(s, origin, "company"), Proxy(s, origin, "other")
        authenticated(s, proxy, archive, learn)
        inspecting(s, proxy, other, archive, learn)
        member(s, archive, learn)


if __name__ == "__main__":
    main()
