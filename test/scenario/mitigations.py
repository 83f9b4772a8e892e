#!/usr/bin/env python3
# timeout: 300
"""An emergency on a real Debian root: where its update must wait, the service is really stopped and the port really closed
at once; a hold lifts that, what comes up again is stopped again, and when the update is in everything is as before."""
import socket

import lib
from moved_time import Hospital

# What systemctl does with one service, for a root without systemd; the drop-in's condition counts.
SYSTEMCTL = """#!/bin/sh
verb=$1
for unit; do :; done
conf=/etc/systemd/system/$unit.d/mamori-mitigation.conf
pid=$(cat /run/$unit.pid 2>/dev/null)
kill -0 ${pid:-none} 2>/dev/null && up=active || up=inactive
case $verb in
show) [ -e /etc/served/$unit ] && load=loaded || load=not-found
	echo LoadState=$load; echo ActiveState=$up;;
stop) [ $up = active ] && kill $pid && while kill -0 $pid 2>/dev/null; do sleep 0.1; done; exit 0;;
start) path=$(sed -n 's/^ConditionPathExists=!//p' $conf 2>/dev/null)
	[ -n "$path" ] && [ -e "$path" ] && exit 0
	[ $up = active ] || setsid /etc/served/$unit </dev/null >/dev/null 2>&1 & ;;
esac
exit 0
"""
DAEMON = "rsync --daemon --no-detach --config=/etc/rsyncd-{port}.conf --port={port}"
POLICY = """
policy: servers
applies-to: {groups: [servers]}
approve:
  - {app: rsync, classification: any, after: 0d}
  - {never: true}
install:
  windows:
    - {name: never, dates: [2099-01-01], at: '22:00', for: 3h, tz: UTC}
emergency:
  when: [unknown, low, medium, high, critical]
  reboot: never
"""
ROWS = """  mitigations:
    - {patch: rsync, stop-service: [rsync, rsync-absent], close-port: [2222/tcp]}
    - {patch: 'rs*', close-port: [2223/tcp], except: [%s/32]}
    - {patch: openssl, stop-service: [nothing-to-do-with-it]}
"""
TABLE = "table inet others {\n\tchain in {\n\t\ttype filter hook input priority 0; policy accept;\n\t}\n}\n"


def reaches(host, port):
    """Whether somebody on the network gets an answer there."""
    try:
        with socket.create_connection((host.address, port), timeout=3) as line:
            return line.recv(5) == b"@RSYN"
    except (ConnectionRefusedError, TimeoutError):
        return False


def ports(host):
    return {port: reaches(host, port) for port in (873, 2222, 2223)}


def serve(host):
    """rsync as a service on 873, and two more that systemctl knows nothing of."""
    (host.root / "usr/bin/systemctl").unlink(missing_ok=True)
    (host.root / "usr/bin/systemctl").write_text(SYSTEMCTL)
    (host.root / "usr/bin/systemctl").chmod(0o755)
    (host.root / "etc/served").mkdir()
    for port in (873, 2222, 2223):
        (host.root / f"etc/rsyncd-{port}.conf").write_text("use chroot = no\nreverse lookup = no\n")
    unit = host.root / "etc/served/rsync.service"
    unit.write_text("#!/bin/sh\necho $$ >/run/rsync.service.pid\nexec " + DAEMON.format(port=873) + "\n")
    unit.chmod(0o755)
    host.run("systemctl", "start", "--", "rsync.service", check=True)
    for port in (2222, 2223):
        host.start(*DAEMON.format(port=port).split(), log=f"rsync-{port}")


def row(site, host):
    """The rsync update as everybody sees it."""
    rows = site.server.cli("patch", "list", "--host", host.name, "--json").lines()
    return next((r for r in rows if r["patch"].startswith("deb:rsync@")), {"state": "", "why": ""})


def obeyed(site, host, what, test):
    def look():
        site.settle([host])
        return test()
    return site.s.wait_for(what, 60, look)


with lib.Scenario() as s:
    site = Hospital(s)
    host = site.roots.host("mit-1")
    done = host.run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", "install", "nftables", timeout=120)
    if done.status != 0:
        raise lib.Skip("nftables could not be installed into the root: " + str(done)[-300:])
    serve(host)
    host.run("nft", "-f", "-", stdin=TABLE, check=True)
    s.wait_for("three daemons", 10, lambda: all(ports(host).values()))
    host.run("apt-mark", "hold", "rsync", check=True)  # the update itself has to wait
    site.admit(host, "servers")

    site.policy(POLICY)
    obeyed(site, host, "an emergency without a mitigation", lambda: "no mitigation is written" in row(site, host)["why"])
    s.ok(all(ports(host).values()), "without a row nothing is stopped, and the reason says so", row(site, host)["why"])

    site.policy(POLICY + ROWS % host.gateway)
    obeyed(site, host, "the mitigation", lambda: row(site, host)["state"] == "mitigated")
    s.equal(ports(host), {873: False, 2222: False, 2223: True},
            "the service is stopped, the port closed to the network, the exception let in")
    s.ok(host.run("rsync", "rsync://127.0.0.1:2222/").status == 0, "the closed port's daemon runs, and this machine reaches it")
    s.ok("rsync stopped" in row(site, host)["why"] and "2222/tcp closed" in row(site, host)["why"] and
         "servers" in row(site, host)["why"], "the reason names what, since when, by whom", row(site, host)["why"])
    told = site.server.api("GET", f"/api/v1/hosts/{site.row(host)['id']}")["mitigations"][0]
    s.equal({a["what"]: a["state"] for a in told["acts"]},
            {"rsync": "in-force", "rsync-absent": "not-applicable", "2222/tcp": "in-force", "2223/tcp": "in-force"},
            "the host's page says how each stands")
    s.ok("table inet others" in host.run("nft", "list", "tables").out, "others' tables stay")
    log = site.server.api("GET", "/api/v1/audit?limit=200")["items"]
    s.ok(any(r["what"] == "mitigation.begin" for r in log), "it is announced", [r["what"] for r in log])

    host.run("nft", "delete", "table", "inet", "mamori", check=True)
    host.run("systemctl", "start", "--", "rsync.service", check=True)
    s.equal(ports(host), {873: False, 2222: True, 2223: True}, "a start by hand is refused by the drop-in's condition")
    site.settle([host])
    s.equal(ports(host), {873: False, 2222: False, 2223: True}, "as after a restart of the machine it is in force again")

    site.server.cli("hold", "create", host.name, "--why", "surgery")
    obeyed(site, host, "the hold", lambda: "held" in row(site, host)["why"])
    s.wait_for("the service of a held machine", 10, lambda: all(ports(host).values()))
    s.ok("surgery" in row(site, host)["why"], "a held machine has its services, and the reason says why", row(site, host)["why"])
    site.server.cli("hold", "release", site.server.cli("hold", "list", "--json").lines()[0]["id"])
    obeyed(site, host, "the release", lambda: row(site, host)["state"] == "mitigated")
    s.equal(ports(host), {873: False, 2222: False, 2223: True}, "released, it is mitigated again")

    before = host.versions()["rsync"]
    host.run("apt-mark", "unhold", "rsync", check=True)
    obeyed(site, host, "the update", lambda: row(site, host)["state"] in ("", "installed"))
    s.wait_for("everything as before", 20, lambda: all(ports(host).values()))
    s.ok(host.versions()["rsync"] != before, "the update is in, outside of any window", host.versions()["rsync"])
    s.ok("inet mamori" not in host.run("nft", "list", "tables").out, "no table of ours is left")
    s.ok(not (host.root / "etc/systemd/system/rsync.service.d").exists(), "nor a drop-in")
    log = site.server.api("GET", "/api/v1/audit?limit=200")["items"]
    s.ok(any(r["what"] == "mitigation.end" for r in log), "its end is announced", [r["what"] for r in log])
