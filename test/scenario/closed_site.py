#!/usr/bin/env python3
# serial
# timeout: 900
"""A hospital in namespaces: outside the server and a mirror of Debian's archive, in the middle a relay with two legs,
inside real Debian hosts that have no way but to the relay.  Security updates come by the relay and are installed by
policy, also while the way out is cut; every packet on both legs is looked at."""
import ctypes
import hashlib
import json
import os
import pathlib
import socket
import ssl
import subprocess
import threading
import time

import debian
import lib

CLONE_NEWNET = 0x40000000
SITE = "ward-net"
POLICY = """policy: {name}
applies-to: {{groups: [{group}]}}
approve:
  - {{classification: any, after: 0d}}
install:
  windows:
    - {{name: slot, weekly: [mon, tue, wed, thu, fri, sat, sun], at: '{at}', for: 4h, tz: UTC}}
"""


class Mirror(lib.ArchiveProxy):
    """The archive under two addresses of this machine: http://ADDRESS:PORT/main, https://ADDRESS:PORT/security."""

    def __init__(self, address, archive, tls=None):
        self.archive, self.tls, self.asked = archive, tls, []
        super().__init__(address)
        self.port = int(self.url.rpartition(":")[2])

    def _client(self, client):
        if self.tls:  # here, so that one slow handshake keeps nobody else waiting
            try:
                client.settimeout(30)
                client = self.tls.wrap_socket(client, server_side=True)
            except (OSError, ssl.SSLError):
                client.close()
                return
        super()._client(client)

    def _fetch(self, client, url, headers):
        name, _, path = url.lstrip("/").partition("/")
        suites = {"main": debian.RELEASE, "security": f"{debian.RELEASE}-security"}
        self.asked.append(url)
        if name not in suites:
            client.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return True
        headers = {k: v for k, v in headers.items() if k != "host"}
        return super()._fetch(client, f"{self.archive[suites[name]]}/{path}", headers)


class Capture:
    """Every packet on one interface of a network namespace: (protocol, source, destination, port, is SYN)."""

    def __init__(self, pid, interface):
        self.seen, self.others = set(), set()
        ready = threading.Event()
        threading.Thread(target=self._run, args=(pid, interface, ready), daemon=True).start()
        if not ready.wait(10):
            raise lib.Skip("packets cannot be captured here")

    def _run(self, pid, interface, ready):
        libc = ctypes.CDLL(None, use_errno=True)
        with open(f"/proc/{pid}/ns/net") as ns:
            if libc.setns(ns.fileno(), CLONE_NEWNET) != 0:  # of this thread alone
                return
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 20)
        sock.bind((interface, 0))
        ready.set()
        while True:
            try:
                self._note(sock.recv(2048))
            except OSError:  # the leg is down for a while
                time.sleep(0.1)

    def _note(self, frame):
        kind = int.from_bytes(frame[12:14], "big")
        if kind != 0x0800:
            if kind not in (0x0806, 0x86DD):  # ARP; IPv6's own housekeeping is looked at below
                self.others.add(hex(kind))
            if kind == 0x86DD and frame[20] not in (58, 0):
                self.others.add(("ipv6", frame[20]))
            return
        ihl = (frame[14] & 15) * 4
        protocol, source, target = frame[23], socket.inet_ntoa(frame[26:30]), socket.inet_ntoa(frame[30:34])
        if protocol == 2:  # IGMP of the bridge
            return
        port = int.from_bytes(frame[14 + ihl + 2:14 + ihl + 4], "big") if protocol in (6, 17) else 0
        syn = protocol == 6 and frame[14 + ihl + 13] & 0x12 == 0x02
        self.seen.add((protocol, source, target, port, bool(syn)))


class Inside(lib.Host):
    """A host whose only link ends in the relay's namespace."""

    def __init__(self, s, root, name, base, site, number, routeless):
        super().__init__(s, root, name, None, "", base)
        self.routeless = routeless
        self.site, self.address, self.gateway = site, f"{site.net}.{10 + number}", f"{site.net}.1"

    def boot(self):
        self.init = self.s.start("unshare", "--net", "--mount", "--pid", "--uts", "--fork", "--kill-child=SIGKILL",
                                 "python3", "-c", lib.INIT, self.folder, self.name, self.disk, self.base,
                                 log=f"init-{self.name}")
        self.s.wait_for(f"{self.name} to boot", 10, lambda: "up" in self.init.output() or self._dead())
        children = pathlib.Path(f"/proc/{self.init.pid}/task/{self.init.pid}/children").read_text().split()
        self.pid = int(children[0])
        run = lambda *a: self.s.run(*a, check=True)
        relay = ("nsenter", "-t", self.site.pid, "-n", "--")
        inside = ("nsenter", "-t", self.pid, "-n", "--")
        run(*relay, "ip", "link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", self.pid)
        run(*relay, "ip", "link", "set", self.link, "master", "in0", "up")
        run(*inside, "ip", "addr", "add", f"{self.address}/24", "dev", "eth0")
        run(*inside, "ip", "link", "set", "eth0", "up")
        # Whatever it wants elsewhere goes to the relay's leg, where it would be seen, and no further.
        if not self.routeless:
            run(*inside, "ip", "route", "add", "default", "via", self.gateway)
        return self

    def routes(self):
        return self.s.run("nsenter", "-t", self.pid, "-n", "--", "ip", "route", check=True).out


class ClosedSite:
    def __init__(self, s):
        s.needs("root", "debootstrap", "ip", "nsenter", "unshare", "openssl", "gpgv")
        self.s, self.number = s, s.number()
        self.roots = debian.Roots(s)
        self.net, self.out = f"10.215.{self.number}", f"10.214.{self.number}"
        self._legs()
        self.captures = {leg: Capture(self.pid, leg) for leg in ("in0", "out0")}
        self.server = s.server(address=f"{self.out}.1")
        self.plain = Mirror(f"{self.out}.1", self.roots.archive)
        self.secure = Mirror(f"{self.out}.1", self.roots.archive, self._tls())
        self.hosts = 0

    def _legs(self):
        """A namespace with a bridge inward and a link outward that forwards nothing."""
        s, run = self.s, lambda *a: self.s.run(*a, check=True)
        holder = s.start("unshare", "--net", "sleep", "infinity", log="relay-ns")
        s.wait_for("the relay's namespace", 10, lambda: os.readlink(f"/proc/{holder.pid}/ns/net")
                   != os.readlink("/proc/self/ns/net"))
        self.pid = holder.pid
        self.link = f"mo{self.number}"
        run("ip", "link", "add", self.link, "type", "veth", "peer", "name", "out0", "netns", self.pid)
        s.exits.callback(subprocess.run, ["ip", "link", "del", self.link], capture_output=True)
        run("ip", "addr", "add", f"{self.out}.1/30", "dev", self.link)
        run("ip", "link", "set", self.link, "up")
        for words in (("link", "set", "lo", "up"), ("addr", "add", f"{self.out}.2/30", "dev", "out0"),
                      ("link", "set", "out0", "up"), ("route", "add", "default", "via", f"{self.out}.1"),
                      ("link", "add", "in0", "type", "bridge"), ("addr", "add", f"{self.net}.1/24", "dev", "in0"),
                      ("link", "set", "in0", "up")):
            run(*self.relay_ns(), "ip", *words)

    def relay_ns(self):
        return ("nsenter", "-t", self.pid, "-n", "--")

    def uplink(self, up):
        self.s.run(*self.relay_ns(), "ip", "link", "set", "out0", "up" if up else "down", check=True)
        if up:
            self.s.run(*self.relay_ns(), "ip", "route", "replace", "default", "via", f"{self.out}.1", check=True)

    def _tls(self):
        """A certificate of an authority of the mirror's own."""
        folder = self.s.tmp / "mirror-tls"
        folder.mkdir()
        self.mirror_ca = folder / "cert.pem"
        self.s.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                   "30", "-subj", "/CN=mirror", "-addext", f"subjectAltName=IP:{self.out}.1", "-keyout",
                   folder / "key.pem", "-out", self.mirror_ca, check=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.mirror_ca, folder / "key.pem")
        return context

    # ---- the relay ----

    def relay_start(self):
        before = self.data
        self.relay = self.s.start(
            *self.relay_ns(), lib.MAMORI, "relay", "run", "--data", before, "--listen", f"{self.net}.1:8480", "--allow",
            f"http://{self.out}.1:{self.plain.port}/main", "--allow",
            f"https://{self.out}.1:{self.secure.port}/security", "--proxy-ca", self.mirror_ca, log="relay")
        self.s.wait_for("the relay's ready line", 20, lambda: "ready" in self.relay.output() or self._relay_dead())

    def _relay_dead(self):
        if not self.relay.running():
            raise RuntimeError("the relay ended: " + self.relay.output())

    def relay_enrol(self):
        self.data = self.s.tmp / "relay-data"
        token = self.s.token_file(self.server, "--role", "relay", "--group", SITE)
        return self.s.run(*self.relay_ns(), lib.MAMORI, "relay", "enrol", "--data", self.data, "--token-file", token,
                          "--name", f"{self.net}.1")

    def relay_row(self):
        return self.server.items("/api/v1/relays")[0]

    # ---- hosts ----

    def host(self, name, group, routeless=False):
        self.hosts += 1
        base = self.roots.base
        root = self.s.tmp / f"root-{name}"
        if not debian.can_overlay(self.s):
            self.s.run("cp", "-a", "--reflink=auto", base, root, check=True)
            base = ""
        host = Inside(self.s, root, name, base, self, self.hosts, routeless).boot()
        self._configure(host.root)
        token = self.server.cli("token", "create", "--group", group).out
        (host.root / "root/token").write_text(token)
        (host.root / "root/token").chmod(0o600)
        host.enrolled = host.run("mamori-agent", "enrol", "--token-file", "/root/token", "--relay",
                                 f"https://{self.net}.1:8480")
        return host

    def _configure(self, root):
        keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
        apt = root / "etc/apt"
        (apt / "sources.list").write_text(
            f"deb [arch=amd64 signed-by={keyring}] http://{self.out}.1:{self.plain.port}/main {debian.RELEASE} main\n")
        (apt / "sources.list.d").mkdir(exist_ok=True)
        (apt / "sources.list.d/security.sources").write_text(
            f"Types: deb\nURIs: https://{self.out}.1:{self.secure.port}/security\n"
            f"Suites: {debian.RELEASE}-security\nComponents: main\nSigned-By: {keyring}\n")
        (apt / "apt.conf.d/90test").write_text(debian.acquire_settings() + 'Acquire::Languages "none";\n')
        (root / "etc/resolv.conf").write_text(f"nameserver {self.net}.1\n")
        policy = root / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)

    def refresh(self, host):
        row = next(h for h in self.server.items("/api/v1/hosts") if h["name"] == host.name)
        self.server.api("POST", f"/api/v1/hosts/{row['id']}/refresh")

    def once(self, host, timeout=600):
        return host.run("mamori-agent", "once", timeout=timeout)

    def policy(self, name, group, at):
        return self.server.api("PUT", f"/api/v1/policies/{name}",
                               {"yaml": POLICY.format(name=name, group=group, at=at), "note": "scenario"})


def state(host, name):
    try:
        return json.loads((host.root / "var/lib/mamori-agent" / name).read_text())
    except (OSError, ValueError):
        return {}


def directive(host):
    signed = state(host, "directive.json")
    return json.loads(signed["document"]) if signed else {}


def configuration(host):
    """A digest of all that apt is configured by."""
    digest = hashlib.sha256()
    for path in sorted((host.root / "etc/apt").rglob("*")):
        if path.is_file():
            digest.update(str(path.relative_to(host.root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def installed(host, wanted):
    versions = host.versions()
    return {p for p, v in wanted.items() if versions.get(p) == v}


def enrolment(s, site):
    done = site.relay_enrol()
    s.ok(done.status == 0, "a relay is enrolled with a token of its own", done)
    site.relay_start()
    s.ok("https://" in site.relay.output(), "and serves TLS with the certificate that it was given", site.relay.output())
    s.wait_for("the relay's first check-in", 30, lambda: site.relay_row()["last_seen"])
    row = site.relay_row()
    s.equal((row["site"], row["urls"], row["silent"]), (SITE, [f"https://{site.net}.1:8480"], False),
            "the server knows its site and where hosts reach it")
    site.server.api("PUT", f"/api/v1/sites/{SITE}", {"relay_only": True})


def first_host(s, site):
    """Enrolled through the relay, patched through the relay, by policy."""
    host = site.host("ward-pc", "ward-3")
    s.ok(host.enrolled.status == 0, "a host without any other way is enrolled through the relay", host.enrolled)
    identity = state(host, "identity.json")
    s.equal((identity.get("relays"), site.server.items("/api/v1/hosts")[0]["name"]),
            ([f"https://{site.net}.1:8480"], "ward-pc"), "it learns its site's relays")
    before = configuration(host)
    done = site.once(host)
    s.ok(done.status == 0, "it checks in end to end through the relay", done)
    site.refresh(host)
    done = site.once(host)
    wanted = host.simulated()
    s.ok(len(wanted) >= 5, f"its package lists came by the relay, from an http and an https origin: {len(wanted)} updates",
         lambda: (wanted, str(done), site.relay.output()[-3000:]))
    site.policy("day", "ward-3", f"{time.gmtime().tm_hour:02}:00")
    for _ in range(8):
        done = site.once(host)
        if installed(host, wanted) == set(wanted):
            break
        time.sleep(2)
    s.equal(installed(host, wanted), set(wanted), "real security updates arrive by the relay and are installed by policy")
    rows = site.server.cli("patch", "history", "--host", "ward-pc", "--json").lines()
    s.ok(rows and all(r["trigger"] == "window" and r["state"].startswith("installed") for r in rows),
         "the history names the window as the reason", lambda: (rows, done))
    s.equal(configuration(host), before, "the machine's own configuration of apt is as it was")
    s.ok(state(host, "identity.json").get("relay_only"), "and it knows that this site has nothing but relays")
    return host, wanted


def refusals(s, site, host):
    """What the relay does for nobody."""
    def ask(text):
        script = ("import socket, ssl, sys\n"
                  f"c = ssl.create_default_context(cafile={str(site.server.ca())!r})\n"
                  f"s = c.wrap_socket(socket.create_connection(('{site.net}.1', 8480), 10), server_hostname='{site.net}.1')\n"
                  "s.sendall(sys.argv[1].encode()); print(s.recv(200).split(b'\\r')[0].decode())\n")
        return s.run(*site.relay_ns(), "python3", "-c", script, text).out.strip()

    where = f"{site.out}.1"
    for title, text, status in (
            ("a tunnel to another port of the server", f"CONNECT {where}:22 HTTP/1.1\r\nHost: {where}:22\r\n\r\n", "403"),
            ("a tunnel to another machine", "CONNECT 192.0.2.7:443 HTTP/1.1\r\nHost: 192.0.2.7:443\r\n\r\n", "403"),
            ("a file of another origin", "GET /o/192.0.2.7/debian/x HTTP/1.1\r\nHost: x\r\n\r\n", "403"),
            ("a path beside what is allowed", f"GET /o/{where}:{site.plain.port}/other/x HTTP/1.1\r\nHost: x\r\n\r\n", "403"),
            ("letters without a certificate", f"GET /relay/v1/letters/x HTTP/1.1\r\nHost: x\r\n\r\n", "403")):
        s.ok(f" {status} " in ask(text) + " ", f"the relay refuses {title}", lambda t=text: ask(t))
    # An origin that the relay does not know, in a host's list: said by name, nothing else is broken.
    extra = host.root / "etc/apt/sources.list.d/other.list"
    extra.write_text("deb http://192.0.2.7/debian bookworm main\n")
    site.refresh(host)
    done = site.once(host)
    plan_error = state(host, "contact.json").get("refresh_error") or ""
    s.ok("192.0.2.7" in plan_error and "--allow" in plan_error, "a host is told which origin the relay does not allow",
         lambda: (plan_error, done))
    extra.unlink()


def second_host(s, site, wanted):
    """Enrolled, staged; then the way out is cut, its slot opens, the relay is killed: nothing is lost. It has no default route."""
    host = site.host("late-pc", "late", routeless=True)
    s.ok("default" not in host.routes() and host.enrolled.status == 0, "pain 15: a second host, without a default gateway, is enrolled",
         lambda: (host.routes(), host.enrolled))
    done = site.once(host)
    s.ok(done.status == 0, "pain 15: and reports", done)
    site.refresh(host)
    site.once(host)
    served = site.plain.served + site.secure.served
    opens = int(time.time() + 150) // 60 * 60
    site.policy("late", "late", time.strftime("%H:%M", time.gmtime(opens)))
    s.wait_for("its updates to be staged", 120, lambda: site.once(host) and directive(host).get("patches")
               and all(p.get("staged") for p in state(host, "plan.json").get("updates", {}).get("patches", [])
                       if not p.get("kept_back")), every=3)
    s.equal(site.plain.served + site.secure.served, served,
            "what the first host had is fetched from outside once: the second is served by the relay")
    s.ok(time.time() < opens, "its slot is still to come")
    site.uplink(False)
    done = site.once(host)
    s.ok(done.status == 4 and "letter" in done.err, "with the way out cut a letter is left at the relay", done)
    time.sleep(max(0, opens + 2 - time.time()))
    for _ in range(4):
        done = site.once(host)
        if installed(host, wanted) == set(wanted):
            break
    s.equal(installed(host, wanted), set(wanted), "its slot comes, and it patches itself by its signed directive")
    s.ok("default" not in host.routes(), "pain 15: all of it installed without a default gateway", host.routes())
    letters = list((site.data / "letters/out").glob("*.letter"))
    s.equal(len(letters), 1, "one letter with its results waits at the relay")
    site.relay.send(9)
    site.relay.process.wait()
    s.equal([p.read_bytes() for p in (site.data / "letters/out").glob("*.letter")], [p.read_bytes() for p in letters],
            "a relay that is killed keeps it")
    s.equal(site.server.cli("patch", "history", "--host", "late-pc", "--json").lines(), [],
            "the server knows nothing of it yet")
    site.relay_start()
    site.uplink(True)
    s.wait_for("the results", 90, lambda: site.server.cli("patch", "history", "--host", "late-pc", "--json").lines())
    rows = site.server.cli("patch", "history", "--host", "late-pc", "--json").lines()
    s.ok(all(r["state"].startswith("installed") and r["trigger"] == "window" for r in rows),
         f"when the way is there again the server has the {len(rows)} results", rows)
    s.equal(len(list((site.data / "letters/out").glob("*.letter"))), 0, "the letter is gone from the relay")
    done = site.once(host)
    s.ok(done.status == 0 and not list((host.root / "var/lib/mamori-agent/attempts").glob("*")),
         "the host hears that its results are safe and checks in as before", done)
    return host


def packets(s, site):
    time.sleep(1)
    inside, outside = site.captures["in0"], site.captures["out0"]
    hosts = {f"{site.net}.{10 + n}" for n in range(1, site.hosts + 1)}
    elsewhere = {p for p in inside.seen if p[1] in hosts and (p[2] != f"{site.net}.1" or p[0] != 6 or p[3] != 8480)}
    s.equal(elsewhere, set(), "no inside host ever sent a packet elsewhere than to the relay's port")
    s.equal(inside.others, set(), "nor one of another kind")
    allowed = {(f"{site.out}.1", p) for p in (site.plain.port, site.secure.port, site.server.port,
                                               site.server.agents_port)}
    opened = {(p[2], p[3]) for p in outside.seen if p[4] and p[1] == f"{site.out}.2"}
    s.equal(opened - allowed, set(), f"the relay connected to nothing off its list ({len(opened)} places of it)")
    s.equal({p for p in outside.seen if p[1] == f"{site.out}.2" and p[0] != 6}, set(), "and asked no name server")
    s.equal({p for p in outside.seen if p[1] in hosts or p[2] in hosts}, set(), "no inside address was seen outside")
    s.ok({p[1] for p in inside.seen} >= hosts and opened, "the captures saw all of it", (inside.seen, opened))


with lib.Scenario() as s:
    site = ClosedSite(s)
    enrolment(s, site)
    host, wanted = first_host(s, site)
    refusals(s, site, host)
    second_host(s, site, wanted)
    packets(s, site)
