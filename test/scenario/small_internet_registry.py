"""Registries of the small internet: WHOIS as IANA, JPRS, JPNIC, gTLD registries, registrars, ccTLDs and RIRs speak it, and
RDAP with its bootstrap files. The forms are written by hand after what is public; every value is made up."""
import ipaddress
import re
import time
import zlib

from small_internet_source import Answer, Lines, Web

WHOIS = {name: f"198.18.1.{i + 1}" for i, name in enumerate((
    "iana", "jprs", "jpnic", "gtld", "org", "info", "denic", "nominet", "afnic", "registrobr", "country", "registrar0", "registrar1",
    "loop0", "loop1", "arin", "ripe", "apnic", "lacnic"))}
# The names that referrals give, and those the product may know by heart.
HOSTS = {"whois.iana.org": "iana", "whois.jprs.jp": "jprs", "whois.nic.ad.jp": "jpnic", "whois.verisign-grs.com": "gtld",
         "whois.pir.org": "org", "whois.publicinterestregistry.org": "org", "whois.afilias.net": "info", "whois.nic.info": "info",
         "whois.nic.biz": "info", "whois.denic.de": "denic", "whois.nic.uk": "nominet", "whois.nic.fr": "afnic",
         "whois.registro.br": "registrobr", "whois.country.example": "country", "whois.registrar-a.example": "registrar0",
         "whois.registrar-b.example": "registrar1", "whois.loop-a.example": "loop0", "whois.loop-b.example": "loop1",
         "whois.arin.net": "arin", "whois.ripe.net": "ripe", "whois.apnic.net": "apnic", "whois.lacnic.net": "lacnic"}
OF_SUFFIX = {"jp": "whois.jprs.jp", "com": "whois.verisign-grs.com", "net": "whois.verisign-grs.com", "org": "whois.pir.org",
             "info": "whois.nic.info", "biz": "whois.nic.biz", "de": "whois.denic.de", "uk": "whois.nic.uk", "fr": "whois.nic.fr",
             "br": "whois.registro.br"}
OF_REGISTRY = {"jpnic": "whois.apnic.net", "apnic": "whois.apnic.net", "arin": "whois.arin.net", "ripe": "whois.ripe.net",
               "lacnic": "whois.lacnic.net"}
RDAP = {"bootstrap": "198.18.2.1", "generic": "198.18.2.2", "registrar0": "198.18.2.3", "registrar1": "198.18.2.4", "numbers": "198.18.2.5",
        "countries": "198.18.2.6", "moved": "198.18.2.7", "search": "198.18.2.8"}
PAGE = 2  # results that the registry which may be searched tells at a time
RATE = 25  # questions a second that JPRS and registrar B bear before they refuse
REGISTRARS = ("Example Registrar A, Inc.", "Example Registrar B GmbH")
NOTE = "[ JPRS database provides information on network administration. Its use is    ]\n" \
       "[ restricted to network administration purposes. For further information,     ]\n" \
       "[ use 'whois -h whois.jprs.jp help'. To suppress Japanese output, add'/e'     ]\n" \
       "[ at the end of command, e.g. 'whois -h whois.jprs.jp NAME/e'.                ]\n\n"


def day(at, mark="/"):
    return time.strftime(f"%Y{mark}%m{mark}%d", time.gmtime(at))


def stamp(at):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def registered(world, name):
    """The registration of a name or of what is above it, or None."""
    return world.domains.get(name) or next((world.domains[name[i + 1:]] for i, c in enumerate(name) if c == "." and name[i + 1:] in world.domains), None)


def hidden(domain):
    return not domain.told


# ---- forms of domains ----

def jprs_attribute(d, english):
    org = d.org
    kind = ("Foundation" if "財団" in org.ja else "Medical Corporation") if d.suffix == "or.jp" else "Corporation"
    servers = "".join(f"p. [{'Name Server' if english else 'ネームサーバ'}]{' ' * (16 if english else 14)}{s}\n" for s in d.servers)
    if english:
        return (f"Domain Information:\na. [Domain Name]                {d.name.upper()}\ng. [Organization]               {org.en}\n"
                f"l. [Organization Type]          {kind}\nm. [Administrative Contact]     XA0001JP\nn. [Technical Contact]          XT0001JP\n"
                f"{servers}s. [Signing Key]                \n[State]                         Connected ({day(d.expires)})\n"
                f"[Registered Date]               {day(d.created)}\n[Connected Date]                {day(d.created)}\n"
                f"[Last Update]                   {day(d.created)} 01:02:03 (JST)\n")
    ja = {"Corporation": "株式会社", "Foundation": "公益財団法人", "Medical Corporation": "医療法人"}[kind]
    return (f"Domain Information: [ドメイン情報]\na. [ドメイン名]                 {d.name.upper()}\ne. [そしきめい]                 {org.kana}\n"
            f"f. [組織名]                     {org.ja or org.en}\ng. [Organization]               {org.en}\n"
            f"k. [組織種別]                   {ja}\nl. [Organization Type]          {kind}\nm. [登録担当者]                 XA0001JP\n"
            f"n. [技術連絡担当者]             XT0001JP\n{servers}s. [署名鍵]                     \n"
            f"[状態]                          Connected ({day(d.expires)})\n[登録年月日]                    {day(d.created)}\n"
            f"[接続年月日]                    {day(d.created)}\n[最終更新]                      {day(d.created)} 01:02:03 (JST)\n")


def jprs_general(d, english):
    who = d.told or "Whois Privacy Protection Service by Example Registrar"
    ja = d.told or "Whois情報公開代行サービス"
    mail = f"domain@{d.mail}" if d.mail else "proxy@registrar-a.example"
    tail = (f"Contact Information:{'' if english else ' [公開連絡窓口]'}\n[{'Name' if english else '名前'}]                          {who if english else ja}\n"
            f"[Email]                         {mail}\n[Web Page]                       \n[{'Postal code' if english else '郵便番号'}]                   000-0000\n")
    if english:
        servers = "".join(f"[Name Server]                   {s}\n" for s in d.servers)
        return (f"Domain Information:\n[Domain Name]                   {d.name.upper()}\n\n[Registrant]                    {d.org.en if d.told else who}\n\n{servers}"
                f"[Signing Key]                   \n\n[Created on]                    {day(d.created)}\n[Expires on]                    {day(d.expires)}\n"
                f"[Status]                        Active\n[Last Updated]                  {day(d.created)} 01:05:02 (JST)\n\n{tail}")
    servers = "".join(f"[Name Server]                   {s}\n" for s in d.servers)
    return (f"Domain Information: [ドメイン情報]\n[Domain Name]                   {d.name.upper()}\n\n[登録者名]                      {ja}\n"
            f"[Registrant]                    {d.org.en if d.told else who}\n\n{servers}[Signing Key]                   \n\n"
            f"[登録年月日]                    {day(d.created)}\n[有効期限]                      {day(d.expires)}\n[状態]                          Active\n"
            f"[最終更新]                      {day(d.created)} 01:05:02 (JST)\n\n{tail}")


def gtld(d):
    host = f"whois.registrar-{'ab'[d.registrar]}.example"
    if d.loop:
        host = "whois.loop-a.example"
    servers = "".join(f"   Name Server: {s.upper()}\n" for s in d.servers)
    return (f"   Domain Name: {d.name.upper()}\n   Registry Domain ID: {zlib.crc32(d.name.encode())}_DOMAIN_EXAMPLE\n   Registrar WHOIS Server: {host}\n"
            f"   Registrar URL: http://www.registrar-{'ab'[d.registrar]}.example\n   Updated Date: {stamp(d.created)}\n   Creation Date: {stamp(d.created)}\n"
            f"   Registry Expiry Date: {stamp(d.expires)}\n   Registrar: {REGISTRARS[d.registrar]}\n   Registrar IANA ID: {9990 + d.registrar}\n"
            f"   Domain Status: clientTransferProhibited https://icann.org/epp#clientTransferProhibited\n{servers}   DNSSEC: unsigned\n"
            f">>> Last update of whois database: {stamp(time.time())} <<<\n\nTERMS OF USE: rate limits apply; queries are limited.\n")


def registrar(d):
    if hidden(d):
        who = ("REDACTED FOR PRIVACY", "Domains Privacy Service", "contact@privacy.example") if d.registrar else \
            ("Registration Private", "Private Registration", "proxy@registrar-a.example")
    else:
        who = ("Domain Administrator", d.told, f"domain@{d.mail}" if d.mail else f"hostmaster@registrar-{'ab'[d.registrar]}.example")
    text = (f"Domain Name: {d.name}\nRegistrar WHOIS Server: whois.registrar-{'ab'[d.registrar]}.example\nRegistrar: {REGISTRARS[d.registrar]}\n"
            f"Creation Date: {stamp(d.created)}\nRegistrar Registration Expiration Date: {stamp(d.expires)}\n")
    for role in ("Registrant", "Admin", "Tech"):
        text += f"{role} Name: {who[0]}\n{role} Organization: {who[1]}\n{role} Country: {d.org.country}\n{role} Email: {who[2]}\n"
    return text + "".join(f"Name Server: {s}\n" for s in d.servers) + "DNSSEC: unsigned\n"


def denic(d):
    return f"Domain: {d.name}\n" + "".join(f"Nserver: {s}\n" for s in d.servers) + f"Status: connect\nChanged: {stamp(d.created)[:19]}+02:00\n"


def nominet(d):
    return (f"\n    Domain name:\n        {d.name}\n\n    Registrant:\n        {d.told or '[redacted]'}\n\n    Registrar:\n        {REGISTRARS[d.registrar]}\n\n"
            f"    Relevant dates:\n        Registered on: {time.strftime('%d-%b-%Y', time.gmtime(d.created))}\n"
            f"        Expiry date:  {time.strftime('%d-%b-%Y', time.gmtime(d.expires))}\n\n    Registration status:\n        Registered until expiry date.\n\n"
            "    Name servers:\n" + "".join(f"        {s}\n" for s in d.servers) + "\n")


def afnic(d):
    return (f"%% This is the registry of a country\n\ndomain:      {d.name}\nstatus:      ACTIVE\nholder-c:    H{d.registrar}00-EX\nadmin-c:     H{d.registrar}00-EX\n"
            f"registrar:   {REGISTRARS[d.registrar]}\nExpiry Date: {stamp(d.expires)}\ncreated:     {stamp(d.created)}\n"
            + "".join(f"nserver:     {s}\n" for s in d.servers)
            + f"\nnic-hdl:     H{d.registrar}00-EX\ntype:        ORGANIZATION\ncontact:     {d.told or 'Ano Nymous'}\ncountry:     {d.org.country}\n"
            + (f"e-mail:      domain@{d.mail}\n" if d.mail else ""))


def registrobr(d):
    return (f"% Copyright (c) the registry\n\ndomain:      {d.name}\n" + (f"owner:       {d.told}\n" if d.told else "") + "country:     BR\n"
            + "".join(f"nserver:     {s}\n" for s in d.servers) + f"created:     {day(d.created, '')} #1\nexpires:     {day(d.expires, '')}\nstatus:      published\n")


def country(d):
    text = f"Domain Name: {d.name}\nRegistrar: {REGISTRARS[d.registrar]}\nCreation Date: {stamp(d.created)}\nRegistry Expiry Date: {stamp(d.expires)}\n"
    text += f"Registrant Organization: {d.told or 'REDACTED FOR PRIVACY'}\nRegistrant Country: {d.org.country}\n"
    return text + "".join(f"Name Server: {s}\n" for s in d.servers)


# ---- forms of numbers ----

def jpnic(net, english):
    org, country_ = net.org, net.org.country
    if english:
        return (f"Network Information:\na. [Network Number]             {net.net.network_address}/{net.net.prefixlen}\nb. [Network Name]               {net.name}\n"
                f"g. [Organization]               {org.en}\nm. [Administrative Contact]     XA0001JP\n[Assigned Date]                 2015/01/20\n"
                f"[Country]                       {country_}\n")
    return (f"Network Information: [ネットワーク情報]\na. [IPネットワークアドレス]     {net.net.network_address}/{net.net.prefixlen}\n"
            f"b. [ネットワーク名]             {net.name}\nf. [組織名]                     {org.ja or org.en}\ng. [Organization]               {org.en}\n"
            f"m. [管理者連絡窓口]             XA0001JP\n[割当年月日]                    2015/01/20\n")


def rpsl(net, registry):
    kind = "inetnum" if net.net.version == 4 else "inet6num"
    span = f"{net.net[0]} - {net.net[-1]}" if net.net.version == 4 else net.cidr
    text = f"% Information related to '{span}'\n\n{kind + ':':16}{span}\nnetname:        {net.name}\n"
    if registry == "apnic":
        text += f"descr:          {net.org.en}\n"
    text += f"country:        {net.org.country}\norg:            ORG-EX-{registry.upper()}\nstatus:         ASSIGNED PA\nsource:         {registry.upper()}\n"
    text += f"\norganisation:   ORG-EX-{registry.upper()}\norg-name:       {net.org.en}\nsource:         {registry.upper()}\n"
    return text + f"\n{'route:' if net.net.version == 4 else 'route6:':16}{net.cidr}\norigin:         AS{net.asn}\nsource:         {registry.upper()}\n"


def lacnic(net):
    return (f"% Joint Whois\n\ninetnum:     {net.cidr}\nstatus:      reassigned\nowner:       {net.org.en}\nownerid:     BR-EXAM-LACNIC\ncountry:     {net.org.country}\n"
            f"aut-num:     AS{net.asn}\ncreated:     20150120\n")


def arin(net):
    return (f"NetRange:       {net.net[0]} - {net.net[-1]}\nCIDR:           {net.cidr}\nNetName:        {net.name}\nOriginAS:       AS{net.asn}\n"
            f"Organization:   {net.org.en} (EX-{net.asn})\nRegDate:        2015-01-20\n\nOrgName:        {net.org.en}\nOrgId:          EX-{net.asn}\n"
            f"Country:        {net.org.country}\n")


class Registry:
    """All WHOIS and RDAP servers. To be made inside the namespace."""

    def __init__(self, world, book):
        self.world, self.book = world, book
        self.rate = RATE
        self.flaky = {}  # RDAP: a question's first time is throttled for some
        forms = {"gtld": gtld, "org": gtld, "info": gtld, "denic": denic, "nominet": nominet, "afnic": afnic, "registrobr": registrobr,
                 "country": country, "registrar0": registrar, "registrar1": registrar}
        replies = {name: (lambda q, f=form, n=name: self._domain(n, q, f)) for name, form in forms.items()}
        replies.update({"iana": self._iana, "jprs": self._jprs, "jpnic": self._jpnic, "arin": self._arin,
                        "loop0": lambda q: self._loop(q, "b"), "loop1": lambda q: self._loop(q, "a"),
                        **{n: (lambda q, n=n: self._rir(n, q)) for n in ("ripe", "apnic", "lacnic")}})
        for name, reply in replies.items():
            Lines(book, f"whois:{name}", WHOIS[name], reply)
        for name, address in RDAP.items():
            Web(book, f"rdap:{name}", address, getattr(self, "_rdap_" + ("registrar" if name.startswith("registrar") else name)))

    # ---- WHOIS ----

    @staticmethod
    def _word(question):
        """The name in a question, without the flags and words that registries want before it."""
        words = [w for w in question.split() if not w.startswith(("-", "/")) and w not in ("domain", "=", "n", "+", "z", "a", "ace", "dn,ace")]
        return (words[-1] if words else "").lower().removesuffix("/e").rstrip(".")

    def _iana(self, question):
        word = self._word(question)
        net = self._net(word)
        if net:
            return f"% IANA WHOIS server\n\nrefer:        {OF_REGISTRY[net.registry]}\n\ninetnum:      {net.net.supernet(new_prefix=8) if net.net.version == 4 else net.cidr}\norganisation: A registry\nstatus:       LEGACY\n".encode(), "data"
        suffix = word.split(".")[-1]
        if suffix not in {x.split(".")[-1] for x in self.world.suffixes}:
            return b"% IANA WHOIS server\n% This query returned 0 objects.\n", "none"
        server = OF_SUFFIX.get(suffix, "whois.country.example")
        return f"% IANA WHOIS server\n\nrefer:        {server}\n\ndomain:       {suffix.upper()}\n\norganisation: A registry\n\nwhois:        {server}\n\nstatus:       ACTIVE\n".encode(), "data"

    def _jprs(self, question):
        english, word = question.endswith("/e"), self._word(question)
        if self.book.too_fast("jprs", self.rate):
            return b"Query rate limit exceeded. Please try again later.\r\n", "failed"
        d = self.world.domains.get(word)
        if not d or not word.endswith(".jp"):
            return (NOTE + "No match!!\n").encode(), "none"
        form = jprs_general if d.suffix == "jp" else jprs_attribute
        text = NOTE + form(d, english)
        return text.replace("㈱", "(株)").encode("iso2022_jp", "replace").replace(b"\n", b"\r\n"), "data"

    def _net(self, word):
        word = word.removeprefix("as") if re.fullmatch(r"as\d+", word) else word
        if word.isdigit():
            return next((n for n in self.world.nets.values() if n.asn == int(word)), None)
        try:
            at = ipaddress.ip_network(word, strict=False)
        except ValueError:
            return None
        found = [n for n in self.world.nets.values() if n.net.version == at.version and at.subnet_of(n.net)]
        return max(found, key=lambda n: n.net.prefixlen, default=None)

    def _jpnic(self, question):
        english, word = question.endswith("/e"), self._word(question)
        net = self._net(word)
        head = "[ JPNIC database provides information regarding IP addresses and ASNs. ]\n\n"
        if not net or net.registry != "jpnic":
            return (head + "No match!!\n").encode(), "none"
        text = head + (self._as_text(net, english) if re.fullmatch(r"(as)?\d+", word) else jpnic(net, english))
        return text.encode("iso2022_jp", "replace").replace(b"\n", b"\r\n"), "data"

    @staticmethod
    def _as_text(net, english):
        return (f"{'Autonomous System Information:' if english else 'Autonomous System Information: [AS情報]'}\na. [{'AS Number' if english else 'AS番号'}]                  {net.asn}\n"
                f"b. [{'AS Name' if english else 'AS名'}]                    {net.name}-AS\n" + ("" if english else f"f. [組織名]                     {net.org.ja or net.org.en}\n")
                + f"g. [Organization]               {net.org.en}\n")

    def _arin(self, question):
        net = self._net(self._word(question))
        if not net:
            return b"No match found for n\n", "none"
        if net.registry == "arin":
            return arin(net).encode(), "data"
        return f"NetRange:       {net.net[0]} - {net.net[-1]}\nNetName:        OTHER\nOrgName:        Another registry\nReferralServer: whois://{OF_REGISTRY[net.registry]}\n".encode(), "data"

    def _rir(self, which, question):
        word = self._word(question)
        net = self._net(word)
        if not net or OF_REGISTRY[net.registry] != f"whois.{which}.net":
            return f"%ERROR:101: no entries found\n%\n% No entries found in source {which.upper()}.\n".encode(), "none"
        if re.fullmatch(r"(as)?\d+", word):
            return (f"aut-num:        AS{net.asn}\nas-name:        {net.name}-AS\ndescr:          {net.org.en}\ncountry:        {net.org.country}\n"
                    f"org:            ORG-EX\n\norganisation:   ORG-EX\norg-name:       {net.org.en}\n").encode(), "data"
        if which == "lacnic":
            return lacnic(net).encode("latin-1", "replace"), "data"
        text = rpsl(net, which)
        if net.registry == "jpnic":
            text += "\n% Information is provided by JPNIC: whois.nic.ad.jp\nremarks:        refer to whois.nic.ad.jp for details\n"
        return text.encode("utf-8" if which == "apnic" else "latin-1", "replace"), "data"

    def _domain(self, which, question, form):
        if which == "registrar1" and self.book.too_fast(which, self.rate):
            return b"Query rate limit exceeded. Please try again later.\r\n", "failed"
        word = self._word(question)
        d = self.world.domains.get(word)
        if not d:
            text = {"denic": f"Domain: {word}\nStatus: free\n", "nominet": f"No match for \"{word}\".\n"}.get(which, f"No match for \"{word.upper()}\".\n")
            return text.encode(), "none"
        return form(d).encode("utf-8"), "data"

    def _loop(self, question, other):
        return f"Domain Name: {self._word(question)}\nRegistrar WHOIS Server: whois.loop-{other}.example\n".encode(), "data"

    # ---- RDAP ----

    def _rdap_bootstrap(self, path, query, request):
        of = {"dns.json": [[["com", "net", "org", "info", "biz"], [f"http://{RDAP['generic']}/rdap/"]],
                           [["uk", "fr", "nl", "br", "au", "sg", "th", "in", "it", "ca", "us"], [f"http://{RDAP['countries']}/"]]],
              "ipv4.json": [[["198.51.100.0/24", "192.0.2.0/24"], [f"http://{RDAP['numbers']}/"]], [["203.0.113.0/24"], [f"http://{RDAP['moved']}/"]]],
              "ipv6.json": [[["2001:db8::/32"], [f"http://{RDAP['numbers']}/"]]],
              "asn.json": [[["64496-64511"], [f"http://{RDAP['numbers']}/"]]]}
        name = path.rsplit("/", 1)[1]
        if name not in of:
            return Answer(404, b"no\n", "text/plain")
        return Answer(200, {"version": "1.0", "publication": stamp(self.world.now), "description": "Bootstrap of a test", "services": of[name]})

    @staticmethod
    def _none(what):
        return Answer(404, {"rdapConformance": ["rdap_level_0"], "errorCode": 404, "title": "Not Found", "description": [f"{what} is not here"]},
                      "application/rdap+json")

    def _first_time(self, path, part):
        """Whether this question is throttled because it is asked the first time (some are)."""
        n = self.flaky[path] = self.flaky.get(path, 0) + 1
        return n == 1 and sum(path.encode()) % part == 0

    def _rdap_generic(self, path, query, request):
        if self._first_time(path, 11):
            return Answer(429, b"slowly\n", "text/plain", Retry_After="1")
        return self._rdap_domain(path, {"com", "net", "org", "info", "biz"}, thin=True)

    def _rdap_countries(self, path, query, request):
        return self._rdap_domain(path, None)

    def _rdap_registrar(self, path, query, request):
        return self._rdap_domain(path, {"com", "net", "org", "info", "biz"})

    def _rdap_moved(self, path, query, request):
        return Answer(302, b"", Location=f"http://{RDAP['numbers']}{path}")

    def _entity(self, roles, org="", mail="", handle="EX-1", name=""):
        card = [["version", {}, "text", "4.0"], ["fn", {}, "text", name or org or ""]]
        if org:
            card.append(["org", {}, "text", org])
        if mail:
            card.append(["email", {}, "text", mail])
        return {"objectClassName": "entity", "handle": handle, "roles": roles, "vcardArray": ["vcard", card]}

    @staticmethod
    def _handle(name):
        return f"ORG-{zlib.crc32(name.encode()):08X}"

    def _searchable(self):
        """Of .com, .net and .org, and only where the owner is told."""
        return [d for d in sorted(self.world.domains.values(), key=lambda d: d.name) if d.suffix in ("com", "net", "org") and not hidden(d)]

    def _rdap_search(self, path, query, request):
        """RFC 9082 3.2 and RFC 9536, as far as registries go that have them: an owner is found by the handle, not by its name."""
        if self._first_time(path + str(query), 7):
            return Answer(429, b"slowly\n", "text/plain", Retry_After="1")
        kind = "application/rdap+json"
        if path == "/rdap/entities" and "fn" in query:
            names = sorted({d.told for d in self._searchable() if d.told.lower() == query["fn"].lower()})
            found = [self._entity(["registrant"], name, handle=self._handle(name)) for name in names]
            return Answer(200, {"rdapConformance": ["rdap_level_0"], "entitySearchResults": found}, kind) if found else self._none("such an entity")
        if path == "/rdap/domains/reverse_search/entity" and "handle" in query and query.get("role") == "registrant":
            names = [d.name for d in self._searchable() if self._handle(d.told) == query["handle"]]
        elif path == "/rdap/domains" and "nsLdhName" in query:
            names = [d.name for d in self._searchable() if query["nsLdhName"].lower() in d.servers]
        else:
            return Answer(501, {"errorCode": 501, "title": "No such search"}, kind)
        at = int(query.get("cursor", "n0")[1:])
        page = names[at:at + PAGE]
        body = {"rdapConformance": ["rdap_level_0", "reverse_search", "paging"],
                "domainSearchResults": [{"objectClassName": "domain", "ldhName": name, "status": ["active"]} for name in page]}
        if at + PAGE < len(names):
            body["paging_metadata"] = {"totalCount": len(names), "pageSize": PAGE,
                                       "links": [{"rel": "next", "href": f"http://{RDAP['search']}{path}?cursor=n{at + PAGE}"}]}
        return Answer(200, body, kind) if page else self._none("such a domain")

    def _rdap_domain(self, path, suffixes, thin=False):
        name = path.rsplit("/", 1)[1].lower()
        d = self.world.domains.get(name)
        if "/domain/" not in path or not d or suffixes and d.suffix not in suffixes:
            return self._none(name)
        url = f"http://{RDAP[f'registrar{d.registrar}']}/domain/{name}"
        body = {"objectClassName": "domain", "handle": f"{d.created:.0f}_DOMAIN", "ldhName": name.upper() if thin else name,
                "status": ["active", "client transfer prohibited"], "rdapConformance": ["rdap_level_0", "redacted"], "port43": "whois.example",
                "events": [{"eventAction": "registration", "eventDate": stamp(d.created)}, {"eventAction": "expiration", "eventDate": stamp(d.expires)}],
                "nameservers": [{"objectClassName": "nameserver", "ldhName": s.upper() if thin else s} for s in d.servers],
                "links": [{"rel": "self", "href": f"http://x{path}", "value": path, "type": "application/rdap+json"}],
                "entities": [self._entity(["registrar"], REGISTRARS[d.registrar], handle=str(9990 + d.registrar))]}
        if thin:
            body["links"].append({"rel": "related", "href": url, "value": path, "type": "application/rdap+json"})
        elif hidden(d):
            body["entities"].append({"objectClassName": "entity", "handle": "REDACTED FOR PRIVACY", "roles": ["registrant"],
                                     "remarks": [{"title": "REDACTED FOR PRIVACY", "description": ["Some of the data in this object has been removed."]}],
                                     "vcardArray": ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", ""]]]})
            body["redacted"] = [{"name": {"description": "Registrant Organization"}, "method": "removal", "reason": {"description": "Server policy"}}]
        else:
            body["entities"].append(self._entity(["registrant"], d.told, f"domain@{d.mail}" if d.mail else "", "R-1", "Domain Administrator"))
        return Answer(200, body, "application/rdap+json")

    def _rdap_numbers(self, path, query, request):
        kind, _, word = path.strip("/").partition("/")
        net = self._net(word.lower()) if kind in ("ip", "autnum") else None
        if not net:
            return self._none(word)
        holder = self._entity(["registrant"], net.org.en, handle=f"ORG-{net.asn}")
        if kind == "autnum":
            return Answer(200, {"objectClassName": "autnum", "handle": f"AS{net.asn}", "startAutnum": net.asn, "endAutnum": net.asn, "name": f"{net.name}-AS",
                                "country": net.org.country, "status": ["active"], "entities": [holder]}, "application/rdap+json")
        return Answer(200, {"objectClassName": "ip network", "handle": f"{net.net[0]} - {net.net[-1]}", "startAddress": str(net.net[0]), "endAddress": str(net.net[-1]),
                            "ipVersion": f"v{net.net.version}", "name": net.name, "type": "ASSIGNED", "country": net.org.country, "status": ["active"],
                            "cidr0_cidrs": [{f"v{net.net.version}prefix": str(net.net.network_address), "length": net.net.prefixlen}],
                            "entities": [holder]}, "application/rdap+json")
