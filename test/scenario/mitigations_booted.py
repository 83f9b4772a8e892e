#!/usr/bin/env python3
# timeout: 600
"""An emergency on a booted Debian system, with the real systemd and the real nftables: a service that is stopped stays so over
restarts and a loss of power, a closed port is closed again before the machine has a network and without the agent's doing, an
agent that is killed in the middle changes none of it, and when the update is in all is as before."""
import os
import pathlib
import shutil
import socket

import booted
import debian
import lib
from moved_time import Hospital

STOPPED, CLOSED, FREE = 8871, 8872, 8873
SERVE = r"""#!/usr/bin/perl
use IO::Socket::INET;
my $l = IO::Socket::INET->new(LocalPort => %d, Listen => 5, ReuseAddr => 1) or die;
while (my $c = $l->accept) { print $c "hello\n"; close $c }
"""
UNIT = """[Unit]
Description={name}
# As services behind a port are ordered: no sooner than the network.
After=network-pre.target network.target
[Service]
ExecStart=/usr/lib/{name}/serve
[Install]
WantedBy=multi-user.target
"""
POSTINST = """#!/bin/sh
set -e
systemctl daemon-reload
systemctl enable -q {name}.service
systemctl restart {name}.service
"""
POLICY = """
policy: servers
applies-to: {groups: [servers]}
approve:
  - {classification: any, after: 0d}
install:
  windows:
    - {name: never, dates: [2099-01-01], at: '22:00', for: 3h, tz: UTC}
emergency:
  when: [unknown, low, medium, high, critical]
  reboot: never
  mitigations:
    - {patch: records, stop-service: records}
    - {patch: images, close-port: [8872/tcp]}
"""
PORTS = {"records": STOPPED, "images": CLOSED, "bystander": FREE}
UNIT_FILE = pathlib.Path(__file__).resolve().parents[2] / "packaging/systemd/mamori-agent-ports.service"


def program(name, version):
    return name, version, "", "all", {f"usr/lib/{name}/serve": SERVE % PORTS[name],
                                      f"lib/systemd/system/{name}.service": UNIT.format(name=name),
                                      "DEBIAN/postinst": POSTINST.format(name=name)}


def reaches(host, port):
    """Whether somebody on the network gets an answer there."""
    try:
        with socket.create_connection((host.address, port), timeout=3) as line:
            return line.recv(5) == b"hello"
    except OSError:
        return False


def open_ports(host):
    return {name for name, port in PORTS.items() if reaches(host, port)}


def runs(host, name):
    return host.run("systemctl", "is-active", f"{name}.service").out.strip() == "active"


def row(site, host, name):
    return site.patches(host).get(f"deb:{name}@2", {"state": "", "why": ""})


def shows(host, unit, prop):
    return host.run("systemctl", "show", "--value", "-p", prop, unit).out.strip()


def begin(s, site):
    host = booted.host(s, site, booted.base(s, site.roots, "nftables"), "srv-1")
    if host.run("nft", "list", "tables").status != 0:
        raise lib.Skip("nftables does not work in a booted root here")
    for name in PORTS:
        host.run("dpkg", "-i", debian.package(host, "/tmp/old", *program(name, "1")), check=True)
    shutil.copy(UNIT_FILE, host.root / "lib/systemd/system")  # as a package of the agent does
    host.run("systemctl", "enable", UNIT_FILE.name, check=True)
    s.wait_for("three services", 30, lambda: open_ports(host) == set(PORTS))
    debian.repository(s, host, [program("records", "2"), program("images", "2")], alone=True)
    host.run("apt-mark", "hold", "records", "images", check=True)  # the updates themselves have to wait
    site.admit(host, "servers")
    return host


def killed_in_the_middle(s, site, host):
    """The policy comes, and the agent dies between writing down what it begins and having done it."""
    site.policy(POLICY)
    memory = host.root / "var/lib/mamori-agent/mitigations.json"
    def killed():
        agent = host.start(*host.env, "mamori-agent", "once", log="killed")
        try:
            s.wait_for("the mitigation to begin", 20, lambda: memory.exists() or not agent.running(), every=0.005)
            return memory.exists() and host.end(lambda argv: os.path.basename(argv[0]) == "mamori-agent" and "once" in argv)
        finally:
            agent.process.wait(60)
    s.wait_for("an agent that is killed in it", 120, killed)
    s.ok(memory.exists(), "SIGKILL to the agent once it has written down what it begins")
    s.wait_for("the mitigations", 90, lambda: site.settle([host]) and all(row(site, host, n)["state"] == "mitigated" for n in ("records", "images")))
    s.equal(open_ports(host), {"bystander"}, "the next run stops the service and closes the port, and nothing else")
    s.ok(not runs(host, "records") and runs(host, "images"), "systemd says that the one is stopped, the other runs behind its closed port")
    s.ok("records stopped" in row(site, host, "records")["why"] and "8872/tcp closed" in row(site, host, "images")["why"],
         "and the reasons say it", (row(site, host, "records"), row(site, host, "images")))


def stands_over(s, host, what, cut):
    before = host.boot_id()
    host.power_cycle(cut)
    s.ok(host.boot_id() != before, f"{what}: the machine has started again, no agent has run yet")
    s.wait_for("the other services", 60, lambda: reaches(host, FREE) and runs(host, "images"))
    s.equal(open_ports(host), {"bystander"}, f"{what}: the service stays stopped, the port is closed")
    s.ok(not runs(host, "records") and runs(host, "images"), f"{what}: as systemd sees it, too")


def before_the_network(s, host):
    s.equal(shows(host, UNIT_FILE.name, "ActiveState"), "active", "the step of the start has run")
    closed, up = (int(shows(host, UNIT_FILE.name, "ActiveEnterTimestampMonotonic")), int(shows(host, "network-pre.target", "ActiveEnterTimestampMonotonic")))
    s.ok(0 < closed <= up, "and was done before anything of the network began", (closed, up))
    s.ok(int(shows(host, "images.service", "ExecMainStartTimestampMonotonic")) > closed, "and before the service behind the port")
    s.ok("cycle" not in host.run("journalctl", "-b", "--no-pager").out, "systemd found no cycle in the order of the start")


def without_it(s, site, host):
    """That the step of the start is what closes it."""
    host.run("systemctl", "disable", UNIT_FILE.name, check=True)
    host.power_cycle()
    s.wait_for("the other services", 60, lambda: reaches(host, FREE) and runs(host, "images"))
    s.equal(open_ports(host), {"bystander", "images"}, "without that step a restart opens the port until the agent's first run")
    site.settle([host])
    s.equal(open_ports(host), {"bystander"}, "which closes it")
    host.run("systemctl", "enable", UNIT_FILE.name, check=True)


def by_hand(s, site, host):
    host.run("systemctl", "start", "records.service")
    s.ok(not runs(host, "records"), "a start by hand is refused")
    host.run("nft", "delete", "table", "inet", "mamori", check=True)
    site.settle([host])
    s.equal(open_ports(host), {"bystander"}, "and what somebody opened by hand is closed again")


def patched(s, site, host):
    host.run("apt-mark", "unhold", "records", "images", check=True)
    s.wait_for("both updates", 120, lambda: site.settle([host]) and host.versions().get("records") == "2" == host.versions().get("images"))
    s.wait_for("everything as before", 60, lambda: site.settle([host]) and open_ports(host) == set(PORTS))
    s.ok(runs(host, "records"), "when the updates are in, the service runs and the port is open")
    left = [p.name for p in (host.root / "var/lib/mamori-agent").glob("*.nft")] + list((host.root / "etc/systemd/system").glob("records.service.d"))
    s.equal(left, [], "nothing of ours is left")
    host.power_cycle()
    s.wait_for("everything after a restart", 60, lambda: open_ports(host) == set(PORTS))
    s.equal(shows(host, UNIT_FILE.name, "ActiveState"), "inactive", "and after a restart there is nothing to close")


with lib.Scenario() as s:
    s.needs("systemd-nspawn", "gpg", "gpgconf", "nft")
    site = Hospital(s)
    host = begin(s, site)
    killed_in_the_middle(s, site, host)
    stands_over(s, host, "restart", cut=False)
    before_the_network(s, host)
    without_it(s, site, host)
    by_hand(s, site, host)
    stands_over(s, host, "loss of power", cut=True)
    patched(s, site, host)
