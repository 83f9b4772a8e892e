#!/usr/bin/env python3
"""The help of every verb, in both languages: it is there, it fits a terminal, and the language may stand before or behind --help.
Prints TAP."""
import os
import pathlib
import re
import subprocess
import sys
import unicodedata

BUILD = pathlib.Path(os.environ.get("MAMORI_BUILD", pathlib.Path(__file__).resolve().parents[2] / "build"))
COLUMNS = 80
JAPANESE = re.compile("[぀-ヿ㐀-鿿]")


def ask(*words):
    done = subprocess.run([BUILD / "mamori", *words], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"})
    return done.returncode, done.stdout, done.stderr


def width(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def trouble(words):
    """What is wrong with the help of a verb; None: nothing."""
    english, japanese = ask(*words, "--help"), ask(*words, "--help", "--lang", "ja")
    for status, out, error in (english, japanese):
        # A line of commands to copy stays in one piece.
        wide = [x for x in out.split("\n") if width(x) > COLUMNS and not x.lstrip().startswith("mamori ")]
        if status or error or not out:
            return f"exit {status}: {error or out[:200]}"
        if wide:
            return f"wider than {COLUMNS}: {wide[:2]}"
    first = english[1].split("\n", 1)[0]  # examples name hospitals
    if JAPANESE.search(first) or not JAPANESE.search(japanese[1].split("\n", 1)[0]):
        return "not in the language that was asked for"
    if ask("--lang", "ja", *words, "--help") != japanese or ask("help", *words, "--lang=ja") != japanese:
        return "another text when the language stands elsewhere"
    return None


def main():
    listed = ask("--help")[1]
    verbs = re.findall(r"(?m)^  ([a-z][a-z-]*(?: [a-z][a-z-]*)?)(?:  |$)", listed)
    print(f"1..{len(verbs) + 1}")
    failed = len(verbs) < 50
    print(f"{'not ok' if failed else 'ok'} 1 - the verbs are listed ({len(verbs)})")
    for number, verb in enumerate(verbs, 2):
        wrong = trouble(verb.split())
        failed += wrong is not None
        print(f"{'not ok' if wrong else 'ok'} {number} - {verb}" + (f"\n# {wrong}" if wrong else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
