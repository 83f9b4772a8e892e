#!/usr/bin/env python3
"""mamori policy, group, vendor, hold without a running server: what goes in comes out, mistakes change nothing."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

BUILD = pathlib.Path(os.environ.get("MAMORI_BUILD", "build"))
WARD = """# at night
policy: ward-pc
approve:
  - {classification: security, after: 3d}
install:
  windows:
    - {name: night, weekly: [tue], at: '22:00', for: 4h, tz: Asia/Tokyo}
"""


class State:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.run("init", "--data", self.data)

    def run(self, *words, stdin=b""):
        done = subprocess.run([BUILD / "mamori", *words], input=stdin, capture_output=True, timeout=60,
                              env={**os.environ, "LC_ALL": "C", "LANG": "C", "TZ": "UTC"})
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def ask(self, *words):
        return self.run(*words, "--data", self.data)

    def rows(self, *words):
        return [json.loads(line) for line in self.ask(*words, "--json")[1].splitlines()]

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


def a_policy_and_its_versions(s):
    for text in (WARD, WARD.replace("4h", "5h")):
        status, out, error = s.ask("policy", "put", s.file("ward.yaml", text), "--note", "why not")
        if (status, out, error) != (0, "The policy is in force.\n", ""):
            return f"put: {status} {out!r} {error!r}"
    if s.ask("policy", "revert", "ward-pc", "1")[0] != 0 or s.ask("policy", "show", "ward-pc") != (0, WARD, ""):
        return f"show: {s.ask('policy', 'show', 'ward-pc')}"
    seen = [(row["version"], row["what"], row["in_force"]) for row in s.rows("policy", "versions", "ward-pc")]
    return None if seen == [(3, "revert", True), (2, "put", False), (1, "put", False)] else f"{seen}"


def a_mistake_is_said_with_its_place_and_changes_nothing(s):
    status, out, error = s.ask("policy", "put", s.file("bad.yaml", WARD.replace("weekly", "weakly")))
    if status != 3 or out or "line 7, column " not in error or "weakly" not in error:
        return f"{status} {out!r} {error!r}"
    return None if s.ask("policy", "show", "ward-pc") == (0, WARD, "") else "the policy in force was changed"


def all_mistakes_are_said_at_once(s):
    two = s.file("two.yaml", WARD.replace("weekly", "weakly").replace("after: 3d", "after: soon"))
    status, _, error = s.ask("policy", "put", two)
    if status != 3 or ":4:" not in error or ":7:" not in error or "2 mistakes" not in error:
        return f"{status} {error!r}"
    broken = s.folder / "broken.yaml"
    for byte, word in ((b"\0", "NUL"), (b"\xe3\x82", "no UTF-8")):
        broken.write_bytes(WARD.encode().replace(b"    - {name: night", b"    - {name: n\xc3\xa9" + byte + b"ght"))
        for verb in ("put", "check"):
            status, out, error = s.ask("policy", verb, broken)
            if status != 3 or "broken.yaml:7:16: error: " not in out + error or word not in out + error:
                return f"{verb} {word}: {status} {out!r} {error!r}"
    return None


def the_calendar_names_its_zone(s):
    status, out, _ = s.ask("policy", "calendar")
    return None if status == 0 and "clock of this terminal: UTC (UTC+00:00)" in out else f"{status} {out!r}"


def three_answers(s):
    status, _, error = s.ask("policy", "assistant", "--server-weekday", "sun")
    names = [row["name"] for row in s.rows("policy", "list")]
    return None if status == 0 and "hospital" in names and "ward-night" in names else f"{status} {names} {error!r}"


def groups_and_vendors(s):
    if s.ask("group", "create", "imaging", "--match", "xray-*")[0] != 0:
        return "create"
    rows = s.rows("group", "list")
    if [(row["group"], row["kind"], row["rule"]) for row in rows] != [("imaging", "rule", {"names": ["xray-*"]})]:
        return f"{rows}"
    if s.ask("vendor", "set", "EMR", "--group", "imaging")[0] != 0:
        return "vendor set"
    status, link, _ = s.ask("vendor", "link", "EMR")
    if status != 0 or "/vendor/" not in link:
        return f"{status} {link!r}"
    status, sheet, _ = s.ask("vendor", "sheet", "EMR")
    return None if (status, sheet) == (0, "\ufeffpatch,title,security,answer,note\r\n") else f"{sheet!r}"


def wrong_words(s):
    for words, code, said in ((("policy", "revert", "ward-pc", "x"), 2, "no version"),
                              (("policy", "show", "none"), 3, "policy list"),
                              (("hold", "create", "nobody", "--why", "x"), 3, "no host"),
                              (("hold", "create", "--group", "imaging"), 2, "why"),
                              (("patch", "approve", "deb:x@1", "--reason", "r"), 3, "deb:x@1"),
                              (("vendor", "link", "none"), 3, "vendor list")):
        status, out, error = s.ask(*words)
        if status != code or out or error.count("\n") != 1 or not (said in error or words[0] == "patch"):
            return f"{words}: {status} {out!r} {error!r}"
    return None


def main():
    tests = (a_policy_and_its_versions, a_mistake_is_said_with_its_place_and_changes_nothing,
             all_mistakes_are_said_at_once, the_calendar_names_its_zone, three_answers, groups_and_vendors, wrong_words)
    print(f"1..{len(tests)}")
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        s = State(folder)
        for number, test in enumerate(tests, 1):
            problem = test(s)
            bad += problem is not None
            print(f"{'not ok' if problem else 'ok'} {number} - {test.__name__.replace('_', ' ')}")
            if problem:
                print(f"# {problem}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
