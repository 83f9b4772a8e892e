#!/usr/bin/env python3
# timeout: 600
"""A server system step by step on booted Debian 12 systems: the application's service stops, the database is patched if
its backup is new enough, the application starts again and is patched. Without a backup nothing begins, a failed health
check keeps the rest waiting with the application running, and an agent that is killed in the middle changes none of it.
What is believed is dpkg-query, systemctl, the history, and a log that each host writes by the clock they share."""
import os
import time

import booted
import debian
import lib
from moved_time import Hospital, report, state, why

POLICY = """
policy: records
applies-to: {groups: [records-db, records-app]}
approve:
  - {classification: any, after: 0d}
install:
  windows:
    - {name: night, weekly: [mon, tue, wed, thu, fri, sat, sun], at: '22:00', for: 4h, tz: UTC}
steps:
  - {group: records-app, do: stop-service, service: records-app.service}
  - {group: records-db, do: patch, need: backup-newer-than 24h}
  - {group: records-app, do: start-service, service: records-app.service}
  - {group: records-app, do: patch}
backup: {marker: /var/backups/records-done}
"""
# Every start, stop and installation in seconds since this machine's boot, which all of them share. The shell says it
# without a child: systemd ends the whole group of a service that stops, also what its last words have just begun.
TELL = 'read up _ </proc/uptime; echo "$up {what}" >>/var/log/order'
SERVER = """#!/bin/sh
bye() {{
    {stopped}
    kill $!
    exit 0
}}
trap bye TERM
{started}
while :; do sleep 3600 & wait $!; done
"""


def server(name, version, broken=False, refuses=False):
    """A package with a service. Its installation takes two seconds, so that it can be killed in it."""
    tell = lambda what: TELL.format(what=f"{name} {what}")
    program = SERVER.format(started=tell("started"), stopped=tell("stopped"))
    unit = f"""[Unit]
Description={name}
[Service]
ExecStart=/usr/lib/{name}/serve
Restart=no
[Install]
WantedBy=multi-user.target
"""
    postinst = f"""#!/bin/sh
set -e
{tell("version " + version)}
sleep 2
systemctl daemon-reload
systemctl enable -q {name}.service
systemctl restart {name}.service
{tell("configured " + version)}
"""
    files = {f"usr/lib/{name}/serve": "#!/bin/sh\nexit 1\n" if broken else program,
             f"lib/systemd/system/{name}.service": unit, "DEBIAN/postinst": postinst}
    if refuses:
        files["DEBIAN/preinst"] = "#!/bin/sh\necho it does not fit this machine >&2\nexit 1\n"
    return name, version, "", "all", files


def log(*hosts):
    """What happened on these hosts, in order: (host, words)."""
    lines = []
    for host in hosts:
        path = host.root / "var/log/order"
        for line in path.read_text().splitlines() if path.exists() else []:
            at, what = line.split(" ", 1)
            lines.append((float(at), host.name, what))
    return [(name, what) for _, name, what in sorted(lines)]


def active(host, service):
    return host.run("systemctl", "is-active", f"{service}.service").out.strip() == "active"


def versions(*hosts):
    found = {}
    for host in hosts:
        found.update({f"{host.name} {p}": v for p, v in host.versions().items() if p.startswith("records-")})
    return found


def backup(site, host, hours):
    """A backup that ended so many hours ago by the hospital's clock, as its last command tells."""
    marker = host.root / "var/backups/records-done"
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.write_text("")
    at = time.time() + site.clock.offset - hours * 3600
    os.utime(marker, (at, at))
    return at


def rows(site, host, patch):
    return [r for r in site.history(host) if r["patch"] == patch]


def waits(site, host, patch):
    row = site.patches(host).get(patch, {})
    return row.get("state"), row.get("why") or ""


class Night:
    """Check-ins in turn from an hour on, with some minutes between, as agents make them by themselves."""

    def __init__(self, site, day, hour, minute=5):
        self.site, self.day, self.minute = site, day, hour * 60 + minute

    def rounds(self, hosts, count, done=lambda: False):
        for _ in range(count):
            if done():
                return True
            self.site.at(self.day, self.minute // 60, self.minute % 60)
            self.site.settle(hosts)
            self.minute += 6
        return done()


def offer(s, hosts, *packages):
    """A new version of each package on the hosts that have an older one."""
    for host in hosts:
        mine = [p for p in packages if p[0] in host.versions()]
        if mine:
            debian.repository(s, host, mine, alone=True)


def open_system(s, site):
    folder = booted.base(s, site.roots)
    db, app = (booted.host(s, site, folder, name) for name in ("db-1", "app-1"))
    for host, name in ((db, "records-db"), (app, "records-app")):
        host.run("dpkg", "-i", debian.package(host, "/tmp/old", *server(name, "1")), check=True)
        host.run("systemctl", "start", f"{name}.service", check=True)
        site.admit(host, name)
    s.ok(active(db, "records-db") and active(app, "records-app"), "a database and its application run")
    offer(s, (db, app), server("records-db", "2"), server("records-app", "2"))
    site.policy(POLICY)
    return db, app


def evening(s, site, db, app, day):
    """Before the window, with a fresh backup: what is new is known, approved and downloaded."""
    site.at(day, 18)
    backup(site, db, 1)
    Night(site, day, 18).rounds((db, app), 3)
    return Night(site, day, 22)


def known_backup(site, host):
    detail = site.server.api("GET", f"/api/v1/hosts/{site.row(host)['id']}")
    return detail["backup_at"], (detail["backup"] or {}).get("why") or ""


def without_backup(s, site, db, app):
    Night(site, 0, 18).rounds((db, app), 3)
    night = Night(site, 0, 22)
    night.rounds((db, app), 3)
    s.equal(versions(db, app), {"db-1 records-db": "1", "app-1 records-app": "1"}, "without a backup nothing is installed")
    s.ok(active(app, "records-app"), "and the application is not stopped for it")
    seen = waits(site, db, "deb:records-db@2"), waits(site, app, "deb:records-app@2")
    s.ok(all("no backup" in w[1] for w in seen), "database and application say that the backup is missing", seen)
    backup(site, db, 30)
    night.rounds((db, app), 3)
    seen = waits(site, db, "deb:records-db@2")
    s.ok(versions(db)["db-1 records-db"] == "1" and "30 hours old" in seen[1], "nor with one of 30 hours", seen)
    s.ok(known_backup(site, db)[0], "the host itself told when its newest backup was", known_backup(site, db))
    return night


def false_backup(s, site, db, night):
    """A host can lie about itself, but only plainly."""
    before, _ = known_backup(site, db)
    backup(site, db, -24)
    night.rounds((db,), 2)
    at, words = known_backup(site, db)
    s.ok(at == before and "future" in words, "a backup of tomorrow is refused", (at, words))
    marker = db.root / "var/backups/records-done"
    marker.unlink()
    marker.symlink_to("/etc/hostname")
    night.rounds((db,), 2)
    at, words = known_backup(site, db)
    s.ok(at == before and "link" in words, "and so is a link", (at, words))
    marker.unlink()


def in_order(s, site, db, app, night):
    """With a new backup; the agent of the database is killed in the middle of its installation."""
    before = len(log(db, app))
    backup(site, db, 3)
    night.rounds((db, app), 4, lambda: not active(app, "records-app"))
    s.ok(not active(app, "records-app") and versions(db)["db-1 records-db"] == "1",
         "with a backup of 3 hours the application stops, before anything is installed", why(app))
    s.ok(report(app).get("reason") == "steps", "and says what it waits for", report(app))
    agent = db.start(*db.env, "mamori-agent", "once", log="killed")
    s.wait_for("the installation to begin", 60, lambda: ("db-1", "records-db version 2") in log(db), every=0.02)
    killed = db.end(lambda argv: os.path.basename(argv[0]) == "mamori-agent" and "once" in argv)
    agent.process.wait(60)
    s.ok(killed and state(db, "slot.json").get("step") == "install", "SIGKILL to the database's agent in its installation", killed)
    done = lambda: versions(app)["app-1 records-app"] == "2" and active(app, "records-app")
    night.rounds((db, app), 10, done)
    s.equal(versions(db, app), {"db-1 records-db": "2", "app-1 records-app": "2"}, "then the database is patched, and the application")
    s.ok(active(db, "records-db") and active(app, "records-app"), "and both run")
    seen = [w for w in log(db, app)[before:] if "configured" not in w[1]]
    stopped = ("app-1", "records-app stopped")
    # A service that is restarted right after its start may end before it can say so: only the first stop is asked for.
    s.equal(seen[:1] + [w for w in seen[1:] if w != stopped],
            [stopped, ("db-1", "records-db version 2"), ("db-1", "records-db stopped"), ("db-1", "records-db started"),
             ("app-1", "records-app started"), ("app-1", "records-app version 2"), ("app-1", "records-app started")],
            "in the order of the steps, by the clock that both share")
    for host, patch in ((db, "deb:records-db@2"), (app, "deb:records-app@2")):
        seen = [(r["state"], r["trigger"]) for r in rows(site, host, patch)]
        s.equal(seen, [("installed", "window")], f"{host.name}: the history has it once")
        s.equal(debian.unpacked_twice(host), [], f"{host.name}: nothing was installed twice")
    Night(site, 1, 3).rounds((db, app), 2)
    s.ok(active(app, "records-app"), "it still runs when the window is over")


def gate(s, site, db, app):
    """The next update breaks the database."""
    offer(s, (db, app), server("records-db", "3", broken=True), server("records-app", "3"))
    night = evening(s, site, db, app, 1)
    ill = lambda: not report(db).get("healthy", True)
    night.rounds((db, app), 8, ill)
    s.ok(ill() and versions(db)["db-1 records-db"] == "3", "an update after which the database does not run is noticed", report(db))
    night.rounds((db, app), 4)
    s.equal(versions(app)["app-1 records-app"], "2", "the application is not patched behind it")
    s.ok(active(app, "records-app"), "its service runs again", report(app))
    seen = waits(site, app, "deb:records-app@3")
    s.ok("not all of its hosts are well" in seen[1], "and its update says what it waits for", seen)
    s.ok(any(e["what"] == "host.unhealthy" for e in site.server.items("/api/v1/audit")), "the audit log has it")
    Night(site, 2, 3).rounds((db, app), 2)
    s.equal((versions(app)["app-1 records-app"], active(app, "records-app")), ("2", True), "so it stays through the night")


def refused(s, site, db, app):
    """The repair itself cannot be installed: the application comes back, and is not stopped again for it."""
    offer(s, (db, app), server("records-db", "4", refuses=True))
    night = evening(s, site, db, app, 2)
    failed = lambda: [r for r in rows(site, db, "deb:records-db@4") if r["state"] == "failed"]
    night.rounds((db, app), 8, failed)
    s.ok(failed() and versions(db).get("db-1 records-db") != "4", "an update that cannot be installed fails, with a reason", failed())
    night.rounds((db, app), 4)
    stops = log(app).count(("app-1", "records-app stopped"))
    s.ok(active(app, "records-app"), "the application runs again", report(app))
    night.rounds((db, app), 4)
    s.equal((log(app).count(("app-1", "records-app stopped")), versions(app)["app-1 records-app"]), (stops, "2"),
            "and is not stopped again, nor patched")
    seen = waits(site, app, "deb:records-app@3")
    s.ok("failed on 1 of 1 hosts" in seen[1], "its update says that the database failed", seen)


def repaired(s, site, db, app):
    """What was broken may be mended by the next update, in the next night."""
    offer(s, (db, app), server("records-db", "5"))
    night = evening(s, site, db, app, 3)
    done = lambda: versions(app)["app-1 records-app"] == "3" and active(app, "records-app")
    night.rounds((db, app), 12, done)
    s.equal(versions(db, app), {"db-1 records-db": "5", "app-1 records-app": "3"},
            "in the next night the repaired database comes in, and then the application")
    night.rounds((db, app), 1)
    s.ok(active(db, "records-db") and active(app, "records-app") and report(db).get("healthy"), "and all is well", report(db))


with lib.Scenario() as s:
    s.needs("systemd-nspawn", "gpg", "gpgconf")
    site = Hospital(s)
    db, app = open_system(s, site)
    night = without_backup(s, site, db, app)
    false_backup(s, site, db, night)
    in_order(s, site, db, app, night)
    gate(s, site, db, app)
    refused(s, site, db, app)
    repaired(s, site, db, app)
