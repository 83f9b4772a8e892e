#!/usr/bin/env python3
# timeout: 300
"""A program that only pretends to be a ClickHouse (no real one is needed here) and answers each question of a count, a facet, a
histogram, a search, a comparison and an import wrongly: cut off, for ever, a byte at a time, with another status, with what no
question asked for.  Each ends with one clear sentence, in bounded memory and time.  Prints TAP.
"""
import json
import socketserver
import struct
import threading
import time

import lib

HOST = "127.0.0.1"
MEMORY_KB = 900_000
CLEAR = "ClickHouse", "mamori_commit", "mamori_banner"


def text(s):
    s = s.encode()
    assert len(s) < 128
    return bytes([len(s)]) + s


def commit(batch=4, source="shodan"):
    return struct.pack("<Qq", batch, 1767225600000) + text(source) + text("f") + text("d") + text("s") + text("r") + b"\x01" + struct.pack("<Q", batch) + b"\x00"


class Pretender(socketserver.ThreadingTCPServer):
    """Answers as a ClickHouse with one import would, but for the stage that is to go wrong."""
    allow_reuse_address = daemon_threads = True

    def __init__(self):
        self.stage, self.answer = "", b""
        super().__init__((HOST, 0), Handler)

    def right(self, sql):
        if "system.tables" in sql:
            return "tables", struct.pack("<Q", 3 if "IN (" in sql else 1)
        if "FROM db.mamori_commit" in sql:
            return "commits", commit()
        if "mamori_dead" in sql and "SELECT toUInt64(count()) FROM db.mamori_dead" in sql:
            return "dead", struct.pack("<Q", 0)
        if sql.startswith("INSERT"):
            return "insert", b""
        if sql.startswith("SELECT toUInt64(count()) FROM db.mamori_banner"):
            return "count", struct.pack("<Q", 1)
        return "asked", struct.pack("<Q", 1)


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        self.connection.settimeout(120)
        try:
            while self.one():
                pass
        except OSError:
            pass

    def one(self):
        first = self.rfile.readline()
        if not first:
            return False
        length = 0
        while (line := self.rfile.readline().strip()):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            if name.lower() == b"expect":
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        sql = self.rfile.read(length).split(b"\n")[0].decode("utf-8", "replace")
        stage, body = self.server.right(sql)
        if stage != self.server.stage:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            return True
        answer = self.server.answer
        if callable(answer):
            answer(self)
        else:
            self.wfile.write(answer)
        return False


def ok(body):
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def endless(piece, head=b"HTTP/1.1 200 OK\r\n\r\n"):
    piece *= max(1, 65536 // len(piece))

    def send(handler):
        handler.wfile.write(head)
        while True:
            handler.wfile.write(piece)
    return send


def drip(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        handler.wfile.write(b"\x01")
        time.sleep(0.5)


def hang_up(handler):
    handler.connection.close()


REDIRECT = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
ANYTHING = [
    ("nothing at all", ok(b"")), ("half a number", ok(b"\x01\x02\x03")), ("another page", ok(b"<html><body>Welcome to nginx!</body></html>" * 20)),
    ("less than it promised", b"HTTP/1.1 200 OK\r\nContent-Length: 800\r\n\r\n" + b"\x00" * 9), ("no HTTP", b"SSH-2.0-OpenSSH_9.2\r\n" * 9),
    ("a hung-up line", hang_up), ("status 302", REDIRECT), ("status 204", b"HTTP/1.1 204 No Content\r\n\r\n"),
    ("status 502 with a page", b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 32\r\n\r\n<html>\x1b[31mBad gateway\x00\xff\xfe</html>"),
    ("status 500 for ever", endless(b"Code: 60, e.displayText() = ", b"HTTP/1.1 500 Oops\r\n\r\n")),
    ("zeros for ever", endless(b"\x00")), ("bytes FF for ever", endless(b"\xff")), ("headers for ever", endless(b"X-More: yes\r\n", b"HTTP/1.1 200 OK\r\n")),
    ("a status line for ever", endless(b"A", b"HTTP/1.1 200 ")),
]
COMMITS = [
    ("imports for ever", endless(commit())), ("a name of 2^63 bytes", ok(commit()[:16] + b"\xff" * 9 + b"\x7f" + b"x" * 100)),
    ("a name that is no text", ok(commit().replace(b"shodan", b"sh\xff\xfean"))), ("a list of 2^60 numbers", ok(commit()[:-10] + b"\xff" * 8 + b"\x0f" + b"x" * 99)),
]
ASKED = {
    "facet": [("more values than were asked for", endless(text("JP") + struct.pack("<Q", 1))), ("a value that is no text", ok(b"\x02\xff\xfe" + struct.pack("<Q", 1)))],
    "table": [("pairs for ever", endless(text("J" * 100) + text("Linux " * 20) + struct.pack("<Q", 1)))],
    "histogram": [("hours of the year 10^15", ok(struct.pack("<qQ", 2**62, 1))), ("hours that go back", ok(struct.pack("<qQ", 9, 1) + struct.pack("<qQ", 3, 1))),
                  ("hours for ever", endless(struct.pack("<qQ", 9, 1)))],
    "search": [("a row of 2^60 origins", ok(b"\x00" * 35 + b"\xff" * 8 + b"\x0f" + b"\x00" * 400)), ("a row without an end", endless(b"\x7f"))],
    "diff": [("one service for ever", endless(b"\x00" * 600))],
}
WORDS = {"count": ["count", "port:80"], "facet": ["facet", "country:3"], "table": ["facet", "country/os:3"], "histogram": ["facet", "timestamp", "--over", "month"],
         "search": ["search", "port:80", "--json", "--raw"], "diff": ["diff", "port:80", "port:81"]}


def ask(s, server, words, what, stage, answer, record):
    server.stage, server.answer = stage, answer
    argv = [str(lib.MAMORI), "exposure", *words, "--data", str(s.tmp / "state"), "--store", f"clickhouse://{HOST}:{server.server_address[1]}/db"]
    began = time.monotonic()
    out = s.run("bash", "-c", f"ulimit -v {4 * MEMORY_KB}; exec \"$@\"", "-", *argv, timeout=150)
    took = time.monotonic() - began
    clear = out.status in (3, 4, 5) and out.err.count("\n") == 1 and any(word in out.err for word in CLEAR) and "\x1b" not in out.err
    if not clear or took > record.get("seconds", 60):
        record["wrong"].append(f"{words[0]}, {stage}, {what}: status {out.status} in {took:.0f} s: {out.err[-300:]}{out.out[-100:]}")
    record["asked"] += 1
    record["slowest"] = max(record["slowest"], took)


def report(s, record, title):
    s.ok(not record["wrong"], f"{title}: {record['asked']} answers, each told in one clear line, the slowest after {record['slowest']:.1f} s",
         "\n".join(record["wrong"][:8]))


def fresh(**more):
    return {"wrong": [], "asked": 0, "slowest": 0.0, **more}


def main():
    with lib.Scenario() as s, Pretender() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        server.stage = ""
        where = f"clickhouse://{HOST}:{server.server_address[1]}/db"
        out = s.run(str(lib.MAMORI), "exposure", "count", "port:80", "--json", "--data", str(s.tmp / "state"), "--store", where, timeout=60)
        s.equal(json.loads(out.out or "{}").get("count"), 1, "the pretender's right answers are taken")
        for stage, more in (("tables", []), ("commits", COMMITS), ("dead", [])):
            record = fresh()
            for what, answer in ANYTHING + more:
                # No import yet, and an import without marks, are right answers; "another page" of a list is judged by its rows.
                if (stage, what) == ("commits", "nothing at all"):
                    continue
                ask(s, server, WORDS["count"], what, stage, answer, record)
            report(s, record, f"wrong answers to what there is ({stage})")
        for name, words in WORDS.items():
            record = fresh()
            for what, answer in ANYTHING + ASKED.get(name, []):
                if name not in ("count", "facet") and what == "nothing at all":
                    continue
                ask(s, server, words, what, "count" if name == "count" else "asked", answer, record)
            report(s, record, f"wrong answers to a {name}")
        file = s.tmp / "one.jsonl"
        file.write_text(json.dumps({"ip_str": "192.0.2.1", "port": 80, "transport": "tcp", "data": "x", "timestamp": "2026-01-01T00:00:00"}) + "\n")
        record = fresh()
        for what, answer in ANYTHING:
            if what in ("nothing at all", "zeros for ever"):
                continue
            ask(s, server, ["import", str(file)], what, "insert", answer, record)
        report(s, record, "wrong answers to an import's rows")
        record = fresh(seconds=90)
        ask(s, server, WORDS["count"], "a byte every half second", "tables", drip, record)
        ask(s, server, WORDS["facet"], "a byte every half second", "asked", drip, record)
        report(s, record, "a byte every half second")


main()
