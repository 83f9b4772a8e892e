#!/usr/bin/env python3
"""The small internet that scenarios of the attack surface stand on shows what its truth says: every server is asked as a
stranger would ask it. Nothing of mamori runs here."""
# timeout: 180
import base64
import gzip
import hashlib
import http.client
import json
import os
import re
import socket
import struct
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lib
import small_internet
import small_internet_dns as dns
import small_internet_registry as registry
import small_internet_truth as truth
import small_internet_web as web


class Client:
    """Asks as whoever discovers would: from the desk."""

    def __init__(self, s, world):
        self.s, self.w = s, world

    def drill(self, name, kind="A", *more, server=dns.RESOLVERS["good"]):
        """(code, [(owner, type, data)] of the answer, those of the authority part, whether it was cut)"""
        out = self.s.run(*self.w.desk, "drill", *more, f"@{server}", name, kind, timeout=60).out
        parts = {k: [tuple(line.split(None, 4)[i] for i in (0, 3, 4)) for line in body.splitlines() if line]
                 for k, body in re.findall(r";; (ANSWER|AUTHORITY) SECTION:\n((?:[^;\n][^\n]*\n)*)", out)}
        code = re.search(r"rcode: (\w+)", out)
        flags = re.search(r"flags: ([a-z ]*)", out)
        return code and code.group(1), parts.get("ANSWER", []), parts.get("AUTHORITY", []), bool(flags and " tc" in flags.group(1))

    def whois(self, server, question):
        def talk():
            with socket.create_connection((registry.WHOIS[server], 43), timeout=30) as sock:
                sock.sendall(question.encode() + b"\r\n")
                got = b""
                while (piece := sock.recv(65536)):
                    got += piece
                return got
        return self.w.here.do(talk)

    def get(self, address, path, **headers):
        """(status, headers, body, whether it came whole)"""
        def talk():
            connection = http.client.HTTPConnection(address, 80, timeout=30)
            connection.request("GET", urllib.parse.quote(path, safe="/?&=%:+"), headers={k.replace("_", "-"): v for k, v in headers.items()})
            answer = connection.getresponse()
            try:
                return answer.status, answer.headers, answer.read(), True
            except http.client.IncompleteRead as e:
                return answer.status, answer.headers, e.partial, False
            finally:
                connection.close()
        return self.w.here.do(talk)

    def until(self, address, path, **headers):
        """Asks again what was refused or cut, as a client must: the whole JSON."""
        for _ in range(4):
            status, _, body, whole = self.get(address, path, **headers)
            if status == 200 and whole and body != b"[]":
                return json.loads(body)
        return None


def truths(s, t):
    s.equal((len(t.approved("domain")), len(t.approved("host"))), (60, 900), "the truth has 60 domains and 900 hosts")
    s.equal(len(t.approved("domain", hard=False)), 57, "three domains of it have only one class of evidence, and are marked so")
    thin = [n for n in t.approved("domain", False) if len(set(t.things["domain", n].evidence)) < 2]
    s.equal(thin, [], "all others have two independent classes")
    again, other = truth.Internet(t.seed, t.now), truth.Internet(t.seed + 1, t.now)
    s.ok(again.things == t.things and [c.certificate.sha256 for c in again.certificates] == [c.certificate.sha256 for c in t.certificates],
         "the same seed is the same world, down to the certificates")
    s.ok(other.main != t.main and len(other.approved("host")) == 900, "another seed is another world of the same size")
    kinds = {r["kind"] for r in t.risks}
    wanted = {"rdp", "smb", "vnc", "telnet", "database", "dicom", "hl7", "emr", "vpn-gateway", "certificate-expired", "certificate-weak", "unsupported",
              "spf-missing", "dmarc-missing", "test-host", "takeover", "no-takeover"}
    s.equal(wanted - kinds, set(), "every kind of risk is there")
    orphans = [r["asset"] for r in t.risks if ("host", r["asset"]) not in t.things and ("domain", r["asset"]) not in t.things and not r["asset"].startswith("sub.")]
    s.equal(orphans, [], "and is at an asset of the truth")


def reach(s, t):
    """Whether a careful person gets from the main domain and the name to everything that is not marked as hard."""
    def registrable(name):
        return next((n for n in (name.split(".", i)[i] for i in range(name.count(".") + 1)) if n in t.domains), None)

    logged = [i.certificate for i in t.certificates if i.logged]
    found, tried = {t.main}, -1
    while len(found) != tried:
        tried = len(found)
        for certificate in logged:
            inside = {registrable(n) for n in certificate.names} - {None}
            if len(certificate.names) <= 50 and (inside & found and certificate.organisation or certificate.organisation in (t.us.ja, t.us.en)):
                found |= {n for n in inside if t.domains[n].ours}
    s.equal(t.approved("domain", hard=False) - found, set(), "certificates lead from the name and the main domain to every other one")
    holds = {"ct": {n for c in logged for n in c.names}, "exposure": {n for x in t.services.values() for y in x for n in y["names"]},
             "ptr": set(t.reverse.values()), "words": {n for n in t.approved("host") if n.split(".")[0] in truth.WORDS},
             "walk": {n for d in t.domains.values() if d.signed == "nsec" for n in d.records}, "record": t.approved("host")}
    false = [(n, seen) for n in t.approved("host") for seen in t.things["host", n].seen_by if n not in holds[seen]]
    s.equal(false, [], "and every host is shown by what the truth says it is shown by")
    s.equal(len(t.findable("ct", "words", "walk", "ptr", "exposure", "record")), 900, f"no host is out of reach ({len(t.findable('ct'))} by certificates alone)")


def names(s, w, c, t):
    silent = [n for n in sorted(t.approved("host")) if not w.resolve(n) and (t._records(n)[0][0] != "CNAME")]
    s.equal(silent, [], "every host of ours is answered for through the resolver")
    s.equal([n for n in sorted(t.approved("domain")) if not w.resolve(n, "NS")], [], "every domain of ours has name servers")
    s.equal([n for (k, n), x in t.things.items() if k == "domain" and not x.dead and not w.resolve(n, "NS")], [], "so has everybody else's")
    dead = [n for (k, n), x in t.things.items() if k == "host" and x.dead and n.startswith("old-")]
    s.equal([n for n in dead if c.drill(n)[0] != "NXDOMAIN"], [], f"{len(dead)} names of old certificates are gone")
    s.equal(c.drill(t.expired)[0], "NXDOMAIN", "the expired domain is gone")
    code, answers, _, _ = c.drill(next(r["asset"] for r in t.risks if r["kind"] == "takeover"))
    s.ok(code == "NXDOMAIN" and answers and answers[0][1] == "CNAME", "a dangling alias is an alias and NXDOMAIN", (code, answers))
    s.ok(c.drill(f"circle1.{t.base}.com")[0] in ("SERVFAIL", "NOERROR") and not w.resolve(f"circle1.{t.base}.com") == 3, "an alias in a circle leads nowhere")
    s.ok(c.drill(f"{t.base}.com", "TXT")[3], "an answer too long for UDP is cut")
    s.equal(len([a for a in c.drill(f"{t.base}.com", "TXT", "-t")[1] if "domain-verification" in a[2]]), 40, "and whole by TCP")
    s.ok(any(a[2] == f"ns1.{t.main}." for a in c.drill("10.113.0.203.in-addr.arpa", "PTR")[1]), "our own network has reverse names")
    pool = sum("pool" in n for n in t.reverse.values())
    s.ok(pool > 60 and "pool" in str(c.drill("2.100.51.198.in-addr.arpa", "PTR")[1]), f"a provider's {pool} reverse names are there")
    mail = {a[2] for a in c.drill(t.main, "MX")[1]} | {a[2] for a in c.drill(f"_sip._tcp.{t.main}", "SRV")[1]}
    s.ok(len(mail) == 2 and "include:" in str(c.drill(t.main, "TXT")) and "rua=" in str(c.drill(f"_dmarc.{t.main}", "TXT")), "MX, SRV, SPF and DMARC are told", mail)


def wildcards(s, w, c, t):
    def addresses(label, zone):
        return {a[2] for a in c.drill(f"{label}.{zone}")[1]}

    s.equal(addresses("anything", t.plain_wildcard), addresses("nothing", t.plain_wildcard), "a plain wildcard answers the same for all")
    s.equal(addresses("shop", t.plain_wildcard), {"203.0.113.202"}, "and what was made below it is told apart")
    rotating = [addresses(f"label{i}", t.wildcards["rotating"]) for i in range(12)]
    s.ok(all(len(a) == 3 for a in rotating) and len(set().union(*rotating)) >= 20 and rotating[0] != rotating[1],
         "a rotating wildcard gives three of 24 addresses, others each time", rotating)
    chosen = t.wildcards["selective"]
    s.ok(addresses("portal", chosen) and not addresses("xk3v9q0a7w2z", chosen), "a selective wildcard answers for words only")
    echo = {tuple(addresses(f"cam-{i}", t.wildcards["echo"])) for i in range(12)}
    s.ok(len(echo) > 5 and addresses("cam-1", t.wildcards["echo"]) == addresses("cam-1", t.wildcards["echo"]), "an echoing wildcard answers by the label", echo)
    code, answers, _, _ = c.drill(f"abc.{t.wildcards['echo-cname']}")
    s.ok(code == "NXDOMAIN" and answers[0][2].startswith("abc."), "and one by an alias with the label in it, to nothing", answers)
    s.ok(all(addresses("admin", t.wildcards[k]) == {a} for k, a in (("rotating", "203.0.113.203"), ("selective", "203.0.113.204"), ("echo", "203.0.113.205"))),
         "a host made by hand stands in three of them")


def signatures(s, w, c, t):
    folder = w.folder / "leaf"
    for zone, kind in ((f"{t.base}.jp", "NSEC"), (f"{t.base}.net", "NSEC3")):
        done = s.run("ldns-verify-zone", folder / f"{zone}.signed")
        s.equal(done.status, 0, f"a zone is signed with {kind}")
        _, _, authority, _ = c.drill(f"zzz-not-there.{zone}", "A", "-D")
        s.ok({"RRSIG", kind} <= {a[1] for a in authority}, f"and its {kind} comes through the resolver", authority)
    zone, seen, at = f"{t.base}.jp", set(), f"{t.base}.jp"
    while at not in seen and len(seen) < 200:
        seen.add(at)
        _, answers, authority, _ = c.drill(f"0.{at}", "A", "-D")  # what is just behind a name is denied by that name's own record
        found = [a for a in answers + authority if a[1] == "NSEC" and a[0].rstrip(".") == at]
        if not found:
            break
        at = found[0][2].split()[0].rstrip(".")
    ours = {n for n in t.approved("host") if n.endswith("." + zone)}
    s.equal(ours - seen, set(), f"walking it finds all {len(ours)} hosts")


def resolvers(s, w, c, t):
    server = dns.RESOLVERS
    s.equal(c.drill("no-such-name.example", server=server["lying"])[1][0][2], dns.LIE, "one resolver lies about names that are not there")
    s.equal(c.drill(f"www.{t.main}", server=server["refusing"])[0], "REFUSED", "one refuses")
    s.equal(w.net.do(lambda: small_internet.ask(server["silent"], t.main, timeout=1)), None, "one is silent")
    began = time.monotonic()
    s.ok(w.net.do(lambda: small_internet.ask(server["slow"], t.main, timeout=20)) and time.monotonic() - began >= w.resolvers.delay, "one is slow")
    w.resolvers.loss = 0.5
    got = []
    while not {None, 1} <= set(got) and len(got) < 60:
        got.append(w.net.do(lambda: small_internet.ask(server["lossy"], t.main, timeout=1)))
    s.ok(None in got and 1 in got, "one loses questions", got)


def whois(s, w, c, t):
    japanese = c.whois("jprs", t.main)
    s.ok(b"\x1b$B" in japanese and max(japanese) < 128, "JPRS answers in ISO-2022-JP")
    text = japanese.decode("iso2022_jp")
    s.ok(all(x in text for x in (f"[組織名]                     {t.us.ja}", t.us.kana, t.us.en, "[Organization Type]")), "with the organisation in kanji, kana and English", text)
    english = c.whois("jprs", f"{t.main}/e")
    s.ok(b"[Organization]" in english and b"\x1b" not in english, "and with /e in English alone")
    w.registry.rate = 10 ** 6
    s.equal([n for n in t.domains if n.endswith(".jp") and b"[Domain Name]" not in c.whois("jprs", f"{n}/e")], [], "every .jp domain is registered there")
    s.ok(b"No match" in c.whois("jprs", "nobody-has-this.jp/e"), "and a free one is not")
    refer = c.whois("iana", f"{t.base}.com").decode()
    s.ok("refer:        whois.verisign-grs.com" in refer and "whois.jprs.jp" in c.whois("iana", t.main).decode(), "IANA refers to the registries", refer)
    d = t.domains[f"{t.base}.com"]
    thin = c.whois("gtld", d.name).decode()
    thick = c.whois(f"registrar{d.registrar}", d.name).decode()
    s.ok(f"Registrar WHOIS Server: whois.registrar-{'ab'[d.registrar]}.example" in thin and d.told not in thin and f"Registrant Organization: {d.told}" in thick,
         "a gTLD's registry refers to the registrar, who knows the owner", thin + thick)
    d = t.domains[f"{t.base}.net"]
    s.ok(re.search("Private Registration|REDACTED", c.whois(f"registrar{d.registrar}", d.name).decode()), "some owners are hidden")
    s.ok(t.base.capitalize() not in c.whois("denic", f"{t.base}.de").decode(), "one country shows no owner at all")
    s.ok("ReferralServer: whois://whois.ripe.net" in c.whois("arin", "n + 192.0.2.17").decode(), "ARIN refers to another registry for a network")
    s.ok(f"organisation:   ORG-EX-RIPE\norg-name:       {t.branch['DE'].en}" in c.whois("ripe", "192.0.2.17").decode(), "which knows the branch's network")
    s.ok(t.us.ja in c.whois("jpnic", "203.0.113.9").decode("iso2022_jp") and t.us.en in c.whois("jpnic", "198.51.100.33 /e").decode(), "JPNIC knows our networks, also inside a provider's")
    s.ok("loop-b" in c.whois("loop0", t.looping).decode() and "loop-a" in c.whois("loop1", t.looping).decode(), "two registrars refer to each other")
    w.registry.rate = 0
    s.ok(all(b"limit exceeded" in c.whois(which, t.main) for which in ("registrar1", "jprs")), "who asks too fast is told so")
    w.registry.rate = registry.RATE


def rdap(s, w, c, t):
    at = registry.RDAP
    status, _, body, _ = c.get(at["bootstrap"], "/dns.json")
    services = {suffix: urls[0] for suffixes, urls in json.loads(body)["services"] for suffix in suffixes}
    s.ok(status == 200 and services["com"] == f"http://{at['generic']}/rdap/" and "jp" not in services and "de" not in services, "the bootstrap names some registries, not all", services)
    d = t.domains[f"{t.base}.com"]
    first = c.until(at["generic"], f"/rdap/domain/{d.name}")
    related = next(x["href"] for x in first["links"] if x["rel"] == "related")
    second = c.until(related.split("/")[2], "/" + related.split("/", 3)[3])
    owner = [e for e in second["entities"] if "registrant" in e["roles"]]
    s.ok(["org", {}, "text", d.told] in owner[0]["vcardArray"][1] and d.told not in json.dumps(first), "a registry's answer leads to the registrar's, which has the owner", second)
    d = t.domains[f"{t.base}.net"]
    s.ok("redacted" in c.until(at[f"registrar{d.registrar}"], f"/domain/{d.name}"), "a hidden owner is marked as redacted")
    s.equal(c.get(at["generic"], "/rdap/domain/nobody-has-this.com")[0] in (404, 429), True, "an unknown name is 404")
    first = {n: c.get(at["generic"], f"/rdap/domain/{n}") for n, x in t.domains.items() if x.suffix == "com" and x.ours}
    slowly = [n for n, r in first.items() if r[0] == 429]
    s.ok(slowly and all(first[n][1]["Retry-After"] == "1" for n in slowly), "some are asked to wait, with Retry-After", {n: r[0] for n, r in first.items()})
    s.equal([n for n in slowly if c.get(at["generic"], f"/rdap/domain/{n}")[0] != 200], [], "and are answered then")
    status, headers, _, _ = c.get(at["moved"], "/ip/203.0.113.9")
    s.ok(status == 302 and c.until(at["numbers"], "/ip/203.0.113.9")["entities"][0]["vcardArray"][1][1][3] == t.us.en, "a network's registry redirects to the one that knows it")
    entity = c.until(at["search"], f"/rdap/entities?fn={urllib.parse.quote(t.domains[f'{t.base}.com'].told)}")["entitySearchResults"][0]
    page = c.until(at["search"], f"/rdap/domains/reverse_search/entity?handle={entity['handle']}&role=registrant")
    names = [x["ldhName"] for x in page["domainSearchResults"]]
    s.ok(names and all(t.domains[n].told == t.domains[f"{t.base}.com"].told for n in names), "one registry lets an owner's domains be searched", page)
    s.equal(c.get(at["search"], "/rdap/domains/reverse_search/entity?fn=x&role=registrant")[0] in (501, 429), True, "but not by a name")
    s.equal(c.until(at["numbers"], "/autnum/64496")["entities"][0]["vcardArray"][1][1][3], t.other["isp"].en, "an AS belongs to a provider")


def transparency(s, w, c, t):
    at = web.ADDRESS
    rows = c.until(at["crtsh"], f"/?O={t.us.en}&output=json")
    s.ok(any(r["common_name"].endswith(t.main) for r in rows) and {r["name_value"] for r in rows} == {t.us.en}, "crt.sh finds the main domain by the name alone")
    first = {n: c.get(at["crtsh"], f"/?q=%25.{n}&output=json") for n in sorted(t.approved("domain"))}
    seen = {"empty": 0, "502": 0, "half": 0}
    for status, _, body, whole in first.values():
        seen["502"] += status == 502
        seen["empty"] += status == 200 and body == b"[]"
        seen["half"] += not whole
    s.ok(all(seen.values()), f"the first time some answers are empty, failed or half ({seen})", seen)
    rows = [r for n in first for r in c.until(at["crtsh"], f"/?q=%25.{n}&output=json") or []]
    known = {n for r in rows for n in r["name_value"].split("\n")}
    wanted = {n for (k, n), x in t.things.items() if k == "host" and x.ownership == "approved" and "ct" in x.seen_by}
    s.equal(wanted - known, set(), f"asked again all {len(wanted)} names are there")
    s.ok(any("@" in n for n in known) and len({r["serial_number"] for r in rows}) * 2 <= len(rows), "with addresses of people among them, and everything twice")
    w.engines.flood["flood.example"] = 10000
    s.equal(len({n for r in c.until(at["crtsh"], "/?q=flood.example&output=json") for n in r["name_value"].split("\n")}), 10000, "a domain can be flooded with names")
    static(s, w, c, t)
    sth = c.until(at["rfc6962"], "/ct/v1/get-sth")
    hashes = []
    while len(hashes) < sth["tree_size"]:
        page = c.until(at["rfc6962"], f"/ct/v1/get-entries?start={len(hashes)}&end={len(hashes) + 200}")
        if not page:
            break
        hashes += [hashlib.sha256(b"\0" + base64.b64decode(e["leaf_input"])).digest() for e in page["entries"]]
    s.equal(root(hashes), base64.b64decode(sth["sha256_root_hash"]), f"an RFC 6962 log of {len(hashes)} entries has the root it signs")


def root(hashes):
    """By the recursive definition of RFC 6962, not by the library's way."""
    if len(hashes) < 2:
        return hashes[0] if hashes else b""
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return hashlib.sha256(b"\1" + root(hashes[:k]) + root(hashes[k:])).digest()


def static(s, w, c, t):
    at = web.ADDRESS["static"]
    checkpoint = c.get(at, "/checkpoint")[2].decode().split("\n")
    size, hashes, prints, kinds, packed = int(checkpoint[1]), [], set(), set(), set()
    for number in range((size + 255) // 256):
        width = min(256, size - number * 256)
        path = f"/tile/data/{number:03}" + (f".p/{width}" if width < 256 else "")
        _, headers, body, _ = c.get(at, path, Accept_Encoding="gzip")
        packed.add(headers["Content-Encoding"])
        body = gzip.decompress(body)
        while body:
            end, kind = 10, struct.unpack("!H", body[8:10])[0]
            end += 32 * kind
            end += 3 + int.from_bytes(body[end:end + 3], "big")
            end += 2 + int.from_bytes(body[end:end + 2], "big")
            hashes.append(hashlib.sha256(b"\0\0\0" + body[:end]).digest())
            if kind:
                end += 3 + int.from_bytes(body[end:end + 3], "big")
            chain = int.from_bytes(body[end:end + 2], "big")
            prints |= {body[end + 2 + i:end + 34 + i] for i in range(0, chain, 32)}
            kinds.add(kind)
            body = body[end + 2 + chain:]
    s.ok(size > 256 and size % 256 and len(hashes) == size and packed == {"gzip"}, f"a static log has {size} entries in whole and partial tiles")
    s.equal(base64.b64encode(root(hashes)).decode(), checkpoint[2], "whose root is the checkpoint's")
    s.equal(c.get(at, "/tile/0/000")[2], b"".join(hashes[:256]), "and its tiles of hashes fit")
    s.equal(kinds, {0, 1}, "both certificates and precertificates are in it")
    s.ok(all(hashlib.sha256(c.get(at, f"/issuer/{p.hex()}")[2]).digest() == p for p in prints), "issuers are found by their digest")
    s.equal((c.get(at, "/tile/data/999")[0], c.get(at, f"/tile/data/{size // 256:03}")[0]), (404, 404), "tiles that are not whole are not there")


def engines(s, w, c, t):
    at, key = web.ADDRESS, web.KEY
    risk = next(r for r in t.risks if r["kind"] == "rdp")
    answer = c.until(at["internetdb"], f"/{risk['address']}")
    s.ok(answer["ports"] == [3389] or 3389 in answer["ports"] and risk["asset"] in answer["hostnames"], "InternetDB knows the open remote desktop", answer)
    s.equal(c.get(at["internetdb"], "/198.51.100.250")[0], 404, "and says 404 for what it has not seen")
    s.equal(c.get(at["shodan"], f"/shodan/host/{risk['address']}")[0], 401, "Shodan wants its key")
    troubles = [c.get(at["shodan"], f"/shodan/host/{a}?key={key}") for a in sorted(w.engines.by_address)[:60]]
    s.ok(any(r[0] == 429 for r in troubles) and any(not r[3] for r in troubles), "refuses at times, and breaks off at times")
    vpn = next(r for r in t.risks if r["kind"] == "vpn-gateway" and r["maker"] == "SonicWall")
    data = c.until(at["shodan"], f"/shodan/host/{vpn['address']}?key={key}")["data"]
    s.ok(any(vpn["model"] in str(b.get("product")) and b.get("version") == vpn["version"] for b in data), "shows a VPN gateway's model and version", data)
    found = c.until(at["shodan"], f'/shodan/host/search?query=ssl.cert.subject.O:"{t.us.en}"&key={key}')
    s.ok(found["total"] > 0 and any(f"www.{t.main}" in str(m) for m in found["matches"]), "finds the main domain by the name alone", found["total"])
    rows, page = [], 1
    while (more := c.until(at["shodan"], f"/dns/domain/{t.main}?key={key}&page={page}")):
        rows += more["data"]
        page += 1
        if not more["more"]:
            break
    s.ok(page > 2 and len({r["subdomain"] for r in rows}) == len(rows), f"and lists {len(rows)} names of a domain, page by page")
    hit = c.until(at["censys"], f"/api/v2/hosts/{vpn['address']}", Authorization="Basic eDp5")
    s.ok(hit["result"]["autonomous_system"]["asn"] == 64496, "Censys knows address, network and AS", hit)


def quiet(s, w, c, t):
    s.wait_for("the last packets to be written down", 20, lambda: registry.WHOIS["iana"] in w.packets_from_us() and web.ADDRESS["censys"] in w.packets_from_us())
    s.equal(w.packets_to_target(), set(), "after all of that no packet went from us to an address of the company or of its neighbours")
    s.ok(len(w.asked("dns")) > 50 and {n.source.partition(":")[0] for n in w.asked()} >= {"dns", "whois", "rdap", "crtsh", "ct", "internetdb", "shodan", "censys"},
         "every server has written down who asked what")
    since = time.time()
    c.get(web.ADDRESS["internetdb"], "/198.51.100.251")
    s.equal(w.duplicates("internetdb", since), {}, "a question asked once is no duplicate")
    c.get(web.ADDRESS["internetdb"], "/198.51.100.251")
    s.equal(w.duplicates("internetdb", since), {("internetdb", "/198.51.100.251"): 2}, "asked twice it is")


def faults(s, w, c, t):
    at, since = web.ADDRESS["internetdb"], time.time()
    w.book.fail("internetdb", "status", code=503, after=7)
    status, headers, _, _ = c.get(at, "/198.51.100.252")
    s.ok(status == 503 and headers["Retry-After"] == "7", "a source can be made to fail")
    w.book.fail("internetdb", "truncate", times=1)
    s.equal((c.get(at, "/198.51.100.252")[3], c.get(at, "/198.51.100.252")[3]), (False, True), "or to break off, so many times")
    s.equal(w.duplicates("internetdb", since), {}, "what had failed may be asked again")
    w.book.fail("whois", "refuse")
    s.equal(c.whois("iana", t.main), b"", "a whole group of sources, too")
    w.book.fail("whois:jprs", "throttle", rate=0)
    s.ok(b"limit" in c.whois("jprs", t.main), "or be throttled")
    w.book.heal()
    s.ok(b"refer" in c.whois("iana", t.main), "and healed")


def visit(s, w, c, t):
    done = s.run(*w.desk, "curl", "-sk", "--max-time", "30", "--resolve", f"www.{t.main}:443:203.0.113.12", f"https://www.{t.main}/")
    s.ok(t.us.ja in done.out and sum(url in done.out for url, _ in t.links) == len(t.links) > 10, "the home page links to the group and the branches", done)
    vpn = next(r for r in t.risks if r["kind"] == "vpn-gateway" and r["maker"] == "Ivanti")
    shown = s.run(*w.desk, "openssl", "s_client", "-connect", f"{vpn['address']}:443", "-servername", vpn["asset"])
    s.ok(re.search(r"O ?= ?Ivanti", shown.out + shown.err), "a gateway's certificate names its maker", shown)
    s.wait_for("the capture to see the visit", 20, lambda: {"203.0.113.12", vpn["address"]} <= w.packets_to_target())
    s.ok(True, "and the capture sees that we went there")
    s.ok({("203.0.113.12", 443), (vpn["address"], 443)} <= {(a, p) for _, peer, a, p in w.front.seen if peer == small_internet.US}, "as does the machine itself")
    six = s.run(*w.desk, "curl", "-sk", "--max-time", "2", "http://[2001:db8:100::101]/")
    if w.six:
        s.wait_for("the capture to see IPv6", 20, lambda: "2001:db8:100::101" in w.packets_to_target())
    s.ok(six.status != 0, "an IPv6 address of the company leads nowhere, and is seen as well")


def scores(s, w, c, t):
    path = [{"from": t.main, "rule": "x", "source": "y", "evidence": "z"}]
    right = [{"kind": k, "name": n, "ownership": "approved", "confidence": 1, "path": path} for k in ("domain", "host", "address", "network") for n in t.approved(k)]
    whole = w.score(right)
    s.ok(whole.recall == 1.0 and whole.precision == 1.0 and not whole.unexplained, "the truth itself scores 1 and 1", whole)
    less = w.score([r for r in right if r["name"] not in set(sorted(t.approved("host"))[:96])])
    s.ok(less.recall == 0.9 and len(less.missed) == 96 and less.precision == 1.0, "96 hosts less are 0.9 of recall, and named", less)
    strangers = [n for (k, n), x in t.things.items() if k == "domain" and x.ownership in ("stranger", "dependency", "candidate")]
    more = w.score(right + [{"kind": "domain", "name": n, "ownership": "approved", "path": []} for n in strangers])
    s.ok(len(more.false) == len(strangers) == len(more.unexplained) and more.precision < 0.95, f"{len(strangers)} others as ours are false, and unexplained", more)
    made = [f"nobody.{t.wildcards['rotating']}", f"abc.{t.plain_wildcard}"]
    odd = w.score(right + [{"kind": "host", "name": n, "ownership": "approved", "path": path} for n in (*made, f"invented.{t.main}", f"old-x.{t.lookalikes[0]}")])
    s.ok(sorted(odd.phantoms) == sorted(made) and len(odd.false) == 4, "names that only a wildcard made are told apart", odd)
    wait = w.score([dict(r, ownership="candidate") for r in right])
    s.equal((wait.recall, wait.judged), (0.0, 0), "what only waits for a person is neither found nor false")


def gone(s):
    """Another scenario starts a world and is killed in the middle: nothing of it stays."""
    code = (f"import sys; sys.path.insert(0, {str(lib.SOURCE / 'test/scenario')!r}); import lib, small_internet, time\n"
            "with lib.Scenario() as s:\n    w = small_internet.World(s)\n    print('UP', s.tmp, *(p.pid for p in w.programs), *(x.holder.pid for x in (w.net, w.there, w.here)), flush=True)\n"
            "    time.sleep(600)\n")
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    line = next((l for l in other.stdout if l.startswith("UP ")), "")
    words = line.split()
    links = re.findall(r"^\d+: ([^:@]+)", s.run("ip", "-o", "link").out, re.M)
    s.ok(len(words) == 8 and not {"br0", "there", "desk"} & set(links), "two worlds stand beside each other, with no link in the machine's own network", line)
    other.terminate()
    other.wait(60)
    left = [p for p in words[2:] if os.path.exists(f"/proc/{p}")]
    s.ok(not left and words and not os.path.exists(words[1]), "when a scenario ends, however it ends, nothing of its world is left", left)


with lib.Scenario() as s:
    s.needs("root", "nsd", "unbound", "ldns-signzone", "ldns-verify-zone", "drill", "curl", "openssl")
    world = small_internet.World(s)
    s.note(f"the world stands after {world.seconds:.1f} s")
    client = Client(s, world)
    truths(s, world.truth)
    reach(s, world.truth)
    for part in (names, wildcards, signatures, resolvers, whois, rdap, transparency, engines, quiet, faults, visit, scores):
        part(s, world, client, world.truth)
    gone(s)
