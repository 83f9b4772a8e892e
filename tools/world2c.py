#!/usr/bin/env python3
"""The world as C tables: world2c.py OUT NODE_MODULES.

Borders come from npm's world-atlas (Natural Earth, public domain), names and codes from i18n-iso-countries; both are
installed for the dashboard (web/). The map is projected here (Equal Earth: Šavrič, Patterson, Jenny 2018), so that the
program only scales it. Countries too small for the coarse borders get the middle of the fine ones, for a dot.
Without the packages (NODE_MODULES is "-") the tables are empty: reports then have codes for names and no map.
"""
import json
import math
import pathlib
import sys

WIDTH = 20000  # units of the whole width
A = (1.340264, -0.081106, 0.000893, 0.003796)
M = math.sqrt(3) / 2


def project(lon, lat):
    t = math.asin(M * math.sin(math.radians(lat)))
    x = math.radians(lon) * math.cos(t) / (M * (A[0] + 3 * A[1] * t**2 + t**6 * (7 * A[2] + 9 * A[3] * t**2)))
    y = t * (A[0] + A[1] * t**2 + t**6 * (A[2] + A[3] * t**2))
    half = math.pi / (M * A[0])  # x of (180, 0)
    return round((x / half + 1) * WIDTH / 2), round(-y / half * WIDTH / 2)


def arcs(topology):
    sx, sy = topology["transform"]["scale"]
    tx, ty = topology["transform"]["translate"]
    out = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * sx + tx, y * sy + ty))
        out.append(points)
    return out


def rings(geometry, lines):
    polygons = {"Polygon": [geometry.get("arcs", [])], "MultiPolygon": geometry.get("arcs", [])}.get(geometry["type"], [])
    for polygon in polygons:
        for ring in polygon:
            points = []
            for number in ring:
                piece = lines[number] if number >= 0 else lines[~number][::-1]
                points += piece[1:] if points else piece
            yield unwrapped(points)


def unwrapped(points):
    """A ring that jumps from one edge of the map to the other ends at the edge that most of it is at."""
    if max(abs(a[0] - b[0]) for a, b in zip(points, points[1:])) < 300:
        return points
    east = sum(p[0] > 0 for p in points) * 2 > len(points)
    return [(180 if east and x < 0 else -180 if not east and x > 0 else x, y) for x, y in points]


def area(points):
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, points[1:] + points[:1]))) / 2


def code_of(geometry, alpha2):
    if "id" in geometry:
        return alpha2.get(geometry["id"].zfill(3))
    return {"Kosovo": "XK"}.get(geometry["properties"]["name"])


def name_of(names):
    """The packages lists several where people say it differently: the shortest that is no abbreviation."""
    if isinstance(names, str):
        return names
    good = [n for n in names if len(n) > 3 and "." not in n and n != "Great Britain"]
    return min(good, key=len)


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def main():
    out, modules = sys.argv[1], sys.argv[2]
    countries, all_rings, points = [], [], []
    if modules != "-":
        modules = pathlib.Path(modules)
        read = lambda name: json.loads((modules / name).read_text(encoding="utf-8"))
        alpha2 = {row[2]: row[0] for row in read("i18n-iso-countries/codes.json")}
        en = read("i18n-iso-countries/langs/en.json")["countries"]
        ja = read("i18n-iso-countries/langs/ja.json")["countries"]
        shapes, middles = {}, {}
        coarse, fine = read("world-atlas/countries-110m.json"), read("world-atlas/countries-50m.json")
        lines = arcs(coarse)
        for geometry in coarse["objects"]["countries"]["geometries"]:
            code = code_of(geometry, alpha2) or ("" if geometry["properties"]["name"] in ("N. Cyprus", "Somaliland") else None)
            if code != "AQ" and code is not None:
                shapes.setdefault(code, []).extend(rings(geometry, lines))
        lines = arcs(fine)
        for geometry in fine["objects"]["countries"]["geometries"]:
            code = code_of(geometry, alpha2)
            if code:
                largest = max(rings(geometry, lines), key=area)
                middles[code] = (sum(p[0] for p in largest) / len(largest), sum(p[1] for p in largest) / len(largest))
        for code in sorted(set(en) | set(shapes)):
            first = len(all_rings)
            for ring in shapes.get(code, []):
                all_rings.append((len(points), len(ring)))
                points += [project(*p) for p in ring]
            x, y = project(*middles[code]) if code in middles else (-32768, -32768)
            countries.append((code, name_of(en.get(code, code)), name_of(ja.get(code, en.get(code, code))), first,
                              len(all_rings) - first, x, y))
    with open(out, "w", encoding="utf-8") as f:
        f.write('/* Made by tools/world2c.py. */\n#include "evidence/world.h"\n')
        f.write("const struct world_country world_countries[] = {\n")
        for c in countries:
            f.write(f"\t{{ {quoted(c[0])}, {quoted(c[1])}, {quoted(c[2])}, {c[3]}, {c[4]}, {c[5]}, {c[6]} }},\n")
        f.write("\t{ \"\", \"\", \"\", 0, 0, 0, 0 }\n};\n" f"const size_t world_country_count = {len(countries)};\n")
        f.write("const struct world_ring world_rings[] = {\n\t" + ",\n\t".join(f"{{ {a}, {n} }}" for a, n in all_rings + [(0, 0)])
                + "\n};\n")
        f.write("const int16_t world_points[][2] = {\n\t" + ",\n\t".join(f"{{ {x}, {y} }}" for x, y in points + [(0, 0)])
                + "\n};\n")


main()
