#!/usr/bin/env python3
"""Files as C strings: text2c.py OUT NAME=FILE ... writes `const char NAME[]` and its length NAME_len for each."""
import sys

with open(sys.argv[1], "w", encoding="ascii") as out:
    out.write("/* Made from data files by tools/text2c.py. */\n#include <stddef.h>\n")
    for pair in sys.argv[2:]:
        name, path = pair.split("=", 1)
        with open(path, "rb") as f:
            data = f.read()
        rows = [", ".join(str(b) for b in data[i:i + 24]) for i in range(0, len(data), 24)]
        out.write(f"extern const unsigned char {name}[];\nextern const size_t {name}_len;\n")
        out.write(f"const unsigned char {name}[] = {{\n" + ",\n".join(rows) + f"\n}};\nconst size_t {name}_len = {len(data)};\n")
