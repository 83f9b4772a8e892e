"""What every scenario stands on: TAP, programs with logs, a server with a signed-in client, hosts in network
namespaces of their own, roots of a real distribution, and cleaning up that is certain.

    with lib.Scenario() as s:
        s.needs("root", "debootstrap")          # else every point is skipped, by name
        server = s.server()
        s.ok(server.api("GET", "/api/v1/overview")["hosts"]["enrolled"] == 0, "no host at first")

Whatever a scenario started is a descendant of it (it adopts orphans) and is ended by its id when the scenario ends,
however it ends.  Mounts live in mount namespaces of the programs that need them and go with those programs.
"""
import contextlib
import ctypes
import http.client
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MAMORI_BUILD", SOURCE / "build"))
SHARED_DATA = SOURCE.parent / "shared" / "data"
MAMORI = BUILD / "mamori"
AGENT = BUILD / "mamori-agent"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "mamori-test"
# A sanitizer or valgrind makes everything slower.
SLOW = 4 if "asan" in BUILD.name else 1


def has_dashboard():
    """Whether this build has it compiled in."""
    options = json.loads((BUILD / "meson-info" / "intro-buildoptions.json").read_text())
    return any(o["name"] == "web" and o["value"] for o in options)


class Skip(Exception):
    """The rest of a scenario cannot run here; the text says what is missing."""


class Scenario:
    def __init__(self):
        self.points = self.failures = 0
        self.exits = contextlib.ExitStack()
        self.tmp = None

    # ---- life ----

    def __enter__(self):
        PR_SET_CHILD_SUBREAPER = 36
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda n, _: sys.exit(128 + n))
        self.tmp = pathlib.Path(tempfile.mkdtemp(prefix="mamori-"))
        self.exits.callback(self._remove_tmp)
        self.exits.callback(self._end_descendants)
        return self

    def __exit__(self, kind, value, trace):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # nothing interrupts the cleaning up
        try:
            self._report(kind, value, trace)
        finally:  # also when nobody reads what is printed any more
            self.exits.close()
        print(f"1..{self.points}", flush=True)
        if kind is SystemExit:
            return False
        os._exit(1 if self.failures else 0)  # threads of relays must not keep a finished scenario alive

    def _report(self, kind, value, trace):
        if kind is Skip:
            self.skip("the rest" if self.points else SCRIPT, str(value))
        elif kind and kind is not SystemExit:
            import traceback
            self._comment("".join(traceback.format_exception(kind, value, trace)))
            self.ok(False, f"runs to its end ({kind.__name__})")
        if self.failures:
            for log in sorted(self.tmp.glob("*.log")):
                text = log.read_text(errors="replace").splitlines()
                self._comment(f"---- {log.name} ({len(text)} lines)\n" + "\n".join(text[-40:]))

    def _remove_tmp(self):
        shutil.rmtree(self.tmp, ignore_errors=True)

    def _end_descendants(self):
        """By id, again and again until none is left: ending one makes its children ours. Never waits for one of them
        alone: the first process of a namespace only ends once we have collected those in it that are ours."""
        for _ in range(500):
            children = pathlib.Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
            if not children:
                return
            for pid in map(int, children):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            time.sleep(0.02)

    def own_shm(self):
        """Shared memory of this scenario alone, which ends with its last process: some programs leave theirs when killed."""
        CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 0x40000
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(CLONE_NEWNS) or libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) or \
                libc.mount(b"mamori-test", b"/dev/shm", b"tmpfs", 0, None):
            raise Skip(f"needs a mount namespace: {os.strerror(ctypes.get_errno())}")

    # ---- TAP ----

    def _comment(self, text):
        for line in str(text).rstrip("\n").splitlines():
            print("# " + line, flush=True)

    def ok(self, condition, title, detail=""):
        """One point. The detail (anything printable, or a function) is shown only when it fails."""
        self.points += 1
        if condition:
            print(f"ok {self.points} - {title}", flush=True)
        else:
            self.failures += 1
            print(f"not ok {self.points} - {title}", flush=True)
            self._comment(detail() if callable(detail) else detail)
        return bool(condition)

    def equal(self, seen, wanted, title):
        return self.ok(seen == wanted, title, lambda: f"seen:   {seen!r}\nwanted: {wanted!r}")

    def skip(self, title, reason):
        self.points += 1
        print(f"ok {self.points} - {title} # SKIP {reason}", flush=True)

    def note(self, text):
        self._comment(text)

    def needs(self, *things):
        """"root" or a program's name."""
        for thing in things:
            if thing == "root":
                if os.geteuid() != 0:
                    raise Skip("needs root")
            elif not shutil.which(thing, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
                raise Skip(f"needs {thing}")

    # ---- programs ----

    def run(self, *argv, timeout=60, check=False, env=None, stdin="", cwd=None):
        """Runs a program to its end; the answer has status, out and err."""
        done = subprocess.run([str(a) for a in argv], input=stdin, capture_output=True, text=True, errors="replace",
                              timeout=timeout * SLOW, cwd=cwd, env={**os.environ, **(env or {})})
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, argv))}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
        return Done(done.returncode, done.stdout, done.stderr)

    def start(self, *argv, log=None, env=None, cwd=None):
        """Starts a program in the background; its output goes to tmp/NAME.log."""
        name = log or pathlib.Path(str(argv[0])).name
        return Program([str(a) for a in argv], self._log_path(name), {**os.environ, **(env or {})}, cwd)

    def _log_path(self, name):
        path, n = self.tmp / f"{name}.log", 1
        while path.exists():
            n += 1
            path = self.tmp / f"{name}-{n}.log"
        return path

    def wait_for(self, what, seconds, test, every=0.1):
        """Polls until test() is true-ish and gives its value; a point fails by TimeoutError."""
        end = time.monotonic() + seconds * SLOW
        while True:
            value = test()
            if value:
                return value
            if time.monotonic() > end:
                raise TimeoutError(f"waited {seconds * SLOW} s for {what}")
            time.sleep(every)

    # ---- the pieces ----

    def server(self, address="127.0.0.1", name=None, data=None, start=True):
        server = Server(self, address, name, data or self.tmp / f"server-{secrets.token_hex(3)}")
        server.init()
        if start:
            server.start()
        return server

    def number(self):
        """1 to 250: for addresses and names of links, no other scenario of this machine has it at the same time."""
        for number in range(1, 251):
            held = socket.socket(socket.AF_UNIX)  # ends with us, however we end
            try:
                held.bind(f"\0mamori-test-{number}")
            except OSError:
                held.close()
                continue
            self.exits.callback(held.close)
            return number
        raise RuntimeError("250 networks of tests are in use")

    def site_address(self):
        """An address of this machine alone that hosts in namespaces reach through their own links."""
        address = f"10.213.0.{self.number()}"
        self.run("ip", "addr", "replace", f"{address}/32", "dev", "lo", check=True)  # one who was killed left it
        self.exits.callback(subprocess.run, ["ip", "addr", "del", f"{address}/32", "dev", "lo"], capture_output=True)
        return address

    def token_file(self, server, *options):
        path = self.tmp / f"token-{secrets.token_hex(4)}"
        path.write_text(server.cli("token", "create", *options).out)
        path.chmod(0o600)
        return path


SCRIPT = pathlib.Path(sys.argv[0]).stem


class Done:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def json(self):
        return json.loads(self.out)

    def lines(self):
        return [json.loads(line) for line in self.out.splitlines() if line.strip()]

    def __str__(self):
        return f"exit status {self.status}\n{self.out}{self.err}"


class Program:
    def __init__(self, argv, log, env, cwd):
        self.log = log
        with open(log, "wb") as out:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                            env=env, cwd=cwd, start_new_session=True)

    @property
    def pid(self):
        return self.process.pid

    def output(self):
        return self.log.read_text(errors="replace")

    def running(self):
        return self.process.poll() is None

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM, seconds=10):
        """Seconds it took to end, or None when it had to be killed."""
        started = time.monotonic()
        if self.running():
            self.process.send_signal(number)
        try:
            self.process.wait(seconds * SLOW)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None
        return time.monotonic() - started

    def rss(self):
        """Resident bytes now."""
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) * 1024

    def peak(self):
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", text).group(1)) * 1024


def free_port(address="127.0.0.1"):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((address, 0))
        return s.getsockname()[1]


# ---- the server ----

class ApiError(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status}: {body}")
        self.status, self.body = status, body


class Server:
    """`mamori serve` with a data folder of its own, and a client signed in by its one-time link."""

    def __init__(self, scenario, address, name, data):
        self.s, self.address, self.name, self.data = scenario, address, name or address, pathlib.Path(data)
        self.port, self.agents_port = free_port(address), free_port(address)
        self.program = self.link = self.cookie = self.csrf = None

    def init(self):
        done = self.s.run(MAMORI, "init", "--data", self.data, "--name", self.name, "--listen",
                          f"{self.address}:{self.port}", check=True)
        self.link = done.out.strip().splitlines()[-1]

    def start(self):
        self.program = self.s.start(
            MAMORI, "serve", "--data", self.data, "--listen", f"{self.address}:{self.port}", "--agents",
            f"{self.address}:{self.agents_port}", "--name", self.name, log="server")
        self.s.wait_for("the server's ready line", 20, self._ready)

    def _ready(self):
        if not self.program.running():
            raise RuntimeError("the server ended: " + self.program.output())
        return "ready" in self.program.output()

    def stop(self):
        return self.program.stop()

    def cli(self, *words, check=True, timeout=60):
        return self.s.run(MAMORI, *words, "--data", self.data, check=check, timeout=timeout, env={"LANG": "C.UTF-8"})

    def ca(self):
        """The certificate of the server's own CA, from its data folder."""
        return self.data / "ca.pem"

    def tls(self):
        context = ssl.create_default_context(cafile=str(self.ca()))
        context.check_hostname = False  # the address may be a name of the certificate or not; the CA decides
        return context

    def request(self, method, path, body=None, headers=None, port=None, context=None, timeout=30):
        """One bare request: (status, headers, bytes)."""
        connection = http.client.HTTPSConnection(self.address, port or self.port, timeout=timeout * SLOW,
                                                 context=context or self.tls())
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def sign_in(self):
        code = self.link.split("/")[-1]
        status, headers, body = self.request("POST", "/api/v1/session", json.dumps({"code": code}),
                                             {"Content-Type": "application/json"})
        if status != 200:
            raise ApiError(status, body)
        self.cookie = headers["Set-Cookie"].split(";")[0]
        self.csrf = json.loads(body)["csrf"]

    def api(self, method, path, body=None):
        """The parsed answer as the signed-in administrator; ApiError for any status but 2xx."""
        if not self.cookie:
            self.sign_in()
        headers = {"Cookie": self.cookie, "Accept-Language": "en"}
        if method != "GET":
            headers.update({"X-Mamori-CSRF": self.csrf, "Content-Type": "application/json"})
        status, _, answer = self.request(method, path, None if body is None else json.dumps(body), headers)
        if status >= 300:
            raise ApiError(status, answer.decode(errors="replace"))
        return json.loads(answer) if answer else None

    def items(self, path):
        """All items of a list, whatever its length."""
        items = []
        while True:
            mark = "&" if "?" in path else "?"
            page = self.api("GET", f"{path}{mark}limit=1000&offset={len(items)}")
            items += page["items"]
            if len(items) >= page["total"] or not page["items"]:
                return items


# ---- a relay for package archives ----

class ArchiveProxy:
    """A small forward proxy on one address, for roots in namespaces that reach nothing else. Package files are kept in
    the cache, so that a second run downloads nothing twice; it can be told to break in the middle."""

    def __init__(self, address):
        self.listener = socket.create_server((address, 0), backlog=64)
        self.url = f"http://{address}:{self.listener.getsockname()[1]}"
        self.cut_after = None  # bytes of package files until every connection breaks; None: never
        self.slow = None  # bytes a second for package files
        self.served = 0
        (CACHE / "archive").mkdir(parents=True, exist_ok=True)
        threading.Thread(target=self._accept, daemon=True).start()

    def broken(self):
        return self.cut_after is not None and self.served >= self.cut_after

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._client, args=(client,), daemon=True).start()

    def _client(self, client):
        with client, contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            client.settimeout(60)
            reader = client.makefile("rb")
            while True:
                line = reader.readline(8192).decode("latin-1").split()
                if len(line) < 2:
                    return
                headers = {}
                while (header := reader.readline(8192).strip()):
                    key, _, value = header.decode("latin-1").partition(":")
                    headers[key.strip().lower()] = value.strip()
                if self.broken():
                    return
                if line[0] == "CONNECT":
                    self._tunnel(client, line[1])
                    return
                if not self._fetch(client, line[1], headers):
                    return

    def _tunnel(self, client, target):
        host, _, port = target.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=30) as upstream:
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

            def pump(a, b):
                with contextlib.suppress(OSError):
                    while (piece := a.recv(65536)):
                        b.sendall(piece)
                    b.shutdown(socket.SHUT_WR)

            back = threading.Thread(target=pump, args=(upstream, client), daemon=True)
            back.start()
            pump(client, upstream)
            back.join(60)

    def _fetch(self, client, url, headers):
        match = re.match(r"http://([^/:]+)(?::(\d+))?(/.*)$", url)
        if not match:
            return False
        host, port, path = match.group(1), int(match.group(2) or 80), match.group(3)
        kept = None
        if "/pool/" in path and path.endswith(".deb"):
            kept = CACHE / "archive" / path.rsplit("/", 1)[1]
            if kept.exists() and "range" not in headers:
                os.utime(kept)
                data = kept.read_bytes()
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(data))
                return self._send(client, data)
        upstream_proxy = apt_proxy()
        if upstream_proxy:
            connection = http.client.HTTPConnection(upstream_proxy[0], upstream_proxy[1], timeout=60)
            target = url
        else:
            connection = http.client.HTTPConnection(host, port, timeout=60)
            target = path
        forward = {k: v for k, v in headers.items() if k in (
            "host", "user-agent", "range", "if-range", "if-modified-since", "cache-control", "accept")}
        connection.request("GET", target, headers=forward)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        if kept and answer.status == 200:
            part = kept.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
            part.write_bytes(data)
            part.rename(kept)
        lines = [f"HTTP/1.1 {answer.status} {answer.reason}"]
        for key in ("Last-Modified", "ETag", "Content-Range", "Location", "Content-Type"):
            if answer.headers[key]:
                lines.append(f"{key}: {answer.headers[key]}")
        if answer.status != 304:
            lines.append(f"Content-Length: {len(data)}")
        client.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        if not kept:
            client.sendall(data)
            return True
        return self._send(client, data)

    def _send(self, client, data):
        """Package files: counted, and cut or slowed where the scenario wants it."""
        for start in range(0, len(data), 16384):
            if self.broken():
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, as a lost link
                return False
            piece = data[start:start + 16384]
            if self.slow:
                time.sleep(len(piece) / self.slow)
            client.sendall(piece)
            self.served += len(piece)
        return True


def apt_proxy():
    """The machine's own proxy for apt, as (host, port), or None."""
    out = subprocess.run(["apt-config", "shell", "P", "Acquire::http::Proxy"], capture_output=True, text=True).stdout
    match = re.search(r"http://([^/:']+):(\d+)", out)
    return (match.group(1), int(match.group(2))) if match else None


# ---- namespaces ----

INIT = r"""
import os, signal, subprocess, sys
root = sys.argv[1]
def sh(*a): subprocess.run(a, check=True)
if sys.argv[4]:  # only what differs from the base is this host's own
    whole, work = root + "-whole", root + "-work"
    os.makedirs(whole, exist_ok=True)
    os.makedirs(work, exist_ok=True)
    sh("mount", "-t", "overlay", "overlay", "-o", f"lowerdir={sys.argv[4]},upperdir={root},workdir={work}", whole)
    root = whole
if sys.argv[3]:  # the root on a small disk of its own
    copy = root + "-disk"
    os.makedirs(copy, exist_ok=True)
    sh("mount", "-t", "tmpfs", "-o", "size=" + sys.argv[3] + ",mode=755", "tmpfs", copy)
    sh("cp", "-a", root + "/.", copy)
    root = copy
sh("mount", "-t", "proc", "proc", root + "/proc")
sh("mount", "-t", "sysfs", "sysfs", root + "/sys")
os.makedirs(root + "/dev/pts", exist_ok=True)
sh("mount", "-t", "devpts", "devpts", root + "/dev/pts", "-o", "newinstance,ptmxmode=0666")
sh("ip", "link", "set", "lo", "up")
sh("hostname", sys.argv[2])
os.chroot(root)
os.chdir("/")
print("up", flush=True)
while True:
    try:
        os.wait()
    except ChildProcessError:
        signal.sigtimedwait([signal.SIGCHLD], 0.2)
"""


class Host:
    """A machine: a root folder with namespaces of its own (network, processes, mounts, host name) and one veth pair to
    the main namespace. `kill` ends everything in it at once, as a pulled plug does."""

    def __init__(self, scenario, root, name, machine_id=None, disk="", base=""):
        """base: a folder that root is laid over, so that nothing is copied."""
        self.s, self.folder, self.name, self.disk, self.base = scenario, pathlib.Path(root), name, disk, base
        self.init = self.pid = None
        (self.root / "etc").mkdir(parents=True, exist_ok=True)
        (self.root / "etc/machine-id").write_text((machine_id or secrets.token_hex(16)) + "\n")
        (self.root / "etc/hostname").write_text(name + "\n")
        self.subnet = scenario.number()
        self.link = f"mm{self.subnet}"
        self.gateway, self.address = f"10.213.{self.subnet}.1", f"10.213.{self.subnet}.2"
        scenario.exits.callback(self._unlink)

    def _unlink(self):
        subprocess.run(["ip", "link", "del", self.link], capture_output=True)

    @property
    def root(self):
        """The root as the host sees it, with its mounts, while it is up."""
        return pathlib.Path(f"/proc/{self.pid}/root") if self.pid else self.folder

    def boot(self):
        self.init = self.s.start("unshare", "--net", "--mount", "--pid", "--uts", "--fork", "--kill-child=SIGKILL",
                                 sys.executable, "-c", INIT, self.folder, self.name, self.disk, self.base, log=f"init-{self.name}")
        self.s.wait_for(f"{self.name} to boot", 10, lambda: "up" in self.init.output() or self._dead())
        children = pathlib.Path(f"/proc/{self.init.pid}/task/{self.init.pid}/children").read_text().split()
        self.pid = int(children[0])
        run = lambda *a: self.s.run(*a, check=True)
        self._unlink()
        run("ip", "link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", self.pid)
        run("ip", "addr", "add", f"{self.gateway}/30", "dev", self.link)
        run("ip", "link", "set", self.link, "up")
        inside = ("nsenter", "-t", self.pid, "-n", "--")
        run(*inside, "ip", "addr", "add", f"{self.address}/30", "dev", "eth0")
        run(*inside, "ip", "link", "set", "eth0", "up")
        run(*inside, "ip", "route", "add", "default", "via", self.gateway)
        return self

    def _dead(self):
        if not self.init.running():
            raise RuntimeError(f"{self.name} did not boot: {self.init.output()}")

    def cable(self, plugged):
        self.s.run("ip", "link", "set", self.link, "up" if plugged else "down", check=True)

    def _enter(self):
        return ("nsenter", "-t", self.pid, "-n", "-m", "-p", "-u", "--root", "--wd", "--", "/usr/bin/env",
                "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=/root",
                *(f"{k}={v}" for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")))

    def run(self, *argv, check=False, timeout=300, stdin=""):
        return self.s.run(*self._enter(), *argv, check=check, timeout=timeout, stdin=stdin)

    def start(self, *argv, log=None):
        return self.s.start(*self._enter(), *argv, log=log or f"{self.name}-{pathlib.Path(str(argv[0])).name}")

    def processes(self):
        """Outer pid -> argument vector of everything that runs in here, but for its init."""
        own = os.readlink(f"/proc/{self.pid}/ns/pid")
        found = {}
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == self.pid:
                continue
            with contextlib.suppress(OSError):
                if os.readlink(entry / "ns/pid") == own:
                    argv = (entry / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
                    found[int(entry.name)] = [a.decode(errors="replace") for a in argv]
        return found

    def end(self, pick=lambda argv: True, by=signal.SIGKILL):
        """A signal to the processes in here that pick() names; gives their argument vectors."""
        ended = []
        for pid, argv in self.processes().items():
            if argv[0] and pick(argv):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, by)
                    ended.append(argv)
        return ended

    def kill(self):
        """Pulls the plug: every process in here dies at once, with no chance to finish."""
        self.init.stop(signal.SIGKILL)
        self.pid = None

    def versions(self):
        """Package -> version, as dpkg says, of what is fully installed."""
        out = self.run("dpkg-query", "-W", "-f", "${db:Status-Status} ${Package} ${Version}\n", check=True).out
        return {p: v for state, p, v in (line.split(" ", 2) for line in out.splitlines() if line.count(" ") == 2)
                if state == "installed"}

    def simulated(self, *options):
        """Package -> new version, as `apt-get -s upgrade` says."""
        out = self.run("apt-get", "-s", "-qq", "--with-new-pkgs", *options, "upgrade", check=True).out
        return dict(re.findall(r"^Inst (\S+) (?:\[[^]]*\] )?\((\S+)", out, re.M))
