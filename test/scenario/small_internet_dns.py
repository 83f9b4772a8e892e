"""Names in the small internet: zone files, nsd for the root, the registries and everybody's zones, unbound as the resolver,
and what no name server does by itself: a responder for wildcards that rotate, choose or echo, and resolvers that lie, stay
silent, are slow, refuse or lose packets."""
import hashlib
import ipaddress
import random
import re
import socket
import struct
import threading
import time

ROOT = ("198.18.0.1", "198.18.0.2")
JP, GENERIC, COUNTRIES = "198.18.0.3", "198.18.0.4", "198.18.0.5"
RESOLVERS = {"good": "198.18.0.53", "lying": "198.18.0.54", "slow": "198.18.0.55", "silent": "198.18.0.56", "refusing": "198.18.0.57",
             "lossy": "198.18.0.58"}
LIE = "198.51.100.200"
TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV", 43: "DS", 46: "RRSIG", 47: "NSEC",
         48: "DNSKEY", 50: "NSEC3", 257: "CAA"}


def server_of(suffix):
    last = suffix.split(".")[-1]
    return JP if last == "jp" else GENERIC if last in ("com", "net", "org", "info", "biz") else COUNTRIES


def head(zone, server, serial=2026112201):
    return ["$TTL 3600", f"{zone}. SOA {server}. hostmaster.{zone or 'root'}. {serial} 7200 3600 1209600 300".replace("..", ".")]


def lines_of(name, records):
    return [f"{name}. {kind} {data}" for kind, data in dict.fromkeys(records)]


def top_zones(world, suffixes):
    """The root, the suffixes and the reverse tree: zone -> text."""
    zones = {"": head("", "a.root") + [f". NS {x}.root." for x in "ab"] + [f"{x}.root. A {ROOT[i]}" for i, x in enumerate("ab")]}
    for suffix in sorted(set(suffixes) | {"arpa", "in-addr.arpa", "ip6.arpa"}, key=len):
        parent = suffix.partition(".")[2]
        for at in (parent, suffix):
            if at == suffix:
                zones[suffix] = head(suffix, f"ns.{suffix}")
            zones[at] += [f"{suffix}. NS ns.{suffix}.", f"ns.{suffix}. A {server_of(suffix)}"]
    for name, domain in world.domains.items():
        zone = zones[domain.suffix]
        for server in domain.servers:
            zone.append(f"{name}. NS {server}.")
            if server.endswith("." + name):
                zone += lines_of(server, domain.records[server])
    for i, block in enumerate(("113.0.203", "100.51.198", "2.0.192")):
        servers = world.own_servers if i == 0 else world.dns_servers
        zones["in-addr.arpa"] += [f"{block}.in-addr.arpa. NS {s}." for s in servers]
    return {zone: "\n".join(text) + "\n" for zone, text in zones.items()}


def leaf_zones(world):
    """Everybody's own zones: zone -> text. What the responder answers is left out."""
    zones = {}
    apart = tuple("." + z for z in world.wildcards.values())
    for name, domain in world.domains.items():
        text = head(name, domain.servers[0]) + [f"{name}. NS {s}." for s in domain.servers]
        for owner, records in domain.records.items():
            if not owner.endswith(apart):
                text += lines_of(owner, records)
        zones[name] = "\n".join(text) + "\n"
    for block, servers in (("203.0.113.0/24", world.own_servers), ("198.51.100.0/24", world.dns_servers), ("192.0.2.0/24", world.dns_servers)):
        net = ipaddress.ip_network(block)
        zone = ".".join(reversed(block.split(".")[:3])) + ".in-addr.arpa"
        text = head(zone, servers[0]) + [f"{zone}. NS {s}." for s in servers]
        text += [f"{a.split('.')[3]}.{zone}. PTR {n}." for a, n in world.reverse.items() if ipaddress.ip_address(a) in net]
        zones[zone] = "\n".join(text) + "\n"
    return zones


def sign(s, folder, zone, kind):
    """With ldns-signzone; gives the file that is served."""
    key = s.run("ldns-keygen", "-a", "ECDSAP256SHA256", "-r", "/dev/urandom", zone, check=True, cwd=folder).out.strip()
    more = ["-n", "-t", "1", "-s", "c0ffee"] if kind == "nsec3" else []
    s.run("ldns-signzone", *more, "-f", folder / f"{zone}.signed", folder / f"{zone}.zone", folder / key, check=True, cwd=folder)
    return folder / f"{zone}.signed"


def nsd(s, space, folder, zones, addresses, signed=None):
    folder.mkdir()
    text = ["server:", *(f"  ip-address: {a}" for a in addresses), "  username: \"\"", "  chroot: \"\"", f"  zonesdir: \"{folder}\"",
            f"  pidfile: \"{folder}/nsd.pid\"", f"  xfrdfile: \"{folder}/xfrd\"", f"  zonelistfile: \"{folder}/zones\"", f"  xfrdir: \"{folder}\"",
            "  database: \"\"", "  server-count: 1", "  refuse-any: no", "  rrl-ratelimit: 0", "  minimal-responses: yes", "remote-control:",
            "  control-enable: no"]
    for zone, body in zones.items():
        path = folder / f"{zone or 'root'}.zone"
        path.write_text(body)
        if (signed or {}).get(zone):
            path = sign(s, folder, zone, signed[zone])
        text += ["zone:", f"  name: \"{zone or '.'}\"", f"  zonefile: \"{path}\""]
    (folder / "nsd.conf").write_text("\n".join(text) + "\n")
    return space.start("nsd", "-d", "-c", folder / "nsd.conf", log=f"nsd-{folder.name}")


def unbound(s, space, folder):
    folder.mkdir()
    (folder / "root.hints").write_text("".join(f". 3600 NS {x}.root.\n{x}.root. 3600 A {ROOT[i]}\n" for i, x in enumerate("ab")))
    (folder / "unbound.conf").write_text(f"""server:
  interface: {RESOLVERS['good']}
  outgoing-interface: {RESOLVERS['good']}
  access-control: 0.0.0.0/0 allow
  do-ip6: no
  do-daemonize: no
  chroot: ""
  username: ""
  directory: "{folder}"
  pidfile: "{folder}/unbound.pid"
  use-syslog: no
  logfile: "{folder}/unbound.log"
  log-time-ascii: no
  log-queries: no
  log-replies: yes
  module-config: "iterator"
  root-hints: "{folder}/root.hints"
  local-zone: "113.0.203.in-addr.arpa." nodefault
  local-zone: "100.51.198.in-addr.arpa." nodefault
  local-zone: "2.0.192.in-addr.arpa." nodefault
  local-zone: "8.b.d.0.1.0.0.2.ip6.arpa." nodefault
  num-threads: 1
  hide-version: yes
remote-control:
  control-enable: no
""")
    return space.start("unbound", "-d", "-c", folder / "unbound.conf", log="unbound")


REPLY = re.compile(r"^\[(\d+)\] unbound\[\d+:\d+\] info: (\S+) (\S+) (\S+) IN (\S+) ")


def replies(path):
    """What unbound was asked: (second, who, name, type, answer)."""
    for line in path.read_text().splitlines() if path.exists() else ():
        if (m := REPLY.match(line)):
            yield int(m.group(1)), m.group(2), m.group(3).rstrip(".").lower(), m.group(4), m.group(5)


# ---- messages ----

def question(message):
    """(name, type, end of the question) of a message with one question."""
    at, labels = 12, []
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode("latin-1"))
        at += 1 + message[at]
    return ".".join(labels), struct.unpack("!H", message[at + 1:at + 3])[0], at + 5


def wire(name):
    return b"".join(bytes((len(x),)) + x.encode() for x in name.split(".") if x) + b"\0"


def record(owner, kind, data, ttl=60):
    body = {1: lambda: ipaddress.ip_address(data).packed, 28: lambda: ipaddress.ip_address(data).packed, 5: lambda: wire(data), 2: lambda: wire(data),
            6: lambda: wire(data) + wire("hostmaster." + data) + struct.pack("!5I", 1, 7200, 3600, 1209600, 60)}[kind]()
    return wire(owner) + struct.pack("!HHIH", kind, 1, ttl, len(body)) + body


def answer(message, records=(), authority=(), code=0, aa=True, ident=None):
    """An answer to this message; records made by record()."""
    _, _, end = question(message)
    flags = 0x8000 | (0x0400 if aa else 0x0080) | (message[2] & 1) << 8 | code
    return (message[:2] if ident is None else ident) + struct.pack("!HHHHH", flags, 1, len(records), len(authority), 0) + message[12:end] \
        + b"".join(records) + b"".join(authority)


def udp(address, port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, port))
    return sock


class Datagrams:
    """One UDP socket and a thread that answers what comes."""

    def __init__(self, sock, reply):
        self.sock, self.reply = sock, reply
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                message, peer = self.sock.recvfrom(4096)
            except OSError:
                return
            try:
                out = self.reply(message, peer)
            except (IndexError, struct.error, ValueError):
                continue
            for data in out if isinstance(out, list) else [out] if out else []:
                self.sock.sendto(data, peer)


class Responder:
    """Authority for the wildcard zones of the company that no zone file can hold."""

    def __init__(self, world):
        self.world, self.n, self.asked = world, 0, []
        self.pool = [f"203.0.113.{i}" for i in range(206, 230)]
        self.kinds = {zone: kind for kind, zone in world.wildcards.items()}
        self.domain = next(d for d in world.domains.values() if d.name == next(iter(self.kinds)).partition(".")[2])

    def __call__(self, message, peer):
        name, kind, _ = question(message)
        name = name.lower()
        zone = next((z for z in self.kinds if name == z or name.endswith("." + z)), None)
        self.asked.append((time.time(), peer[0], name, TYPES.get(kind, str(kind))))
        if not zone:
            return answer(message, code=5)
        soa = [record(zone, 6, f"ns1-wild.{self.domain.name}")]
        if name == zone:
            records = [record(zone, 2, f"ns{i}-wild.{self.domain.name}") for i in (1, 2)] if kind == 2 else soa if kind == 6 else []
            return answer(message, records, () if records else soa)
        fixed = self.domain.records.get(name)
        if fixed:
            records = [record(name, 1, data) for _, data in fixed] if kind == 1 else []
            return answer(message, records, () if records else soa)
        return self._made_up(message, name, kind, zone, soa)

    def _made_up(self, message, name, kind, zone, soa):
        label = name[:-len(zone) - 1]
        told = int.from_bytes(hashlib.sha256(label.encode()).digest()[:2], "big")
        if self.kinds[zone] == "selective" and (len(label) > 7 or not label.isalpha()):
            return answer(message, authority=soa, code=3)
        if self.kinds[zone] == "echo-cname":
            return answer(message, [record(name, 5, f"{label.replace('.', '-')}.pages.{self.world.provider['cloud'].name}")])
        if kind != 1:
            return answer(message, authority=soa)
        self.n += 1
        addresses = {"rotating": [self.pool[(self.n * 3 + i) % 24] for i in range(3)], "selective": ["203.0.113.230"],
                     "echo": [f"203.0.113.{231 + told % 23}"]}[self.kinds[zone]]
        return answer(message, [record(name, 1, a) for a in addresses])


class Resolvers:
    """The bad ones. `loss` is the part of questions that the lossy one drops; it also sends answers with a wrong id first."""

    def __init__(self, seed):
        """To be made inside the namespace."""
        self.loss, self.delay, self.asked = 0.3, 2.0, []
        self.random = random.Random(seed)
        for name in ("lying", "slow", "silent", "refusing", "lossy"):
            Datagrams(udp(RESOLVERS[name], 53), lambda m, p, n=name: self._reply(n, m, p))

    def _reply(self, which, message, peer):
        name, kind, _ = question(message)
        self.asked.append((time.time(), which, peer[0], name.lower(), TYPES.get(kind, str(kind))))
        if which == "lying":
            return answer(message, [record(name, 1, LIE)] if kind == 1 else [], aa=False)
        if which == "refusing":
            return answer(message, code=5, aa=False)
        if which == "silent" or which == "lossy" and self.random.random() < self.loss:
            return None
        if which == "slow":
            time.sleep(self.delay)
        good = self._forward(message)
        if which == "lossy" and good and self.random.random() < 0.3:
            forged = answer(message, [record(name, 1, LIE)], aa=False, ident=bytes((message[0] ^ 255, message[1])))
            return [forged, good]
        return good

    def _forward(self, message):
        with udp(RESOLVERS["slow"], 0) as sock:
            sock.settimeout(5)
            sock.sendto(message, (RESOLVERS["good"], 53))
            try:
                return sock.recv(4096)
            except TimeoutError:
                return None
