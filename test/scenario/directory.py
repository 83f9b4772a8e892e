#!/usr/bin/env python3
# timeout: 300
"""Departments from an LDAP directory: a real slapd on loopback, over TLS and StartTLS only, paged, with hostile values; what
would change is shown first; a directory that does not answer, is not trusted or knows another password changes nothing and
says so; the server does it by itself."""
import base64
import json
import secrets
import socket

import lib

BASE = "dc=example,dc=jp"
ADMIN, PASSWORD = f"cn=admin,{BASE}", "right-password-1"
FILTER = "(objectClass=device)"
MANY = 1200


class Machine:
    """A host that has checked in once; it needs no root."""

    def __init__(self, s, server, name):
        root, state = s.tmp / f"{name}-root", s.tmp / f"{name}-state"
        (root / "etc").mkdir(parents=True)
        (root / "var/lib/dpkg").mkdir(parents=True)
        (root / "etc/os-release").write_text('ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n')
        (root / "etc/machine-id").write_text(secrets.token_hex(16) + "\n")
        (root / "etc/hostname").write_text(name + "\n")
        (root / "var/lib/dpkg/status").write_text("")
        for verb in (["enrol", "--token-file", s.token_file(server)], ["once"]):
            s.run(lib.AGENT, verb[0], "--state", state, "--root", root, *verb[1:], check=True)


def entry(cn, ou, **more):
    """An LDIF entry; values go as base64, so that any bytes may stand in them."""
    def line(key, value):
        return f"{key}:: {base64.b64encode(value.encode()).decode()}\n"
    safe = "".join(c if c.isalnum() or c == "-" else f"\\{ord(c):02x}" for c in cn)
    return (line("dn", f"cn={safe},{ou},{BASE}") + line("cn", cn) + "objectClass: device\nobjectClass: extensibleObject\n"
            + "".join(line(k, v) for k, v in more.items()) + "\n")


class Slapd:
    def __init__(self, s):
        self.s, self.dir = s, s.tmp / "slapd"
        self.port, self.tls_port, self.program = lib.free_port(), lib.free_port(), None
        (self.dir / "db").mkdir(parents=True)
        self.certificate()
        (self.dir / "slapd.conf").write_text(f"""
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {self.dir}/pid
TLSCACertificateFile {self.ca}
TLSCertificateFile {self.dir}/server.pem
TLSCertificateKeyFile {self.dir}/server.key
sizelimit size.soft=500 size.hard=500 size.pr=unlimited size.prtotal=unlimited
database mdb
maxsize 104857600
suffix "{BASE}"
rootdn "cn=root,{BASE}"
rootpw secret
directory {self.dir}/db
limits users size.soft=500 size.hard=500 size.prtotal=unlimited
access to attrs=userPassword by anonymous auth
access to * by users read
""")
        ldif = f"dn: {BASE}\nobjectClass: domain\ndc: example\n\n"
        ldif += (f"dn: {ADMIN}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: admin\n"
                 f"userPassword: {PASSWORD}\n\n")
        for ou in ("ou=PCs", "ou=Ward3,ou=PCs", "ou=Ward 4\\, east,ou=PCs"):
            ldif += f"dn: {ou},{BASE}\nobjectClass: organizationalUnit\n\n"
        ldif += entry("W3-PC-01", "ou=Ward3,ou=PCs", departmentNumber="Nursing, 3rd floor")
        ldif += entry("w4-pc-01", "ou=Ward 4\\, east,ou=PCs", departmentNumber="=cmd|'/c calc'!A1")
        ldif += entry("evil\nline", "ou=Ward3,ou=PCs") + entry('evil"quote,comma', "ou=Ward3,ou=PCs")
        ldif += entry("x" * 150, "ou=Ward3,ou=PCs")
        for n in range(MANY):
            ldif += entry(f"many-{n:04}", "ou=PCs")
        s.run("/usr/sbin/slapadd", "-q", "-f", self.dir / "slapd.conf", stdin=ldif, check=True)

    def certificate(self):
        self.ca = self.dir / "ca.pem"
        s, d = self.s, self.dir
        (d / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        s.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", d / "ca.key", "-out", self.ca,
              "-days", "2", "-subj", "/CN=directory test CA", check=True)
        s.run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", d / "server.key", "-out", d / "server.csr",
              "-subj", "/CN=localhost", check=True)
        s.run("openssl", "x509", "-req", "-in", d / "server.csr", "-CA", self.ca, "-CAkey", d / "ca.key",
              "-CAcreateserial", "-days", "2", "-extfile", d / "names", "-out", d / "server.pem", check=True)

    def start(self):
        self.program = self.s.start("/usr/sbin/slapd", "-f", self.dir / "slapd.conf", "-d", "0", "-h",
                                    f"ldap://127.0.0.1:{self.port} ldaps://127.0.0.1:{self.tls_port}", log="slapd")

        def listens():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.tls_port)) == 0
        self.s.wait_for("slapd to listen", 20, listens)


def groups(server):
    return {h["name"]: h["group"] for h in server.items("/api/v1/hosts")}


def refused(s, done, status, words, title):
    s.ok(done.status == status and words in done.err, title, done)


with lib.Scenario() as s:
    s.needs("slapd", "slapadd", "openssl")
    server = s.server()
    for name in ("w3-pc-01", "w4-pc-01", "other"):
        Machine(s, server, name)
    slapd = Slapd(s)
    slapd.start()
    secret = s.tmp / "password"
    secret.write_text(PASSWORD + "\n")
    secret.chmod(0o600)
    ldaps = f"ldaps://127.0.0.1:{slapd.tls_port}"
    common = ["--base", BASE, "--filter", FILTER, "--bind", ADMIN, "--password-file", secret]
    trusted = [*common, "--ca", slapd.ca]

    def sync(url, *words):
        return server.cli("group", "sync", "--url", url, *words, check=False)

    # What would change, and nothing else.
    before = groups(server)
    done = sync(ldaps, *trusted, "--dry-run", "--json")
    s.ok(done.status == 0, "a dry run over TLS", done)
    look = done.json()
    s.equal({m["host"]["name"]: m["to"] for m in look["moves"]}, {"w3-pc-01": "Ward3", "w4-pc-01": "Ward 4, east"},
            "shows who would move where: the innermost OU, escapes taken off")
    s.equal(look["read"], MANY + 3, "every page is read; what can be no name of a machine is left out")
    s.ok("evil\"quote,comma" in look["unknown"], "and quotes and commas stay inside their field", look["unknown"][:5])
    s.equal(groups(server), before, "nothing was changed")

    # What must not be trusted.
    done = sync(ldaps, *common, "--dry-run")
    refused(s, done, 4, "nothing was changed", "an authority that nobody named is not trusted")
    refused(s, sync(f"ldap://127.0.0.1:{slapd.port}", *common, "--dry-run"), 4, "StartTLS",
            "neither under StartTLS")
    refused(s, sync("ldap://directory.example.jp", *common, "--plain"), 2, "--plain",
            "without TLS only this machine's own directory is asked")
    secret.chmod(0o644)
    refused(s, sync(ldaps, *trusted), 5, "chmod 600", "a password that others may read is not used")
    secret.chmod(0o600)
    wrong = s.tmp / "wrong"
    wrong.write_text("wrong\n")
    wrong.chmod(0o600)
    refused(s, sync(ldaps, *common[:-1], wrong, "--ca", slapd.ca), 5, "nothing was changed", "a wrong password is said")
    refused(s, sync(ldaps, "--base", "ou=nowhere," + BASE, *trusted[2:]), 3, "nothing was changed",
            "so is a base that is not there")
    refused(s, sync(ldaps, "--base", BASE, "--filter", "(cn=nobody)", *trusted[4:]), 3, "no machine",
            "and one that lists nobody")
    s.equal(groups(server), before, "all of that changed nothing")

    # It is taken.
    done = sync(f"ldap://127.0.0.1:{slapd.port}", *trusted)
    s.ok(done.status == 0, "taken over StartTLS", done)
    s.equal(groups(server), {**before, "w3-pc-01": "Ward3", "w4-pc-01": "Ward 4, east"},
            "departments follow; a machine that the directory does not know stays")
    done = sync(f"ldap://127.0.0.1:{slapd.port}", *common, "--plain", "--group", "departmentNumber")
    s.ok(done.status == 0, "by an attribute, on loopback without TLS", done)
    s.equal(groups(server)["w3-pc-01"], "Nursing, 3rd floor", "the attribute's value is the department")

    # By itself.
    done = sync(ldaps, *trusted, "--every", "1")
    s.ok(done.status == 0 and server.api("GET", "/api/v1/directory")["every"] == 1, "every hour", done)
    s.ok(PASSWORD not in json.dumps(server.api("GET", "/api/v1/directory")), "no password is kept by the server")
    host = next(h for h in server.items("/api/v1/hosts") if h["name"] == "w3-pc-01")
    server.api("PATCH", f"/api/v1/hosts/{host['id']}", {"group": "moved by hand"})
    s.wait_for("the server to ask by itself", 150, lambda: groups(server)["w3-pc-01"] == "Ward3", every=1)
    s.ok(True, "the server asks by itself")
    s.ok(server.api("GET", "/api/v1/directory")["result"]["ok"], "and notes that it went well")

    # A directory that is gone.
    slapd.program.stop()
    before = groups(server)
    done = server.cli("group", "sync", "--scheduled", check=False)
    refused(s, done, 4, "nothing was changed", "a directory that does not answer is said")
    s.equal(groups(server), before, "and changes nothing")
    s.ok("directory" in [n["code"] for n in server.api("GET", "/api/v1/overview")["notices"]],
         "and the overview says so")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        refused(s, sync(f"ldaps://127.0.0.1:{silent.getsockname()[1]}", *trusted), 4, "nothing was changed",
                "one that takes the call and says nothing is given up")
    s.ok(server.cli("group", "sync", "--forget").status == 0
         and server.api("GET", "/api/v1/directory")["url"] is None, "it is forgotten when told to")
