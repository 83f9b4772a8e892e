#!/usr/bin/env python3
# timeout: 900
"""Update metadata from the first day on: one command, then the server publishes, renews and vouches for the vulnerability
data by itself, machines and a relay follow. While the way out is cut machines have it from the relay, also after keys were
changed meanwhile. A relay or a server that is taken over brings nothing back and makes nothing run, and every refusal
stands on the machine's page by its name."""
import json

import lib
import tuf_lib
from tuf_lib import DAY, Hospital, Thief, entry, keep, put_back

POLICY = """policy: scripted
applies-to: {groups: [ward-net]}
approve:
  - {classification: any, after: 0d}
install:
  windows:
    - {name: night, weekly: [mon, tue, wed, thu, fri, sat, sun], at: '02:00', for: 4h, tz: UTC}
scripts: {pre: check.sh}
"""


def first_day(s, h):
    early = h.machine("early-pc")
    s.ok(early.once().status == 0 and not early.notes() and early.trusts() == 0,
         "a machine that is enrolled before there is any metadata works as ever")
    said = h.notices().get("no-metadata", "")
    s.ok(f"mamori repo init {h.repo} --new-keys" in said, "the overview says what is missing, with the command", said)
    h.server.cli("feed", "import", lib.SOURCE / "test/fixtures/feeds/DSA.list")
    done = h.server.cli("repo", "init", "--new-keys", h.stick, "--password-file", h.password)
    s.equal(sorted(p.name for p in h.stick.glob("*.key")),
            ["catalog.key", "custom.key", "root-1.key", "root-2.key", "targets.key"],
            "one command makes all keys on the stick")
    s.ok((h.repo / "metadata/timestamp.json").exists(), "and publishes", done)
    again = h.server.cli("repo", "init", "--new-keys", h.stick, "--password-file", h.password, check=False)
    s.ok(again.status != 0 and "already" in again.err, "a second time changes nothing", again)
    s.wait_for("the server to vouch for the vulnerability data", 100,
               lambda: [p for p in h.repo.glob("targets/index/*.feeds.mamori")], every=0.5)
    s.ok("no-metadata" not in h.notices() and "metadata-unsigned" not in h.notices(), "the notice is gone", h.notices)
    done = early.once()
    s.ok(early.trusts() > 0 and early.notes().get("by_check_in"),
         "the machine learns the root with its next check-in, and notes how it came", (done, early.notes()))
    late = h.machine("late-pc")
    s.ok(late.enrolled.status == 0 and late.trusts("root") == 1 and not late.notes().get("by_check_in"),
         "a machine that is enrolled now gets the root with its enrolment", late.enrolled)
    late.once()
    s.equal((late.trusts(), h.told(late)), (h.timestamp(), ""), "it follows to the newest, and its page has no complaint")
    return early, late


def renewals(s, h, late):
    """Nobody does anything for five days."""
    before = h.timestamp()
    h.later(5 * DAY)
    h.published(before)
    s.ok(True, "the server signs its timestamp anew long before it ends")
    late.once()
    s.equal((late.trusts(), h.told(late)), (h.timestamp(), ""), "and the machine follows")


def scripts(s, h, early, late):
    h.server.api("PUT", "/api/v1/policies/scripted", {"yaml": POLICY, "note": "scenario"})
    h.vouch("check.sh", "#!/bin/sh\nexit 0\n")
    for machine in (early, late):
        s.wait_for(f"{machine.name} to have its directive", 60, lambda: machine.once() and (
            machine.state / "directive.json").exists())
        machine.once()
    s.equal((late.state / "vouched/check.sh").read_text(), "#!/bin/sh\nexit 0\n",
            "a script that “custom” vouches for comes to the machine whose policy names it")
    early.once()
    s.ok(not (early.state / "vouched/check.sh").exists() and "enrol --again" in h.told(early),
         "not by a root that came with a check-in: its page says what to do", h.told(early))
    again = early.enrol("--again")
    early.name = "early-pc"
    s.ok(again.status == 0 and not early.notes().get("by_check_in"), "enrolled again, its root counts in full", again)


def behind_a_relay(s, h):
    relay = h.relay()
    h.server.api("PUT", f"/api/v1/sites/{tuf_lib.SITE}", {"relay_only": True})
    ward = h.machine("ward-pc", relay)
    slow = h.machine("slow-pc", relay)
    s.ok(ward.enrolled.status == 0 and slow.enrolled.status == 0, "machines are enrolled through a relay", ward.enrolled)
    for machine in (ward, slow):
        machine.once()
    h.mirrored(relay)
    s.ok(True, "the relay follows the server's metadata by itself")
    s.wait_for("the vulnerability data", 100, lambda: (relay.data / "index.taken").exists(), every=0.5)
    here, there = (s.run(lib.MAMORI, "scan", "--data", d, "--root", ward.root, "--json", check=True).json()["findings"]
                   for d in (h.server.data, relay.data))
    s.ok(here and here == there, f"it has the vulnerability data: mamori scan --data R finds the same {len(here)}")
    script = list(relay.data.glob("scripts/*.check.sh"))
    s.ok(script, "and the scripts that it vouches for")
    return relay, ward, slow


def cut_off(s, h, relay, ward, slow):
    """The way out is cut: three changes of the root's keys lie between what the slow one knows and what the relay has."""
    for n in (3, 4, 5):
        new = h.key("root", f"root-{n}")
        old = json.loads((h.stick / f"root-{n - 2}.key.pub").read_text())["keyid"]
        h.mamori("key", "rotate", h.repo, "--role", "root", "--add", f"{new}.pub", "--revoke", old)
        h.sign("root", f"root-{n - 1}", f"root-{n}")
        h.mamori("repo", "publish", h.repo)
    h.vouch("check.sh", "#!/bin/sh\nexit 0 # second\n")
    h.mirrored(relay)
    wanted = h.timestamp()
    h.server.stop()
    behind = slow.trusts("root")
    done = slow.once()
    s.ok(done.status == 4 and "letter" in done.err, "the server is away: a letter is left at the relay", done)
    s.equal((behind, slow.trusts("root"), slow.trusts()), (1, 4, wanted),
            "a machine that is three roots behind follows them all from the relay's store")
    ward.once()
    s.equal((ward.state / "vouched/check.sh").read_text(), "#!/bin/sh\nexit 0 # second\n",
            "and the newest script comes from there, too")


def taken_over_relay(s, h, relay, ward):
    """The relay gives out what it likes; the machines talk to nobody else."""
    metadata = relay.data / "metadata"
    honest = keep(metadata, s.tmp / "honest")
    now = ward.trusts()
    older = max(p for p in range(1, now) if (h.old / f"{p}.json").exists())
    (metadata / "timestamp.json").write_bytes((h.old / f"{older}.json").read_bytes())
    done = ward.once()
    s.ok("timestamp-rollback" in done.err and ward.trusts() == now, "a relay that brings back an old state is refused", done)
    text = json.loads((honest / "timestamp.json").read_text())
    text["signed"]["version"] += 1
    (metadata / "timestamp.json").write_text(json.dumps(text))
    done = ward.once()
    s.ok("timestamp-unsigned" in done.err and ward.trusts() == now, "one that writes a state of its own, too", done)
    put_back(honest, metadata)
    for path in metadata.glob("*.snapshot.json"):
        path.write_bytes(path.read_bytes() + b" " * 100_000)
    (ward.state / "updates/snapshot.json").unlink()
    done = ward.once()
    s.ok("snapshot-too-long" in done.err, "and one that sends without an end", done)
    put_back(honest, metadata)
    (metadata / "timestamp.json").write_bytes((h.old / f"{older}.json").read_bytes())
    ward.once()
    h.server_back()
    s.wait_for("the letter to say it", 150, lambda: "timestamp-rollback" in h.told(ward), every=1)
    s.ok(True, "when the way out is back the machine's page names it: timestamp-rollback")
    h.mirrored(relay)
    ward.once()
    ward.once()
    s.equal(h.told(ward), "", "and is content once the relay has the honest state again")


def frozen(s, h, relay, ward):
    """Nobody forges anything: the relay only never shows anything newer."""
    h.server.stop()
    h.clock.offset += 9 * DAY
    h.rc.write_text(f"+{h.clock.offset}\n")
    done = ward.once()
    s.ok("timestamp-expired" in done.err, "a relay that holds newer metadata back is found out when the old one ends", done)
    h.server_back()
    s.wait_for("the letter to say it", 150, lambda: "expired" in h.told(ward), every=1)
    said = h.told(ward)
    s.ok("update metadata expired" in said.lower() or "expired" in said, "its page says since when and what follows", said)
    h.mirrored(relay)
    ward.once()
    ward.once()
    s.equal(h.told(ward), "", "and nothing more once there is news")


def taken_over_server(s, h, late):
    """Somebody has the server's folder with its keys. Machines that see it refuse, and say so."""
    late.once()
    before = keep(h.repo, s.tmp / "before-repo")
    h.vouch("check.sh", "#!/bin/sh\nexit 0 # third\n")
    late.once()
    thief, honest = Thief(h), keep(h.repo, s.tmp / "honest-repo")
    script = (late.state / "vouched/check.sh").read_bytes()
    evil = b"#!/bin/sh\ntouch /evil\n"
    custom = thief.newest("custom")
    forged = thief.load(f"{custom}.custom.json")["signed"]
    forged["version"] += 1
    forged["targets"]["custom/scripts/check.sh"] = {k: v for k, v in entry(0, evil).items() if k != "version"}
    data = thief.sign(forged, "approval")
    older = entry(custom - 1, (honest / f"metadata/{custom - 1}.custom.json").read_bytes())

    def refuses(name, title, change):
        change()
        done = late.once()
        s.ok(f"({name})" in done.err, title, done)
        late.once()
        s.ok(f"({name})" in h.told(late), f"its page names it: {name}", h.told(late))
        put_back(honest, h.repo)

    refuses("targets-unsigned", "a script that the server's own keys vouch for is refused: they do not speak for it",
            lambda: thief.publish(lambda meta: meta.update({"custom.json": entry(custom + 1, data)}),
                                  [(f"{custom + 1}.custom.json", data)]))
    refuses("snapshot-rollback", "an older list of scripts, newly listed by stolen keys, is refused",
            lambda: thief.publish(lambda meta: meta.update({"custom.json": older})))
    refuses("snapshot-removed", "so is a state that leaves the list out",
            lambda: thief.publish(lambda meta: meta.pop("custom.json")))
    refuses("timestamp-rollback", "and the whole folder as it was yesterday", lambda: put_back(before, h.repo))
    s.equal((late.state / "vouched/check.sh").read_bytes(), script, "the script on the machine is what people signed")
    for role in ("timestamp", "snapshot"):
        h.mamori("key", "rotate", h.repo, "--role", role, "--online")
    h.sign("root", "root-5")
    h.mamori("repo", "publish", h.repo)
    late.once()
    late.once()
    s.equal(h.told(late), "", "with the honest folder back and a new key for its timestamp there is no complaint any more")


def year_later(s, h):
    """What people signed comes to its end."""
    h.later(320 * DAY)
    s.wait_for("the server to say what ends", 100, lambda: "metadata-ends" in h.notices(), every=0.5)
    said = h.notices()["metadata-ends"]
    s.ok("mamori repo renew" in said and "--role" in said, "weeks before people's own signatures end the overview says so", said)
    for role, key in (("root", "root-5"), ("targets", "targets"), ("catalog", "catalog"), ("custom", "custom")):
        h.mamori("repo", "renew", h.repo, "--role", role)
    s.wait_for("the notice about signatures", 100, lambda: "metadata-unsigned" in h.notices(), every=0.5)
    s.ok("pending/" in h.notices()["metadata-unsigned"], "what waits for a signature is on the overview", h.notices)
    before = h.timestamp()
    for role, key in (("root", "root-5"), ("targets", "targets"), ("catalog", "catalog"), ("custom", "custom")):
        h.sign(role, key)
    h.published(before)
    s.wait_for("no notice", 100, lambda: not {"metadata-ends", "metadata-unsigned"} & set(h.notices()), every=0.5)
    s.ok(True, "once signed it is published without another word, and the notices are gone")


def main():
    with lib.Scenario() as s:
        s.needs("openssl")
        h = Hospital(s)
        h.old = s.tmp / "old"
        h.old.mkdir()
        early, late = first_day(s, h)
        renewals(s, h, late)
        scripts(s, h, early, late)
        relay, ward, slow = behind_a_relay(s, h)
        (h.old / f"{h.timestamp()}.json").write_bytes((h.repo / "metadata/timestamp.json").read_bytes())
        cut_off(s, h, relay, ward, slow)
        taken_over_relay(s, h, relay, ward)
        frozen(s, h, relay, ward)
        taken_over_server(s, h, late)
        year_later(s, h)


if __name__ == "__main__":
    main()
