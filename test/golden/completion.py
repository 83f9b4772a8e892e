#!/usr/bin/env python3
"""What the tab key of bash offers behind the verbs of exposure: words that may stand there, and names of files only where a file may.
Prints TAP."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

BUILD = pathlib.Path(os.environ.get("MAMORI_BUILD", pathlib.Path(__file__).resolve().parents[2] / "build"))
CASES = [
    ("verbs", "mamori exposure ''", {"saved", "report", "facet"}, {"approved"}),
    ("what to do with saved queries", "mamori exposure saved ''", {"list", "add", "remove", "run", "seen"}, {"NAME", "a-file"}),
    ("reports", "mamori exposure report ''", {"healthcare", "notify"}, {"a-file"}),
    ("the beginning of a report's name", "mamori exposure report no", {"notify"}, {"healthcare"}),
    ("optional words", "mamori surface seed ''", {"list", "import", "undo"}, {"a-file"}),
    ("fields", "mamori exposure facet cou", {"country"}, {"os", "a-file"}),
    ("fields of a query", "mamori exposure search cou", {"country:"}, {"country", "a-file"}),
    ("options", "mamori exposure report --fo", {"--format"}, {"--to"}),
    ("files", "mamori exposure import ''", {"a-file"}, {"list"}),
]


def offered(folder, line):
    script = f"""source <(mamori completion)
compopt() {{ :; }}  # says that it runs outside a completion
COMP_WORDS=({line})
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_mamori
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    environment = dict(os.environ, PATH=f"{BUILD}:{os.environ['PATH']}", LANG="C.UTF-8")
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, cwd=folder, env=environment)
    return set(done.stdout.split()), done.stderr


def main():
    print(f"1..{len(CASES)}")
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "a-file").touch()
        for number, (name, line, wanted, unwanted) in enumerate(CASES, 1):
            if not shutil.which("bash"):
                print(f"ok {number} - {name} # SKIP bash is not there")
                continue
            words, trouble = offered(folder, line)
            good = wanted <= words and not unwanted & words and not trouble
            failed += not good
            print(f"{'ok' if good else 'not ok'} {number} - {name}" + ("" if good else f"\n# {sorted(words)} {trouble!r}"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
