#!/usr/bin/env python3
# timeout: 600
"""A policy's settings of services, on a real Debian root with the real Samba and the real xrdp: SMBv1 is refused and let in
again, remote desktops are reached from the networks of the policy only, and without the policy all is as it was."""
import socket

import lib
from moved_time import Hospital

POLICY = """
policy: ward-night
applies-to: {groups: [ward-3]}
approve:
  - {classification: any, after: 365d}
install:
  windows:
    - {name: night, weekly: [mon], at: '22:00', for: 3h, tz: UTC}
"""
CONF = """# of this hospital
[global]
   workgroup = WARD
   server min protocol = NT1
   map to guest = Bad User
[images]
   path = /srv
   guest ok = yes
"""


def install(host, *packages):
    done = host.run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", "--no-install-recommends", "install", *packages, timeout=300)
    return done.status == 0, str(done)[-300:]


def state(site, host, name):
    rows = site.server.api("GET", f"/api/v1/hosts/{site.row(host)['id']}")["settings"]
    return next(((r["state"], r["why"] or "") for r in rows if r["setting"] == name), ("", ""))


def obeyed(site, host, test):
    return site.s.wait_for("the policy to be obeyed", 60, lambda: site.settle([host]) and test())


def smb(host, *dialects):
    """What Samba answers a client on the network that speaks these dialects ([MS-CIFS] 2.2.4.52): "SMB1", "SMB2" or none."""
    names = b"".join(b"\x02" + d.encode() + b"\0" for d in dialects)
    message = (b"\xffSMB\x72" + bytes(4) + b"\x18\x01\x28" + bytes(12) + b"\0\0\xff\xfe\0\0\x01\0"
               + b"\0" + len(names).to_bytes(2, "little") + names)
    try:
        with socket.create_connection((host.address, 445), timeout=5) as line:
            line.sendall(len(message).to_bytes(4, "big") + message)
            answer = line.recv(4096)
    except OSError:
        return ""
    if answer[4:8] == b"\xfeSMB":
        return "SMB2"
    return "SMB1" if answer[4:8] == b"\xffSMB" and answer[37:39] != b"\xff\xff" and answer[36:37] != b"\0" else ""


def old(host):
    return smb(host, "NT LM 0.12")


def new(host):
    return smb(host, "NT LM 0.12", "SMB 2.002", "SMB 2.???")


def testparm(host):
    return host.run("testparm", "-s", "--parameter-name=server min protocol").out.strip()


def samba(s, site, host):
    conf = host.root / "etc/samba/smb.conf"
    conf.write_text(CONF)
    with (host.root / "etc/hosts").open("a") as hosts:  # or Samba waits for a name server that is not there
        hosts.write(f"127.0.1.1 {host.name}\n")
    host.start("smbd", "--foreground", "--no-process-group", log="smbd")
    s.wait_for("Samba", 60, lambda: new(host) == "SMB2")
    s.equal(old(host), "SMB1", "a Samba that lets SMBv1 in")
    site.policy(POLICY + "settings: {smb1: off}\n")
    obeyed(site, host, lambda: state(site, host, "smb1")[0] == "in-force")
    s.equal(testparm(host), "SMB2_02", "with the policy testparm says SMB 2 is the oldest")
    s.wait_for("Samba to read it", 90, lambda: old(host) == "")
    s.equal(new(host), "SMB2", "SMBv1 is refused by the running Samba, newer clients are served")
    conf.write_text(CONF)
    obeyed(site, host, lambda: state(site, host, "smb1")[0] == "conflict")
    s.ok("NT1" in state(site, host, "smb1")[1] and conf.read_text() == CONF, "who needs it and says so in the file is shown, not fought",
         state(site, host, "smb1"))
    conf.write_text(CONF.replace("NT1", "SMB2_02").replace("   server", "\tserver"))
    obeyed(site, host, lambda: state(site, host, "smb1")[0] == "in-force")
    site.policy(POLICY)
    obeyed(site, host, lambda: state(site, host, "smb1") == ("", ""))
    s.equal(conf.read_text(), CONF, "without the policy the file is byte by byte as before")
    s.wait_for("Samba to read it", 90, lambda: old(host) == "SMB1")
    s.ok(True, "and the running Samba lets SMBv1 in again")


def reaches(host, port):
    try:
        socket.create_connection((host.address, port), timeout=3).close()
        return True
    except OSError:
        return False


def remote_desktop(s, site, host):
    ini = host.root / "etc/xrdp/xrdp.ini"
    ini.write_text(ini.read_text().replace("\nport=3389", "\nport=3390", 1))
    host.start("xrdp", "--nodaemon", log="xrdp")
    s.wait_for("xrdp", 30, lambda: reaches(host, 3390))
    s.ok(True, "xrdp answers on the port that its own file names")
    site.policy(POLICY + "settings: {rdp: {nla: true, from: [192.0.2.0/24]}}\n")
    obeyed(site, host, lambda: state(site, host, "rdp-from")[0] == "in-force")
    s.ok(not reaches(host, 3390), "with the policy nobody else reaches it")
    s.ok(host.run("perl", "-MIO::Socket::INET", "-e", "exit !IO::Socket::INET->new(PeerAddr => '127.0.0.1:3390')").status == 0, "this machine itself does")
    seen = state(site, host, "rdp")
    s.ok(seen[0] == "not-applicable" and "xrdp has nothing like it" in seen[1], "network level authentication says that Linux has none", seen)
    host.run("nft", "delete", "table", "inet", "mamori_rdp", check=True)
    site.turn(host)
    s.ok(not reaches(host, 3390), "what somebody opened by hand is closed again")
    site.policy(POLICY + f"settings: {{rdp: {{from: [192.0.2.0/24, {host.gateway}/32]}}}}\n")
    obeyed(site, host, lambda: reaches(host, 3390))
    s.equal(state(site, host, "rdp-from"), ("in-force", ""), "a listed source reaches it")
    site.policy(POLICY)
    obeyed(site, host, lambda: state(site, host, "rdp-from") == ("", ""))
    s.ok("mamori_rdp" not in host.run("nft", "list", "tables").out and reaches(host, 3390), "without the policy no table of ours is left")


with lib.Scenario() as s:
    site = Hospital(s)
    host = site.roots.host("svc-1")
    has_samba, no_samba = install(host, "samba")
    has_xrdp, no_xrdp = install(host, "xrdp", "nftables")
    site.admit(host, "ward-3")
    if has_samba:
        samba(s, site, host)
    else:
        s.skip("SMBv1", "Samba could not be installed into the root: " + no_samba)
    if has_xrdp:
        remote_desktop(s, site, host)
    else:
        s.skip("sources of remote desktops", "xrdp could not be installed into the root: " + no_xrdp)
