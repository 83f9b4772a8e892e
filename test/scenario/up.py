#!/usr/bin/env python3
# timeout: 600
"""What a newcomer does: `mamori up`, twice in a row. It reaches a dashboard that lists this very machine's pending
updates, the same as apt's own simulation; SIGTERM ends it within 5 s; a taken port is a clear error."""
import json
import re
import socket
import time
import urllib.parse

import lib


def simulation(s):
    """Package -> new version of everything apt would upgrade here, and whether it is kept back."""
    out = s.run("apt-get", "-s", "-qq", "--with-new-pkgs", "upgrade", check=True).out
    return dict(re.findall(r"^Inst (\S+) (?:\[[^]]*\] )?\((\S+)", out, re.M))


class Up(lib.Server):
    """A server whose life is in the hands of `mamori up`."""

    def launch(self, *words):
        self.program = self.s.start(lib.MAMORI, "up", "--data", self.data, "--listen", f"127.0.0.1:{self.port}",
                                    "--agents", f"127.0.0.1:{self.agents_port}", *words, log="up",
                                    env={"LANG": "C.UTF-8"})

    def line(self, what, seconds, pattern):
        def look():
            found = re.search(pattern, self.program.output(), re.M)
            if not found and not self.program.running():
                raise RuntimeError("mamori up ended: " + self.program.output())
            return found
        return self.s.wait_for(what, seconds, look)


def updates(up):
    """Package -> new version that the dashboard's API lists as missing on the only host."""
    found = {}
    for patch in up.items("/api/v1/patches?state=missing"):
        detail = up.api("GET", "/api/v1/patches/" + urllib.parse.quote(patch["id"], safe=""))
        for target in detail["targets"]:
            if target["state"] == "missing":
                found.update({p["name"]: p["to"] for p in target["packages"]})
    return found


def come_up(s, up, title):
    up.cookie = None
    up.launch()
    up.link = up.line("the sign-in link", 30, r"^https://\S+#/signin/\S+$").group(0)
    s.ok(True, f"{title}: a one-time sign-in link stands alone on its line")
    up.sign_in()
    s.ok(True, f"{title}: the link signs in")
    hosts = s.wait_for("this machine to be listed with its updates", 240, lambda: [
        h for h in up.items("/api/v1/hosts") if up.api("GET", f"/api/v1/hosts/{h['id']}")["planned_at"]], every=1)
    s.equal(len(hosts), 1, f"{title}: one host, this machine")
    s.equal(hosts[0]["name"], socket.gethostname(), f"{title}: under its own name")
    wanted, until = simulation(s), time.monotonic() + 60 * lib.SLOW
    while (seen := updates(up)) != wanted and time.monotonic() < until:
        time.sleep(1)  # what the check-in announces follows it
    s.ok(seen == wanted, f"{title}: its {len(wanted)} pending updates are apt's own simulation",
         lambda: f"only in apt: {set(wanted.items()) - set(seen.items())}\n"
                 f"only in mamori: {set(seen.items()) - set(wanted.items())}")
    return hosts[0]["id"]


def go_down(s, up, title):
    seconds = up.program.stop()
    s.ok(seconds is not None and seconds < 5 * lib.SLOW, f"{title}: SIGTERM ends it within 5 s", seconds)
    s.equal(up.program.process.returncode, 0, f"{title}: with exit status 0")


with lib.Scenario() as s:
    s.needs("root", "apt-get")
    before = s.run("dpkg-query", "-W", check=True).out
    up = Up(s, "127.0.0.1", None, s.tmp / "up")
    first = come_up(s, up, "first")
    up.line("a word about the feeds", 120, r"[Ff]eed")
    s.ok(True, "first: it says how fresh the vulnerability data is")
    again = up.request("POST", "/api/v1/session", json.dumps({"code": up.link.split("/")[-1]}),
                       {"Content-Type": "application/json"})
    s.ok(again[0] == 401, "first: the link works once", again)
    if lib.has_dashboard():
        s.ok(b"<html" in up.request("GET", "/")[2].lower(), "first: the dashboard is served")
    else:
        s.skip("first: the dashboard is served", "built without it")

    other = Up(s, "127.0.0.1", None, s.tmp / "other")
    other.port = up.port
    other.launch("--no-feeds")
    status = other.program.process.wait(20)
    s.ok(status != 0 and str(up.port) in other.program.output(), "a taken port: an error that names it",
         other.program.output())
    s.equal(len(other.program.output().strip().splitlines()), 1, "a taken port: in one line")
    go_down(s, up, "first")

    second = come_up(s, up, "second")
    s.equal(second, first, "second: this machine is still the same host")
    go_down(s, up, "second")
    s.equal(s.run("dpkg-query", "-W", check=True).out, before, "nothing was installed on this machine")
