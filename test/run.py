#!/usr/bin/env python3
"""Runs the tests and counts them: unit tests, fuzz replays, golden tests, scenarios, browser tests.

    test/run.py [-v] [--build DIR] [--kinds unit,fuzz,...] [PATTERN ...]

Every test is a program that speaks TAP (https://testanything.org) on its standard output.  A program that crashes,
outlives its limit, runs fewer points than it planned or none at all counts as failed.  Output is shown for failures
only; skipped points are named.  The last line is "N passed, N failed[, N skipped]".

A script may say, in a comment line of its own near its top:
    # serial          it needs the machine for itself (timing, memory, network namespaces of fixed names)
    # timeout: 600    its limit in seconds (default 120; scenario and browser tests 300)
"""
import argparse
import ctypes
import json
import os
import pathlib
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

SOURCE = pathlib.Path(__file__).resolve().parent.parent
LIMITS = {"unit": 120, "fuzz": 120, "golden": 120, "scenario": 300, "browser": 300}
OUTPUT_LINES = 200


class Test:
    def __init__(self, kind, name, argv, script=None):
        self.kind, self.name, self.argv = kind, f"{kind}/{name}", argv
        self.serial, self.limit = False, LIMITS[kind]
        if script:
            head = script.read_text(encoding="utf-8", errors="replace")[:4000]
            self.serial = bool(re.search(r"^(#|//) serial$", head, re.M))
            limit = re.search(r"^(?:#|//) timeout: (\d+)$", head, re.M)
            if limit:
                self.limit = int(limit.group(1))


class Outcome:
    def __init__(self):
        self.passed, self.failed, self.skipped = 0, [], []
        self.output, self.seconds, self.cpu = "", 0.0, 0.0


def targets(build, prefix):
    """Executables of the present build description, so that a stale file of an old build is never run."""
    described = json.loads((build / "meson-info" / "intro-targets.json").read_text())
    for target in described:
        if target["type"] == "executable" and target["name"].startswith(prefix):
            yield target["name"], pathlib.Path(target["filename"][0])


def alone_on_network():
    """What to start a browser test by: Chromium aborts its requests whenever an interface of its network comes or goes,
    which scenarios beside it do all the time.  Without root it stays on the machine's network."""
    shell = 'ip link set lo up && exec "$@"'
    start = ["unshare", "--net", "sh", "-c", shell, "sh"]
    possible = shutil.which("unshare") and shutil.which("ip") and subprocess.run([*start, "true"], capture_output=True)
    return start if possible and possible.returncode == 0 else []


def discover(build):
    tests = []
    for name, path in targets(build, "unit-"):
        tests.append(Test("unit", name.removeprefix("unit-"), [path]))
    for name, path in targets(build, "fuzz-"):
        short = name.removeprefix("fuzz-")
        tests.append(Test("fuzz", short, [path, SOURCE / "test" / "fuzz" / "corpus" / short]))
    for kind in ("golden", "scenario"):
        for path in sorted((SOURCE / "test" / kind).glob("*.py")):
            if os.access(path, os.X_OK):
                tests.append(Test(kind, path.stem, [sys.executable, path], path))
    start = alone_on_network()
    for path in sorted((SOURCE / "test" / "browser").glob("*.mjs")):
        if not path.name.startswith("lib"):
            tests.append(Test("browser", path.stem, [*start, "node", path], path))
    return tests


def environment(build, scratch):
    env = dict(os.environ)
    env.update(
        CMOCKA_MESSAGE_OUTPUT="TAP", LC_ALL="C.UTF-8", TMPDIR=str(scratch), PYTHONDONTWRITEBYTECODE="1",
        MAMORI_BUILD=str(build), MAMORI_SOURCE=str(SOURCE))
    env.setdefault("ASAN_OPTIONS", "detect_leaks=1:abort_on_error=0:allocator_may_return_null=0")
    env.setdefault("LSAN_OPTIONS", f"print_suppressions=0:suppressions={SOURCE}/test/lsan.supp")
    env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1")
    for name in ("MAMORI_DATA", "XDG_STATE_HOME", "LANGUAGE", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        env.pop(name, None)
    return env


def read_tap(text, outcome):
    """Points, plans and bail-outs; cmocka 1.1.5 indents its lines and says "not ok N # SKIP" for a skip."""
    planned, seen = 0, 0
    for line in text.splitlines():
        line = line.strip()
        plan = re.match(r"1\.\.(\d+)\s*(?:# *SKIP\S*\s*(.*))?$", line, re.I)
        if plan:
            planned += int(plan.group(1))
            if plan.group(1) == "0":
                outcome.skipped.append(plan.group(2) or "")
            continue
        point = re.match(r"(not )?ok\b\s*(\d*)\s*-?\s*(.*)$", line)
        if point:
            seen += 1
            skip = re.search(r"#\s*SKIP\S*\s*(.*)$", point.group(3), re.I)
            if skip:
                title = point.group(3)[: skip.start()].strip()
                outcome.skipped.append(": ".join(filter(None, [title, skip.group(1)])))
            elif point.group(1):
                outcome.failed.append(point.group(3) or f"point {point.group(2)}")
            else:
                outcome.passed += 1
        elif line.startswith("Bail out!"):
            outcome.failed.append(line)
    if planned != seen:
        outcome.failed.append(f"planned {planned} points, ran {seen}")


def stop_group(process, grace):
    """Ends the test and what is still in its session; a script gets `grace` seconds to clean up."""
    try:
        process.send_signal(signal.SIGTERM)
        process.wait(grace)
    except subprocess.TimeoutExpired:
        pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def wait_measured(process, limit, outcome):
    """Whether it ended in time; then the processor time of it and of those it waited for is known, too."""
    end, pause = time.monotonic() + limit, 0.001
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            outcome.cpu = usage.ru_utime + usage.ru_stime
            return True
        if time.monotonic() > end:
            return False
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


RUNNING = {}  # process -> seconds it gets to clean up after SIGTERM


def run_test(test, build, scratch_root):
    outcome = Outcome()
    scratch = pathlib.Path(tempfile.mkdtemp(dir=scratch_root))
    scratch.chmod(0o711)  # what drops its rights reads files in it, by name
    started = time.monotonic()
    files = [tempfile.TemporaryFile(mode="w+", errors="replace") for _ in range(2)]
    process = subprocess.Popen(
        [str(a) for a in test.argv], cwd=SOURCE, env=environment(build, scratch), stdin=subprocess.DEVNULL,
        stdout=files[0], stderr=files[1], start_new_session=True)
    grace = 20 if test.kind in ("scenario", "browser") else 2
    RUNNING[process] = grace
    if not wait_measured(process, test.limit, outcome):
        outcome.failed.append(f"still running after {test.limit} s")
    stop_group(process, grace)
    process.wait()
    del RUNNING[process]
    outcome.seconds = time.monotonic() - started
    for file in files:
        file.seek(0)
    out, err = (file.read() for file in files)
    for file in files:
        file.close()
    shutil.rmtree(scratch, ignore_errors=True)
    before = len(outcome.failed)
    read_tap(out, outcome)
    if process.returncode < 0 and before == 0:
        outcome.failed.append(f"ended by {signal.Signals(-process.returncode).name}")
    elif process.returncode != 0 and not outcome.failed:
        outcome.failed.append(f"exit status {process.returncode} though no point failed")
    if outcome.passed + len(outcome.failed) + len(outcome.skipped) == 0:
        outcome.failed.append("ran no test")
    outcome.output = out + err
    return outcome


class Report:
    def __init__(self, verbose, total):
        self.verbose, self.total, self.done = verbose, total, 0
        self.passed = self.failed = 0
        self.skips = []
        self.lock = threading.Lock()
        self.line = sys.stdout.isatty() and not verbose

    def add(self, test, outcome):
        with self.lock:
            self.done += 1
            self.passed += outcome.passed
            self.failed += len(outcome.failed)
            self.skips += [(test.name, reason) for reason in outcome.skipped]
            self.erase()
            if self.verbose:
                word = "FAIL" if outcome.failed else "ok"
                print(f"{word:4} {test.name} ({outcome.passed} passed, {outcome.seconds:.1f} s, "
                      f"{outcome.cpu:.1f} s of CPU)")
            for what in outcome.failed:
                print(f"FAIL {test.name}: {what}")
            if outcome.failed or (self.verbose and outcome.output):
                lines = outcome.output.splitlines()
                if len(lines) > OUTPUT_LINES:
                    print(f"    … {len(lines) - OUTPUT_LINES} lines before these")
                for line in lines[-OUTPUT_LINES:]:
                    print("    " + line)
            if self.line:
                print(f"{self.done}/{self.total} {test.name}"[:78], end="", flush=True)
            sys.stdout.flush()

    def erase(self):
        if self.line:
            print("\r\033[K", end="")

    def close(self):
        self.erase()
        for name, reason in self.skips:
            print(f"skipped {name}: {reason}" if reason else f"skipped {name}")
        skipped = f", {len(self.skips)} skipped" if self.skips else ""
        print(f"{self.passed} passed, {self.failed} failed{skipped}", flush=True)


def work(tests, build, report, jobs, scratch_root):
    waiting = queue.Queue()
    for test in tests:
        waiting.put(test)

    def worker():
        while True:
            try:
                test = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                outcome = run_test(test, build, scratch_root)
            except Exception as why:  # a program that is not there, a full disk: never a silent gap in the count
                outcome = Outcome()
                outcome.failed.append(f"could not be run: {why}")
            report.add(test, outcome)

    threads = [threading.Thread(target=worker, daemon=True) for _ in range(min(jobs, len(tests)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def adopt_orphans():
    """What a test leaves behind in a session of its own becomes our child, so that it can be ended by its id."""
    PR_SET_CHILD_SUBREAPER = 36
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_orphans():
    """Until none is left; never waiting for one alone, since some only end after others were collected."""
    for _ in range(500):
        children = pathlib.Path(f"/proc/self/task/{os.getpid()}/children")
        pids = [int(p) for p in children.read_text().split()] if children.exists() else []
        if not pids:
            return
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.02)


def main():
    parser = argparse.ArgumentParser(description="Runs the tests and counts them.")
    parser.add_argument("-v", "--verbose", action="store_true", help="name every test and show its output")
    parser.add_argument("--build", default="build", help="build folder (default: build)")
    parser.add_argument("--kinds", default="", help="only these, by comma: " + ",".join(LIMITS))
    parser.add_argument("--list", action="store_true", help="only list the tests")
    parser.add_argument("-j", "--jobs", type=int, default=1 + (os.cpu_count() or 1),
                        help="tests at a time (default: one more than there are cores, since scenarios mostly wait)")
    parser.add_argument("patterns", nargs="*", metavar="PATTERN", help="regular expression on KIND/NAME")
    options = parser.parse_args()
    build = (SOURCE / options.build).resolve()
    if not (build / "meson-info").is_dir():
        sys.exit(f"run.py: {build} is no build folder; run `make build` first")
    kinds = set(filter(None, options.kinds.split(",")))
    if kinds - set(LIMITS):
        sys.exit(f"run.py: unknown kind {', '.join(sorted(kinds - set(LIMITS)))}; there are {', '.join(LIMITS)}")
    tests = [t for t in discover(build) if (not kinds or t.kind in kinds)
             and (not options.patterns or any(re.search(p, t.name) for p in options.patterns))]
    if options.list:
        print("\n".join(t.name for t in tests))
        return 0
    adopt_orphans()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
    report = Report(options.verbose, len(tests))
    scratch_root = tempfile.mkdtemp(prefix="mt-")  # short: UNIX sockets have 108 bytes
    os.chmod(scratch_root, 0o711)
    try:
        # Long ones first, so that no core idles at the end; a script's limit tells how long it is.
        rank = {"browser": 1, "scenario": 1, "golden": 2, "unit": 3, "fuzz": 4}
        work(sorted((t for t in tests if not t.serial), key=lambda t: (rank[t.kind], -t.limit)), build, report, options.jobs, scratch_root)
        work([t for t in tests if t.serial], build, report, 1, scratch_root)
    finally:
        for process, grace in list(RUNNING.items()):  # only when interrupted
            stop_group(process, grace)
        end_orphans()
        shutil.rmtree(scratch_root, ignore_errors=True)
    report.close()
    return 1 if report.failed or not report.passed else 0


if __name__ == "__main__":
    sys.exit(main())
