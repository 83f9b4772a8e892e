"""Update metadata in scenarios: the keys of a hospital's people, the repository of its server, a relay and machines, all in a
time that the scenario moves (libfaketime)."""
import hashlib
import json
import os
import pathlib
import shutil
import ssl

import lib
from moved_time import FAKETIME, Clock
from relay_lib import Relay

SITE = "ward-net"
DAY = 86400
PASSWORD = "correct-horse-battery"


class Keepers:
    """A hospital's server with its repository, the people with the keys on their stick, and a relay."""

    def __init__(self, s):
        self.s = s
        self.stick, self.password = s.tmp / "stick", s.tmp / "password"
        self.stick.mkdir()
        self.password.write_text(PASSWORD + "\n")
        self.server = s.server()
        self.repo = self.server.data / "updates"

    # ---- keys and the repository ----

    def mamori(self, *words, check=True):
        return self.s.run(lib.MAMORI, *words, check=check, timeout=120)

    def key(self, role, name):
        path = self.stick / f"{name}.key"
        self.mamori("key", "new", "--role", role, "--out", path, "--password-file", self.password)
        return path

    def sign(self, role, *keys):
        for key in keys:
            self.mamori("key", "sign", self.repo / f"pending/{role}.json", "--key", self.stick / f"{key}.key",
                        "--password-file", self.password)

    def vouch(self, name, text):
        """A script that the holder of `custom` has signed, published at once: the server would within a minute."""
        path = self.s.tmp / name
        path.write_text(text)
        self.mamori("repo", "add", self.repo, path, "--role", "custom", "--as", f"custom/scripts/{name}")
        self.sign("custom", "custom")
        self.mamori("repo", "publish", self.repo)

    def metadata(self, name):
        return json.loads((self.repo / "metadata" / name).read_text())

    def timestamp(self):
        try:
            return self.metadata("timestamp.json")["signed"]["version"]
        except OSError:
            return 0

    def published(self, before):
        """Until the running server has published by itself what people signed."""
        self.s.wait_for("the server to publish", 100, lambda: self.timestamp() > before, every=0.5)

    # ---- relay ----

    def relay(self, *options):
        token = self.s.token_file(self.server, "--role", "relay", "--group", SITE)
        data = self.s.tmp / "relay-data"
        self.mamori("relay", "enrol", "--data", data, "--token-file", token, "--name", "127.0.0.2")
        relay = Relay(self.s, *options, data=data, address="127.0.0.2")  # a relay's certificate never has a name of the server
        relay.url = f"https://127.0.0.2:{relay.port}"
        self.s.wait_for("the relay's first check-in", 60, lambda: self.server.items("/api/v1/relays")[0]["last_seen"])
        return relay

    def mirrored(self, relay, seconds=150):
        """Until the relay has what the server has."""
        def same():
            try:
                there = json.loads((relay.data / "metadata/timestamp.json").read_text())["signed"]["version"]
            except (OSError, ValueError):
                return False
            return there == self.timestamp()
        self.s.wait_for("the relay to have the server's update metadata", seconds, same, every=0.5)


class Hospital(Keepers):
    """Server, relay and machines as processes on loopback. Everything that is started reads the scenario's clock."""

    def __init__(self, s):
        if not FAKETIME.exists():
            raise lib.Skip("needs libfaketime")
        self.clock = Clock(s)
        s.tmp.chmod(0o711)  # the agent's part without rights reads the time, too
        self.rc = s.tmp / "faketimerc"
        self.clock.tell(lambda: self.rc)
        os.environ.update(self.clock.variables(FAKETIME, self.rc))  # of what is started; not of this program
        os.environ["LANG"] = "C.UTF-8"
        super().__init__(s)
        self.server.tls = ssl._create_unverified_context  # its certificate is of another day; others test that
        self.machines = 0

    # ---- time ----

    def later(self, seconds):
        """Moves the time; who was signed in long ago signs in anew."""
        self.clock.offset += seconds
        for path in self.clock.files:
            path().write_text(f"+{self.clock.offset}\n")
        if self.server.program and self.server.program.running():
            self.sign_in()

    def sign_in(self):
        self.server.link = self.server.cli("signin").out.strip().splitlines()[-1]
        self.server.cookie = None

    def server_back(self):
        self.server.start()
        self.sign_in()

    def machine(self, name, relay=None):
        return Machine(self, name, relay)

    def row(self, machine):
        return next(h for h in self.server.items("/api/v1/hosts") if h["name"] == machine.name)

    def told(self, machine):
        """What the machine's page says of its update metadata."""
        page = self.server.api("GET", f"/api/v1/hosts/{self.row(machine)['id']}")
        return " ".join(n["text"] for n in page["notices"] if n["code"] == "metadata")

    def notices(self):
        return {n["code"]: n["text"] for n in self.server.api("GET", "/api/v1/overview")["notices"]}


class Machine:
    """A machine whose root is a folder: it tells and fetches, and nothing of it runs."""

    def __init__(self, hospital, name, relay):
        self.h, self.s, self.name = hospital, hospital.s, name
        self.state, self.root = self.s.tmp / f"state-{name}", self.s.tmp / f"root-{name}"
        (self.root / "etc").mkdir(parents=True)
        (self.root / "etc/hostname").write_text(name + "\n")
        (self.root / "etc/os-release").write_text('ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n')
        (self.root / "var/lib/dpkg").mkdir(parents=True)
        shutil.copy(lib.SOURCE / "test/fixtures/feeds/status", self.root / "var/lib/dpkg/status")
        self.relay = relay
        self.enrolled = self.enrol()

    def enrol(self, *words):
        token = self.s.token_file(self.h.server, "--group", SITE)
        way = ("--relay", self.relay.url) if self.relay else ()
        return self.run("enrol", "--token-file", token, *way, *words)

    def run(self, verb, *words):
        return self.s.run(lib.AGENT, verb, "--state", self.state, "--root", self.root, *words, timeout=120)

    def once(self):
        return self.run("once")

    def trusts(self, role="timestamp"):
        try:
            return json.loads((self.state / f"updates/{role}.json").read_text())["signed"]["version"]
        except OSError:
            return 0

    def notes(self):
        try:
            return json.loads((self.state / "updates.json").read_text())
        except OSError:
            return {}


# ---- what a thief of the server's keys can make ----

def canonical(value):
    """Canonical JSON, written from its description alone."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{canonical(k)}:{canonical(v)}" for k, v in sorted(
            value.items(), key=lambda i: i[0].encode())) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return json.dumps(value)


class Thief:
    """Somebody with the server's online keys and its folder."""

    def __init__(self, hospital):
        self.h = hospital
        self.folder = hospital.repo / "metadata"
        self.lift = 0  # a machine that has seen one forgery looks at the next only when it is newer

    def load(self, name):
        return json.loads((self.folder / name).read_text())

    def keyid(self, role):
        """By the form of a key, as the root and targets name it."""
        pem = self.h.s.run("openssl", "pkey", "-in", self.h.repo / f"online/{role}.pem", "-pubout", check=True).out
        for document in (f"{self.newest('root')}.root.json", f"{self.newest('targets')}.targets.json"):
            signed = self.load(document)["signed"]
            for keyid, key in signed.get("keys", signed.get("delegations", {}).get("keys", {})).items():
                if key["keyval"]["public"].strip() == pem.strip():
                    return keyid
        raise KeyError(role)

    def newest(self, role):
        return max(int(p.name.split(".")[0]) for p in self.folder.glob(f"*.{role}.json"))

    def sign(self, signed, role):
        message = self.h.s.tmp / "message"
        message.write_bytes(canonical(signed).encode())
        signature = self.h.s.tmp / "signature"
        self.h.s.run("openssl", "dgst", "-sha256", "-sign", self.h.repo / f"online/{role}.pem", "-out", signature,
                     message, check=True)
        return json.dumps({"signatures": [{"keyid": self.keyid(role), "sig": signature.read_bytes().hex()}],
                           "signed": signed}).encode()

    def publish(self, change, files=()):
        """A new snapshot and timestamp, honestly signed by the stolen keys. change(meta): the snapshot's list; files:
        (name, bytes) beside them."""
        self.lift += 1
        snapshot = self.load(f"{self.newest('snapshot')}.snapshot.json")["signed"]
        version = self.newest("snapshot") + self.lift
        snapshot["version"] = version
        for name, data in files:
            (self.folder / name).write_bytes(data)
        change(snapshot["meta"])
        data = self.sign(snapshot, "snapshot")
        (self.folder / f"{version}.snapshot.json").write_bytes(data)
        timestamp = self.load("timestamp.json")["signed"]
        timestamp["version"] += self.lift
        timestamp["meta"]["snapshot.json"] = entry(version, data)
        (self.folder / "timestamp.json").write_bytes(self.sign(timestamp, "timestamp"))


def entry(version, data):
    return {"version": version, "length": len(data), "hashes": {"sha256": hashlib.sha256(data).hexdigest()}}


def keep(folder, to):
    """A copy of a folder as it is now, links as links."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(folder, to, symlinks=True)
    return pathlib.Path(to)


def put_back(copy, folder):
    shutil.rmtree(folder)
    shutil.copytree(copy, folder, symlinks=True)
