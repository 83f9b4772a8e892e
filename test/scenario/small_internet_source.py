"""What every server of public records in the small internet has in common: a note of who asked what and what came of it,
and faults that a scenario switches on and off."""
import contextlib
import dataclasses
import gzip
import http.server
import json
import socket
import socketserver
import threading
import time
import urllib.parse


@dataclasses.dataclass
class Asked:
    at: float
    source: str  # "whois:jprs", "rdap:generic", "crtsh", "dns" …
    peer: str
    question: str
    outcome: str  # data, none, failed


class Book:
    """All questions, and the faults. A fault is for a source ("crtsh") or a group of them ("whois")."""

    def __init__(self):
        self.asked, self.faults, self.lock, self.recent = [], {}, threading.Lock(), {}

    def note(self, source, peer, question, outcome):
        with self.lock:
            self.asked.append(Asked(time.time(), source, peer, question, outcome))

    def fail(self, source, how, times=None, **more):
        """how: refuse (the connection is closed), status (code=503, after=Retry-After), truncate, empty, silent, slow
        (seconds=…), throttle (rate=… a second, then 429 or the words of a registry). times: how often; None: until heal()."""
        self.faults[source] = {"how": how, "times": times, **more}

    def heal(self, source=None):
        self.faults.clear() if source is None else self.faults.pop(source, None)

    def fault(self, source):
        with self.lock:
            for key in (source, source.partition(":")[0]):
                fault = self.faults.get(key)
                if not fault or fault["times"] == 0:
                    continue
                if fault["how"] == "throttle" and not self._too_fast(source, fault["rate"]):
                    continue
                if fault["times"] is not None:
                    fault["times"] -= 1
                return fault
        return None

    def _too_fast(self, source, rate):
        now = time.monotonic()
        recent = [t for t in self.recent.get(source, ()) if t > now - 1]
        self.recent[source] = recent + ([now] if len(recent) < rate else [])
        return len(recent) >= rate

    def too_fast(self, source, rate):
        """A server's own limit, whatever the faults."""
        with self.lock:
            return self._too_fast("own " + source, rate)


class Lines(socketserver.ThreadingTCPServer):
    """A server of one line in, one text out (WHOIS)."""
    allow_reuse_address = daemon_threads = True
    request_queue_size = 128

    def __init__(self, book, source, address, reply):
        """reply(question) -> (bytes, outcome)"""
        self.book, self.source, self.reply = book, source, reply
        super().__init__((address, 43), None)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True).start()

    def handle_error(self, request, address):
        pass  # whoever asks may go away

    def finish_request(self, request, address):
        request.settimeout(30)
        line = request.makefile("rb").readline(2048).decode("utf-8", "replace").strip()
        fault = self.book.fault(self.source)
        how = fault and fault["how"]
        if how == "silent":
            self.book.note(self.source, address[0], line, "failed")
            time.sleep(fault.get("seconds", 60))
            return
        if how == "slow":
            time.sleep(fault["seconds"])
        if how in ("refuse", "empty"):
            self.book.note(self.source, address[0], line, "failed")
            return
        if how in ("throttle", "status"):
            body, outcome = b"Query rate limit exceeded. Please try again later.\r\n", "failed"
        else:
            body, outcome = self.reply(line)
            if how == "truncate":
                body, outcome = body[:len(body) // 2], "failed"
        self.book.note(self.source, address[0], line, outcome)
        request.sendall(body)


class Answer:
    def __init__(self, status=200, body=b"", kind="application/json", failed=None, cut=False, **headers):
        self.status, self.kind, self.cut = status, kind, cut
        self.body = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        self.headers = {k.replace("_", "-"): v for k, v in headers.items()}
        # A redirect and a refusal are no answer to the question, whoever follows it asks again.
        self.outcome = "failed" if failed or cut or status in (429, 301, 302, 307) or status >= 500 else "none" if status == 404 else "data"


class Web(http.server.ThreadingHTTPServer):
    """HTTP on an address; reply(path, query, headers) -> Answer."""
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, book, source, address, reply, port=80):
        self.book, self.source, self.reply = book, source, reply
        super().__init__((address, port), Handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True).start()

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)  # without asking for the address's name
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, request, address):
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, *a):
        pass

    def do_POST(self):
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0) or 0), 1 << 20))
        self._serve(body)

    def do_GET(self):
        self._serve(b"")

    def _serve(self, posted):
        book, source = self.server.book, self.server.source
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        told = urllib.parse.unquote(url.path) + ("?" + "&".join(f"{k}={v}" for k, v in sorted(query.items()) if k != "key") if query else "")
        told += (" " + posted.decode("utf-8", "replace")) if posted else ""
        fault = book.fault(source)
        how = fault and fault["how"]
        if how in ("refuse", "silent"):
            book.note(source, self.client_address[0], told, "failed")
            time.sleep(fault.get("seconds", 60) if how == "silent" else 0)
            self.close_connection = True
            return
        if how == "slow":
            time.sleep(fault["seconds"])
        if how in ("status", "throttle"):
            after = {"Retry_After": str(fault["after"])} if "after" in fault else {"Retry_After": "1"} if how == "throttle" else {}
            answer = Answer(429 if how == "throttle" else fault.get("code", 503), b"no\n", "text/plain", **after)
        elif how == "empty":
            answer = Answer(200, b"[]", failed=True)
        else:
            answer = self.server.reply(urllib.parse.unquote(url.path), query, self)
            answer.cut = answer.cut or how == "truncate"
        book.note(source, self.client_address[0], told, "failed" if answer.cut else answer.outcome)
        self._send(answer)

    def _send(self, answer):
        body = answer.body
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        if answer.headers.pop("gzip", None) and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        for key, value in answer.headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body[:len(body) // 2] if answer.cut else body)
        if answer.cut:
            self.close_connection = True
