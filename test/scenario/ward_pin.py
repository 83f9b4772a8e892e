#!/usr/bin/env python3
# timeout: 120
"""A ward's PIN is asked for at the terminal as a PIN, without an echo, and opens the ward's page."""
import json
import os
import pty
import select
import time

import lib

PIN = "472913"


def typed(server, *words):
    """What a person sees who types the PIN when asked; and the exit status."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(lib.MAMORI, ["mamori", *words, "--data", str(server.data)], {**os.environ, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"})
    seen, asked, end = b"", False, time.time() + 60 * lib.SLOW
    while time.time() < end:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            more = os.read(terminal, 1000)
        except OSError:
            break
        seen += more
        if not more:
            break
        if not asked and seen.rstrip().endswith(b":"):
            asked = True
            os.write(terminal, PIN.encode() + b"\r")
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen.decode()


def opens(server, pin):
    return server.request("POST", "/ward/session", json.dumps({"group": "ward-3", "pin": pin}),
                          {"Content-Type": "application/json"})[0]


with lib.Scenario() as s:
    server = s.server()
    server.cli("group", "create", "ward-3")
    status, seen = typed(server, "ward", "pin", "ward-3")
    s.ok("PIN for ward-3:" in seen and "assword" not in seen, "a PIN is asked for as a PIN", seen)
    s.ok(PIN not in seen, "and does not show", seen)
    s.equal(status, 0, "it is taken")
    s.equal((opens(server, "000000"), opens(server, PIN)), (401, 200), "and opens the ward's page, another one does not")
