"""Certificates for the small internet: P-256 keys, signatures and DER from a seed, so that every run has the same
certificates, made in a second and without a library. Never for anything but tests: the keys can be told from the seed."""
import base64
import datetime
import hashlib
import struct

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
     0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)


def _add(a, b):
    """Jacobian a plus affine b, neither infinity nor equal (a multiple of G by windows never meets those)."""
    if a is None:
        return (b[0], b[1], 1)
    x1, y1, z1 = a
    zz = z1 * z1 % P
    u, s = b[0] * zz % P, b[1] * zz * z1 % P
    h, r = (u - x1) % P, (s - y1) % P
    hh = h * h % P
    hhh = h * hh % P
    v = x1 * hh % P
    x = (r * r - hhh - 2 * v) % P
    return x, (r * (v - x) - y1 * hhh) % P, z1 * h % P


def _affine(a):
    i = pow(a[2], -1, P)
    return a[0] * i * i % P, a[1] * i * i * i % P


def _double(b):
    m = (3 * b[0] * b[0] - 3) * pow(2 * b[1], -1, P) % P
    x = (m * m - 2 * b[0]) % P
    return x, (m * (b[0] - x) - b[1]) % P


def _table():
    rows, base = [], G
    for _ in range(64):
        row = [None, base, _double(base)]
        while len(row) < 16:
            row.append(_affine(_add((*row[-1], 1), base)))
        rows.append(row)
        base = _double(row[8])
    return rows


_ROWS = []


def multiply(k):
    """k times the base point."""
    if not _ROWS:
        _ROWS.extend(_table())
    at = None
    for row in _ROWS:
        if k & 15:
            at = _add(at, row[k & 15])
        k >>= 4
    return _affine(at)


# ---- DER ----

def tlv(tag, *parts):
    body = b"".join(parts)
    size = len(body)
    if size < 128:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 128 | len(length))) + length + body


def integer(value):
    return tlv(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(text):
    numbers = [int(n) for n in text.split(".")]
    out = bytearray([numbers[0] * 40 + numbers[1]])
    for number in numbers[2:]:
        piece = [number & 127]
        while number := number >> 7:
            piece.insert(0, 128 | number & 127)
        out += bytes(piece)
    return tlv(6, bytes(out))


def bits(body):
    return tlv(3, b"\0", body)


def sequence(*parts):
    return tlv(0x30, *parts)


def moment(at):
    text = datetime.datetime.fromtimestamp(at, datetime.timezone.utc)
    return tlv(0x17, text.strftime("%y%m%d%H%M%SZ").encode())


NAMES = {"C": "2.5.4.6", "ST": "2.5.4.8", "L": "2.5.4.7", "O": "2.5.4.10", "OU": "2.5.4.11", "CN": "2.5.4.3"}
ECDSA_SHA256 = sequence(oid("1.2.840.10045.4.3.2"))
RSA_SHA1 = sequence(oid("1.2.840.113549.1.1.5"), tlv(5))
POISON = sequence(oid("1.3.6.1.4.1.11129.2.4.3"), tlv(1, b"\xff"), tlv(4, tlv(5)))


def name(parts):
    """parts: [("O", "…"), …] in order."""
    return sequence(*(tlv(0x31, sequence(oid(NAMES[k]), tlv(0x13 if k == "C" else 0x0c, v.encode()))) for k, v in parts))


def pem(label, der):
    text = base64.encodebytes(der).decode().replace("\n", "")
    lines = "\n".join(text[i:i + 64] for i in range(0, len(text), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"


class Key:
    """A P-256 key told by its name."""

    def __init__(self, told):
        self.secret = int.from_bytes(hashlib.sha512(told.encode()).digest(), "big") % (N - 1) + 1
        x, y = multiply(self.secret)
        self.point = b"\4" + x.to_bytes(32, "big") + y.to_bytes(32, "big")
        self.public = sequence(sequence(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")), bits(self.point))
        self.algorithm = ECDSA_SHA256

    def sign(self, data):
        e = int.from_bytes(hashlib.sha256(data).digest(), "big")
        k = int.from_bytes(hashlib.sha512(self.secret.to_bytes(32, "big") + data).digest(), "big") % (N - 1) + 1
        r = multiply(k)[0] % N
        s = pow(k, -1, N) * (e + r * self.secret) % N
        return sequence(integer(r), integer(s))

    def pem(self):
        return pem("EC PRIVATE KEY", sequence(
            integer(1), tlv(4, self.secret.to_bytes(32, "big")), tlv(0xa0, oid("1.2.840.10045.3.1.7")),
            tlv(0xa1, bits(self.point))))


_SMALL = [p for p in range(3, 1000, 2) if all(p % q for q in range(3, p, 2))]


def _prime(told, size):
    """The first probable prime behind a number told by a name."""
    n = 0
    for i in range((size + 511) // 512):
        n = n << 512 | int.from_bytes(hashlib.sha512(f"{told}/{i}".encode()).digest(), "big")
    n = n % (1 << size) | 3 << (size - 2) | 1
    while any(n % p == 0 for p in _SMALL) or any(pow(b, n - 1, n) != 1 for b in (2, 3)) or n % 65537 == 1:
        n += 2
    return n


class WeakKey:
    """RSA of 1024 bits, signing with SHA-1: what old boxes still show."""

    def __init__(self, told):
        self.p, self.q = _prime(told + "/p", 512), _prime(told + "/q", 512)
        self.n, self.e = self.p * self.q, 65537
        self.d = pow(self.e, -1, (self.p - 1) * (self.q - 1))
        self.public = sequence(sequence(oid("1.2.840.113549.1.1.1"), tlv(5)), bits(sequence(integer(self.n), integer(self.e))))
        self.algorithm = RSA_SHA1

    def sign(self, data):
        told = sequence(sequence(oid("1.3.14.3.2.26"), tlv(5)), tlv(4, hashlib.sha1(data).digest()))
        padded = b"\0\1" + b"\xff" * (128 - 3 - len(told)) + b"\0" + told
        return pow(int.from_bytes(padded, "big"), self.d, self.n).to_bytes(128, "big")

    def pem(self):
        return pem("RSA PRIVATE KEY", sequence(
            integer(0), *map(integer, (self.n, self.e, self.d, self.p, self.q, self.d % (self.p - 1),
                                       self.d % (self.q - 1), pow(self.q, -1, self.p)))))


class Certificate:
    """One certificate; `precert` is the same with a poison, as logs hold it."""

    def __init__(self, subject, names, issuer, key, start, end, serial, authority=False):
        """issuer: a Certificate, or None for one signed by itself."""
        self.subject, self.names, self.key = subject, names, key
        self.start, self.end, self.serial = int(start), int(end), serial
        self.issuer = issuer or self
        self.organisation = dict(subject).get("O")
        extensions = []
        if authority:
            extensions.append(sequence(oid("2.5.29.19"), tlv(1, b"\xff"), tlv(4, sequence(tlv(1, b"\xff")))))
            extensions.append(sequence(oid("2.5.29.15"), tlv(1, b"\xff"), tlv(4, tlv(3, b"\1\6"))))
        if names:
            told = [tlv(0x82, n.encode()) for n in names]
            extensions.append(sequence(oid("2.5.29.17"), tlv(4, sequence(*told))))
        self.tbs = self._tbs(extensions)
        self.der = self._signed(self.tbs)
        self.sha256 = hashlib.sha256(self.der).hexdigest()
        self._extensions = extensions

    def _tbs(self, extensions):
        signer = self.issuer.key
        return sequence(
            tlv(0xa0, integer(2)), integer(self.serial), signer.algorithm, name(self.issuer.subject),
            sequence(moment(self.start), moment(self.end)), name(self.subject), self.key.public,
            *([tlv(0xa3, sequence(*extensions))] if extensions else []))

    def _signed(self, tbs):
        signer = self.issuer.key
        return sequence(tbs, signer.algorithm, bits(signer.sign(tbs)))

    @property
    def self_signed(self):
        return self.issuer is self

    def precert(self):
        return self._signed(self._tbs([*self._extensions, POISON]))

    def pem(self):
        return pem("CERTIFICATE", self.der)

    def common_name(self):
        return dict(self.subject).get("CN", "")

    def issuer_text(self):
        return ", ".join(f"{k}={v}" for k, v in self.issuer.subject)


# ---- certificate transparency ----

def tree_hash(hashes):
    """RFC 6962's Merkle tree hash of leaf hashes."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    level = list(hashes)
    while len(level) > 1:  # the same as the recursive form: what has no partner rises
        level = [hashlib.sha256(b"\1" + level[i] + level[i + 1]).digest() if i + 1 < len(level) else level[i]
                 for i in range(0, len(level), 2)]
    return level[0]


class Log:
    """A log's entries: (certificate, precert?, ms) in order, and what both protocols show of them."""

    def __init__(self, origin, entries):
        self.origin, self.entries, self.key = origin, entries, Key("log " + origin)
        self.leaves, self.extra, self.tiles = [], [], []
        for index, (certificate, precert, at) in enumerate(entries):
            issuer = certificate.issuer
            chain = [issuer.der] if issuer is not certificate else []
            if precert:
                signed = struct.pack("!QH", at, 1) + hashlib.sha256(issuer.key.public).digest() + self._long(certificate.tbs)
            else:
                signed = struct.pack("!QH", at, 0) + self._long(certificate.der)
            place = b"\0\0\5" + index.to_bytes(5, "big")  # the leaf_index extension of static-ct
            self.leaves.append(b"\0\0" + signed + struct.pack("!H", len(place)) + place)
            body = self._long(b"".join(map(self._long, chain)))
            first = self._long(certificate.precert()) if precert else b""
            self.extra.append(first + body)
            prints = b"".join(hashlib.sha256(c).digest() for c in chain)
            self.tiles.append(self.leaves[-1][2:] + first + struct.pack("!H", len(prints)) + prints)
        self.hashes = [hashlib.sha256(b"\0" + leaf).digest() for leaf in self.leaves]
        self.root = tree_hash(self.hashes)

    @staticmethod
    def _long(body):
        return len(body).to_bytes(3, "big") + body

    def signature(self, at):
        head = b"\0\1" + struct.pack("!QQ", at, len(self.entries)) + self.root
        signed = self.key.sign(head)
        return b"\4\3" + struct.pack("!H", len(signed)) + signed

    def checkpoint(self, at):
        text = f"{self.origin}\n{len(self.entries)}\n{base64.b64encode(self.root).decode()}\n"
        log_id = hashlib.sha256(self.key.public).digest()
        key_id = hashlib.sha256(self.origin.encode() + b"\n\5" + log_id).digest()[:4]
        blob = key_id + struct.pack("!Q", at) + self.signature(at)
        return f"{text}\n— {self.origin} {base64.b64encode(blob).decode()}\n"

    def data_tile(self, number, width):
        return b"".join(self.tiles[number * 256:number * 256 + width])

    def hash_tile(self, level, number, width):
        hashes = self.hashes
        for _ in range(level):
            hashes = [tree_hash(hashes[i:i + 256]) for i in range(0, len(hashes) - 255, 256)]
        return b"".join(hashes[number * 256:number * 256 + width])


def tile_path(number, width=256):
    text = f"{number % 1000:03}"
    while number := number // 1000:
        text = f"x{number % 1000:03}/{text}"
    return text + (f".p/{width}" if width < 256 else "")
