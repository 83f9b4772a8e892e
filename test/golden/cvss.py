#!/usr/bin/env python3
"""mamori cvss score: one answer a line, machine output and exit statuses."""
import json
import os
import pathlib
import subprocess
import sys

BUILD = pathlib.Path(os.environ.get("MAMORI_BUILD", "build"))
KNOWN = pathlib.Path(os.environ.get("MAMORI_SOURCE", ".")) / "../shared/data/cvss-vectors/tests"
HIGH = "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H"


def run(*words, stdin=b""):
    done = subprocess.run([BUILD / "mamori", "cvss", "score", *words], input=stdin, capture_output=True, timeout=60,
                          env={**os.environ, "LC_ALL": "C", "LANG": "C"})
    return done.returncode, done.stdout, done.stderr.decode()


def one_vector():
    for vector, answer in ((HIGH, b"7.8\n"), ("AV:N/AC:L/Au:N/C:N/I:N/A:C", b"7.8\n"),
                           ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", b"0.0\n"),
                           ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", b"10.0\n")):
        status, out, error = run(vector)
        if (status, out, error) != (0, answer, ""):
            return f"{vector}: {status} {out!r} {error!r}"
    return None


def vectors_on_standard_input():
    lines = f"{HIGH}\r\n\n{HIGH} \nCVSS:3.1/AV:N\nAV:N/AC:L/Au:N/C:C/I:C/A:C"
    status, out, words = run("-", stdin=lines.encode())
    return None if (status, out, words) == (0, b"7.8\n-\n-\n-\n10.0\n", "") else f"{status} {out!r} {words!r}"


def an_endless_line_is_one_answer():
    for length in (1000, 1023, 1024, 1025, 1026, 65535, 65536, 65537, 3 << 20):
        status, out, words = run("-", stdin=HIGH.encode() + b"\n" + b"A" * length + b"\r\n" + HIGH.encode() + b"\n")
        if (status, out, words) != (0, b"7.8\n-\n7.8\n", ""):
            return f"{length}: {status} {out[:40]!r} {words!r}"
    status, out, words = run("-", stdin=b"A" * (3 << 20))
    return None if (status, out, words) == (0, b"-\n", "") else f"{status} {out[:40]!r} {words!r}"


def machine_output():
    status, out, _ = run("-", "--json", stdin=HIGH.encode() + b"\n\"\xff\n")
    rows = [json.loads(line) for line in out.splitlines()]
    expected = [{"vector": HIGH, "version": "3.1", "score": 7.8, "severity": "high"},
                {"vector": "\"\ufffd", "error": "no valid vector"}]
    return None if status == 0 and rows == expected else f"{status} {out!r}"


def wrong_words():
    for words, code, said in (((), 2, "one vector"), (("a", "b"), 2, "one vector"), (("--what", "a"), 2, "--what"),
                              (("9.8",), 3, "no valid vector"), (("--lang", "ja", "9.8"), 3, "ベクトル")):
        status, out, error = run(*words)
        if status != code or out or said not in error or error.count("\n") != 1:
            return f"{words}: {status} {out!r} {error!r}"
    return None


def known_answers():
    if not KNOWN.is_dir():
        return "skip"
    pairs = [line.split(" - ") for path in sorted(KNOWN.glob("vectors_*")) for line in path.read_text().splitlines()]
    status, out, words = run("-", stdin="".join(f"{vector}\n" for vector, _ in pairs).encode())
    got = out.decode().split("\n")[:-1]
    if status != 0 or words or len(got) != len(pairs):
        return f"{status} {words!r} {len(got)} of {len(pairs)}"
    for (vector, answer), score in zip(pairs, got):
        if score != f"{abs(float(answer.strip('()').split(',')[0])):.1f}":
            return f"{vector}: {score}, not {answer}"
    return None if len(pairs) > 7000 else f"only {len(pairs)}"


TESTS = [one_vector, vectors_on_standard_input, an_endless_line_is_one_answer, machine_output, wrong_words, known_answers]


def main():
    failed = 0
    print(f"1..{len(TESTS)}")
    for number, test in enumerate(TESTS, 1):
        problem = test()
        if problem == "skip":
            print(f"ok {number} - {test.__name__} # SKIP {KNOWN} is not there")
            continue
        failed += problem is not None
        print(f"{'not ok' if problem else 'ok'} {number} - {test.__name__}" + (f"\n# {problem}" if problem else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
