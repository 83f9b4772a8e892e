#!/usr/bin/env python3
"""Turns a gettext .po file into the C table that src/base/tr.c searches.

    po2c.py ja.po messages.c

Fails loudly, naming file and line, on what would only be seen by a reader of the other language: a key that is
there twice, an empty translation, conversions that do not agree with the English ones, a lost line end.
"""
import re
import sys

CONVERSION = re.compile(
    r"%(?:(?P<position>[1-9][0-9]*)\$)?(?P<flags>[-+ #0']*)(?P<width>\*|[0-9]+)?(?:\.(?P<precision>\*|[0-9]*))?"
    r"(?P<length>hh|h|ll|l|j|z|t|L)?(?P<kind>[diouxXeEfFgGaAcspm%])?"
)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}


class Bad(Exception):
    pass


def unquote(text):
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        raise Bad("a string in double quotes is expected")
    out, i, body = [], 0, text[1:-1]
    while i < len(body):
        if body[i] == '"':
            raise Bad("a double quote inside the string needs a backslash")
        if body[i] == "\\":
            i += 1
            if i >= len(body) or body[i] not in ESCAPES:
                raise Bad("unknown escape")
            out.append(ESCAPES[body[i]])
        else:
            out.append(body[i])
        i += 1
    return "".join(out)


def read(path):
    """Gives (line, english, translation) for every entry but the header."""
    entries, current, field = [], None, None
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    for number, line in enumerate(lines, 1):
        line = line.strip()
        try:
            if not line or line.startswith("#"):
                field = None
            elif line.startswith("msgid "):
                if current is not None and "msgstr" not in current:
                    raise Bad("the msgid before this one has no msgstr")
                current = {"line": number, "msgid": unquote(line[6:].strip())}
                entries.append(current)
                field = "msgid"
            elif line.startswith("msgstr "):
                if current is None or "msgstr" in current:
                    raise Bad("msgstr without a msgid before it")
                current["msgstr"] = unquote(line[7:].strip())
                field = "msgstr"
            elif line.startswith('"') and field:
                current[field] += unquote(line)
            else:
                raise Bad("neither msgid, msgstr, a string nor a comment")
        except Bad as e:
            raise Bad(f"{path}:{number}: {e}") from None
    if entries and "msgstr" not in entries[-1]:
        raise Bad(f"{path}:{entries[-1]['line']}: msgid without msgstr")
    return [(e["line"], e["msgid"], e["msgstr"]) for e in entries if e["msgid"] or not e["msgstr"]]


def arguments(text):
    """The argument types a format takes, by position from 1, and whether it says positions itself."""
    taken, positional, plain, following = {}, False, False, 1
    i = 0
    while (i := text.find("%", i)) >= 0:
        m = CONVERSION.match(text, i)
        if not m or not m["kind"]:
            raise Bad(f"unknown conversion at {text[i:i + 8]!r}")
        i = m.end()
        if m["kind"] in "%m":
            if m["kind"] == "%" and m.group() != "%%":
                raise Bad(f"odd conversion {m.group()!r}")
            continue
        stars = [m["width"], m["precision"]].count("*")
        if m["position"]:
            if stars:
                raise Bad(f"{m.group()!r}: * beside a position is not supported")
            positional = True
            kinds = [(int(m["position"]), (m["length"] or "") + m["kind"])]
        else:
            plain = True
            kinds = [(following + k, "*") for k in range(stars)]
            kinds.append((following + stars, (m["length"] or "") + m["kind"]))
            following += stars + 1
        for at, kind in kinds:
            if taken.setdefault(at, kind) != kind:
                raise Bad(f"argument {at} is taken as %{taken[at]} and as %{kind}")
    if positional and plain:
        raise Bad("conversions with and without a position are mixed")
    if sorted(taken) != list(range(1, len(taken) + 1)):
        raise Bad("an argument before the last one is not used")
    return taken


def check(english, text):
    if not text:
        raise Bad("the translation is empty")
    if arguments(english) != arguments(text):
        raise Bad(f"conversions differ: {english!r} against {text!r}")
    if english.endswith("\n") != text.endswith("\n"):
        raise Bad("one ends with a line end, the other does not")


def literal(encoded):
    out = []
    for byte in encoded:
        c = chr(byte)
        if c in '"\\':
            out.append("\\" + c)
        elif 32 <= byte < 127 and c != "?":  # no trigraphs
            out.append(c)
        else:
            out.append(f"\\{byte:03o}")
    return '"' + "".join(out) + '\\0"'


def main(source, target):
    seen, bad = {}, []
    for line, english, text in read(source):
        try:
            if english in seen:
                raise Bad(f"the key is already on line {seen[english][0]}: {english!r}")
            check(english, text)
            seen[english] = (line, text)
        except Bad as e:
            bad.append(f"{source}:{line}: {e}")
    if bad:
        raise Bad("\n".join(bad))
    rows = sorted((english.encode("utf-8"), text.encode("utf-8")) for english, (_, text) in seen.items())
    at, offsets = 0, []
    for english, text in rows:
        offsets.append((at, at + len(english) + 1))
        at += len(english) + len(text) + 2
    with open(target, "w", encoding="ascii") as f:
        f.write('/* Written by tools/po2c.py. */\n#include "base/messages.h"\n\nconst char messages_ja_text[] = ""\n')
        for row in rows:
            f.write("".join(f"\t{literal(part)}\n" for part in row))
        f.write("\t;\nconst struct message messages_ja[] = {\n")
        f.write("".join(f"\t{{ {english}, {text} }},\n" for english, text in offsets))
        f.write(f"\t{{ 0, 0 }},\n}};\nconst size_t messages_ja_count = {len(rows)};\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        main(sys.argv[1], sys.argv[2])
    except (Bad, OSError, UnicodeDecodeError) as e:
        sys.exit(f"{e}")
