"""What the small internet's web knows: certificate logs (crt.sh, static-ct, RFC 6962), search engines of services
(InternetDB, Shodan, Censys), the company's home page and a page of search results."""
import base64
import hashlib
import html
import ipaddress
import random
import re
import socket
import ssl
import threading
import time
import zlib

import small_internet_pki as pki
from small_internet_source import Answer, Web

ADDRESS = {"crtsh": "198.18.3.1", "static": "198.18.3.2", "rfc6962": "198.18.3.3", "internetdb": "198.18.3.4", "shodan": "198.18.3.5",
           "censys": "198.18.3.6"}
KEY = "key-of-a-test"


def stamp(at):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))


class Engines:
    """To be made inside the namespace. The first time a question is asked, crt.sh answers some with nothing, with half or
    with 502, as it does; asked again it answers."""

    def __init__(self, world, book):
        self.world, self.book, self.times = world, book, {}
        self.flood = {}  # domain -> how many random names crt.sh shows below it
        logged = [i.certificate for i in world.certificates if i.logged]
        self.logged = logged
        self.by_address = world.services
        for issued in world.certificates:
            for address in issued.served:
                known = world.services.setdefault(address, [])
                if not any(s["certificate"] is issued.certificate for s in known):
                    world.serve(address, issued.port, "nginx", "1.22.1", "https", certificate=issued.certificate, names=issued.certificate.names[:10])
        entries = sorted(((c, bool(n % 3), int(c.start * 1000)) for n, c in enumerate(logged)), key=lambda e: e[2])
        # The newer half is in the static log alone, the older one in both: the old protocol is being shut down.
        self.static = pki.Log(f"log.example/{world.seed}", entries + [(c, not p, at) for c, p, at in entries])
        self.old = pki.Log(f"old-log.example/{world.seed}", entries[:len(entries) // 2])
        replies = {"crtsh": self._crtsh, "static": self._static, "rfc6962": self._rfc6962, "internetdb": self._internetdb,
                   "shodan": self._shodan, "censys": self._censys}
        for name, reply in replies.items():
            source = f"ct:{name}" if name in ("static", "rfc6962") else name
            Web(book, source, ADDRESS[name], reply)

    def _trouble(self, told, kinds):
        """What goes wrong with this question the first time, if anything."""
        n = self.times[told] = self.times.get(told, 0) + 1
        draw = zlib.crc32(f"{self.world.seed}/{told}".encode()) % 100
        return next((kind for limit, kind in kinds if draw < limit), None) if n == 1 else None

    # ---- crt.sh ----

    def _crtsh(self, path, query, request):
        if query.get("output") != "json":
            return Answer(200, b"<html>a page for people</html>", "text/html")
        word = next((query[k] for k in ("q", "Identity", "dNSName", "CN", "O") if k in query), "").lower()
        rows = [row for c in self.logged for row in self._rows(c, word, "O" in query)]
        rows += self._flood(word.removeprefix("%").lstrip("."))
        if query.get("exclude") == "expired":
            rows = [r for r in rows if r["not_after"] > stamp(time.time())]
        if query.get("deduplicate") == "Y":
            rows = list({r["serial_number"]: r for r in rows}.values())
        trouble = self._trouble(f"crtsh {word}", ((12, "empty"), (20, "502"), (25, "half")))
        if trouble == "empty":
            return Answer(200, b"[]", failed=True)
        if trouble == "502":
            return Answer(502, b"<html>Bad Gateway</html>", "text/html")
        return Answer(200, rows, cut=trouble == "half")

    def _flood(self, domain):
        """Certificates of a hundred random names each, as a service that gives every visitor one has them."""
        draw = random.Random(domain)
        c = self.logged[0]
        for start in range(0, self.flood.get(domain, 0), 100):
            names = [f"{draw.getrandbits(48):012x}.{domain}" for _ in range(min(100, self.flood[domain] - start))]
            yield {"issuer_ca_id": 7, "issuer_name": c.issuer_text(), "common_name": names[0], "name_value": "\n".join(names), "id": 10 ** 9 + start,
                   "entry_timestamp": stamp(c.start), "not_before": stamp(c.start), "not_after": stamp(c.end), "serial_number": f"{10 ** 12 + start:x}"}

    def _rows(self, c, word, organisation):
        names = list(dict.fromkeys([c.common_name(), *c.names]))
        if organisation or "." not in word.strip("%") or " " in word:
            # What is shown is what matched, here the organisation: of the names only the first is told.
            told = (c.organisation or "").lower()
            if not told or (word.strip("%") not in told if "%" in word else word != told):
                return
            shown = [c.organisation]
        else:
            end = word.removeprefix("%").lstrip(".")
            shown = [n for n in names if n == end or n.endswith("." + end) or word.startswith("%") and not word.startswith("%.") and n.endswith(end)]
            if not shown:
                return
            if c.serial % 9 == 0:
                shown = shown + [f"hostmaster@{end}"]
        ident = zlib.crc32(c.sha256.encode())
        row = {"issuer_ca_id": 7, "issuer_name": c.issuer_text(), "common_name": c.common_name(), "name_value": "\n".join(shown),
               "id": ident, "entry_timestamp": stamp(c.start) + ".123", "not_before": stamp(c.start), "not_after": stamp(c.end),
               "serial_number": f"{c.serial:0{10}x}", "result_count": 2}
        yield row
        yield {**row, "id": ident + 1}  # the certificate and its precertificate

    # ---- logs ----

    def _static(self, path, query, request):
        if path == "/checkpoint":
            return Answer(200, self.static.checkpoint(int(self.world.now * 1000)).encode(), "text/plain; charset=utf-8")
        if (m := re.fullmatch(r"/tile/(data|\d)/((?:x\d{3}/)*\d{3})(?:\.p/(\d+))?", path)):
            number = int(m.group(2).replace("x", "").replace("/", ""))
            width, size = int(m.group(3) or 256), len(self.static.entries)
            if m.group(1) == "data":
                if width > 256 or number * 256 + width > size:
                    return Answer(404, b"no\n", "text/plain")
                return Answer(200, self.static.data_tile(number, width), "application/octet-stream", gzip="yes")
            body = self.static.hash_tile(int(m.group(1)), number, width)
            return Answer(200, body, "application/octet-stream") if len(body) == width * 32 else Answer(404, b"no\n", "text/plain")
        if (m := re.fullmatch(r"/issuer/([0-9a-f]{64})", path)):
            found = next((a.der for a in self.world.authorities if a.sha256 == m.group(1)), None)
            if found:
                return Answer(200, found, "application/pkix-cert")
        return Answer(404, b"no\n", "text/plain")

    def _rfc6962(self, path, query, request):
        if path == "/ct/v1/get-sth":
            at = int(self.world.now * 1000)
            return Answer(200, {"tree_size": len(self.old.entries), "timestamp": at, "sha256_root_hash": base64.b64encode(self.old.root).decode(),
                                "tree_head_signature": base64.b64encode(self.old.signature(at)).decode()})
        if path == "/ct/v1/get-entries":
            start, end = int(query.get("start", 0)), int(query.get("end", 0))
            end = min(end, start + 31, len(self.old.entries) - 1)  # fewer than asked, as logs may
            if start > end:
                return Answer(400, b"out of range\n", "text/plain")
            if self._trouble(f"entries {start}", ((8, "429"),)):
                return Answer(429, b"slowly\n", "text/plain", Retry_After="1")
            return Answer(200, {"entries": [{"leaf_input": base64.b64encode(self.old.leaves[i]).decode(),
                                             "extra_data": base64.b64encode(self.old.extra[i]).decode()} for i in range(start, end + 1)]})
        return Answer(404, b"no\n", "text/plain")

    # ---- engines ----

    def _names(self, address):
        names = [n for s in self.by_address.get(address, ()) for n in s["names"]]
        if address in self.world.reverse:
            names.append(self.world.reverse[address])
        return list(dict.fromkeys(names))

    def _internetdb(self, path, query, request):
        address = path.strip("/")
        services = self.by_address.get(address)
        if not services:
            return Answer(404, {"detail": "No information available"})
        trouble = self._trouble(path, ((7, "429"), (12, "half")))
        if trouble == "429":
            return Answer(429, b"Rate limit exceeded\n", "text/plain", Retry_After="1")
        return Answer(200, {"ip": address, "ports": sorted({s["port"] for s in services}), "cpes": sorted({self._cpe22(s["cpe"]) for s in services if s["cpe"]}),
                            "hostnames": self._names(address), "tags": ["self-signed"] if any(s["certificate"] and s["certificate"].self_signed for s in services) else [],
                            "vulns": sorted({v for s in services for v in s["vulns"]})}, cut=trouble == "half")

    @staticmethod
    def _cpe22(cpe):
        return "cpe:/" + ":".join(cpe.split(":")[2:6]).removesuffix(":*")

    def _banner(self, address, s):
        net = self.world.net_of(address)
        out = {"ip_str": address, "port": s["port"], "transport": s["transport"], "timestamp": stamp(self.world.now - 5 * 86400) + ".000001",
               "hostnames": self._names(address), "domains": sorted({".".join(n.split(".")[-2:]) for n in self._names(address)}), "org": net.org.en,
               "isp": net.org.en, "asn": f"AS{net.asn}", "location": {"country_code": net.org.country, "country_name": net.org.country},
               "data": s["banner"] or f"{s['product']} {s['version']}".strip(), "_shodan": {"module": s["module"]}, "os": s["os"] or None}
        if s["product"]:
            out["product"] = s["product"]
        if s["version"]:
            out["version"] = s["version"]
        if s["cpe"]:
            out["cpe23"], out["cpe"] = [s["cpe"]], [self._cpe22(s["cpe"])]
        if s["module"] in ("http", "https"):
            out["http"] = {"title": s["title"], "server": f"{s['product']}/{s['version']}", "status": 200, "host": address}
        c = s["certificate"]
        if c:
            out["ssl"] = {"versions": ["TLSv1.2", "TLSv1.3"], "cert": {
                "subject": dict(c.subject), "issuer": dict(c.issuer.subject), "issued": time.strftime("%Y%m%d%H%M%SZ", time.gmtime(c.start)),
                "expires": time.strftime("%Y%m%d%H%M%SZ", time.gmtime(c.end)), "expired": c.end < time.time(), "serial": c.serial,
                "fingerprint": {"sha256": c.sha256, "sha1": hashlib.sha1(c.der).hexdigest()}, "sig_alg": "sha1WithRSAEncryption" if isinstance(c.issuer.key, pki.WeakKey) else "ecdsa-with-SHA256",
                "pubkey": {"type": "rsa" if isinstance(c.key, pki.WeakKey) else "ec", "bits": 1024 if isinstance(c.key, pki.WeakKey) else 256},
                "extensions": [{"name": "subjectAltName", "data": ", ".join("DNS:" + n for n in c.names)}]}, "chain": [c.pem()]}
        return out

    def _shodan(self, path, query, request):
        if query.get("key") != KEY:
            return Answer(401, {"error": "Please provide a valid API key"})
        told = path + query.get("query", "") + query.get("page", "")
        trouble = self._trouble(told, ((8, "429"), (14, "half")))
        if trouble == "429":
            return Answer(429, {"error": "Request rate limit reached (1/ second). Please slow down!"}, Retry_After="1")
        answer = self._shodan_answer(path, query)
        answer.cut = trouble == "half" and answer.status == 200
        return answer

    def _shodan_answer(self, path, query):
        if path == "/api-info":
            return Answer(200, {"query_credits": 100, "scan_credits": 0, "plan": "dev"})
        if (m := re.fullmatch(r"/shodan/host/(?!search|count)(.+)", path)):
            address = m.group(1)
            services = self.by_address.get(address)
            if not services:
                return Answer(404, {"error": "No information available for that IP."})
            data = [self._banner(address, s) for s in services]
            return Answer(200, {"ip_str": address, "ports": sorted({s["port"] for s in services}), "hostnames": self._names(address), "domains": data[0]["domains"],
                                "org": data[0]["org"], "isp": data[0]["isp"], "asn": data[0]["asn"], "country_code": data[0]["location"]["country_code"],
                                "os": None, "data": data})
        if (m := re.fullmatch(r"/dns/domain/(.+)", path)):
            return self._shodan_domain(m.group(1).lower(), int(query.get("page", 1)))
        if path == "/shodan/host/search":
            found = [self._banner(a, s) for a in sorted(self.by_address, key=ipaddress.ip_address) for s in self.by_address[a] if self._matches(a, s, query.get("query", ""))]
            page = int(query.get("page", 1))
            return Answer(200, {"matches": found[(page - 1) * 100:page * 100], "total": len(found)})
        return Answer(404, {"error": "no"})

    def _shodan_domain(self, domain, page):
        names = sorted({n for s in self.by_address.values() for x in s for n in x["names"] if n == domain or n.endswith("." + domain)})
        if not names:
            return Answer(404, {"error": "No information available"})
        rows = [{"subdomain": n.removesuffix(domain).rstrip("."), "type": "A", "value": a, "last_seen": stamp(self.world.now)}
                for n in names[(page - 1) * 50:page * 50] for a in [next(a for a, s in self.by_address.items() if any(n in x["names"] for x in s))]]
        if page == 1 and domain in self.world.domains:
            rows += [{"subdomain": n.removesuffix(domain).rstrip("."), "type": "NS", "value": data.rstrip("."), "last_seen": stamp(self.world.now)}
                     for n, records in self.world.domains[domain].records.items() if n != domain for kind, data in records if kind == "NS"]
        return Answer(200, {"domain": domain, "tags": [], "data": rows, "subdomains": sorted({r["subdomain"] for r in rows}), "more": len(names) > page * 50})

    def _matches(self, address, s, query):
        """Shodan's filters as far as one asks for owners: all of them must hold."""
        c, net = s["certificate"], self.world.net_of(address)
        fields = {"org": net.org.en, "asn": f"AS{net.asn}", "port": str(s["port"]), "country": net.org.country, "hostname": " ".join(self._names(address)),
                  "ssl.cert.subject.o": c.organisation or "" if c else "", "ssl.cert.subject.cn": c.common_name() if c else "",
                  "ssl": " ".join((c.organisation or "", *c.names)) if c else "", "http.title": s["title"], "ip": address}
        for key, quoted, bare in re.findall(r'([\w.]+):(?:"([^"]*)"|(\S+))', query):
            wanted = (quoted or bare).lower()
            if key.lower() == "net":
                if ipaddress.ip_address(address) not in ipaddress.ip_network(wanted, strict=False):
                    return False
            elif wanted not in fields.get(key.lower(), "").lower():
                return False
        words = re.sub(r'[\w.]+:(?:"[^"]*"|\S+)', " ", query).strip().strip('"').lower()
        return not words or words in str([s["banner"], s["title"], c and c.organisation, *fields.values()]).lower()

    def _censys(self, path, query, request):
        if not request.headers.get("Authorization"):
            return Answer(401, {"error": "Unauthorized"})
        if (m := re.fullmatch(r"/(?:api/)?v2/hosts/(?!search)(.+)", path)):
            found = self.by_address.get(m.group(1))
            return Answer(200, {"code": 200, "status": "OK", "result": self._censys_host(m.group(1))}) if found else Answer(404, {"code": 404, "error": "not found"})
        if re.fullmatch(r"/(?:api/)?v2/hosts/search", path):
            word = re.sub(r'^[\w.]+:\s*', "", query.get("q", "")).strip('"').lower()
            hits = [self._censys_host(a) for a in sorted(self.by_address, key=ipaddress.ip_address)
                    if word and word in str([self._names(a), [s["certificate"] and (s["certificate"].organisation, s["certificate"].names) for s in self.by_address[a]]]).lower()]
            start = int(query.get("cursor") or 0)
            more = str(start + 50) if start + 50 < len(hits) else ""
            return Answer(200, {"code": 200, "status": "OK", "result": {"query": query.get("q"), "total": len(hits), "hits": hits[start:start + 50],
                                                                        "links": {"next": more, "prev": ""}}})
        return Answer(404, {"code": 404, "error": "no"})

    def _censys_host(self, address):
        net, services = self.world.net_of(address), []
        for s in self.by_address[address]:
            c = s["certificate"]
            services.append({"port": s["port"], "service_name": s["module"].upper() or "UNKNOWN", "transport_protocol": s["transport"].upper(),
                             "software": [{"product": s["product"], "version": s["version"], "uniform_resource_identifier": s["cpe"]}] if s["product"] else [],
                             **({"tls": {"certificates": {"leaf_data": {"names": c.names, "fingerprint": c.sha256, "subject_dn": ", ".join(f"{k}={v}" for k, v in c.subject),
                                                                      "issuer_dn": c.issuer_text(), "subject": {"organization": [c.organisation] if c.organisation else []}}}}} if c else {}),
                             "banner": s["banner"], "observed_at": stamp(self.world.now - 86400) + "Z"})
        return {"ip": address, "services": services, "location": {"country_code": net.org.country},
                "autonomous_system": {"asn": net.asn, "name": net.org.en, "bgp_prefix": net.cidr, "country_code": net.org.country},
                "dns": {"names": self._names(address), "reverse_dns": {"names": [self.world.reverse[address]] if address in self.world.reverse else []}}}


# ---- pages ----

def home_page(world):
    """The company's home page: links to its group, its branches, and to others that are not its own."""
    rows = "".join(f'<li><a href="{url}">{html.escape(words)}</a></li>\n' for url, words in world.links)
    other = f'<a href="https://www.{world.lookalikes[-1]}/">地域の病院</a> <a href="https://www.{world.provider["form"].name}/">お問い合わせ</a>'
    return (f'<!doctype html><html lang="ja"><head><meta charset="utf-8"><title>{html.escape(world.us.ja)}</title></head><body>\n<h1>{html.escape(world.us.ja)}</h1>\n'
            f'<h2>グループ会社・海外拠点</h2><ul>\n{rows}</ul><h2>リンク</h2>{other}\n<footer>© {html.escape(world.us.en)}</footer></body></html>\n')


def search_results(world):
    """A saved page of a search for the company's name: its own pages and those of others, as a search gives them."""
    urls = [f"https://www.{world.main}/", f"https://www.{world.base}.com/about", *(f"https://www.{n}/" for n in world.lookalikes[-3:]),
            f"https://www.{world.domains[world.main].org.key}-news.{world.provider['form'].name}/{world.base}"]
    return "url,title\n" + "".join(f"{u},{world.us.ja}\n" for u in urls)


class Front:
    """The company's own machines, as far as a polite visitor sees: HTTP on port 80 and TLS with HTTP on 443, every address.
    To be made inside the namespace of the target. `seen` has every visitor."""

    def __init__(self, world, folder):
        self.world, self.folder, self.seen, self.contexts = world, folder, [], {}
        folder.mkdir()
        self.page = home_page(world).encode()
        self.served = {}
        for issued in world.certificates:
            for address in issued.served if issued.port == 443 else ():
                self.served[address] = issued.certificate
        for port in (80, 443):
            listener = socket.create_server(("0.0.0.0", port), backlog=128)
            threading.Thread(target=self._accept, args=(listener, port), daemon=True).start()

    def _accept(self, listener, port):
        while True:
            try:
                client, peer = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._client, args=(client, peer, port), daemon=True).start()

    def _context(self, address):
        c = self.served.get(address) or self.served["203.0.113.12"]
        if c.sha256 not in self.contexts:
            path = self.folder / f"{c.sha256}.pem"
            path.write_text(c.pem() + ("" if c.self_signed else c.issuer.pem()) + c.key.pem())
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            context.load_cert_chain(path)
            self.contexts[c.sha256] = context
        return self.contexts[c.sha256]

    def _client(self, client, peer, port):
        address = client.getsockname()[0]
        self.seen.append((time.time(), peer[0], address, port))
        try:
            client.settimeout(20)
            if port == 443:
                client = self._context(address).wrap_socket(client, server_side=True)
            with client:
                asked = client.recv(8192).split(b" ")
                if len(asked) > 1:
                    status = b"200 OK" if asked[1] == b"/" else b"404 Not Found"
                    client.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\nContent-Length: "
                                   + str(len(self.page)).encode() + b"\r\n\r\n" + self.page)
        except (OSError, ValueError):
            client.close()
