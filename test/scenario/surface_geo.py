#!/usr/bin/env python3
"""A table from addresses to AS and country: an AS number leads to its networks, a contractor's without consent to none, and each
address is told with its AS and the country where it lies. Asks nobody."""
import ipaddress
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lib

TABLE = {"192.0.2.0/25": (64500, "JP"), "198.51.100.0/24": (64500, "TH"), "203.0.113.0/24": (64501, "US"),
         "2001:db8:1::/48": (64500, "JP")}


def text(s):
    return bytes([2 << 5 | len(s)]) + s.encode()


def number(n, kind):
    raw = n.to_bytes(8, "big").lstrip(b"\0")
    return (bytes([kind << 5 | len(raw)]) if kind < 8 else bytes([len(raw), kind - 7])) + raw


def mmdb(rows):
    """A MaxMind DB of IPv6 with IPv4 below ::/96, and the ways round about that real ones have."""
    nodes, data, at = [[None, None]], b"", {}

    def put(bits, leaf):
        node = 0
        for bit in bits[:-1]:
            if nodes[node][bit] is None:
                nodes.append([None, None])
                nodes[node][bit] = ("node", len(nodes) - 1)
            node = nodes[node][bit][1]
        nodes[node][bits[-1]] = leaf
        return node

    def bits_of(network):
        n = ipaddress.ip_network(network)
        raw = n.network_address.packed if n.version == 6 else bytes(12) + n.network_address.packed
        return [raw[i // 8] >> (7 - i % 8) & 1 for i in range(n.prefixlen + (0 if n.version == 6 else 96))]

    for network, (number_, country) in rows.items():
        at[network] = len(data)
        data += bytes([7 << 5 | 2]) + text("country_code") + text(country) + text("autonomous_system_number") + number(number_, 6)
        put(bits_of(network), ("data", at[network]))
    start = 0
    for bit in [0] * 96:
        start = nodes[start][bit][1]
    put([0x20 >> (7 - i) & 1 for i in range(8)] + [0x02 >> (7 - i) & 1 for i in range(8)], ("node", start))  # 2002::/16

    def record(r):
        return (len(nodes) if r is None else r[1] if r[0] == "node" else r[1] + len(nodes) + 16).to_bytes(3, "big")

    tree = b"".join(record(left) + record(right) for left, right in nodes)
    facts = (("binary_format_major_version", number(2, 5)), ("binary_format_minor_version", bytes([5 << 5])), ("ip_version", number(6, 5)),
             ("node_count", number(len(nodes), 6)), ("record_size", number(24, 5)), ("database_type", text("test")),
             ("languages", b"\x00\x04"), ("build_epoch", number(1, 9)), ("description", bytes([7 << 5])))
    head = bytes([7 << 5 | len(facts)]) + b"".join(text(k) + v for k, v in facts)
    return tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + head


def main():
    with lib.Scenario() as s:
        data, table = s.tmp / "data", s.tmp / "geo.mmdb"
        table.write_bytes(mmdb(TABLE))
        answer = s.tmp / "seen.json"
        answer.write_text(json.dumps({"ip": "198.51.100.7", "ports": [443], "cpes": [], "hostnames": [], "tags": [], "vulns": []}))

        def cli(*words, check=True):
            return s.run(lib.MAMORI, "--lang", "en", "surface", *words, "--data", data, check=check)

        def assets():
            return {a["name"]: a for a in cli("assets", "--json").lines()}

        words = ("discover", "--offline", "--no-guesses", "--saved", f"internetdb:address 198.51.100.7={answer}")
        cli(*words, "--seed", "AS64500")
        s.equal({n for n, a in assets().items() if a["kind"] == "network"}, set(), "without a table an AS number leads to no network")
        cli(*words, "--seed", "AS64500", "--geo", table)
        seen = assets()
        s.equal({n for n, a in seen.items() if a["kind"] == "network"}, {"192.0.2.0/25", "198.51.100.0/24", "2001:db8:1::/48"},
                "by a table it leads to its networks, each once")
        s.ok(all(a["ownership"] == "approved" for a in seen.values()), "which are ours", seen)
        way = seen["198.51.100.0/24"]["path"]
        s.ok(way[-1]["rule"] == "origin" and way[-1]["from"] == "AS64500", "and the path says by what", way)
        abroad = seen["198.51.100.7"]
        s.ok(abroad["ownership"] == "approved" and "TH" in json.dumps(abroad["lies_in"]) and "AS64500" in json.dumps(abroad["as"]),
             "an address inside is ours, with its AS and country", abroad)
        s.ok("203.0.113.0/24" not in seen, "what another AS announces is not")

        contractor = s.tmp / "seeds.csv"
        contractor.write_text("seed,owner,company\nAS64501,contractor,Example Vendor\n")
        cli(*words, "--seeds", contractor, "--geo", table)
        s.ok("203.0.113.0/24" not in assets(), "a contractor's AS without consent leads to nothing", assets().keys())

        (data / "surface/geo.mmdb").write_bytes(table.read_bytes())
        cli(*words, "--seed", "AS64500")
        s.ok("198.51.100.0/24" in assets(), "a table that is kept in the folder is used without being named")
        (data / "surface/geo.mmdb").unlink()
        bad = s.tmp / "bad.mmdb"
        for what, content in (("text", b"hello"), ("half of it", table.read_bytes()[:200])):
            bad.write_bytes(content)
            refused = cli(*words, "--seed", "AS64500", "--geo", bad, check=False)
            s.ok(refused.status == 3 and "bad.mmdb" in refused.err, f"a table of {what} is refused, by its name", refused)


main()
