#!/usr/bin/env python3
"""mamori purl parse: the parts of package URLs as JSON Lines, errors that have no language, exit statuses."""
import json
import os
import pathlib
import subprocess
import sys

BUILD = pathlib.Path(os.environ.get("MAMORI_BUILD", "build"))
KNOWN = pathlib.Path(os.environ.get("MAMORI_SOURCE", ".")) / "../shared/data/purl-spec/tests"
CURL = "pkg:deb/debian/curl@1:7.88%2Bb1?distro=bookworm&arch=amd64#a/b"
CURL_LINE = (b'{"type":"deb","namespace":"debian","name":"curl","version":"1:7.88+b1",'
             b'"qualifiers":{"arch":"amd64","distro":"bookworm"},"subpath":"a/b"}\n')
BARE_LINE = b'{"type":"cargo","namespace":null,"name":"rand","version":null,"qualifiers":null,"subpath":null}\n'


def run(*words, stdin=b""):
    done = subprocess.run([BUILD / "mamori", "purl", "parse", *words], input=stdin, capture_output=True, timeout=60,
                          env={**os.environ, "LC_ALL": "C", "LANG": "C"})
    return done.returncode, done.stdout, done.stderr.decode()


def one_purl():
    for purl, line in ((CURL, CURL_LINE), ("pkg:cargo/rand", BARE_LINE)):
        status, out, error = run(purl)
        if (status, out, error) != (0, line, ""):
            return f"{purl}: {status} {out!r} {error!r}"
    return None


def purls_on_standard_input():
    status, out, words = run("-", stdin=f"{CURL}\r\n\npkg:deb/curl\npkg:cargo/rand".encode())
    lines = out.splitlines(keepends=True)
    good = status == 0 and not words and len(lines) == 4 and lines[0] == CURL_LINE and lines[3] == BARE_LINE
    errors = [json.loads(line) for line in lines[1:3]] if good else []
    if errors != [{"error": "a package URL begins with pkg:"},
                  {"error": "packages of the type deb need a namespace before their name"}]:
        return f"{status} {out!r} {words!r}"
    return None


def errors_have_no_language():
    status, out, _ = run("-", "--lang", "ja", stdin=b"x\n" + b"pkg:a/" + b"b" * 100000 + b"\npkg:a/\xff\"\n")
    errors = [json.loads(line)["error"] for line in out.splitlines()]
    good = status == 0 and len(errors) == 3 and all(e.isascii() for e in errors) and "8192 bytes" in errors[1]
    return None if good else f"{status} {out!r}"


def wrong_words():
    for words, code, said in (((), 2, "one package URL"), (("a", "b"), 2, "one package URL"),
                              (("curl",), 3, "“curl” cannot be read: a package URL begins with pkg:"),
                              (("--lang", "ja", "pkg:deb/"), 3, "名前")):
        status, out, error = run(*words)
        if status != code or out or said not in error or error.count("\n") != 1:
            return f"{words}: {status} {out!r} {error!r}"
    return None


def known_answers():
    if not KNOWN.is_dir():
        return "skip"
    tests = [t for path in sorted(KNOWN.glob("*/*.json")) for t in json.loads(path.read_text())["tests"]
             if t["test_type"] == "parse"]
    status, out, words = run("-", stdin="".join(f"{t['input']}\n" for t in tests).encode())
    got = [json.loads(line) for line in out.splitlines()]
    if status != 0 or words or len(got) != len(tests):
        return f"{status} {words!r} {len(got)} of {len(tests)}"
    for test, parts in zip(tests, got):
        if ("error" in parts) != test["expected_failure"] or not ("error" in parts or parts == test["expected_output"]):
            return f"{test['input']}: {parts}"
    return None if len(tests) > 200 else f"only {len(tests)}"


TESTS = [one_purl, purls_on_standard_input, errors_have_no_language, wrong_words, known_answers]


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
