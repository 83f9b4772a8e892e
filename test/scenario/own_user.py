#!/usr/bin/env python3
# timeout: 120
"""Started as root where a user mamori exists, the server binds, gives up its rights for good and owns its folder; what
root's command line writes there later stays readable for it. The user exists in a mount namespace alone."""
import os
import pathlib
import re
import stat

import lib

UID = 61234
FEEDS = lib.SOURCE / "test/fixtures/feeds"


def owners(folder):
    """Paths below the folder that are not the server's own."""
    return [str(p) for p in [folder, *folder.rglob("*")] if p.lstat().st_uid != UID]


def serve(s, server, *before):
    program = s.start(*before, lib.MAMORI, "serve", "--data", server.data, "--listen",
                      f"{server.address}:{server.port}", "--agents", f"{server.address}:{server.agents_port}",
                      log="server")
    server.program = program
    s.wait_for("the server's ready line", 20, server._ready)


def status_of(pid):
    return dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())


def rights(s, program):
    status = status_of(program.pid)
    s.equal(status["Uid"].split(), [str(UID)] * 4, "every user id of the server is the unprivileged one")
    s.equal(status["Gid"].split(), [str(UID)] * 4, "every group id, too")
    s.equal(status["Groups"].strip(), "", "no further groups")
    s.equal(int(status["CapEff"], 16) | int(status["CapPrm"], 16), 0, "no capability is left")
    s.equal(status["NoNewPrivs"].strip(), "1", "and none can come back")
    tasks = [status_of(f"{program.pid}/task/{t}")["Uid"].split()[0]
             for t in os.listdir(f"/proc/{program.pid}/task")]
    s.ok(len(tasks) > 3 and set(tasks) == {str(UID)}, "in each of its threads", tasks)


def cli(s, server, there, *words):
    """mamori … as root where the user exists."""
    return s.run(*there, lib.MAMORI, *words, "--data", server.data, env={"LANG": "C.UTF-8"})


def command_line(s, server, there, when):
    done = cli(s, server, there, "feed", "import", FEEDS / "DSA.list", FEEDS / "kev.json")
    s.ok(done.status == 0, f"{when}: root imports feeds", done)
    s.equal(owners(server.data), [], f"{when}: every file is the server's own")


with lib.Scenario() as s:
    s.needs("root", "unshare", "setpriv")
    for folder in (s.tmp, *s.tmp.parents):  # the unprivileged server passes through
        if not folder.stat().st_mode & stat.S_IXOTH:
            folder.chmod(0o711)
    passwd = s.tmp / "passwd"
    passwd.write_text(pathlib.Path("/etc/passwd").read_text() + f"mamori:x:{UID}:{UID}::/nonexistent:/usr/sbin/nologin\n")
    server = s.server(start=False)
    there = ("unshare", "--mount", "sh", "-c", f'mount --bind {passwd} /etc/passwd && exec "$0" "$@"')
    serve(s, server, *there)
    rights(s, server.program)
    s.equal(owners(server.data), [], "the folder is the server's own")
    s.equal(stat.S_IMODE(server.data.stat().st_mode), 0o700, "and nobody else's")
    s.equal(server.api("GET", "/api/v1/feeds")["index"]["generation"], 0, "it answers")
    command_line(s, server, there, "while it runs")
    s.ok(server.api("GET", "/api/v1/feeds")["index"]["generation"] > 0, "the server reads the index that root built")
    link = cli(s, server, there, "signin")
    s.ok(link.status == 0 and re.search(r"/#/signin/\S+", link.out), "root makes a sign-in link through the socket", link)
    s.ok(server.stop() is not None, "it ends")
    done = cli(s, server, there, "token", "create")
    s.ok(done.status == 0, "without a server root's command line works in the folder", done)
    command_line(s, server, there, "while it rests")
    serve(s, server, "setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups")
    server.cookie = None
    server.link = link.out.strip().splitlines()[-1]
    feeds = server.api("GET", "/api/v1/feeds")
    s.ok(feeds["index"]["generation"] > 0, "started as that user it reads everything again", feeds)
    s.equal(server.api("GET", "/api/v1/tokens")["total"], 1, "and knows root's token")
    s.ok(server.stop() is not None, "it ends again")
