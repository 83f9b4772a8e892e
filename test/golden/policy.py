#!/usr/bin/env python3
# timeout: 240
"""mamori policy preview against an independent computation: ten years of every kind of rule in zones with and without
summer time, worked out here from the definitions with datetime and zoneinfo; and the recurrences of libical's tests that
the model can express. mamori policy check: lines, columns, exit statuses."""
import datetime as dt
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import zoneinfo

BUILD = pathlib.Path(os.environ.get("MAMORI_BUILD", "build"))
SOURCE = pathlib.Path(os.environ.get("MAMORI_SOURCE", "."))
KNOWN = SOURCE / "../shared/data/icalendar-recurrence/icalrecur_test.txt"
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
UTC, MINUTE, DAY = dt.timezone.utc, dt.timedelta(minutes=1), dt.timedelta(days=1)
SCRATCH = pathlib.Path(tempfile.mkdtemp(prefix="mamori-policy."))


def run(verb, *words):
    done = subprocess.run([BUILD / "mamori", "policy", verb, *map(str, words)], capture_output=True, timeout=120,
                          env={**os.environ, "LC_ALL": "C", "LANG": "C"})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def policy(name, value):
    """YAML is a superset of JSON, which needs no writer of our own here."""
    path = SCRATCH / f"{name}.yaml"
    path.write_text(json.dumps({"policy": name, **value}, ensure_ascii=False), encoding="utf-8")
    return path


def preview(path, begin, end, zone, *words):
    status, out, error = run("preview", path, "--from", begin, "--until", end, "--tz", zone, "--json", *words)
    if status != 0:
        raise RuntimeError(f"{status} {error}")
    return [json.loads(line) for line in out.splitlines()]


# ---- the definitions, once more ----

def instant(zone, wall):
    """A start in a gap moves to the first valid minute, a repeated one is its first occurrence."""
    while True:
        utc = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
        if utc.astimezone(zone).replace(tzinfo=None) == wall:
            return utc
        wall += MINUTE


def month_end(day):
    return (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1) - DAY


def second_tuesday(year, month):
    first = dt.date(year, month, 1)
    return first + dt.timedelta(days=(1 - first.weekday()) % 7 + 7)


def fits(window, day, lists):
    months = window.get("months")
    if "patch-tuesday" in window:
        tuesday = day - dt.timedelta(days=window["patch-tuesday"])
        return tuesday == second_tuesday(tuesday.year, tuesday.month) and (not months or tuesday.month in months)
    if months and day.month not in months:
        return False
    if "weekly" in window:
        return DAYS[day.weekday()] in window["weekly"]
    if "monthly" in window:
        return day.day in window["monthly"] or ("last" in window["monthly"] and day == month_end(day))
    if "nth" in window:
        same = [d for d in (day.replace(day=n) for n in range(1, month_end(day).day + 1)) if d.weekday() == day.weekday()]
        return DAYS[day.weekday()] in window["weekday"] and (
            same.index(day) + 1 in window["nth"] or ("last" in window["nth"] and day == same[-1]))
    if "dates" in window:
        return day.isoformat() in window["dates"]
    return day in lists[window["days"]]


def span_has(span, day):
    return span.get("from", "0") <= day.isoformat() <= span.get("to", "9")


def expected(install, lists, begin, end, device):
    found = set()
    for number, window in enumerate(install["windows"], 1):
        zone = zoneinfo.ZoneInfo(window["tz"]) if window.get("tz", "device") != "device" else device
        hour, minute = map(int, window["at"].split(":"))
        day = begin.date() - 3 * DAY
        while day <= end.date() + 3 * DAY:
            if fits(window, day, lists):
                start = instant(zone, dt.datetime(day.year, day.month, day.day, hour, minute))
                local = start.astimezone(zone).date()
                allowed = span_has(install.get("valid", {}), local) and not any(
                    span_has(b, local) for b in install.get("blackout", []))
                if allowed and begin <= start < end:
                    close = start + minutes(window["for"])
                    found.add((start, window.get("name", f"install-{number}"), close,
                               close - minutes(window.get("cutoff", "0m"))))
            day += DAY
    return sorted(found)


def minutes(text):
    return dt.timedelta(minutes=int(text[:-1]))


def as_tuple(line):
    start, end, cutoff = (dt.datetime.fromisoformat(line[k].replace("Z", "+00:00")) for k in ("start", "end", "cutoff"))
    return start, line["window"], end, cutoff


def differences(want, got):
    for a, b in zip(want, got):
        if a != b:
            return f"expected {a}, got {b}"
    return None if len(want) == len(got) else f"expected {len(want)} slots, got {len(got)}"


# ---- ten years of everything ----

RULES = [
    {"weekly": ["tue", "thu"]}, {"weekly": DAYS}, {"weekly": ["sun"], "months": [3, 10, 11]},
    {"monthly": [31]}, {"monthly": [1, 15, "last"]}, {"monthly": [29], "months": [2]}, {"monthly": ["last"], "months": [2]},
    {"nth": [5], "weekday": ["fri"]}, {"nth": [2, "last"], "weekday": ["fri"], "months": [1, 4, 7, 10]},
    {"nth": [1, 3], "weekday": ["mon", "sat"]}, {"patch-tuesday": 0}, {"patch-tuesday": 9}, {"patch-tuesday": 25},
    {"patch-tuesday": 14, "months": [2, 12]}, {"dates": ["2016-02-29", "2019-12-31", "2011-12-30"]}, {"days": "休診日"},
]
ZONES = [("Asia/Tokyo", 2020), ("Europe/London", 2020), ("America/New_York", 2006), ("Pacific/Apia", 2006),
         ("Australia/Lord_Howe", 2020), ("Africa/Casablanca", 2015), ("America/St_Johns", 2002)]


def ten_years(name, year, rng):
    """Every rule with a start at an hour where clocks change, and one at random; some in a zone of their own."""
    zone = zoneinfo.ZoneInfo(name)
    windows = []
    for rule in RULES:
        for at in (rng.choice(["00:00", "01:30", "02:00", "02:15"]), f"{rng.randrange(24):02}:{rng.randrange(60):02}"):
            length = rng.randrange(2, 1000)
            windows.append({**rule, "at": at, "for": f"{length}m", "cutoff": f"{rng.randrange(length)}m",
                            "tz": rng.choice(["device", "device", "Europe/London", "America/New_York"])})
    start = dt.date(year, 1, 1)
    days = {start + dt.timedelta(days=rng.randrange(3652)) for _ in range(200)}
    csv = SCRATCH / "days.csv"
    csv.write_text("date,name\n" + "".join(f"{d.isoformat()},closed\n" for d in sorted(days)), encoding="utf-8")
    gone = start + dt.timedelta(days=rng.randrange(3000))
    install = {"windows": windows, "valid": {"from": f"{year}-03-02", "to": f"{year + 10}-10-05"},
               "blackout": [{"from": gone.isoformat(), "to": (gone + 40 * DAY).isoformat()},
                            {"from": f"{year + 1}-12-31", "to": f"{year + 2}-01-03"}]}
    begin = dt.datetime(year, 1, 1, tzinfo=UTC)
    end = dt.datetime(year + 10, 12, 31, tzinfo=UTC)
    path = policy("ten-years", {"install": install})
    got = preview(path, begin.isoformat(), end.isoformat(), name, "--days", f"休診日={csv}")
    if any(a["start"] > b["start"] for a, b in zip(got, got[1:])):
        return "not in time order", 0
    want = expected(install, {"休診日": days}, begin, end, zone)
    return differences(want, sorted(map(as_tuple, got))), len(want)


def every_rule_for_ten_years():
    rng, total = random.Random(20261122), 0
    for name, year in ZONES:
        try:
            zoneinfo.ZoneInfo(name)
        except zoneinfo.ZoneInfoNotFoundError:
            return "skip no zone files here"
        difference, count = ten_years(name, year, rng)
        if difference:
            return f"{name}: {difference}"
        total += count
    print(f"# {total} slots in {len(ZONES)} zones are as computed here")
    return None if total > 50000 else f"only {total} slots"


# ---- libical's recurrences ----

class NotExpressible(Exception):
    pass


def need(condition, why):
    if not condition:
        raise NotExpressible(why)


def times_of(rule, start):
    """Starts of one day: BYHOUR × BYMINUTE, or every so many hours or minutes."""
    need(start.second == 0 and "BYSECOND" not in rule and rule["FREQ"] != "SECONDLY", "seconds")
    interval, freq = int(rule.get("INTERVAL", 1)), rule["FREQ"]
    hours = sorted({int(h) for h in rule["BYHOUR"].split(",")}) if "BYHOUR" in rule else [start.hour]
    mins = sorted({int(m) for m in rule["BYMINUTE"].split(",")}) if "BYMINUTE" in rule else [start.minute]
    if freq in ("HOURLY", "MINUTELY"):
        step = interval * (60 if freq == "HOURLY" else 1)
        need(1440 % step == 0, "an interval that does not divide the day")
        need("BYHOUR" not in rule or (freq == "HOURLY" and interval == 1), "an interval beside BYHOUR")
        need("BYMINUTE" not in rule, "minutes within an interval")
        if "BYHOUR" not in rule:
            first = (start.hour * 60 + start.minute) % step
            times = [(m // 60, m % 60) for m in range(first, 1440, step)]
            need(len(times) <= 64, "more than 64 windows")
            return times
    return [(h, m) for h in hours for m in mins]


def months_of(rule, start):
    interval, months = int(rule.get("INTERVAL", 1)), rule.get("BYMONTH")
    months = sorted(map(int, months.split(","))) if months else None
    if rule["FREQ"] == "MONTHLY" and interval > 1:
        need(12 % interval == 0, "an interval of months that does not divide the year")
        every = [m for m in range(1, 13) if (m - start.month) % interval == 0]
        return [m for m in every if not months or m in months]
    need(interval == 1 or rule["FREQ"] in ("HOURLY", "MINUTELY"), "an interval of days, weeks or years")
    return months


def day_rule(rule, start):
    freq, months = rule["FREQ"], months_of(rule, start)
    for key in ("BYYEARDAY", "BYWEEKNO", "BYSETPOS"):
        need(key not in rule, key)
    need(not ("BYDAY" in rule and "BYMONTHDAY" in rule), "a weekday that is also a day of the month")
    base = {"months": months} if months else {}
    if "BYDAY" in rule:
        words = rule["BYDAY"].split(",")
        plain = [w for w in words if len(w) == 2]
        need(not plain or len(plain) == len(words), "plain and numbered weekdays together")
        if plain:
            return [{**base, "weekly": sorted({day_word(w) for w in plain})}]
        need(freq == "MONTHLY" or months, "the n-th weekday of a year")
        for w in words:
            need(w[:-2].lstrip("+") in ("1", "2", "3", "4", "5", "-1"), "the n-th weekday from the end")
        return [{**base, "nth": [nth_word(w[:-2])], "weekday": [day_word(w[-2:])]} for w in words]
    if "BYMONTHDAY" in rule:
        places = [int(d) for d in rule["BYMONTHDAY"].split(",")]
        need(all(p > 0 or p == -1 for p in places), "days from the end of the month")
        if freq == "YEARLY" and not months:
            base = {"months": [start.month]}  # as libical reads it: in the month of DTSTART
        return [{**base, "monthly": ["last" if p == -1 else p for p in places]}]
    if freq == "YEARLY":
        return [{"months": months or [start.month], "monthly": [start.day]}]
    if freq == "MONTHLY":
        return [{**base, "monthly": [start.day]}]
    return [{**base, "weekly": [DAYS[start.weekday()]] if freq == "WEEKLY" else DAYS}]


def day_word(two):
    return DAYS[["MO", "TU", "WE", "TH", "FR", "SA", "SU"].index(two)]


def nth_word(text):
    return "last" if text == "-1" else int(text)


def ical_time(text):
    text = text.rstrip("Z")
    return dt.datetime.strptime(text, "%Y%m%dT%H%M%S" if "T" in text else "%Y%m%d").replace(tzinfo=UTC)


def recurrences():
    for block in KNOWN.read_text(encoding="utf-8").split("\n\n"):
        fields = dict(line.split(":", 1) for line in block.splitlines() if ":" in line and not line.startswith("#"))
        if "RRULE" in fields and fields.get("INSTANCES", "").startswith(("1", "2")):
            yield fields


def recurrence(fields):
    rule = dict(part.split("=", 1) for part in fields["RRULE"].strip(";").split(";"))
    start = ical_time(fields["DTSTART"])
    rules, times = day_rule(rule, start), times_of(rule, start)
    need(len(rules) * len(times) <= 64, "more than 64 windows")
    windows = [{**r, "at": f"{h:02}:{m:02}", "for": "1m", "tz": "UTC"} for r in rules for h, m in times]
    want = [ical_time(t) for t in fields["INSTANCES"].strip().split(",")]
    end = ical_time(rule["UNTIL"]) + MINUTE if "UNTIL" in rule else want[-1] + MINUTE
    path = policy("ical", {"install": {"windows": windows, "valid": {"from": start.date().isoformat()}}})
    got = sorted({as_tuple(line)[0] for line in preview(path, start.isoformat(), end.isoformat(), "UTC")})
    return None if got == want else f"{fields['RRULE']}: expected {want[:3]}…, got {got[:3]}… ({len(want)}, {len(got)})"


def known_recurrences():
    if not KNOWN.is_file():
        return "skip no ../shared/data/icalendar-recurrence here"
    good, left_out = 0, {}
    for fields in recurrences():
        try:
            difference = recurrence(fields)
        except NotExpressible as why:
            left_out[str(why)] = left_out.get(str(why), 0) + 1
            continue
        if difference:
            return difference
        good += 1
    print(f"# {good} of {good + sum(left_out.values())} recurrences; not expressible: " +
          ", ".join(f"{why} {n}" for why, n in sorted(left_out.items(), key=lambda i: -i[1])))
    return None if good >= 40 else f"only {good}"


# ---- the rest of what scripts rely on ----

def spread_is_the_same_each_time():
    install = {"windows": [{"weekly": ["tue"], "at": "22:00", "for": "4h", "cutoff": "1h", "tz": "UTC"}], "spread": "30m"}
    path = policy("spread", {"install": install})
    span = ("2026-01-01", "2028-01-01", "UTC")
    base, starts = preview(path, *span), set()
    for host in ("pc-1", "pc-2", "pc-3"):
        one, again = (preview(path, *span, "--host", host) for _ in range(2))
        if one != again or len(one) != len(base):
            return f"{host}: not the same twice"
        for a, b in zip(base, one):
            late = as_tuple(b)[0] - as_tuple(a)[0]
            if not dt.timedelta(0) <= late < dt.timedelta(minutes=30) or a["end"] != b["end"]:
                return f"{host}: {a} {b}"
        starts.add(tuple(line["start"] for line in one))
    return None if len(starts) == 3 else "hosts start together"


def people_see_their_weekdays():
    path = policy("people", {"install": {"windows": [{"weekly": ["tue"], "at": "22:00", "for": "4h"}]}})
    for lang, word in (("en", "2026-11-24 Tue  22:00"), ("ja", "2026-11-24 火")):
        status, out, error = run("preview", path, "--from", "2026-11-24", "--until", "2026-11-25", "--tz", "Asia/Tokyo",
                                 "--lang", lang)
        if status or error or word not in out or "02:00 +1" not in out:
            return f"{lang}: {status} {out} {error}"
    return None


def what_is_refused():
    bad = SCRATCH / "bad.yaml"
    bad.write_text("policy: p\ninstall:\n  windows:\n    - {weekly: [tues], at: '22:00', for: 4h}\n", encoding="utf-8")
    good = policy("good", {"install": {"windows": [{"weekly": ["tue"], "at": "22:00", "for": "4h"}]}})
    place = f"{bad}:4:17: error: "
    for words, code, stdout, stderr in (
            (("check", good), 0, "policy good is good", ""),
            (("check", good, bad), 3, place, "1 of 2 policies"),
            (("check", bad, "--json"), 3, '"line":4,"column":17,"severity":"error"', "1 of 1"),
            (("check",), 2, "", "at least one"),
            (("check", SCRATCH / "none.yaml"), 3, "", "none.yaml"),
            (("preview", bad), 3, "", place),
            (("preview", good, "--from", "tomorrow"), 2, "", "--from takes"),
            (("preview", good, "--from", "2026-02-01", "--until", "2026-01-01"), 2, "", "later than --from"),
            (("preview", good, "--tz", "Mars/Olympus"), 3, "", "no time zone"),
            (("preview", good, "--days", "x"), 2, "", "NAME=CSV"),
            (("preview", good, bad), 2, "", "one policy file")):
        status, out, error = run(*words)
        if status != code or stdout not in out or stderr not in error or (not stdout and out):
            return f"{words}: {status} {out!r} {error!r}"
    return None


def every_key_is_in_the_manual():
    schema = "".join((SOURCE / "src/plan" / name).read_text(encoding="utf-8")
                     for name in ("policy-schema.c", "policy-windows.c"))
    keys = set(re.findall(r'\{ FIELD\("([a-z0-9-]+)"|\.key = "([a-z0-9-]+)"', schema))
    keys = {a or b for a, b in keys}
    if len(keys) < 70:
        return f"only {len(keys)} keys found in the schema"
    for manual in ("policy.md", "policy.ja.md"):
        words = set(re.findall(r"[a-z0-9-]+", (SOURCE / "doc" / manual).read_text(encoding="utf-8")))
        if keys - words:
            return f"{manual} says nothing about {sorted(keys - words)}"
    return None


def main():
    tests = [every_rule_for_ten_years, known_recurrences, spread_is_the_same_each_time, people_see_their_weekdays,
             what_is_refused, every_key_is_in_the_manual]
    print(f"1..{len(tests)}")
    failed = 0
    for number, test in enumerate(tests, 1):
        problem = test()
        if problem and problem.startswith("skip "):
            print(f"ok {number} - {test.__name__} # SKIP {problem[5:]}")
        elif problem:
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
