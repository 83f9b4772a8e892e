#!/usr/bin/env python3
"""tools/po2c.py: what it takes, and that it fails loudly on each mistake a translator can make."""
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

HEADER = 'msgid ""\nmsgstr "Language: ja\\n"\n\n'
GOOD = {
    "plain": ('msgid "a"\nmsgstr "あ"\n', '\t"a\\0"\n\t"\\343\\201\\202\\0"\n'),
    "two lines become one text": ('msgid ""\n"a"\n"b"\nmsgstr ""\n"x"\n"y"\n', '\t"ab\\0"\n\t"xy\\0"\n'),
    "escapes": ('msgid "a\\"\\n"\nmsgstr "\\\\x\\n"\n', '\t"a\\"\\012\\0"\n\t"\\\\x\\012\\0"\n'),
    "same order": ('msgid "%s: %d%%"\nmsgstr "%s は %d%%"\n', '"%s: %d%%\\0"'),
    "positions": ('msgid "%s of %llu"\nmsgstr "%2$llu の %1$s"\n', '"%2$llu \\343'),
    "stars": ('msgid "%.*s in %d"\nmsgstr "%.*s と %d"\n', '"%.*s in %d\\0"'),
    "sorted by bytes": ('msgid "b"\nmsgstr "x"\nmsgid "B"\nmsgstr "y"\n', '\t"B\\0"\n\t"y\\0"\n\t"b\\0"\n\t"x\\0"\n\t;\nconst struct message messages_ja[] = {\n\t{ 0, 2 },\n\t{ 4, 6 },\n'),
    "nothing but the header": ("", "messages_ja_count = 0;"),
}
BAD = {
    "a key twice": ('msgid "a"\nmsgstr "x"\n\nmsgid "a"\nmsgstr "y"\n', "ja.po:7: the key is already on line 4"),
    "another conversion": ('msgid "%s"\nmsgstr "%d"\n', "ja.po:4: conversions differ"),
    "another length": ('msgid "%lld"\nmsgstr "%d"\n', "conversions differ"),
    "another order": ('msgid "%s %d"\nmsgstr "%d %s"\n', "conversions differ"),
    "one missing": ('msgid "%s %d"\nmsgstr "%s"\n', "conversions differ"),
    "one too many": ('msgid "a"\nmsgstr "%s"\n', "conversions differ"),
    "a hole between positions": ('msgid "%s %d"\nmsgstr "%2$d"\n', "not used"),
    "positions mixed": ('msgid "%s %s"\nmsgstr "%1$s %s"\n', "mixed"),
    "a position of another kind": ('msgid "%s %d"\nmsgstr "%1$d %2$s"\n', "conversions differ"),
    "a percent sign alone": ('msgid "5 %"\nmsgstr "5 %"\n', "unknown conversion"),
    "%n": ('msgid "%n"\nmsgstr "%n"\n', "unknown conversion"),
    "no translation": ('msgid "a"\nmsgstr ""\n', "empty"),
    "a lost line end": ('msgid "a\\n"\nmsgstr "x"\n', "line end"),
    "no msgstr": ('msgid "a"\n', "without msgstr"),
    "no msgstr in the middle": ('msgid "a"\nmsgid "b"\nmsgstr "x"\n', "has no msgstr"),
    "no msgid": ('msgstr "x"\nmsgstr "y"\n', "without a msgid"),
    "an open quote": ('msgid "a\nmsgstr "x"\n', "double quotes"),
    "a quote inside": ('msgid "a"b"\nmsgstr "x"\n', "needs a backslash"),
    "another escape": ('msgid "\\q"\nmsgstr "x"\n', "unknown escape"),
    "stray words": ('msgid "a"\nmsgstr "x"\nhello\n', "ja.po:6: neither"),
}


def run(folder, text):
    source, target = folder / "ja.po", folder / "messages.c"
    source.write_text(HEADER + text, encoding="utf-8")
    target.unlink(missing_ok=True)
    done = subprocess.run([sys.executable, ROOT / "tools" / "po2c.py", source, target], capture_output=True, text=True,
                          env=dict(os.environ, PYTHONIOENCODING="utf-8"))
    return done.returncode, done.stderr, target.read_text() if target.exists() else None


def main():
    cases = [(f"takes: {n}", t, w, True) for n, (t, w) in GOOD.items()]
    cases += [(f"refuses: {n}", t, w, False) for n, (t, w) in BAD.items()]
    failed = 0
    print(f"1..{len(cases)}")
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, text, wanted, good) in enumerate(cases, 1):
            status, words, written = run(pathlib.Path(folder), text)
            if good:
                ok = status == 0 and wanted in (written or "")
            else:
                ok = status == 1 and wanted in words and written is None and "Traceback" not in words
            print(f"{'ok' if ok else 'not ok'} {number} - {name}")
            if not ok:
                failed += 1
                print(f"# status {status}: {words!r} {written!r}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
