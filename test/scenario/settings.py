#!/usr/bin/env python3
# timeout: 300
"""A policy's lock-out on a real Debian root: PAM really locks after that many tries, the host's page says how each setting
stands, what somebody changes is shown and left, and without the policy all is as it was."""
import lib
from moved_time import Hospital

PAM = """auth required pam_faillock.so preauth
auth sufficient pam_unix.so
auth [default=die] pam_faillock.so authfail
"""
POLICY = """
policy: ward-night
applies-to: {groups: [ward-3]}
approve:
  - {classification: any, after: 365d}
install:
  windows:
    - {name: night, weekly: [mon], at: '22:00', for: 3h, tz: UTC}
"""
SETTINGS = "settings: {lockout: {tries: %d, reset: 15m, lock: 10m}, rdp: {nla: true}, smb1: off}\n"


def states(site, host):
    rows = site.server.api("GET", f"/api/v1/hosts/{site.row(host)['id']}")["settings"]
    return {r["setting"]: (r["state"], r["why"]) for r in rows}


def obeyed(site, host, test):
    def look():
        site.settle([host])
        return test()
    return site.s.wait_for("the policy to be obeyed", 60, look)


def values(host):
    lines = (host.root / "etc/security/faillock.conf").read_text().splitlines()
    return {k.strip(): v.strip() for k, _, v in (line.partition("=") for line in lines if line and line[0] != "#")}


def sign_in(host, password):
    """As somebody without rights, so that a password is asked for."""
    return host.run("su", "clerk", "-c", "su nurse -c true", stdin=password + "\n").status == 0


with lib.Scenario() as s:
    site = Hospital(s)
    host = site.roots.host("set-1")
    conf = host.root / "etc/security/faillock.conf"
    before = conf.read_bytes()
    for user in ("clerk", "nurse"):
        host.run("useradd", "-m", user, check=True)
    host.run("chpasswd", stdin="nurse:right-1\n", check=True)
    site.admit(host, "ward-3")
    site.policy(POLICY + SETTINGS % 3)
    obeyed(site, host, lambda: states(site, host).get("lockout"))
    s.equal({k: v[0] for k, v in states(site, host).items()},
            {"lockout": "not-applicable", "rdp": "not-applicable", "smb1": "not-applicable"},
            "where PAM does not ask pam_faillock nothing applies")
    s.ok(all(why for _, why in states(site, host).values()), "and each says why", states(site, host))
    s.equal(conf.read_bytes(), before, "and nothing is written")

    (host.root / "etc/pam.d/common-auth").write_text(PAM)
    s.ok(sign_in(host, "right-1"), "a person signs in")
    obeyed(site, host, lambda: states(site, host)["lockout"][0] == "in-force")
    s.equal(values(host), {"deny": "3", "fail_interval": "900", "unlock_time": "600"}, "the policy's values are in force")
    tries = [sign_in(host, "wrong") for _ in range(3)]
    s.ok(not any(tries) and not sign_in(host, "right-1"), "after three wrong passwords the right one does not help", tries)
    host.run("faillock", "--user", "nurse", "--reset", check=True)
    s.ok(sign_in(host, "right-1"), "until it is reset")

    conf.write_text(conf.read_text().replace("\ndeny = 3\n", "\ndeny = 9\n"))
    site.policy(POLICY + SETTINGS % 5)
    obeyed(site, host, lambda: states(site, host)["lockout"][0] == "conflict")
    s.equal(values(host)["deny"], "9", "what somebody changed stays")
    s.ok("deny" in states(site, host)["lockout"][1], "and is shown", states(site, host))
    site.policy(POLICY + SETTINGS % 9)
    obeyed(site, host, lambda: states(site, host)["lockout"][0] == "in-force")
    conf.write_text(conf.read_text().replace("\ndeny = 9\n", "\n"))
    site.policy(POLICY + SETTINGS % 4)
    obeyed(site, host, lambda: values(host).get("deny") == "4")
    site.policy(POLICY)
    obeyed(site, host, lambda: states(site, host) == {})
    s.equal(conf.read_bytes(), before, "without the policy it is byte by byte as before")
