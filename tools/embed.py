#!/usr/bin/env python3
"""Builds the dashboard with Vite and writes it as a C table (src/server/assets.h): tools/embed.py WEB OUT.c DEPFILE.

Each file is compressed once, here: the server only sends bytes. The same sources give the same table. The depfile
names what the bundle is made of, so that ninja runs this only after one of them has changed.
"""
import gzip
import hashlib
import pathlib
import subprocess
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".json": "application/json",
}
GIVEN = ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts")
BYTES_A_LINE = 32


def die(why):
    sys.exit(f"embed: {why}")


def build(web, dist):
    """Runs Vite; its words are shown only when it fails."""
    vite = web / "node_modules" / ".bin" / "vite"
    if not vite.exists():
        die("the dashboard's packages are missing: run `tools/setup build` (or `npm ci` in web/), "
            "or configure with -Dweb=false for a server without a dashboard")
    done = subprocess.run([vite, "build", "--outDir", dist, "--emptyOutDir", "--logLevel", "warn"], cwd=web,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        die(f"vite build failed in {web}:\n{done.stdout}{done.stderr}")


def quoted(text):
    if any(c in '"\\' or not " " <= c <= "~" for c in text):
        die(f"a file's name cannot be written into C: {text!r}")
    return f'"{text}"'


def array(name, data):
    lines = (",".join(map(str, data[i:i + BYTES_A_LINE])) for i in range(0, len(data), BYTES_A_LINE))
    return f"static const unsigned char {name}[] = {{\n" + ",\n".join(lines) + "\n};\n"


def table(dist):
    arrays, rows = [], []
    for i, path in enumerate(sorted(p for p in dist.rglob("*") if p.is_file())):
        raw = path.read_bytes()
        content_type = TYPES.get(path.suffix) or die(f"no content type is known for {path.name}")
        packed = gzip.compress(raw, 9, mtime=0)
        etag = hashlib.sha256(raw).hexdigest()[:16]
        arrays.append(array(f"file_{i}", packed))
        rows.append(f'\t{{ {quoted("/" + path.relative_to(dist).as_posix())}, {quoted(content_type)}, '
                    f'"\\"{etag}\\"", file_{i}, sizeof(file_{i}), {len(raw)} }},\n')
    if not any('"/index.html"' in row for row in rows):
        die("Vite left no index.html")
    return ("/* Written by tools/embed.py from web/. */\n/* clang-format off */\n#include \"server/assets.h\"\n\n" +
            "\n".join(arrays) + "\nconst struct asset assets[] = {\n" + "".join(rows) +
            "};\nconst size_t asset_count = sizeof(assets) / sizeof(assets[0]);\n")


def escaped(path):
    return str(path).replace(" ", "\\ ")


def main():
    if len(sys.argv) != 4:
        die("usage: tools/embed.py WEB OUT.c DEPFILE")
    web, out, depfile = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    dist = out.resolve().parent / "web-dist"
    sources = [web / name for name in GIVEN] + sorted(p for p in (web / "src").rglob("*") if p.is_file())
    build(web, dist)
    out.write_text(table(dist))
    depfile.write_text(f"{escaped(out)}: " + " ".join(map(escaped, sources)) + "\n")


if __name__ == "__main__":
    main()
