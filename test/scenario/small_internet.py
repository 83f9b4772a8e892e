"""A small internet for scenarios of the attack surface: name servers, registries, certificate logs, search engines, a medical
company with 60 domains and everybody near it, in network namespaces that go with the scenario.

    world = small_internet.World(s, seed=1)                  # needs root, nsd, unbound, ldns-signzone
    sources = s.tmp / "sources.yaml"
    sources.write_text(world.sources_yaml())                 # for `mamori surface discover --sources`
    s.run(*world.desk, lib.MAMORI, "surface", "discover", …) # in the namespace of whoever discovers
    score = world.score(done.lines())                        # of `mamori surface assets --json`
    s.ok(score.recall >= 0.95 and score.precision >= 0.99, "…", score)
    s.equal(world.packets_to_target(), set(), "no packet from us to an address of the target")
    s.equal(world.duplicates(), {}, "no question twice")
    world.book.fail("crtsh", "status", code=502); world.book.heal("crtsh")
    world.move_in()                                          # or the whole scenario moves into that namespace

Three namespaces on one wire: `desk` (we, 198.19.0.2), `net` (root, registries, resolvers, public sources, 198.18.0.0/16) and
`there` (everybody else: the company, its providers, strangers, in the three networks for documentation). What the desk sends
is captured on its own cable and at the other side. The sources' servers are threads of the scenario; their notes and faults
are plain Python (`book`). All names and numbers are in small_internet_truth.py."""
import collections
import ctypes
import dataclasses
import ipaddress
import os
import struct
import sys
import threading
import time

import lib
import small_internet_dns as dns
import small_internet_registry as registry
import small_internet_truth as truth
import small_internet_web as web
from closed import CAPTURE, Namespace
from small_internet_source import Asked, Book

US = "198.19.0.2"
BLOCKS = ("203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24")
SIX = "2001:db8:"
# What the servers here bear; JPRS and one registrar refuse more than registry.RATE questions a second.
RATES = {"dns": 2000, "whois": 20, "rdap": 200, "rdap-search": 200, "crtsh": 100, "ct": 100, "internetdb": 200, "shodan": 200, "censys": 200, "page": 10}


class Space(Namespace):
    """A namespace in which Python can work, too."""

    def do(self, work):
        """Runs work() in a thread that is inside; sockets and threads made there belong to the namespace."""
        result = {}

        def inside():
            try:
                enter(self.holder.pid)
                result["value"] = work()
            except BaseException as e:  # handed to whoever asked
                result["error"] = e

        thread = threading.Thread(target=inside)
        thread.start()
        thread.join()
        if "error" in result:
            raise result["error"]
        return result["value"]


def enter(pid):
    """Moves the calling thread into a process's network namespace."""
    handle = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    try:
        CLONE_NEWNET = 0x40000000
        if ctypes.CDLL(None, use_errno=True).setns(handle, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
    finally:
        os.close(handle)


@dataclasses.dataclass
class Score:
    """found/of: ours that were approved; right/judged: approved ones that are ours. Dead names are told apart."""
    found: int
    of: int
    right: int
    judged: int
    by_kind: dict
    missed: list
    false: list  # (kind, name, why it is not ours)
    phantoms: list  # names that only a wildcard made
    dead: list
    unexplained: list  # approved without a path

    @property
    def recall(self):
        return self.found / self.of if self.of else 0.0

    @property
    def precision(self):
        return self.right / self.judged if self.judged else 0.0

    def __str__(self):
        return (f"recall {self.found}/{self.of} = {self.recall:.4f}, precision {self.right}/{self.judged} = {self.precision:.4f}, "
                f"{len(self.phantoms)} phantoms, {len(self.dead)} dead, {len(self.unexplained)} unexplained\n{self.by_kind}\n"
                f"missed: {self.missed[:60]}\nfalse: {self.false[:60]}\nphantoms: {self.phantoms[:20]}")


class World:
    def __init__(self, s, seed=1):
        s.needs("root", "nsd", "unbound", "ldns-signzone", "ldns-keygen")
        started = time.monotonic()
        self.s, self.truth, self.book = s, truth.Internet(seed), Book()
        self.folder = s.tmp / "world"
        self.folder.mkdir()
        self.net, self.there, self.here = (Space(s, name) for name in ("net", "there", "desk"))
        self.desk = self.here.enter
        self._wire()
        self._serve()
        self._listen()
        self.seconds = time.monotonic() - started

    # ---- building ----

    def _wire(self):
        run = self.net.run
        run("ip", "link", "add", "br0", "type", "bridge")
        run("ip", "addr", "add", "198.19.0.1/30", "dev", "br0")
        run("ip", "link", "set", "br0", "up")
        # Every address of a block is local without being named: bind and answers work for all of them.
        run("ip", "route", "add", "local", "198.18.0.0/16", "dev", "lo")
        run("ip", "route", "add", "default", "dev", "br0")
        for space in (self.there, self.here):
            run("ip", "link", "add", space.name, "type", "veth", "peer", "name", "eth0", "netns", str(space.holder.pid))
            run("ip", "link", "set", space.name, "master", "br0")
            run("ip", "link", "set", space.name, "up")
            space.run("ip", "link", "set", "eth0", "up")
        self.here.run("ip", "addr", "add", f"{US}/30", "dev", "eth0")
        self.here.run("ip", "route", "add", "default", "dev", "eth0")
        self.there.run("ip", "addr", "add", "198.19.0.6/30", "dev", "eth0")
        for block in BLOCKS:
            self.there.run("ip", "route", "add", "local", block, "dev", "lo")
        self.there.run("ip", "route", "add", "default", "dev", "eth0")
        # What goes to an IPv6 address is seen on the wire as well, and goes no further.
        six = (("ip", "-6", "addr", "add", f"{SIX}ffff::2/64", "dev", "eth0", "nodad"), ("ip", "-6", "neigh", "add", f"{SIX}ffff::1", "lladdr",
               "02:00:00:00:00:01", "dev", "eth0"), ("ip", "-6", "route", "add", f"{SIX}:/32", "via", f"{SIX}ffff::1"))
        self.six = all(self.s.run(*self.desk, *words).status == 0 for words in six)

    def _serve(self):
        world = self.truth
        self.programs = [
            dns.nsd(self.s, self.net, self.folder / "top", dns.top_zones(world, truth.TLDS), (*dns.ROOT, dns.JP, dns.GENERIC, dns.COUNTRIES)),
            dns.nsd(self.s, self.there, self.folder / "leaf", dns.leaf_zones(world), self._servers(),
                    {n: d.signed for n, d in world.domains.items() if d.signed}),
            dns.unbound(self.s, self.net, self.folder / "resolver")]
        self.registry = self.net.do(lambda: registry.Registry(world, self.book))
        self.engines = self.net.do(lambda: web.Engines(world, self.book))
        self.resolvers = self.net.do(lambda: dns.Resolvers(world.seed))
        self.front = self.there.do(lambda: web.Front(world, self.folder / "front"))
        self.responder = dns.Responder(world)
        for i in (1, 2):
            self.there.do(lambda i=i: dns.Datagrams(dns.udp(f"203.0.113.{7 + i}", 53), self.responder))
        for name in (world.main, f"{world.base}.jp", f"www.{next(iter(world.contractors))['domain']}"):
            self.s.wait_for(f"the small internet to know {name}", 60, lambda name=name: self._alive() and self.resolve(name))

    def _servers(self):
        """The addresses of all name servers that the zones name."""
        world = self.truth
        names = {s for d in world.domains.values() for s in d.servers}
        return sorted({data for d in world.domains.values() for n in names & d.records.keys() for kind, data in d.records[n] if kind == "A"})

    def _alive(self):
        for program in self.programs:
            if not program.running():
                raise RuntimeError("a name server ended: " + program.output()[-2000:])
        return True

    def _listen(self):
        self.wires = {}
        for name, space in (("desk", self.here), ("target", self.there)):
            self.wires[name] = space.start(sys.executable, "-c", CAPTURE, "eth0", log=f"wire-{name}")
            self.s.wait_for("the capture", 30, lambda n=name: "listening" in self.wires[n].output())

    def resolve(self, name, kind="A", resolver="good"):
        """How many records answer, asked from `net`, so that it is no question of ours."""
        return self.net.do(lambda: ask(dns.RESOLVERS[resolver], name, kind))

    # ---- for whoever discovers ----

    def move_in(self):
        """The calling thread, and what it starts from now on, is at the desk: loopback and all."""
        enter(self.here.holder.pid)

    def sources_yaml(self, resolvers=("good",), disabled=(), ct=("static", "rfc6962"), engines=True, rates=RATES):
        """The sources file. Shodan takes web.KEY, Censys any. rates: questions a second; None: the product's own, polite
        ones, with which a whole run lasts some minutes."""
        base = {name: f"http://{address}" for name, address in web.ADDRESS.items()}
        lines = [f"resolver: [{', '.join(dns.RESOLVERS[r] + ':53' for r in resolvers)}]", f"whois: {registry.WHOIS['iana']}:43", "whois-hosts:"]
        lines += [f"  {host}: {registry.WHOIS[key]}:43" for host, key in registry.HOSTS.items()]
        lines += [f"rdap-bootstrap: http://{registry.RDAP['bootstrap']}", f"rdap-search: http://{registry.RDAP['search']}/rdap", f"crtsh: {base['crtsh']}", "ct-logs:"]
        lines += [f"  - {{url: {base[c]}, kind: {c}}}" for c in ct]
        lines += [f"{name}: {base[name]}" for name in ("internetdb", "shodan", "censys")] if engines else []
        if rates:
            lines += ["rate:", *(f"  {source}: {rate}" for source, rate in rates.items())]
        if disabled:
            lines.append(f"disabled: [{', '.join(disabled)}]")
        return "\n".join(lines) + "\n"

    def seeds_csv(self):
        """The contractors as a table of seeds, a file: two agreed, two were not asked."""
        rows = ["seed,owner,company,consent-by,consent-at"]
        for contractor in self.truth.contractors:
            agreed = ("A. Tanto", time.strftime("%Y-%m-%d", time.gmtime(self.truth.now - 86400 * 30))) if contractor["consent"] else ("", "")
            rows.append(f"domain:{contractor['domain']},contractor,{contractor['name']},{agreed[0]},{agreed[1]}")
        path = self.folder / "seeds.csv"
        path.write_text("\n".join(rows) + "\n")
        return path

    def home_page(self):
        """The saved home page, a file."""
        path = self.folder / "home.html"
        path.write_text(web.home_page(self.truth))
        return path

    def search_results(self):
        path = self.folder / "results.csv"
        path.write_text(web.search_results(self.truth))
        return path

    # ---- what was seen ----

    def packets_from_us(self):
        """Where anything of ours went, as seen on our own cable. ARP asks for neighbours only, and counts as well."""
        return {to for source, to in self._packets("desk") if source in (US, f"{SIX}ffff::2") and not to.startswith("ff02:")}

    def packets_to_target(self):
        """Addresses of the company and of all others who are no public source, to which a packet of ours went."""
        blocks = [ipaddress.ip_network(b) for b in (*BLOCKS, f"{SIX}:/32")]
        seen = self.packets_from_us() | {to for source, to in self._packets("target") if source == US}
        return {to for to in seen if not to.startswith(f"{SIX}ffff:") and any(ipaddress.ip_address(to) in b for b in blocks)}

    def _packets(self, wire):
        return [tuple(line.split()[1:]) for line in self.wires[wire].output().splitlines() if line.startswith("packet ")]

    def asked(self, source=None, peer=US, since=0.0):
        """Questions of ours to public sources and resolvers, oldest first. source: "dns", "whois", "whois:jprs" …"""
        with self.book.lock:
            notes = list(self.book.asked)
        notes += [Asked(at, "dns:good", who, f"{kind} {name}", "failed" if code in ("SERVFAIL", "REFUSED") else "none" if code == "NXDOMAIN" else "data")
                  for at, who, name, kind, code in dns.replies(self.folder / "resolver/unbound.log")]
        notes += [Asked(at, f"dns:{which}", who, f"{kind} {name}", "failed") for at, which, who, name, kind in list(self.resolvers.asked)]
        return sorted((n for n in notes if n.at >= since and (peer is None or n.peer == peer) and
                       (source is None or n.source == source or n.source.partition(":")[0] == source)), key=lambda n: n.at)

    def duplicates(self, source=None, since=0.0, patience=5.0):
        """(source, question) -> how often, of questions that had been answered and were asked again all the same. A resolver
        that is asked again within `patience` seconds is no duplicate: whoever asks by datagrams repeats what seems lost."""
        answered, again = {}, collections.Counter()
        for note in self.asked(source, since=since):
            key = note.source, note.question
            if key in answered and not (note.source.startswith("dns:") and note.at - answered[key] <= patience):
                again[key] += 1
            if note.outcome != "failed":
                answered.setdefault(key, note.at)
        return {key: n + 1 for key, n in again.items()}

    # ---- judging ----

    def score(self, assets, owners=("us", "group"), hard=True, kinds=("domain", "host"), seeds=()):
        """assets: rows of `mamori surface assets --json`. Recall is of kinds; precision of everything approved whose truth is
        known. hard=False leaves out what only one class of evidence speaks for. owners: a contractor's key is added when it
        is a seed of its own. seeds: names that need no path."""
        t = self.truth
        rows = [a for a in assets if a.get("ownership") == "approved"]
        approved = {(a["kind"], a["name"].lower().rstrip(".")) for a in rows}
        wanted = {(k, n) for k in kinds for n in t.approved(k, hard)}
        wanted |= {key for key, thing in t.things.items() if thing.owner in owners and thing.owner not in ("us", "group") and key[0] in kinds}
        false, phantoms, dead, right = [], [], [], 0
        for kind, name in sorted(approved):
            verdict = self._verdict(kind, name, owners)
            if verdict == "right":
                right += 1
            elif verdict == "dead":
                dead.append(name)
            elif verdict == "phantom":
                phantoms.append(name)
                false.append((kind, name, "exists by a wildcard only"))
            elif verdict:
                false.append((kind, name, verdict))
        by_kind = {k: f"{len({w for w in wanted if w[0] == k} & approved)}/{len({w for w in wanted if w[0] == k})}" for k in (*kinds,)}
        for extra in {"address", "network"} - set(kinds):
            names = {(extra, n) for n in t.approved(extra)}
            by_kind[extra] = f"{len(names & approved)}/{len(names)}"
        return Score(len(wanted & approved), len(wanted), right, right + len(false), by_kind,
                     sorted(n for _, n in wanted - approved), false, phantoms, dead,
                     [a["name"] for a in rows if not a.get("path") and a["name"] not in seeds])

    def _verdict(self, kind, name, owners):
        """right, dead, phantom, "" (not judged) or why it is false."""
        t = self.truth
        thing = t.things.get((kind, name)) or (t.things.get(("domain", name)) if kind == "host" else None)
        if thing:
            if thing.dead and thing.ownership == "approved":
                return "dead"
            if thing.either:
                return ""
            ours = thing.ownership == "approved" or thing.owner in owners and thing.owner not in ("us", "group")
            return "right" if ours else f"{thing.ownership}: {thing.why}"
        if kind == "host":
            return self._unknown_host(name)
        if kind == "address":
            return self._unknown_address(name)
        return "" if kind in ("certificate", "organisation", "as", "service") else "nobody's in the truth"

    def _unknown_host(self, name):
        t = self.truth
        zone = next((z for z in (t.plain_wildcard, *t.wildcards.values()) if name.endswith("." + z)), None)
        if zone:
            return "phantom"
        domain = next((d for d in t.domains.values() if name.endswith("." + d.name)), None)
        if domain and domain.ours:
            # A name that only leads further (_dmarc, a delegation) is ours, too; what is in no zone exists nowhere.
            known = name in domain.records or name in t.wildcards.values() or any(n.endswith("." + name) for n in domain.records)
            return "right" if known else "does not exist"
        return "below no domain of ours"

    def _unknown_address(self, name):
        at = ipaddress.ip_address(name)
        mine = [n for n in self.truth.nets.values() if n.net.version == at.version and at in n.net]
        if not mine:
            return "in no network of the truth"
        net = max(mine, key=lambda n: n.net.prefixlen)
        return "right" if self.truth.things["network", net.cidr].ownership == "approved" else f"in {net.name} of {net.org.en}"


def ask(server, name, kind="A", timeout=5.0):
    """How many records answer a bare question over UDP (0 also for a name that is not there); None when nothing comes."""
    number = next(n for n, k in dns.TYPES.items() if k == kind)
    message = os.urandom(2) + struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0) + dns.wire(name) + struct.pack("!HH", number, 1)
    with dns.udp("0.0.0.0", 0) as sock:
        sock.settimeout(timeout)
        sock.sendto(message, (server, 53))
        try:
            while (reply := sock.recv(65535))[:2] != message[:2]:
                pass
        except OSError:
            return None
    return struct.unpack("!H", reply[6:8])[0] if reply[3] & 15 == 0 else 0
