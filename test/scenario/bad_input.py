#!/usr/bin/env python3
# timeout: 400
"""What strangers send: tokens, certificates, bodies, bytes and files that are wrong, too large or cut short. Each is a
clear error or a counted skip; the server stays up, in bounded memory, and answers afterwards."""
import base64
import contextlib
import json
import os
import pathlib
import random
import re
import resource
import socket
import ssl
import subprocess
import time
import zipfile

import lib

MEGABYTE = 1 << 20
TAKEN_MAX = 128 * MEGABYTE  # read and thrown away, so that the client sees the answer before the end


def craft(token, **changes):
    """The same token with other fields."""
    head, _, body = token.strip().partition(".")
    fields = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    fields.update(changes)
    return head + "." + base64.urlsafe_b64encode(json.dumps(fields).encode()).rstrip(b"=").decode()


def enrol(s, text):
    s.enrolments = getattr(s, "enrolments", 0) + 1
    path = s.tmp / f"token-{s.enrolments}"
    path.write_text(text)
    path.chmod(0o600)
    root = s.tmp / "root"
    if not root.exists():
        (root / "etc").mkdir(parents=True)
        (root / "var/lib/dpkg").mkdir(parents=True)
        (root / "etc/os-release").write_text("ID=debian\nVERSION_ID=12\n")
        (root / "etc/machine-id").write_text("0" * 31 + "1\n")
        (root / "var/lib/dpkg/status").write_text("")
    state = s.tmp / f"state-{s.enrolments}"
    done = s.run(lib.AGENT, "enrol", "--token-file", path, "--state", state, "--root", root)
    done.state = state
    return done


def one_line(done):
    return len(done.err.strip().splitlines()) == 1


def tokens(s, server):
    good = server.cli("token", "create").out
    done = enrol(s, craft(good, s="x" * 32))
    s.ok(done.status == 5 and one_line(done), "wrong secret: refused in one line", done)
    done = enrol(s, craft(good, i="x" * 16))
    s.ok(done.status == 5 and one_line(done), "unknown token: refused in one line", done)
    done = enrol(s, "not a token\n")
    s.ok(done.status == 3 and one_line(done), "garbage for a token: bad input, in one line", done)
    done = enrol(s, "mamori1." + "A" * 10_000_000)
    s.ok(done.status == 3 and one_line(done), "10 MB for a token: bad input, in one line", done)
    done = enrol(s, craft(good, k="0" * 64))
    s.ok(done.status == 5, "a token for another authority: the agent refuses the server", done)
    brief = server.cli("token", "create", "--ttl", "1s").out
    time.sleep(2)
    done = enrol(s, brief)
    s.ok(done.status == 5 and "expired" in done.err, "expired token: refused, says so", done)
    done = enrol(s, craft(brief, e=int(time.time()) + 1000))
    s.ok(done.status == 5 and "expired" in done.err, "expired token with a forged date: the server refuses it", done)
    first = enrol(s, good)
    s.ok(first.status == 0, "the good token still enrols", first)
    done = enrol(s, good)
    s.ok(done.status == 5 and re.search("used", done.err), "used-up token: refused, says so", done)
    identifier = json.loads(base64.urlsafe_b64decode(good.split(".")[1] + "=="))["i"]
    gone = server.cli("token", "create").out
    server.cli("token", "revoke", json.loads(base64.urlsafe_b64decode(gone.split(".")[1] + "=="))["i"])
    done = enrol(s, gone)
    s.ok(done.status == 5 and "revoked" in done.err, "revoked token: refused, says so", done)
    s.ok(identifier not in server.program.output() or good.strip() not in server.program.output(),
         "no token stands in the log")
    return first.state


def agents_request(server, context):
    """Status of a check-in on the agents' listener, or the reason why there was none."""
    try:
        return server.request("POST", "/agent/v1/check-in", "{}", {"Content-Type": "application/json"},
                              port=server.agents_port, context=context)[0]
    except (ssl.SSLError, OSError) as why:
        return type(why).__name__


def openssl(s, *words, stdin=""):
    return s.run("openssl", *words, check=True, stdin=stdin)


def ca_key(server):
    """The authority's private key: the one in the data folder whose public half is the certificate's."""
    public = subprocess.run(["openssl", "x509", "-in", server.ca(), "-noout", "-pubkey"], capture_output=True).stdout
    for path in sorted(server.data.rglob("*")):
        if path.is_file() and path.stat().st_size < 10_000 and b"PRIVATE KEY" in path.read_bytes():
            half = subprocess.run(["openssl", "pkey", "-in", path, "-pubout"], capture_output=True).stdout
            if half == public:
                return path
    raise FileNotFoundError("the authority's key")


def certificates(s, server, state):
    s.ok(isinstance(agents_request(server, server.tls()), str), "no certificate: no answer from the agents' listener")
    identity = json.loads((state / "identity.json").read_text())
    key = s.tmp / "stranger.key"
    openssl(s, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
    foreign = s.tmp / "foreign.pem"
    openssl(s, "req", "-x509", "-new", "-key", key, "-subj", f"/CN={identity['host']}", "-days", "30", "-out", foreign)
    context = server.tls()
    context.load_cert_chain(foreign, key)
    seen = agents_request(server, context)
    s.ok(isinstance(seen, str), "a foreign certificate with the name of a host: turned away", seen)
    # An authority of the same name with a key of its own.
    subject = openssl(s, "x509", "-in", server.ca(), "-noout", "-subject", "-nameopt", "RFC2253").out
    name = subject.partition("CN=")[2].split(",")[0].strip()
    openssl(s, "req", "-x509", "-new", "-key", key, "-subj", f"/CN={name}", "-days", "30", "-out", s.tmp / "fake-ca.pem")
    csr = s.tmp / "stranger.csr"
    openssl(s, "req", "-new", "-key", key, "-subj", f"/CN={identity['host']}", "-out", csr)
    forged = s.tmp / "forged.pem"
    openssl(s, "x509", "-req", "-in", csr, "-CA", s.tmp / "fake-ca.pem", "-CAkey", key, "-days", "30", "-out", forged)
    context = server.tls()
    context.load_cert_chain(forged, key)
    seen = agents_request(server, context)
    s.ok(isinstance(seen, str), "a certificate of an authority of the same name: turned away", seen)
    # Signed by the real authority, yesterday's.
    config = s.tmp / "ca.cnf"
    (s.tmp / "index.txt").write_text("")
    config.write_text(f"""[ca]
default_ca=d
[d]
database={s.tmp}/index.txt
new_certs_dir={s.tmp}
rand_serial=yes
default_md=sha256
policy=p
x509_extensions=x
unique_subject=no
[p]
commonName=supplied
[x]
extendedKeyUsage=clientAuth
""")
    expired = s.tmp / "expired.pem"
    openssl(s, "ca", "-batch", "-config", config, "-in", csr, "-cert", server.ca(), "-keyfile", ca_key(server),
            "-startdate", "20240101000000Z", "-enddate", "20240102000000Z", "-notext", "-out", expired)
    context = server.tls()
    context.load_cert_chain(expired, key)
    seen = agents_request(server, context)
    s.ok(isinstance(seen, str), "an expired certificate of the real authority: turned away", seen)
    # And the agent says it in words when its own is refused.
    identity["certificate"] = forged.read_text()
    (state / "identity.json").write_text(json.dumps(identity))
    done = s.run(lib.AGENT, "once", "--state", state, "--root", s.tmp / "root")
    s.ok(done.status in (3, 4, 5) and done.err.strip(), "the agent with a wrong certificate fails in words", done)


def pour(server, port, head, chunk, context=None, limit=10 << 30):
    """Sends a request whose body never ends; bytes taken until the server ended it, and its first answer line."""
    raw = socket.create_connection((server.address, port), timeout=30 * lib.SLOW)
    taken, answer = 0, b""
    with (context or server.tls()).wrap_socket(raw) as stream:
        stream.sendall(head)
        try:
            while taken < limit:
                stream.sendall(chunk)
                taken += len(chunk)
        except OSError:
            pass
        try:
            stream.settimeout(2)
            answer = stream.recv(4096)
        except OSError:
            pass
    return taken, answer.split(b"\r\n")[0]


def bodies(s, server):
    host = f"Host: {server.address}:{server.port}\r\n".encode()
    head = b"POST /api/v1/session HTTP/1.1\r\n" + host + b"Content-Type: application/json\r\n"
    before = server.program.peak()
    taken, answer = pour(server, server.port, head + b"Content-Length: 10737418240\r\n\r\n", b" " * MEGABYTE)
    s.ok(taken <= TAKEN_MAX, f"a body announced as 10 GB is cut off ({taken >> 20} MB taken)", answer)
    chunk = b"100000\r\n" + b" " * MEGABYTE + b"\r\n"
    taken, answer = pour(server, server.port, head + b"Transfer-Encoding: chunked\r\n\r\n", chunk)
    s.ok(taken <= TAKEN_MAX, f"an endless chunked body is cut off ({taken >> 20} MB taken)", answer)
    taken, answer = pour(server, server.port, b"GET / HTTP/1.1\r\nX-Long: ", b"a" * MEGABYTE)
    s.ok(taken <= TAKEN_MAX, f"an endless header is cut off ({taken >> 20} MB taken)", answer)
    taken, answer = pour(server, server.port, b"GET /", b"a" * MEGABYTE)
    s.ok(taken <= TAKEN_MAX, f"an endless request line is cut off ({taken >> 20} MB taken)", answer)
    grown = server.program.peak() - before
    s.ok(grown < 96 * MEGABYTE, f"none of it is kept in memory (peak grew by {grown >> 20} MB)")
    for name, body in (("a cut-off document", b'{"code":'), ("a document of another shape", b'[1,2,3]'),
                       ("100,000 brackets", b"[" * 100_000), ("no text at all", bytes(range(256)))):
        status = server.request("POST", "/api/v1/session", body, {"Content-Type": "application/json"})[0]
        s.ok(400 <= status < 500, f"{name} as a JSON body: {status}")


def garbage(s, server):
    chance = random.Random(7)
    for port in (server.port, server.agents_port):
        for size in (1, 5, 100, 100_000):
            with socket.create_connection((server.address, port), timeout=5) as raw:
                try:
                    raw.sendall(chance.randbytes(size))
                    raw.shutdown(socket.SHUT_WR)
                    while raw.recv(4096):
                        pass
                except OSError:
                    pass
    idle = [socket.create_connection((server.address, server.port), timeout=5) for _ in range(100)]
    started = time.monotonic()
    status = server.request("GET", "/api/v1/session")[0]
    s.ok(status == 401 and time.monotonic() - started < 2 * lib.SLOW,
         "while 100 connections never speak, another is answered at once", status)
    for connection in idle:
        connection.close()
    s.ok(server.program.running(), "garbage to both TLS ports: the server stays up")


def measured(s, *argv, timeout=120):
    """Runs a program; gives its result and its peak memory in bytes (its own: wait4 would count ours before exec)."""
    out, err = s.tmp / "measured.out", s.tmp / "measured.err"
    with open(out, "wb") as o, open(err, "wb") as e:
        process = subprocess.Popen([str(a) for a in argv], stdout=o, stderr=e, stdin=subprocess.DEVNULL)
        end, peak = time.monotonic() + timeout * lib.SLOW, 0
        while process.poll() is None:
            with contextlib.suppress(OSError):
                status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
                found = re.search(r"VmHWM:\s+(\d+)", status)
                if found and str(argv[0]) in os.readlink(f"/proc/{process.pid}/exe"):
                    peak = int(found.group(1)) * 1024
            if time.monotonic() > end:
                process.kill()
            time.sleep(0.002)
    return lib.Done(process.returncode, out.read_text(errors="replace"), err.read_text(errors="replace")), peak


def advisory(number):
    return {"id": f"DSA-{5000 + number}-1", "modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z",
            "summary": f"advisory {number}", "aliases": [f"CVE-2026-{10000 + number}"],
            "affected": [{"package": {"ecosystem": "Debian:12", "name": "openssl"}, "ranges": [
                {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": f"3.0.{number}-1"}]}]}]}


def feeds(s):
    data = s.tmp / "feeds-data"

    def imported(path):
        done, peak = measured(s, lib.MAMORI, "feed", "import", "--json", "--fewer", "--data", data, path)
        reports = [json.loads(line) for line in done.out.splitlines() if line.startswith("{")]
        return done, reports, peak

    good = s.tmp / "all.zip"
    with zipfile.ZipFile(good, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(500):
            archive.writestr(f"DSA-{5000 + number}-1.json", json.dumps(advisory(number)))
    done, reports, _ = imported(good)
    s.ok(done.status == 0 and reports and reports[0]["kept"] == 500, "a good zip of 500 advisories is imported", done)

    def count():
        done = s.run(lib.MAMORI, "feed", "status", "--json", "--data", data)
        return [line for line in done.out.splitlines() if "osv" in line]

    before = count()
    data_before = s.run(lib.MAMORI, "scan", "--json", "--data", data, "--dpkg-status", status_file(s), "--os", "debian:12")
    cut = s.tmp / "cut" / "all.zip"
    cut.parent.mkdir()
    cut.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    done, reports, _ = imported(cut)
    s.ok(done.status == 3 and not (reports and reports[0]["kept"] > 500), "a truncated zip: exit status 3", done)
    s.ok(done.err.strip() or "error" in done.out, "a truncated zip: a sentence says what is wrong", done)
    if not (reports and reports[0]["kept"]):
        s.equal(count(), before, "a truncated zip: what was imported before is still there")

    brackets = s.tmp / "brackets.json"
    with open(brackets, "wb") as file:
        for _ in range(1024):
            file.write(b"[" * MEGABYTE)
    started = time.monotonic()
    done, reports, peak = imported(brackets)
    s.ok(done.status == 3, f"1 GB of [: exit status 3 ({time.monotonic() - started:.1f} s)", done)
    s.ok(peak < 128 * MEGABYTE, f"1 GB of [: {peak >> 20} MB of memory")
    brackets.write_bytes(b"")
    with open(brackets, "wb") as file:
        file.write(b'{"id":"')
        for _ in range(256):
            file.write(b"a" * MEGABYTE)
    done, reports, peak = imported(brackets)
    s.ok(done.status == 3 and peak < 128 * MEGABYTE, f"a string of 256 MB: exit status 3, {peak >> 20} MB", done)
    brackets.unlink()

    bomb = s.tmp / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        with archive.open("DSA-1-1.json", "w") as file:
            for _ in range(1024):
                file.write(b" " * MEGABYTE)
    done, reports, peak = imported(bomb)
    s.ok(done.status == 3 and peak < 128 * MEGABYTE, f"a zip that grows a thousandfold: {peak >> 20} MB of memory", done)

    lines = s.tmp / "osv.jsonl"
    with open(lines, "w") as file:
        for number in range(490, 500):
            file.write(json.dumps(advisory(number)) + "\n")
            file.write('{"id": "broken\n')
    done, reports, _ = imported(lines)
    s.ok(done.status == 0 and reports and reports[0]["kept"] == 10 and sum(reports[0]["skipped"].values()) == 10
         and reports[0]["read"] == 20, "broken lines among good ones are counted skips", done)
    done, _, _ = imported(s.tmp / "nowhere")
    s.ok(done.status == 3 and done.err.strip(), "a path that is not there: exit status 3", done)
    after = s.run(lib.MAMORI, "scan", "--json", "--data", data, "--dpkg-status", status_file(s), "--os", "debian:12")
    s.ok(after.status == data_before.status == 0 and after.json()["packages"] == 2, "and scans still work", after)


def status_file(s):
    path = s.tmp / "status"
    path.write_bytes(
        b"Package: openssl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3.0.15-1\n\n"
        b"this is no field\nPackage: broken\xff\xfe\nVersion\n\n"
        b"Package: \nStatus: install ok installed\nVersion: 1\n\n"
        + b"Package: huge\nStatus: install ok installed\nDescription: " + b"x" * (32 * MEGABYTE) + b"\n\n"
        b"Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:1.2.13\n")
    return path


def stanzas(s):
    done, peak = measured(s, lib.MAMORI, "scan", "--json", "--data", s.tmp / "feeds-data", "--dpkg-status",
                          status_file(s), "--os", "debian:12")
    s.ok(done.status == 0 and done.json()["packages"] == 2, "broken stanzas lose no good package", done)
    s.ok(peak < 192 * MEGABYTE, f"a stanza of 32 MB: {peak >> 20} MB of memory")
    for package in ("openssl",):
        s.ok(any(f["package"] == package for f in done.json()["findings"]), f"{package} is still matched", done)


with lib.Scenario() as s:
    s.needs("openssl")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    server = s.server()
    server.sign_in()
    state = tokens(s, server)
    certificates(s, server, state)
    bodies(s, server)
    garbage(s, server)
    feeds(s)
    stanzas(s)
    resident = server.program.rss()
    s.ok(resident < 128 * MEGABYTE * lib.SLOW, f"after all that the server holds {resident >> 20} MB")
    s.equal(server.api("GET", "/api/v1/overview")["hosts"]["enrolled"], 1, "and answers as if nothing had been")
    s.ok(not pathlib.Path(s.tmp / "core").exists() and server.program.running(), "it never crashed")
    s.ok((server.stop() or 99) < 5 * lib.SLOW, "and ends within 5 s")
