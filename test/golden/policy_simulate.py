#!/usr/bin/env python3
# timeout: 240
"""mamori policy simulate as people and scripts run it: nothing violated, exit statuses, what JSON and the table say, policies
from files layered as the server layers them, and a broken promise told with the host's log."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

BUILD = pathlib.Path(os.environ.get("MAMORI_BUILD", "build"))
SCRATCH = pathlib.Path(tempfile.mkdtemp(prefix="mamori-simulate."))
EVERYBODY = {
    "policy": "hospital", "rank": 900,
    "approve": [{"known-exploited": True, "after": "0d"}, {"classification": "security", "after": "3d"}],
    "install": {"windows": [{"name": "night", "weekly": ["tue", "thu"], "at": "22:00", "for": "5h", "cutoff": "1h"}],
                "spread": "20m"},
    "reboot": {"unit": "atomic"},
    "rings": [{"name": "pilot", "groups": ["it"], "soak": "1d", "min-success": 0.6}, {"name": "rest", "error-stop": 9}]}
OUTPATIENT = {"policy": "outpatient", "applies-to": {"roles": ["outpatient"]},
              "install": {"windows": [{"name": "early", "weekly": ["mon"], "at": "04:00", "for": "3h"}]}}
SYSTEM = {"policy": "emr", "approve": [{"classification": "security", "after": "2d"}],
          "install": {"windows": [{"weekly": ["sat"], "at": "00:30", "for": "5h"}], "missed": "skip"},
          "rings": [{"name": "rest", "max-at-once": 1}],
          "steps": [{"group": "app", "do": "stop-service"}, {"group": "db", "do": "patch", "need": "backup-newer-than 36h"},
                    {"group": "app", "do": "patch"}]}


def simulate(*words, lang="en"):
    done = subprocess.run([BUILD / "mamori", "policy", "simulate", "--lang", lang, *map(str, words)], capture_output=True,
                          timeout=200, env={**os.environ, "LC_ALL": "C", "LANG": "C"})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def policy(value):
    path = SCRATCH / f"{value['policy']}.yaml"
    path.write_text(json.dumps(value), encoding="utf-8")  # JSON is YAML
    return path


def built_in_fleet():
    status, out, error = simulate("--hosts", 300, "--days", 30, "--json")
    if status or error:
        return f"{status} {error[:400]}"
    report = json.loads(out)
    if any(report["violations"].values()) or len(report["violations"]) < 12:
        return f"violations {report['violations']}"
    if sum(g["hosts"] for g in report["groups"]) != 300 or min(g["installed"] for g in report["groups"]) == 0:
        return f"groups {report['groups']}"
    for g in report["groups"]:
        if g["installed"] + sum(g["waiting"].values()) != g["approved"]:
            return f"{g['policy']}: not everything is installed or has a reason"
    if not report["edited_slots"] or not report["relay_hosts"]:
        return "no policy was edited, or no relay was gone"
    pace = [m["install_minutes"] for m in report["models"]]
    return None if pace[0] < pace[3] else f"models all take as long: {pace}"


def same_seed_same_days():
    reports = [json.loads(simulate("--hosts", 60, "--days", 20, "--seed", seed, "--json")[1]) for seed in (7, 7, 8)]
    for r in reports:
        r.pop("milliseconds")
        r.pop("seed")
    return None if reports[0] == reports[1] != reports[2] else "the seed does not decide"


def policies_from_files():
    status, out, error = simulate(policy(EVERYBODY), policy(OUTPATIENT), policy(SYSTEM), "--hosts", 240, "--days", 60, "--json")
    if status or error:
        return f"{status} {error[:400]}"
    groups = {g["policy"]: g for g in json.loads(out)["groups"]}
    if list(groups) != ["hospital", "outpatient", "emr"]:
        return f"{list(groups)}"
    for name, g in groups.items():  # outpatient has no approvals of its own: they come from the wider policy
        if g["approved"] == 0 or g["installed"] * 10 < g["approved"] * 6:
            return f"{name}: {g['installed']} of {g['approved']}"
    return None


def people_read_a_table():
    for lang, words in (("en", ["WAITS BECAUSE", "0 violations", "kept what it began with"]), ("ja", ["途中ですべてのポリシー"])):
        status, out, error = simulate("--hosts", 100, "--days", 14, lang=lang)
        if status or error or not all(w in out for w in words) or "ward-pc" not in out:
            return f"{lang}: {status} {out} {error[:400]}"
    return None


def an_emergency_takes_minutes():
    status, out, error = simulate("--emergency", "--hosts", 300, "--json")
    report = json.loads(out)
    if status or error or report["emergency_patched"] != 300 or not 0 < report["emergency_minutes_last"] < 38:
        return f"{status} {error[:400]} {report}"
    return None


def a_broken_promise_is_told_with_its_log():
    words = ("--hosts", 200, "--days", 20, "--seed", 3)
    for fault in ("window", "pair", "ahead"):
        status, out, error = simulate(*words, "--fault", fault, "--json")
        first = re.match(rf"{fault}: (host-(\d+)) at 20\d\d-\S+: .+\n", error)
        if status != 70 or not first or json.loads(out)["violations"][fault] == 0:
            return f"{fault}: {status} {error[:400]}"
        lines = error.splitlines()
        if f"--seed 3 --trace {int(first[2])}" not in lines[1] or not all(f" {first[1]} " in line for line in lines[2:]):
            return f"{fault}: no log of {first[1]}: {lines[1:4]}"
        if not any(f"VIOLATION {fault}" in line for line in lines[2:]):
            return f"{fault}: the log does not show the moment"
    return None


def one_host_is_followed():
    status, _, error = simulate("--hosts", 100, "--days", 14, "--trace", 2)
    lines = error.splitlines()
    good = not status and len(lines) > 5 and all(" host-00002 " in line for line in lines)
    return None if good and any(" install pass 1 of " in line for line in lines) else f"{status} {lines[:5]}"


def what_is_refused():
    bad = SCRATCH / "bad.yaml"
    bad.write_text("policy: p\ninstall:\n  windows:\n    - {weekly: [tues], at: '22:00', for: 4h}\n", encoding="utf-8")
    for words, code, text in (
            (("--hosts", "0"), 2, "1 to"), (("--days", "many"), 2, "--days takes a whole number"),
            (("--fault", "gravity"), 2, "--fault takes"), ((bad,), 3, f"{bad}:4:17: error: "),
            ((SCRATCH / "none.yaml",), 3, "none.yaml")):
        status, out, error = simulate(*words)
        if status != code or text not in error or out:
            return f"{words}: {status} {out!r} {error!r}"
    return None


def main():
    tests = [built_in_fleet, same_seed_same_days, policies_from_files, people_read_a_table, an_emergency_takes_minutes,
             a_broken_promise_is_told_with_its_log, one_host_is_followed, what_is_refused]
    print(f"1..{len(tests)}")
    failed = 0
    for number, test in enumerate(tests, 1):
        problem = test()
        if problem:
            print(f"not ok {number} - {test.__name__}\n# {problem}")
            failed = 1
        else:
            print(f"ok {number} - {test.__name__}")
    for path in SCRATCH.iterdir():
        path.unlink()
    SCRATCH.rmdir()
    return failed


if __name__ == "__main__":
    sys.exit(main())
