#!/usr/bin/env python3
"""mamori version compare: its answers, its machine output and its exit statuses."""
import json
import os
import pathlib
import subprocess
import sys

BUILD = pathlib.Path(os.environ.get("MAMORI_BUILD", "build"))


SKIP = "skip: "
KNOWN = {
    "deb": ["debian-versions.txt", "debian-versions-generated.txt"], "rpm": ["redhat-versions.txt"],
    "apk": ["alpine-versions.txt", "alpine-versions-generated.txt"], "semver": ["semver-versions.txt"],
    "pep440": ["pypi-versions.txt", "pypi-versions-generated.txt"], "nuget": ["nuget-versions.txt"],
    "maven": ["maven-versions.txt", "maven-versions-generated.txt"],
    "rubygems": ["rubygems-versions.txt", "rubygems-versions-generated.txt"],
    "packagist": ["packagist-versions.txt", "packagist-versions-generated.txt"],
}
# Rows that close a circle with others of their files; see test/unit/version/maven.c and packagist.c.
CIRCULAR = {"1.0.0-gradle-rework-beta3 < 1.0.0.RC7-3", "2.9.0-1 < 2.9.0.RC1", "1.1.0-01-glassfish < 1.1.0.Beta1",
            "1.2.3.# = 1.2.3.1"}


def run(*words, stdin=b""):
    done = subprocess.run([BUILD / "mamori", "version", "compare", *words], input=stdin, capture_output=True, timeout=60)
    return done.returncode, done.stdout, done.stderr.decode()


def two_versions():
    for words, answer in ((("deb", "1.0~rc1-1", "1.0-1"), b"<\n"), (("rpm", "1.0^a", "1.0"), b">\n"),
                          (("apk", "1.2-r01", "1.2-r1"), b"=\n"), (("deb", "--", "-1", "--1"), b"<\n"),
                          (("semver", "1.2.3.4", "1.2.4"), b"<\n")):
        status, out, error = run(*words)
        # A version that is none by the scheme's rules has its place, too, and is said to be none.
        invalid = [w for w in words[1:] if w in ("-1", "--1", "1.2.3.4")]
        if (status, out, error.count("\n")) != (0, answer, len(invalid)) or not all(f"“{w}” is no version" in error for w in invalid):
            return f"{words}: {status} {out!r} {error!r}"
    return None


def every_scheme():
    rows = (("semver", "1.0.0-rc.1+b", "v1.0.0", "<"), ("pep440", "1.0.dev1", "1.0a1", "<"), ("maven", "1.0-1", "1.0.Final", ">"),
            ("rubygems", "1.0.a", "1.a", "="), ("nuget", "1.0.0-BETA", "1.0-beta", "="), ("packagist", "1.0RC1", "v1.0", "<"),
            ("windows", "10.0.19045.4651", "10.0.19045.4780", "<"), ("generic", "24.08 (x64)", "24.8", "="))
    for scheme, a, b, answer in rows:
        status, out, error = run(scheme, a, b)
        if (status, out, error) != (0, f"{answer}\n".encode(), ""):
            return f"{scheme} {a} {b}: {status} {out!r} {error!r}"
        helped = subprocess.run([BUILD / "mamori", "version", "compare", "--help"], capture_output=True, timeout=60).stdout
        if scheme.encode() not in helped:
            return f"{scheme} is not in the help"
    return None


def known_answers():
    data = pathlib.Path(os.environ.get("MAMORI_SOURCE", ".")) / "../shared/data/version-order/semantic/testdata"
    if not data.is_dir():
        return SKIP + "../shared/data/version-order is not here"
    for scheme, names in KNOWN.items():
        for name in names:
            rows = [w for w in map(str.split, (data / name).read_text().splitlines()) if len(w) == 3 and w[1] in "<=>"]
            status, out, error = run(scheme, "-", stdin="".join(f"{a}\t{b}\n" for a, _, b in rows).encode())
            answers = out.decode().split()
            wrong = {" ".join(r) for r, answer in zip(rows, answers) if r[1] != answer}
            if status or len(answers) != len(rows) or wrong - CIRCULAR:
                return f"{scheme} {name}: {status} {len(answers)} of {len(rows)} {sorted(wrong)[:5]} {error!r}"
    return None


def pairs_on_standard_input():
    status, out, words = run("deb", "-", stdin=b"1\t2\n2\t1\r\n1.0\t0:1.0-0")
    return None if (status, out, words) == (0, b"<\n>\n=\n", "") else f"{status} {out!r} {words!r}"


def many_pairs():
    rows = [(i * 7919 % 10007, i * 104729 % 10007) for i in range(100000)]
    status, out, words = run("deb", "-", stdin="".join(f"1.{a}-1\t1.{b}-1\n" for a, b in rows).encode())
    expected = "".join("<\n" if a < b else ">\n" if a > b else "=\n" for a, b in rows).encode()
    return None if status == 0 and out == expected else f"{status} {len(out)} {words!r}"


def a_bad_line_keeps_the_good_ones():
    status, out, words = run("rpm", "-", stdin=b"1\t2\n1 2\n\n1\t2\t3\n3\t2\n")
    good = status == 3 and out == b"<\n-\n-\n-\n>\n" and "3 of 5 lines" in words and "line 2" in words
    return None if good and words.count("\n") == 1 else f"{status} {out!r} {words!r}"


def an_endless_line_is_refused():
    status, out, words = run("deb", "-", stdin=b"1\t2\n" + b"1" * (3 << 20))
    return None if status == 3 and out == b"<\n" and "line 2 is longer" in words else f"{status} {out!r} {words!r}"


def machine_output():
    status, out, _ = run("apk", "--json", "-", stdin=b"1\t2\n\"\xff\tb\n")
    rows = [json.loads(line) for line in out.splitlines()]
    expected = [{"a": "1", "b": "2", "order": "<", "valid": True}, {"a": "\"\ufffd", "b": "b", "order": "<", "valid": False}]
    return None if status == 0 and rows == expected else f"{status} {out!r}"


def wrong_words():
    for words, said in ((("deb", "1"), "two versions"), ((), "two versions"), (("dpkg", "1", "2"), "no version scheme"),
                        (("deb", "1", "2", "3"), "two versions"), (("deb", "--what", "1", "2"), "--what")):
        status, out, error = run(*words)
        if status != 2 or out or said not in error or error.count("\n") != 1:
            return f"{words}: {status} {out!r} {error!r}"
    return None


TESTS = [two_versions, every_scheme, known_answers, pairs_on_standard_input, many_pairs, a_bad_line_keeps_the_good_ones, an_endless_line_is_refused,
         machine_output, wrong_words]


def main():
    failed = 0
    print(f"1..{len(TESTS)}")
    for number, test in enumerate(TESTS, 1):
        problem = test()
        if problem and problem.startswith(SKIP):
            print(f"ok {number} - {test.__name__} # SKIP {problem[len(SKIP):]}")
            continue
        failed += problem is not None
        print(f"{'not ok' if problem else 'ok'} {number} - {test.__name__}" + (f"\n# {problem}" if problem else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
