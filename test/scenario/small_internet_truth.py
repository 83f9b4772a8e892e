"""The ground truth of the small internet: a medical company with 60 domains and 900 hosts that nobody remembers all of, and
everybody else who is near it without being it. All names are made up from the seed; the same seed is the same world.

`Internet(seed)` knows everything the servers show (records, registrations, networks, certificates, services) and, for each
thing, whose it is and why (`things`), and what is wrong with it (`risks`)."""
import dataclasses
import ipaddress
import random
import time

import small_internet_pki as pki

DAY = 86400
HOSTS = 900
KANJI = (("霧", "きり", "kiri"), ("鷺", "さぎ", "sagi"), ("浜", "はま", "hama"), ("椋", "むく", "muku"), ("鶸", "ひわ", "hiwa"),
         ("沓", "くつ", "kutsu"), ("楡", "にれ", "nire"), ("葦", "あし", "ashi"), ("鴇", "とき", "toki"), ("凪", "なぎ", "nagi"),
         ("茜", "あかね", "akane"), ("苔", "こけ", "koke"), ("杣", "そま", "soma"), ("埴", "はに", "hani"), ("鷲", "わし", "washi"))
SYLLABLES = ("lu", "mi", "ve", "xa", "zo", "ri", "ne", "ka", "tho", "pra", "dy", "sol", "que", "bar", "ty", "fen")
# Registrable suffix -> country, the local form of a company.
BRANCHES = (("de", "DE", "Deutschland GmbH"), ("fr", "FR", "France S.A.S."), ("co.uk", "GB", "UK Ltd."), ("it", "IT", "Italia S.r.l."),
            ("es", "ES", "España S.L."), ("nl", "NL", "Nederland B.V."), ("com.br", "BR", "do Brasil Ltda."),
            ("com.au", "AU", "Australia Pty Ltd"), ("com.sg", "SG", "Singapore Pte. Ltd."), ("co.th", "TH", "(Thailand) Co., Ltd."),
            ("in", "IN", "India Pvt. Ltd."), ("com.tw", "TW", "Taiwan Co., Ltd."), ("co.kr", "KR", "Korea Co., Ltd."),
            ("cn", "CN", "(Shanghai) Co., Ltd."), ("ca", "CA", "Canada Inc."), ("us", "US", "USA Inc."))
TLDS = ("jp", "co.jp", "or.jp", "ne.jp", "com", "net", "org", "info", "biz", "uk", "au", "br", "sg", "th", "tw", "kr",
        *(b[0] for b in BRANCHES))
WORDS = ("www", "mail", "vpn", "ftp", "smtp", "webmail", "portal", "test", "dev", "stg", "api", "remote", "intranet", "blog", "shop",
         "support", "autodiscover", "admin", "git", "wiki", "cdn", "static", "img", "sftp", "backup", "demo", "news", "app")
ROLES = ("lab", "ward", "kensa", "yakkyoku", "soumu", "keiri", "eigyo", "kenkyu", "factory", "souko", "reserve", "kenshin", "clinic",
         "order", "edi", "sensor", "cam", "print", "fs", "ap", "batch", "report", "survey", "elearn", "trial", "mdm", "log")
PLACES = ("tokyo", "osaka", "nagoya", "sendai", "fukuoka", "sapporo", "kobe", "hiroshima", "niigata", "naha")


@dataclasses.dataclass
class Org:
    key: str
    ja: str
    kana: str
    en: str
    country: str = "JP"


@dataclasses.dataclass
class Thing:
    """One thing of the truth. ownership: approved (ours), dependency (we use it), candidate (a person must say), stranger."""
    kind: str
    name: str
    ownership: str
    why: str
    owner: str = "us"
    evidence: tuple = ()  # independent classes: registrant certificate dns network page
    seen_by: tuple = ()  # ct words walk ptr exposure record
    country: str = "JP"
    hard: bool = False  # the public record holds only one class of evidence for it
    dead: bool = False  # it is named somewhere, and exists no more
    either: bool = False  # people may see it either way: a rented address that shows our certificate


@dataclasses.dataclass
class Domain:
    name: str
    org: Org
    servers: list
    told: str = ""  # the registrant as the registry shows it; empty: hidden
    mail: str = ""  # domain of the contact's address
    registrar: int = 0
    created: float = 0
    expires: float = 0
    signed: str = ""  # "", "nsec", "nsec3"
    records: dict = dataclasses.field(default_factory=dict)  # name -> [(type, data)]
    ours: bool = False
    loop: bool = False  # its registrars refer to each other

    @property
    def suffix(self):
        return self.name.split(".", 1)[1]

    def add(self, name, kind, data):
        self.records.setdefault(name, []).append((kind, data))


@dataclasses.dataclass
class Net:
    cidr: str
    org: Org
    name: str
    asn: int
    registry: str  # jpnic arin ripe apnic lacnic
    parent: str = ""

    def __post_init__(self):
        self.net = ipaddress.ip_network(self.cidr)
        self.taken = 1

    def take(self):
        """The next address; from the start again when they are used up (several names on one machine)."""
        self.taken += 1
        if self.net.version == 4 and self.taken >= self.net.num_addresses - 1:
            self.taken = 12 if self.net.num_addresses > 32 else 2
        return str(self.net[self.taken])


@dataclasses.dataclass
class Issued:
    """A certificate and where it can be seen."""
    certificate: pki.Certificate
    logged: bool = True
    served: list = dataclasses.field(default_factory=list)  # addresses
    port: int = 443


class Internet:
    def __init__(self, seed=1, now=None):
        self.seed, self.random = seed, random.Random(seed)
        self.now = now or time.time() // DAY * DAY
        self.domains, self.things, self.risks, self.reverse = {}, {}, [], {}
        self.certificates, self.services, self.links, self.nets = [], {}, [], {}
        self.serial, self.words_used = 0x10000 + seed, set()
        self.suffixes = TLDS
        self.missing = set()  # domains that nobody has registered
        self._names()
        self._networks()
        self._authorities()
        self._providers()
        self._company()
        self._contractors()
        self._strangers()
        self._troubles()
        self._phantoms()
        self._settle()

    # ---- names ----

    def coin(self, n=3):
        """A word that no one uses."""
        while True:
            word = "".join(self.random.sample(SYLLABLES, n))
            if word not in self.words_used:
                self.words_used.add(word)
                return word

    def place(self):
        while True:
            parts = self.random.sample(KANJI, 3)
            name = tuple("".join(p[i] for p in parts) for i in range(3))
            if name not in self.words_used:
                self.words_used.add(name)
                return name

    def _names(self):
        self.kanji, self.kana, self.base = self.place()
        self.old = self.place()
        title = self.base.capitalize()
        self.us = Org("us", f"株式会社{self.kanji}メディカル", f"かぶしきがいしゃ{self.kana}めでぃかる", f"{title} Medical Co., Ltd.")
        self.before = Org("before", f"{self.old[0]}製薬株式会社", f"{self.old[1]}せいやくかぶしきがいしゃ",
                          f"{self.old[2].capitalize()} Pharmaceutical Co., Ltd.")
        self.clinic = Org("clinic", f"医療法人社団{self.kanji}会", f"いりょうほうじんしゃだん{self.kana}かい", f"{title}-kai Medical Corporation")
        self.foundation = Org("foundation", f"公益財団法人{self.kanji}医療財団", f"こうえきざいだんほうじん{self.kana}いりょうざいだん",
                              f"{title} Medical Foundation")
        self.main = f"{self.base}.co.jp"

    def _networks(self):
        self.branch = {c: Org(f"branch-{c.lower()}", "", "", f"{self.base.capitalize()} Medical {form}", c)
                       for _, c, form in BRANCHES}
        self.other = {k: Org(k, ja, "", en, c) for k, ja, en, c in (
            ("isp", f"株式会社{self.coin().capitalize()}通信", f"{self.coin().capitalize()} Communications Inc.", "JP"),
            ("cdn", "", f"{self.coin().capitalize()} Content Delivery Inc.", "US"),
            ("hosting", f"{self.coin().capitalize()}ホスティング株式会社", f"{self.coin().capitalize()} Hosting K.K.", "JP"),
            ("cloud", "", f"{self.coin().capitalize()} Cloud Services LLC", "US"),
            ("saas", "", f"{self.coin().capitalize()} Online Services, Inc.", "US"),
            ("dns", "", f"{self.coin().capitalize()} DNS and Domain Parking GmbH", "DE"),
            ("carrier", "", f"{self.coin().capitalize()} Telecom plc", "GB"))}
        table = (("hq", "203.0.113.0/24", self.us, 64500, "jpnic"), ("hq6", "2001:db8:100::/48", self.us, 64500, "jpnic"),
                 ("isp", "198.51.100.0/26", self.other["isp"], 64496, "jpnic"),
                 ("osaka", "198.51.100.32/29", self.us, 64496, "jpnic"),
                 ("cdn", "198.51.100.64/27", self.other["cdn"], 64497, "arin"),
                 ("hosting", "198.51.100.96/27", self.other["hosting"], 64498, "jpnic"),
                 ("cloud", "198.51.100.128/27", self.other["cloud"], 64499, "arin"),
                 ("saas", "198.51.100.160/27", self.other["saas"], 64501, "arin"),
                 ("dns", "198.51.100.192/27", self.other["dns"], 64502, "ripe"),
                 ("carrier", "192.0.2.192/26", self.other["carrier"], 64503, "ripe"))
        for key, cidr, org, asn, registry in table:
            self.nets[key] = Net(cidr, org, f"{key.upper()}-NET", asn, registry)
        self.nets["osaka"].parent = "isp"
        self.nets["stranger"] = Net("198.51.100.224/27", Org("stranger-net", "", "", f"{self.coin().capitalize()} University", "JP"),
                                    "STRANGER-NET", 64504, "jpnic")
        places = (("US", "arin"), ("DE", "ripe"), ("GB", "ripe"), ("SG", "apnic"), ("TH", "apnic"), ("BR", "lacnic"), ("AU", "apnic"),
                  ("FR", "ripe"))
        for i, (country, registry) in enumerate(places):
            self.nets[country] = Net(f"192.0.2.{16 * i}/28", self.branch[country], f"{self.base.upper()[:8]}-{country}", 64503, registry)
        for key in ("hq", "hq6", "osaka", *(p[0] for p in places)):
            net = self.nets[key]
            self.thing("network", net.cidr, "approved", f"assigned to {net.org.en}", evidence=("network",), country=net.org.country)
        for key in ("isp", "cdn", "hosting", "cloud", "saas", "dns", "carrier"):
            self.thing("network", self.nets[key].cidr, "dependency", f"of a provider ({key})", owner="provider")
        self.thing("network", self.nets["stranger"].cidr, "stranger", "of a university", owner="stranger")

    def thing(self, kind, name, ownership, why, **more):
        self.things[kind, name] = Thing(kind, name, ownership, why, **more)
        return self.things[kind, name]

    # ---- certificates ----

    def _authorities(self):
        self.authorities = []
        for who, subject in (("Example Trust OV", "Example Trust Organization CA"), ("Example Free", "Example Free DV CA"),
                             ("Example Legacy", "Example Legacy SHA1 CA")):
            self.serial += 1
            key = pki.WeakKey("legacy") if "Legacy" in who else pki.Key(who)
            self.authorities.append(pki.Certificate([("C", "US"), ("O", who), ("CN", subject)], [], None, key,
                                                    self.now - 3000 * DAY, self.now + 3000 * DAY, self.serial, True))

    def issue(self, names, org=None, told=None, start=-60, end=305, issuer=None, key=None, logged=True, served=(), country="JP",
              self_signed=False, subject=None):
        """A certificate; org or told makes it one whose subject has an organisation."""
        self.serial += 1
        who = told or (org and (org.ja if org.ja and self.random.random() < 0.4 else org.en))
        subject = subject or ([("C", org.country if org else country), ("O", who), ("CN", names[0])] if who else [("CN", names[0])])
        authority = None if self_signed else issuer or self.authorities[0 if who else 1]
        certificate = pki.Certificate(subject, list(names), authority, key or pki.Key(f"{self.seed}/{self.serial}"),
                                      self.now + start * DAY, self.now + end * DAY, self.serial)
        issued = Issued(certificate, logged and not self_signed, list(served))
        self.certificates.append(issued)
        return issued

    def serve(self, address, port, product="", version="", module="", title="", banner="", cpe="", os="", certificate=None, names=(),
              transport="tcp", vulns=()):
        self.services.setdefault(address, []).append({
            "port": port, "transport": transport, "product": product, "version": version, "module": module, "title": title,
            "banner": banner, "cpe": cpe, "os": os, "certificate": certificate, "names": list(names), "vulns": list(vulns)})

    # ---- domains ----

    def domain(self, name, org, servers, ours=False, told=None, **more):
        age = self.random.randrange(400, 6000)
        left = self.random.randrange(40, 700)
        domain = Domain(name, org, list(servers), org.en if told is None else told, created=self.now - age * DAY,
                        expires=self.now + left * DAY, registrar=self.random.randrange(2), ours=ours)
        for key, value in more.items():
            setattr(domain, key, value)
        self.domains[name] = domain
        return domain

    def host(self, name, domain, data, kind="A", seen=("ct",), why="a host below a domain of ours", country=None, ours=True, **more):
        """A host with one record; of ours it is part of the truth."""
        domain.add(name, kind, data)
        if ours and name != domain.name:
            self.thing("host", name, "approved", why, seen_by=tuple(seen), country=country or domain.org.country,
                       hard=("domain", domain.name) in self.things and self.things["domain", domain.name].hard, **more)

    def _providers(self):
        n = self.nets
        self.provider = {}
        for key, suffix in (("cdn", "net"), ("hosting", "ne.jp"), ("cloud", "com"), ("saas", "com"), ("dns", "net"), ("isp", "ne.jp"),
                            ("form", "jp"), ("carrier", "net")):
            org = self.other.get(key, self.other["saas"])
            name = f"{self.coin()}{key}.{suffix}"
            servers = [f"ns1.{name}", f"ns2.{name}"]
            domain = self.domain(name, org, servers)
            self.provider[key] = domain
            net = n.get(key, n["saas"])
            for server in servers:
                domain.add(server, "A", net.take())
            domain.add(f"www.{name}", "A", net.take())
            domain.add(name, "MX", f"10 mx.{name}.")
            domain.add(f"mx.{name}", "A", net.take())
            self.thing("domain", name, "dependency", f"a provider ({key}) that we use", owner="provider", country=org.country)
        self.dns_servers = self.provider["dns"].servers
        saas = self.provider["saas"]
        saas.add(f"_spf.{saas.name}", "TXT", '"v=spf1 ip4:198.51.100.160/27 -all"')
        for i in (1, 2):
            saas.add(f"mx{i}.{saas.name}", "A", n["saas"].take())
        self.shared_address = n["hosting"].take()
        self.cdn_addresses = [n["cdn"].take() for _ in range(12)]

    # ---- the company ----

    def _company(self):
        hq = self.nets["hq"]
        self.own_servers = [f"ns1.{self.main}", f"ns2.{self.main}"]
        hq.taken = 11  # the name servers are .10 and .11
        self.token = f"google-site-verification={self.coin(8)}{self.seed}"
        self.tenant = f"MS=ms{self.random.randrange(10 ** 7, 10 ** 8)}"
        self.owned = []
        for spec in self._specs():
            self._own(*spec)
        main = self.domains[self.main]
        for i, server in enumerate(self.own_servers):
            self.host(server, main, f"203.0.113.{10 + i}", seen=("record",), why="its name servers")
        for label, seen in (("mx1", "record"), ("sip", "record"), ("portal", "ct"), ("group", "ct")):
            self.host(f"{label}.{self.main}", main, hq.take(), seen=(seen,), why="a host that others refer to")
        self._sans()
        for domain, quota in self.owned:
            self._hosts(domain, quota)
        self._old_names()

    def _specs(self):
        """(domain, org, profile, hosts, signed): the profile says which classes of evidence speak for it."""
        b, us = self.base, self.us
        self.idn = f"{self.kanji}.jp".encode("idna").decode()
        kana = f"{self.kana}.jp".encode("idna").decode()
        specs = [(self.main, us, "A", 220, ""), (f"{b}.jp", us, "A", 60, "nsec"), (f"{b}.com", us, "B", 90, ""),
                 (f"{b}.net", us, "C", 40, "nsec3"), (f"{b}-zaidan.or.jp", self.foundation, "E", 36, ""), (self.idn, us, "A", 6, ""),
                 (kana, us, "hard", 4, "")]
        for i in range(12):
            specs.append((f"{self.coin()}.{('com', 'jp', 'net', 'co.jp')[i % 4]}", us, "BDCAEB"[i % 6] if i % 4 != 3 else "A", 7, ""))
        for i, (suffix, country, _) in enumerate(BRANCHES):
            specs.append((f"{b}.{suffix}", self.branch[country], "F" if i % 3 else "C", 13, ""))
        specs += [(f"{b}-usa.com", self.branch["US"], "B", 13, ""), (f"{b}-europe.com", self.branch["DE"], "D", 13, "")]
        for i, name in enumerate((f"recruit-{b}.jp", f"{b}-ir.jp", f"{b}-ehr.jp", f"kenshin-{b}.com", f"{b}-event.net", f"{b}-online.com")):
            specs.append((name, us, "BEADCD"[i], 4, ""))
        self.group = []
        for i in range(5):
            kanji, kana_, word = self.place()
            self.group.append(Org(f"group-{i}", f"{kanji}{('物流', '検査', '情報', '薬局', '産業')[i]}株式会社", f"{kana_}かぶしきがいしゃ",
                                  f"{word.capitalize()} {('Logistics', 'Laboratory', 'Systems', 'Pharmacy', 'Industry')[i]} Co., Ltd."))
            self.group[-1].word = word
        for i, suffix in enumerate(("co.jp", "co.jp", "com", "jp", "co.jp")):
            specs.append((f"{self.group[i].word}.{suffix}", self.group[i], "E", 8, ""))
        specs.append((f"{self.group[4].word}-net.com", self.group[4], "E", 8, ""))
        old = self.old[2]
        specs += [(f"{old}.co.jp", self.before, "A", 10, ""), (f"{old}.com", self.before, "C", 6, ""), (f"{old}-clinic.jp", us, "hard", 4, "")]
        for i in range(6):
            specs.append((f"{self.place()[2]}-hp.or.jp", self.clinic, "E" if i % 2 else "A", 5, ""))
        specs += [(f"{b}-test.com", us, "B", 4, ""), (f"{b}-mail.net", us, "hard", 0, "")]
        return specs

    def _told(self, org, suffix):
        """How a registry shows this organisation: in one of the ways people write it."""
        if org is not self.us or suffix in ("co.jp", "or.jp"):
            return org.ja if org.ja and suffix.endswith("jp") else org.en
        if suffix == "jp":
            return self.random.choice((org.ja, f"㈱{self.kanji}メディカル", f"(株){self.kanji}メディカル", f"株式会社　{self.kanji}メディカル"))
        return self.random.choice((org.en, org.en.upper(), f"{self.base.capitalize()} Medical Co.,Ltd", f"{self.base.upper()} MEDICAL K.K."))

    def _own(self, name, org, profile, quota, signed):
        suffix = name.split(".", 1)[1]
        own_ns = profile in "ACF"
        servers = self.own_servers if own_ns else self.dns_servers
        shown = profile in "ABE" or suffix in ("co.jp", "or.jp")
        d = self.domain(name, org, servers, ours=True, told=self._told(org, suffix) if shown else "", signed=signed,
                        mail=self.main if profile in "AE" else "")
        evidence = {"A": ("registrant", "certificate", "dns"), "B": ("registrant", "certificate"), "C": ("certificate", "dns"),
                    "D": ("certificate", "dns"), "E": ("registrant", "dns", "page", "certificate"),
                    "F": ("certificate", "dns", "page", "network"), "hard": ("dns",)}[profile]
        self.thing("domain", name, "approved", {"hard": "registered by us behind a hiding service"}.get(profile, f"registered by {org.en}"),
                   owner="us" if org.key.startswith(("us", "branch", "before", "clinic", "foundation")) else "group",
                   evidence=evidence, country=org.country, hard=profile == "hard")
        self._posture(d, profile, quota)
        self.owned.append((d, quota))
        d.profile = profile
        if profile in "EF":
            self.links.append((f"https://www.{name}/", org.ja or org.en))

    def _posture(self, d, profile, quota):
        """Mail, tokens, policies: what they say about the owner, and what is missing for the report."""
        saas = self.provider["saas"].name
        if profile in "DE" or d.name == self.main:
            d.add(d.name, "TXT", f'"{self.token}"')
        if profile == "hard":
            d.add(d.name, "TXT", f'"{self.tenant}"')
            d.add(d.name, "A", self.nets["dns"].take())
            return
        mail_self = d.name == self.main
        d.add(d.name, "MX", f"10 mx1.{self.main}." if profile in "AC" and not mail_self else f"10 mx1.{d.name}." if mail_self
              else f"10 mx1.{saas}.")
        if mail_self:
            d.add(d.name, "TXT", f'"v=spf1 ip4:203.0.113.0/24 include:_spf.{saas} -all"')
            d.add(f"_dmarc.{d.name}", "TXT", f'"v=DMARC1; p=quarantine; rua=mailto:dmarc@{self.main}"')
            d.add(d.name, "TXT", f'"{self.tenant}"')
            d.add(f"s1._domainkey.{d.name}", "CNAME", f"s1.{self.base}.dkim.{saas}.")
            self.provider["saas"].add(f"s1.{self.base}.dkim.{saas}", "TXT", f'"v=DKIM1; k=rsa; p={"A" * 200}" "{"B" * 192}"')
            d.add(f"_sip._tcp.{d.name}", "SRV", f"10 5 5060 sip.{d.name}.")
            d.add(d.name, "CAA", '0 issue "example-trust.example"')
            return
        choice = self.random.random()
        if choice < 0.5:
            d.add(d.name, "TXT", f'"v=spf1 include:_spf.{saas} {"-all" if choice < 0.3 else "~all"}"')
        elif choice < 0.55:
            d.add(d.name, "TXT", '"v=spf1 +all"')
            self.risk(d.name, "spf-open", "SPF lets everybody send")
        else:
            self.risk(d.name, "spf-missing", "no SPF record")
        if profile in "DEF" or choice < 0.3:
            policy = "none" if choice > 0.25 else "reject"
            d.add(f"_dmarc.{d.name}", "TXT", f'"v=DMARC1; p={policy}; rua=mailto:dmarc@{self.main}"')
            if policy == "none":
                self.risk(d.name, "dmarc-none", "DMARC only watches")
        else:
            self.risk(d.name, "dmarc-missing", "no DMARC record")

    def risk(self, name, kind, why, **more):
        self.risks.append({"asset": name, "kind": kind, "why": why, **more})

    def _sans(self):
        """Certificates with an organisation, some of them over several domains: the way from one to the next."""
        hidden = [d.name for d, _ in self.owned if d.profile == "D"]
        self.issue([f"www.{self.main}", self.main, *(n for d in hidden for n in (d, f"www.{d}"))], self.us, told=self.us.en,
                   served=["203.0.113.12"])
        linked = [d for d, _ in self.owned if d.profile == "E"]
        for i in range(0, len(linked), 4):
            self._front("portal", 8443 + i, [f"www.{d.name}" for d in linked[i:i + 4]], self.us.ja)
        # The forgotten ones: in a certificate of the group, whatever their own say.
        apart = [d.name for d, _ in self.owned if d.profile in "ABCF" and d.org is not self.us]
        for i in range(0, len(apart), 8):
            self._front("group", 8443 + i, apart[i:i + 8], self.us.en)
        for d, _ in self.owned:
            if d.profile in "ABCF" and d.name != self.main:
                names = [d.name, f"www.{d.name}"]
                if d.profile == "C":
                    names.append(f"group.{self.main}")
                self.issue(names, self.before if d.org is self.before and d.profile == "A" else d.org if d.org is not self.before else self.us)

    def _front(self, label, port, names, told):
        """A certificate over several domains, logged, and shown by a host of the main domain."""
        name = f"{label}.{self.main}"
        issued = self.issue([name, *names], self.us, told=told, served=[self.domains[self.main].records[name][0][1]])
        issued.port = port

    def _where(self, d):
        """(type, data) of a filler host: own network, branch, CDN, cloud, SaaS or shared hosting."""
        country = d.org.country
        draw = self.random.random()
        if country in self.nets and draw < 0.6:
            return "A", self.nets[country].take()
        if d.name.count("-") and draw < 0.2 or draw > 0.97:
            return "A", self.shared_address
        if draw < 0.62 and country == "JP":
            return "A", self.nets["hq"].take()
        if draw < 0.68 and country == "JP":
            return "A", self.nets["osaka"].take()
        if draw < 0.85:
            return "A", self.nets["cloud"].take()
        return "CNAME", ""

    def _hosts(self, d, quota):
        names = self._labels(d, quota - sum(1 for k, n in self.things if k == "host" and (n == d.name or n.endswith("." + d.name))))
        pending = []
        if d.name not in d.records or not any(k == "A" for k, _ in d.records[d.name]):
            d.add(d.name, "A", "203.0.113.12" if d.profile == "A" else self._where(d)[1] or self.cdn_addresses[0])
        for label in names:
            name = f"{label}.{d.name}"
            kind, data = self._where(d)
            seen = []
            if d.signed == "nsec":
                seen.append("walk")
            if label in WORDS:
                seen.append("words")
            draw = self.random.random()
            if draw < 0.6 or not seen and kind == "CNAME" or not seen and d.profile in "D":
                seen.append("ct")
            if draw > 0.5 and kind == "A" or not seen:
                seen.append("exposure")
            if draw > 0.8 and data.startswith("203.") and data not in self.reverse:
                seen.append("ptr")
            if kind == "CNAME":
                data = self._edge(d, name)
            elif "ptr" in seen:
                self.reverse[data] = name
            if "ct" in seen:
                pending.append(name)
            self.host(name, d, data, kind, seen)
            if kind == "A":
                if data.startswith("203.") and self.random.random() < 0.25:
                    d.add(name, "AAAA", str(self.nets["hq6"].net[int(data.split(".")[3]) + 256]))
                self.place_address(data, name, d)
                if "exposure" in seen:
                    port = self.random.choice((80, 443, 443, 8443))
                    product, version = self.random.choice((("nginx", "1.24.0"), ("Apache httpd", "2.4.57"), ("Microsoft IIS httpd", "10.0")))
                    self.serve(data, port, product, version, "https", names=[name], title=label)
        while pending:
            size = self.random.randrange(1, 5)
            take, pending = pending[:size], pending[size:]
            self.issue(take, d.org if self.random.random() < 0.3 else None, start=-self.random.randrange(1, 300),
                       end=self.random.randrange(35, 400))

    def place_address(self, address, name, d):
        net = self.net_of(address)
        owned = self.things["network", net.cidr].ownership == "approved"
        self.thing("address", address, "approved" if owned else "dependency",
                   f"in {net.name} of {net.org.en}, used by {name}", owner="us" if owned else "provider", country=net.org.country)

    def net_of(self, address):
        """The most specific network told."""
        at = ipaddress.ip_address(address)
        return max((n for n in self.nets.values() if n.net.version == at.version and at in n.net), key=lambda n: n.net.prefixlen)

    def _edge(self, d, name):
        """A name at the CDN or a SaaS for this host; gives the CNAME's target."""
        if self.random.random() < 0.7:
            cdn = self.provider["cdn"]
            target = f"d{self.random.randrange(16 ** 6, 16 ** 7):x}.{cdn.name}"
            for address in self.random.sample(self.cdn_addresses, 2):
                cdn.add(target, "A", address)
            why = "a name of the content network"
        else:
            form = self.provider["form"]
            target = f"{name.replace('.', '-')}.{form.name}"
            form.add(target, "A", self.nets["saas"].take())
            why = "a name of the web form provider"
        self.thing("host", target, "dependency", why, owner="provider")
        return target + "."

    def _labels(self, d, quota):
        common = ["www", *self.random.sample(WORDS[1:], min(len(WORDS) - 1, max(0, quota // 4)))]
        labels = common[:max(quota, 0)]
        taken = {n for k, n in self.things if k == "host"}
        labels = [x for x in labels if f"{x}.{d.name}" not in taken]
        while len(labels) < quota:
            label = self.random.choice(ROLES)
            if self.random.random() < 0.5:
                label = f"{self.random.choice(PLACES)}-{label}"
            if self.random.random() < 0.6:
                label += f"{self.random.randrange(1, 40):02}"
            if label not in labels and f"{label}.{d.name}" not in taken:
                labels.append(label)
        return labels[:max(quota, 0)]

    def _old_names(self):
        """Names in old certificates that exist no more; PTRs of the provider's pool."""
        main = self.domains[self.main]
        for i in range(20):
            name = f"old-{self.random.choice(PLACES)}{i}.{self.random.choice(self.owned[:4])[0].name}"
            self.issue([name], start=-900, end=-500)
            self.thing("host", name, "approved", "named in an old certificate only", dead=True, seen_by=("ct",))
        for suffix in ("0", "1"):
            self.reverse[f"203.0.113.1{suffix}"] = self.own_servers[int(suffix)]
        self.reverse["203.0.113.1"] = f"gw.{main.name}"

    # ---- the others ----

    def _contractors(self):
        self.contractors = []
        for i in range(4):
            kanji, kana, word = self.place()
            org = Org(f"contractor-{i}", f"株式会社{kanji}{('システム', '保守', '清掃', '給食')[i]}", f"かぶしきがいしゃ{kana}",
                      f"{word.capitalize()} {('Systems', 'Maintenance', 'Cleaning', 'Catering')[i]} Inc.")
            net = self.nets["carrier" if i % 2 else "isp"]
            name = f"{word}.{('co.jp', 'jp', 'com', 'co.jp')[i]}"
            d = self.domain(name, org, self.dns_servers, told=org.ja if i != 2 else org.en)
            for label in ("www", "mail", "vpn", f"{self.base}", "support"):
                d.add(f"{label}.{name}", "A", net.take())
                self.thing("host", f"{label}.{name}", "candidate", "a host of a contractor", owner=org.key)
            d.add(name, "MX", f"10 mail.{name}.")
            self.thing("domain", name, "candidate", "a contractor's" + (", who agreed" if i < 2 else ""), owner=org.key)
            self.issue([name, f"www.{name}", f"vpn.{name}", f"{self.base}.{name}"], org)
            self.contractors.append({"domain": name, "name": org.ja, "consent": i < 2, "org": org})
            label = f"{('maint', 'support2', 'cleaning', 'lunch')[i]}.{self.main}"
            # In place of a filler host, so that the count stays.
            self._replace(label, "CNAME", f"{self.base}.{name}.", "ours, served by a contractor", ("ct",))
            self.issue([label])
            self.serve(d.records[f"vpn.{name}"][0][1], 443, "SSL VPN", "", "https", "Remote access", names=[f"vpn.{name}"])

    def _replace(self, name, kind, data, why, seen, **more):
        """A host of our truth in place of a filler one of the same domain."""
        d = next(self.domains[n] for n in sorted(self.domains, key=len, reverse=True) if name.endswith("." + n))
        for (k, other), thing in list(self.things.items()):
            if k == "host" and other.endswith("." + d.name) and thing.why == "a host below a domain of ours" and not thing.dead \
                    and any(c in "0123456789" for c in other.split(".")[0]):
                self._forget(other, d)
                break
        self.host(name, d, data, kind, seen, why, **more)
        if kind == "A":
            self.place_address(data, name, d)
        return d

    def _forget(self, name, d):
        del self.things["host", name]
        d.records.pop(name)
        self.reverse = {a: n for a, n in self.reverse.items() if n != name}
        for services in self.services.values():
            for s in services:
                s["names"] = [n for n in s["names"] if n != name]
        for issued in list(self.certificates):
            if name in issued.certificate.names:
                self.certificates.remove(issued)
                rest = [n for n in issued.certificate.names if n != name]
                if rest:
                    self.issue(rest)

    def stranger(self, name, why, org=None, told=None, address=None, **more):
        org = org or Org(f"stranger-{len(self.domains)}", "", "", f"{self.coin().capitalize()} Trading LLC", "US")
        d = self.domain(name, org, more.pop("servers", self.dns_servers), told=told, **more)
        address = address or self.nets["dns"].take()
        d.add(name, "A", address)
        d.add(f"www.{name}", "A", address)
        self.thing("domain", name, "stranger", why, owner="stranger", country=org.country)
        self.thing("host", f"www.{name}", "stranger", why, owner="stranger", country=org.country)
        return d

    def _strangers(self):
        b = self.base
        self.lookalikes = []
        typos = {b.replace("m", "rn", 1) if "m" in b else b + "s", b[:-1], b + "a", b.replace("a", "aa", 1), b[0] + b[2:],
                 b.replace("i", "l", 1) if "i" in b else b.replace("a", "e", 1)}
        for word in sorted(typos - {b}):
            self.lookalikes.append(self.stranger(f"{word}.com", "a typo of ours, parked by somebody").name)
        self.looping = self.lookalikes[0]  # whose registrars refer to each other
        self.domains[self.looping].loop = True
        for suffix in ("org", "info", "biz"):
            d = self.stranger(f"{b}.{suffix}", "our label below another suffix, somebody else's", told="" if suffix == "org" else None)
            self.lookalikes.append(d.name)
            self.issue([d.name, f"www.{d.name}"])
        for i, word in enumerate(("中央病院", "記念病院", "こども病院")):
            org = Org(f"hospital-{i}", f"医療法人{self.kanji}{word}", f"いりょうほうじん{self.kana}", f"{b.capitalize()} {('Central', 'Memorial', 'Children')[i]} Hospital")
            d = self.stranger(f"{b}-{('chuo', 'kinen', 'kodomo')[i]}-hp.or.jp", "another hospital of the same place", org, told=org.ja)
            self.lookalikes.append(d.name)
            self.issue([d.name, f"www.{d.name}"], org)
        namesake = Org("namesake", "", "", f"{b.capitalize()} Medical LLC", "US")
        d = self.stranger(f"{b}medical.com", "a company of the same name in another country, not of the group", namesake)
        self.things["domain", d.name].ownership = "candidate"
        self.issue([d.name, f"www.{d.name}"], namesake)
        shared = [self.stranger(f"{self.coin()}.{('com', 'jp', 'net')[i % 3]}", "on the same address of shared hosting",
                                address=self.shared_address).name for i in range(25)]
        self.serve(self.shared_address, 443, "nginx", "1.22.1", "https", names=[f"www.{n}" for n in shared])
        crowd = [self.stranger(f"{self.coin()}.{('com', 'net', 'org', 'info')[i % 4]}", "in a certificate that the content network shares",
                               address=self.random.choice(self.cdn_addresses)).name for i in range(80)]
        ours = next(n for n, d in self.domains.items() if d.ours and d.profile == "B")
        self.crowd = self.issue([f"sni.{self.provider['cdn'].name}", ours, *crowd], told=self.other["cdn"].en, served=self.cdn_addresses)
        self._impostors()
        self._floods()

    def _impostors(self):
        """Strangers who point at us, and domains that once were ours."""
        for i in range(3):
            d = self.stranger(f"{self.coin()}-{i}.com", "points at us by itself")
            d.add(f"app.{d.name}", "CNAME", f"www.{self.main}.")
            d.add(d.name, "MX", f"10 mx1.{self.main}.")
            d.add(f"_dmarc.{d.name}", "TXT", f'"v=DMARC1; p=none; rua=mailto:dmarc@{self.main}"')
            self.thing("host", f"app.{d.name}", "stranger", "points at us by itself", owner="stranger")
            address = self.nets["stranger"].take()
            self.reverse[address] = f"vpn{i}.{self.main}"
            self.thing("address", address, "stranger", "its owner claims our name in a PTR", owner="stranger")
        for i in range(2):
            name = f"{self.base}-{('forum', 'care')[i]}.com"
            self.issue([name, f"www.{name}"], self.us, start=-1500, end=-1100)
            d = self.stranger(name, "once ours; expired, registered again by a stranger")
            d.created = self.now - 200 * DAY
            self.issue([name], start=-30, end=60)
        self.expired = f"{self.base}-fair.com"
        self.missing.add(self.expired)
        self.issue([self.expired, f"www.{self.expired}"], self.us, start=-1200, end=-800)
        self.thing("domain", self.expired, "stranger", "once ours, expired, free to anybody", owner="nobody", dead=True)

    def _floods(self):
        for key in ("isp", "carrier"):
            name, net = self.provider[key].name, self.nets[key]
            for address in net.net.hosts():
                text = str(address)
                if self.net_of(text) is not net:
                    continue
                self.reverse.setdefault(text, f"{text.replace('.', '-')}.pool.{name}")
                self.provider[key].add(self.reverse[text], "A", text) if self.reverse[text].endswith(name) else None
        for i in range(4):
            d = self.stranger(f"{self.coin()}-corp.co.jp", "another customer of the same provider",
                              Org(f"customer-{i}", f"株式会社{self.place()[0]}商事", "", f"{self.coin().capitalize()} Trade Co., Ltd."),
                              address=self.nets["isp"].take())
            self.serve(d.records[d.name][0][1], 3389, "Remote Desktop Protocol", "", "rdp", names=[f"www.{d.name}"])

    # ---- what is wrong ----

    def _troubles(self):
        b, hq = self.base, self.nets["hq"]
        table = (
            ("ts01", self.main, "rdp", 3389, "Remote Desktop Protocol", "", "Windows Server 2012 R2", "", "rdp"),
            ("fs-archive", f"{b}.com", "smb", 445, "Samba smbd", "3.6.3", "Unix", "cpe:2.3:a:samba:samba:3.6.3:*:*:*:*:*:*:*", "smb"),
            ("cam-lobby", f"{b}.jp", "vnc", 5900, "VNC", "", "", "", "vnc"),
            ("rt-factory", self.main, "telnet", 23, "Cisco IOS telnetd", "", "", "", "telnet"),
            ("db-trial", f"{b}.com", "database", 3306, "MySQL", "5.5.62", "", "cpe:2.3:a:oracle:mysql:5.5.62:*:*:*:*:*:*:*", "mysql"),
            ("mongo-lab", f"{b}.net", "database", 27017, "MongoDB", "3.2.0", "", "", "mongodb"),
            ("es-log", f"{b}.co.th", "database", 9200, "Elastic", "1.7.6", "", "", "elastic"),
            ("pacs-ext", f"{b}-zaidan.or.jp", "dicom", 11112, "DICOM server", "", "", "", "dicom"),
            ("hl7gw", self.main, "hl7", 2575, "HL7 MLLP", "", "", "", "hl7"),
            ("karte", f"{b}-zaidan.or.jp", "emr", 443, "Microsoft IIS httpd", "7.5", "Windows Server 2008 R2", "", "https"),
            ("web-old", self.main, "unsupported", 80, "Apache httpd", "2.2.15", "CentOS 6", "cpe:2.3:a:apache:http_server:2.2.15:*:*:*:*:*:*:*", "http"),
            ("iis-kobe", f"{b}.com", "unsupported", 80, "Microsoft IIS httpd", "6.0", "Windows Server 2003", "", "http"),
            ("test-yoyaku", f"{b}.com", "test-host", 8080, "Apache Tomcat", "7.0.40", "", "", "http"),
            ("stg2-portal", self.main, "test-host", 443, "nginx", "1.10.3", "", "", "https"))
        for label, domain, kind, port, product, version, os, cpe, module in table:
            name, address = f"{label}.{domain}", hq.take()
            self._replace(name, "A", address, f"has the trouble {kind}", ("exposure",))
            self.serve(address, port, product, version, module, title="電子カルテ ログイン" if kind == "emr" else f"{label} phpinfo()"
                       if kind == "test-host" else "", cpe=cpe, os=os, names=[name],
                       banner={"telnet": "User Access Verification\r\nUsername:", "hl7": "MSH|^~\\&|GW|HQ", "dicom": "DICOM Server Response"}.get(kind, ""))
            self.risk(name, kind, f"{product} {version} {os}".strip(), address=address, port=port)
        self._gateways()
        self._bad_certificates()
        self._dangling()

    def _gateways(self):
        """VPN boxes: maker, model and version in certificate or banner; and what the ledger says of them."""
        self.gateways = []
        boxes = (("vpn-hq", self.main, "hq", "Fortinet", "FortiGate-100E", "6.0.4", "fortinet:fortios:6.0.4", "FGT100E0000000001"),
                 ("vpn-osaka", self.main, "osaka", "SonicWall", "SMA 200", "10.2.0.2", "sonicwall:sma_200_firmware:10.2.0.2", "SMA200"),
                 ("sslvpn", f"{self.base}.de", "DE", "Fortinet", "FortiGate-60F", "7.4.3", "fortinet:fortios:7.4.3", "FGT60F0000000002"),
                 ("ra", f"{self.base}.com.br", "BR", "Ivanti", "Connect Secure", "9.1R11", "ivanti:connect_secure:9.1", "connect-secure"),
                 ("gw-maint", f"{self.base}-usa.com", "US", "Citrix", "NetScaler Gateway", "12.1", "citrix:netscaler_gateway:12.1", "netscaler"))
        for i, (label, domain, net, maker, model, version, cpe, common) in enumerate(boxes):
            name, address = f"{label}.{domain}", self.nets[net].take()
            self._replace(name, "A", address, "a remote gateway", ("exposure", "ct") if i < 2 else ("exposure",))
            issued = self.issue([name] if i < 2 else [], self_signed=i >= 2, served=[address],
                                subject=[("C", "US"), ("O", maker), ("OU", model), ("CN", common)] if i >= 2 else None)
            self.serve(address, 443, model, version, "https", f"{maker} {model}", certificate=issued.certificate, names=[name],
                       cpe=f"cpe:2.3:a:{cpe}:*:*:*:*:*:*:*", banner=f"HTTP/1.1 200 OK\r\nServer: {maker} {model} {version}")
            self.risk(name, "vpn-gateway", f"{maker} {model} {version}", address=address, port=443, maker=maker, model=model, version=version)
            if i != 4:  # the last one is in no ledger
                self.gateways.append({"name": name, "maker": maker, "model": model, "version": "7.4.7" if i == 0 else version})

    def _bad_certificates(self):
        pool = [n for (k, n), t in self.things.items() if k == "host" and t.ownership == "approved" and t.why == "a host below a domain of ours"
                and not t.dead and any(kind == "A" and data != self.shared_address for kind, data in self._records(n))]
        picks = self.random.sample(sorted(pool), 13)
        for i, name in enumerate(picks):
            address = next(data for kind, data in self._records(name) if kind == "A")
            if i < 6:
                issued, kind = self.issue([name], start=-500, end=-20 - i, served=[address]), "certificate-expired"
            elif i < 10:
                key = pki.WeakKey(f"{self.seed}/{i}")
                issued, kind = self.issue([name], key=key, self_signed=True, start=-900, end=900, served=[address]), "certificate-weak"
            else:
                issued, kind = self.issue([name], start=-340, end=10, served=[address]), "certificate-soon"
            self.things["address", address].either = self.things["address", address].ownership != "approved"
            self.serve(address, 9443 if i >= 6 else 443, "nginx", "1.18.0", "https", certificate=issued.certificate, names=[name])
            self.risk(name, kind, "the certificate of its service", address=address)

    def _records(self, name):
        parts = name.split(".")
        for i in range(len(parts)):
            d = self.domains.get(".".join(parts[i:]))
            if d:
                return d.records.get(name, [])
        return []

    def _dangling(self):
        b, cloud, cdn = self.base, self.provider["cloud"].name, self.provider["cdn"].name
        cases = ((f"campaign19.{b}.com", f"{b}-campaign19.web.{cloud}.", True, "the name at the cloud is free"),
                 (f"lp-old.{b}.jp", f"{b}-lp.web.{cloud}.", True, "the name at the cloud is free"),
                 (f"fair.{self.main}", f"www.{self.expired}.", True, "the domain behind it is free"),
                 (f"six-only.{b}.com", f"six.{cdn}.", False, "it has an IPv6 address only"),
                 (f"held.{b}.com", f"{b}-held.web.{cloud}.", False, "the cloud asks the owner's token before it gives the name"),
                 (f"inner.{self.main}", f"gone.{self.main}.", False, "the name behind it is ours, nobody else can take it"))
        for name, target, real, why in cases:
            self._replace(name, "CNAME", target, "an alias whose target is gone or seems so", ("ct",))
            self.issue([name])
            if real:
                self.risk(name, "takeover", why, target=target)
            else:
                self.risk(name, "no-takeover", why, target=target)
        self._hostile()
        self.provider["cdn"].add(f"six.{cdn}", "AAAA", "2001:db8:200::6")
        self.provider["cloud"].add(f"{b}-held.web.{cloud}", "A", self.nets["cloud"].take())
        self.domains[f"{b}.com"].add(f"asuid.held.{b}.com", "TXT", f'"{self.coin(6)}"')
        self.domains[f"{b}.com"].add(f"sub.{b}.com", "NS", f"ns1.{b}-nodns.net.")
        self.issue([f"sub.{b}.com"])
        self.missing.add(f"{b}-nodns.net")
        self.risk(f"sub.{b}.com", "takeover", "the domain of its name server is free", target=f"ns1.{b}-nodns.net")

    def _hostile(self):
        """What breaks careless readers: aliases in a circle, an answer too long for UDP, text that wants to be markup."""
        com = self.domains[f"{self.base}.com"]
        for i in (1, 2):
            name = f"circle{i}.{com.name}"
            com.add(name, "CNAME", f"circle{3 - i}.{com.name}.")
            self.thing("host", name, "approved", "an alias in a circle", dead=True, seen_by=("ct",))
            self.issue([name])
        for i in range(40):
            com.add(com.name, "TXT", f'"vendor{i}-domain-verification={self.coin(6)}{self.random.randrange(10 ** 20)}"')
        self.hostile = "<script>alert('x')</script>\u202e=cmd|' /C calc'!A1\"&amp;\x1b[2J"
        name, address = f"demo-hostile.{com.name}", self.nets["hq"].take()
        self._replace(name, "A", address, "shows hostile text", ("exposure",))
        self.serve(address, 80, self.hostile, self.hostile, "http", self.hostile, banner=self.hostile, names=[name, f"a\"><b>.{com.name}"])
        com.add(name, "TXT", '"<script>alert(1)</script>"')
        self.stranger(f"{self.coin()}-evil.com", "its registrant is hostile text", told=self.hostile.replace("\x1b", ""))

    # ---- wildcards ----

    def _phantoms(self):
        """Zones that answer for what nobody made: plain (in the zone file), and those of the responder."""
        b = self.base
        web = self.domains[f"{b}.jp"]
        self.plain_wildcard = f"lp.{b}.jp"
        web.add(f"*.{self.plain_wildcard}", "A", "203.0.113.200")
        web.add(f"*.{self.plain_wildcard}", "A", "203.0.113.201")
        self.wildcards = {"rotating": f"rr.{b}.com", "selective": f"pages.{b}.com", "echo": f"dyn.{b}.com", "echo-cname": f"tenant.{b}.com"}
        for zone in self.wildcards.values():
            for i in (1, 2):
                self.domains[f"{b}.com"].add(zone, "NS", f"ns{i}-wild.{b}.com.")
        for i in (1, 2):
            self.domains[f"{b}.com"].add(f"ns{i}-wild.{b}.com", "A", f"203.0.113.{7 + i}")
            self.thing("host", f"ns{i}-wild.{b}.com", "approved", "name server of its wildcard zones", seen_by=("record",))
            self.place_address(f"203.0.113.{7 + i}", f"ns{i}-wild.{b}.com", web)
        # What somebody did make below them, beside the wildcard's own answers.
        self._replace(f"shop.{self.plain_wildcard}", "A", "203.0.113.202", "made by hand below a wildcard", ("words", "walk"))
        for kind, address in (("rotating", "203.0.113.203"), ("selective", "203.0.113.204"), ("echo", "203.0.113.205")):
            self._replace(f"admin.{self.wildcards[kind]}", "A", address, "made by hand below a wildcard", ("words", "ct"))
            self.issue([f"admin.{self.wildcards[kind]}"])
        # What certificates tell, and nobody made: only the wildcards answer.
        for zone in (self.plain_wildcard, self.wildcards["rotating"]):
            self.issue([f"campaign2019.{zone}"])
        # A level with hosts of its own: a certificate shows one of them, the other is there for whoever guesses.
        for label, seen in (("gate", ("ct",)), ("mail", ("words",))):
            self._replace(f"{label}.corp.{self.main}", "A", self.nets["hq"].take(), "a host on a level below the domain", seen)
        self.issue([f"gate.corp.{self.main}"])
        for address in self.own_addresses():
            self.place_address(address, self.own_servers[0], web)

    def _settle(self):
        """Exactly 900 hosts."""
        main = self.domains[self.main]
        fillers = [n for (k, n), t in self.things.items() if k == "host" and t.why == "a host below a domain of ours" and not t.dead
                   and n.endswith("." + self.main) and n.split(".")[0] not in WORDS]
        while len(self.approved("host")) > HOSTS:
            self._forget(fillers.pop(), main)
        for i in range(HOSTS - len(self.approved("host"))):
            address = self.nets["hq"].take()
            self.host(f"spare{i}.{self.main}", main, address)
            self.place_address(address, f"spare{i}.{self.main}", main)
            self.issue([f"spare{i}.{self.main}"])

    def own_addresses(self):
        return ("203.0.113.10", "203.0.113.11", "203.0.113.12")

    def findable(self, *channels):
        """Hosts of ours that at least one of these shows: ct words walk ptr exposure record."""
        return {n for n in self.approved("host") if set(self.things["host", n].seen_by) & set(channels)}

    def approved(self, kind, hard=True):
        """Names of ours of this kind that exist; without hard those that two classes of evidence speak for."""
        return {n for (k, n), t in self.things.items() if k == kind and t.ownership == "approved" and not t.dead and (hard or not t.hard)}
