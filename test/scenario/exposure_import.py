#!/usr/bin/env python3
# serial
"""What scanners really write is what questions find: nmap and masscan look at services on loopback (nginx, sshd, snmpd,
a DICOM server of dcmtk), their outputs are imported, and every service is found again by its words, port and class.
Every service and scanner that is not installed is skipped by name.  Prints TAP.
"""
import contextlib
import gzip
import json
import pathlib
import shutil
import socket
import subprocess
import time

import lib

HOST = "127.0.0.1"


def free_port():
    with socket.socket() as s:
        s.bind((HOST, 0))
        return s.getsockname()[1]


def answers(port):
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1):
            return True
        time.sleep(0.1)
    return False


def run(*words, **more):
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=240, **more)


def nginx(folder, port):
    (folder / "index.html").write_text("<title>Orthanc Explorer</title>Dermatology ward\n")
    (folder / "nginx.conf").write_text(
        f"pid {folder}/pid; error_log {folder}/error.log; daemon off; worker_processes 1;\n"
        "events {}\n"
        f"http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;"
        f" uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;"
        f" server {{ listen {HOST}:{port}; root {folder}; }} }}\n")
    folder.chmod(0o755)
    return [shutil.which("nginx"), "-c", str(folder / "nginx.conf"), "-e", str(folder / "start.log")]


def sshd(folder, port):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")], check=True)
    pathlib.Path("/run/sshd").mkdir(exist_ok=True)
    (folder / "sshd_config").write_text(f"ListenAddress {HOST}\nPort {port}\nHostKey {folder}/key\nPidFile {folder}/pid\n")
    return [shutil.which("sshd"), "-D", "-f", str(folder / "sshd_config")]


def storescp(folder, port):
    return [shutil.which("storescp"), "-od", str(folder), str(port)]


def snmpd(folder, host, port):
    (folder / "snmpd.conf").write_text("rocommunity public\nsysLocation Ward 3\nsysContact it@hospital.example\n")
    return [shutil.which("snmpd"), "-f", "-Lf", str(folder / "log"), "-C", "-c", str(folder / "snmpd.conf"), "-p",
            str(folder / "pid"), f"udp:{host}:{port}"]


def orthanc(folder, port):
    (folder / "orthanc.json").write_text(json.dumps({
        "Name": "Ward", "HttpPort": port, "DicomPort": free_port(), "StorageDirectory": str(folder), "IndexDirectory": str(folder),
        "RemoteAccessAllowed": True, "AuthenticationEnabled": False, "Plugins": []}))
    return [program("Orthanc"), str(folder / "orthanc.json")]


def xrdp(folder, port):
    keys = pathlib.Path("/etc/xrdp/xrdp.ini").read_text()
    (folder / "xrdp.ini").write_text("".join(f"port={port}\n" if line.startswith("port=3389") else line for line in keys.splitlines(True)))
    pathlib.Path("/run/xrdp").mkdir(exist_ok=True)
    return [program("xrdp"), "--nodaemon", "--config", str(folder / "xrdp.ini"), "--port", str(port)]


def program(name):
    """Services lie where only root looks."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")


SERVICES = {"nginx": (nginx, "nginx"), "sshd": (sshd, "sshd"), "dicom": (storescp, "storescp"), "orthanc": (orthanc, "Orthanc"),
            "xrdp": (xrdp, "xrdp")}


@contextlib.contextmanager
def services(s, tmp):
    """The ports of what could be started, by name."""
    ports, running = {}, []
    try:
        for name, (words, command) in SERVICES.items():
            if not program(command):
                s.skip(f"{name} is looked at", f"{command} is not installed")
                continue
            folder = tmp / name
            folder.mkdir()
            port = free_port()
            with open(folder / "out", "wb") as out:
                running.append(subprocess.Popen(words(folder, port), stdout=out, stderr=out))
            if answers(port):
                ports[name] = port
            else:
                s.skip(f"{name} is looked at", "it does not start here: " + (folder / "out").read_text()[:200])
        yield ports
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(10)


def mamori(tmp, *words):
    return run(lib.MAMORI, "exposure", *words, "--data", tmp / "state")


def count(tmp, query):
    out = mamori(tmp, "count", query, "--json")
    return json.loads(out.stdout)["count"] if out.returncode == 0 else out.stderr


def imported(tmp, *words):
    out = mamori(tmp, "import", "--json", *words)
    return [json.loads(line) for line in out.stdout.splitlines()], out


def scan_with_nmap(s, tmp, ports):
    if not shutil.which("nmap"):
        s.skip("nmap's output is imported", "nmap is not installed")
        return
    xml = tmp / "nmap.xml"
    closed = free_port()
    for _ in range(3):  # on a busy machine its scripts give up before the answer comes
        # Most services wait for the first word: a banner that has not come in two seconds does not come.
        out = run("nmap", "-n", "-Pn", "-sT", "-sV", "--version-light", "--script", "banner,http-title", "--script-args",
                  "banner.timeout=2s", "-p", ",".join(map(str, [*ports.values(), closed])), "-oX", xml, HOST)
        if "nginx" not in ports or "Orthanc Explorer" in xml.read_text():
            break
    s.ok(out.returncode == 0, "nmap ends well", out.stderr)
    reports, out = imported(tmp, xml)
    s.ok(reports and reports[0]["source"] == "nmap" and reports[0]["kept"] == len(ports),
         "each open port is a banner, the closed one is not", out.stdout + out.stderr)
    s.ok(count(tmp, "source:nmap") == len(ports), "all of them are found", count(tmp, "source:nmap"))
    for name, port in ports.items():
        s.ok(count(tmp, f"ip:{HOST} port:{port}") == 1, f"{name} is found by address and port")
    if "nginx" in ports:
        s.ok(count(tmp, f"product:nginx port:{ports['nginx']}") == 1, "nginx is found by its product")
        if "Orthanc Explorer" in xml.read_text():
            s.ok(count(tmp, "title:Orthanc") == 1, "by its title")
            s.ok(count(tmp, "class:pacs") == 1, "and by the class that the title implies")
        else:
            s.skip("by its title, and by the class that the title implies", "nmap's script gave up three times")
    if "orthanc" in ports:
        seen = mamori(tmp, "search", f"port:{ports['orthanc']}", "--json").stdout
        s.ok(count(tmp, f"class:pacs port:{ports['orthanc']}") == 1 or "Orthanc" not in seen, "a real Orthanc is a PACS", seen)
    if "xrdp" in ports:
        seen = mamori(tmp, "search", f"port:{ports['xrdp']}", "--json").stdout
        s.ok("xrdp" in seen or "ms-wbt-server" in seen, "xrdp is found as remote desktop", seen)
    if "sshd" in ports:
        s.ok(count(tmp, f"product:OpenSSH port:{ports['sshd']}") == 1, "sshd is found by its product")


def scan_snmp(s, tmp):
    """A service that answers by UDP."""
    if not (shutil.which("snmpd") and shutil.which("nmap")) or lib.os.geteuid() != 0:
        s.skip("snmpd is found", "snmpd, nmap or root is missing")
        return
    # On SNMP's own port nmap asks SNMP's question first; elsewhere it tries many others for most of a minute. The
    # address is ours alone.
    pid = lib.os.getpid()
    folder, host, port = tmp / "snmpd", f"127.{20 + pid // 65536 % 200}.{pid // 256 % 256}.{1 + pid % 254}", 161
    folder.mkdir()
    with open(folder / "out", "wb") as out:
        process = subprocess.Popen(snmpd(folder, host, port), stdout=out, stderr=out)
    try:
        xml = tmp / "snmp.xml"
        for _ in range(20):  # until it listens
            run("nmap", "-n", "-Pn", "-sU", "-sV", "-p", port, "-oX", xml, host)
            if 'state="open"' in xml.read_text():
                break
            time.sleep(0.5)
        reports, out = imported(tmp, xml)
        s.ok(reports and reports[0]["kept"] == 1, "a service that answers by UDP is a banner", out.stdout + out.stderr)
        s.ok(count(tmp, f"ip:{host} port:{port} transport:udp") == 1, "and is found as one")
    finally:
        process.terminate()
        process.wait(10)


def scan_with_masscan(s, tmp):
    """masscan does not see loopback: a server in a network namespace."""
    if not shutil.which("masscan"):
        s.skip("masscan's output is imported", "masscan is not installed")
        return
    listing = tmp / "masscan.json"
    if not shutil.which("ip") or lib.os.geteuid() != 0:
        s.skip("masscan's output is imported", "namespaces need root and ip")
        return
    n = s.number()
    ns, net = f"mx{n}", f"10.217.{n}"
    inside = f"{net}.2"
    web = None

    def away():
        """The link by name: with the namespace it would go only when the kernel has time."""
        run("ip", "link", "del", f"{ns}a")
        run("ip", "netns", "del", ns)

    away()  # of a run that was killed; the number is ours alone
    try:
        for words in (f"netns add {ns}", f"link add {ns}a type veth peer name {ns}b netns {ns}",
                      f"addr add {net}.1/24 dev {ns}a", f"link set {ns}a up",
                      f"-n {ns} addr add {inside}/24 dev {ns}b", f"-n {ns} link set {ns}b up"):
            out = run("ip", *words.split())
            if out.returncode:
                s.skip("masscan's output is imported", "no namespaces here: " + out.stderr.strip())
                return
        web = subprocess.Popen(["ip", "netns", "exec", ns, "python3", "-m", "http.server", "8088"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, cwd=tmp)
        for _ in range(50):  # it listens, and its hardware address is known
            with contextlib.suppress(OSError), socket.create_connection((inside, 8088), 1):
                break
            time.sleep(0.1)
        mac = run("ip", "neigh", "show", inside).stdout.split()
        router = ["--router-mac", mac[mac.index("lladdr") + 1]] if "lladdr" in mac else []
        # Banners need an address of their own, whose resets the kernel does not send.
        out = run("masscan", inside, "-p", "8088,8089", "--banners", "--source-ip", f"{net}.9", "-e", f"{ns}a", *router,
                  "--rate", "1000", "--wait", "5", "-oJ", listing)
        if not listing.exists() or listing.stat().st_size < 10:
            s.skip("masscan's output is imported", "masscan saw nothing here")
            return
        reports, out = imported(tmp, listing)
        s.ok(reports and reports[0]["source"] == "masscan" and reports[0]["kept"] >= 1, "masscan's output is imported",
             out.stdout + out.stderr)
        s.ok(count(tmp, f"net:{inside}/32 port:8088") == 1, "its records of one port are one banner",
             listing.read_text()[:800])
    finally:
        if web:
            web.terminate()
            web.wait(10)
        away()


def bad_and_packed(s, tmp):
    """Files as they come: packed, empty, cut off, of no form at all."""
    line = json.dumps({"ip_str": "192.0.2.1", "port": 443, "data": "病院 皮膚科のページ", "timestamp": "2106-02-07T06:28:16"})
    (tmp / "a.json.gz").write_bytes(gzip.compress((line + "\n").encode()))
    (tmp / "cut.json").write_text("[" + line.replace("192.0.2.1", "192.0.2.2") + "," + line[:40])
    (tmp / "empty.json").write_text("")
    (tmp / "letter.txt").write_text("dear colleague\n")
    reports, out = imported(tmp, tmp / "a.json.gz", tmp / "cut.json", tmp / "empty.json", tmp / "letter.txt")
    s.ok(out.returncode == 3, "some paths gave nothing: exit status 3", out.returncode)
    s.ok([r["kept"] for r in reports] == [1, 1, 0, 0], "the others stay imported", out.stdout)
    s.ok(all(r["read"] == r["kept"] + sum(r["skipped"].values()) for r in reports), "what is read is kept or skipped",
         out.stdout)
    s.ok(reports[1]["skipped"] == {"cut-off": 1}, "the record that was cut off is named", out.stdout)
    s.ok(out.stderr.count("0 records") == 2, "no records are said loudly, with the reason", out.stderr)
    s.ok(count(tmp, "皮膚科") == 2, "a Japanese word is found inside unspaced text", count(tmp, "皮膚科"))
    s.ok(count(tmp, "specialty:dermatology ip:192.0.2.1") == 1, "and what it means")
    secret = json.dumps({"ip_str": "192.0.2.9", "port": 2575, "data": "PID|1|x|4711||Yamada^Taro||19500203|M",
                         "timestamp": "2026-01-01T00:00:00"})
    (tmp / "hl7.json").write_text(secret + "\n")
    reports, out = imported(tmp, "--redact", tmp / "hl7.json")
    shown = mamori(tmp, "search", "ip:192.0.2.9", "--json", "--raw").stdout
    s.ok("redacted" in shown and "Yamada" not in shown and "4711" not in shown, "redacted data is nowhere", shown)


CVE = {"dataType": "CVE_RECORD", "dataVersion": "5.1", "cveMetadata": {"cveId": "CVE-2099-0001", "state": "PUBLISHED"},
       "containers": {"cna": {"title": "Made for a test", "affected": [{
           "vendor": "openbsd", "product": "openssh", "cpes": ["cpe:2.3:a:openbsd:openssh:*:*:*:*:*:*:*:*"],
           "versions": [{"version": "0", "lessThan": "9.3p2", "status": "affected", "versionType": "custom"}]}]}}}


def inference(s, tmp):
    """What the vulnerability data and a certificate itself add."""
    feeds = tmp / "feeds"
    feeds.mkdir()
    (feeds / "CVE-2099-0001.json").write_text(json.dumps(CVE))
    (feeds / "ubuntu.json").write_text(json.dumps([{"cycle": "20.04", "support": "2020-06-01", "eol": "2025-05-31"}]))
    out = run(lib.MAMORI, "feed", "import", "--data", tmp / "state", feeds / "CVE-2099-0001.json", feeds / "ubuntu.json")
    s.ok(out.returncode == 0, "two feeds are imported", out.stdout + out.stderr)
    base = {"timestamp": "2026-01-01T00:00:00", "transport": "tcp"}
    banners = [{**base, "ip_str": "198.51.100.1", "port": 22, "data": "x", "product": "OpenSSH", "version": "8.9p1", "os": "Ubuntu 20.04.6 LTS"},
               {**base, "ip_str": "198.51.100.2", "port": 22, "data": "x", "cpe": ["cpe:/a:openbsd:openssh:9.2p1"]},
               {**base, "ip_str": "198.51.100.3", "port": 22, "data": "x", "product": "OpenSSH", "version": "9.6p1"},
               {**base, "ip_str": "198.51.100.1", "port": 80, "data": "x", "os": "Ubuntu 20.04", "timestamp": "2020-03-01T00:00:00"}]
    made = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", tmp / "k.pem", "-subj", "/CN=x",
               "-days", "9", "-addext", "subjectAltName=DNS:ward3.hospital.example,IP:192.0.2.77")
    banners.append({**base, "ip_str": "198.51.100.4", "port": 443, "data": "x", "ssl": {"chain": [made.stdout, made.stdout]}})
    (tmp / "inferred.json").write_text("".join(json.dumps(b) + "\n" for b in banners))
    imported(tmp, tmp / "inferred.json")
    where = "net:198.51.100.0/24"
    s.equal(count(tmp, f"{where} vuln.inferred:CVE-2099-0001"), 2, "possible CVEs: by product and version, by CPE, and not for a newer version")
    s.equal(count(tmp, f"{where} vuln:*"), 0, "which no source stated")
    s.equal(count(tmp, f"{where} vuln.any:CVE-2099-0001"), 2, "either way")
    shown = json.loads(mamori(tmp, "search", "--json", "ip:198.51.100.2").stdout)["vuln.inferred"]
    s.ok(0 < shown[0]["confidence"] <= 60, "with a low confidence", shown)
    s.equal(count(tmp, f"{where} support:ended"), 1, "the feed's dates tell the support of a system that the rules do not know as such")
    s.equal(count(tmp, f"{where} support:mainstream"), 1, "as of the day of the observation")
    s.equal([count(tmp, f"ssl.cert.names:{n}") for n in ("ward3.hospital.example", "hospital.example", "192.0.2.77")], [1, 1, 1],
            "a certificate's alternative names are read from the certificate")
    s.equal(count(tmp, "ssl.chain_count:2"), 1, "and how many there are")
    mamori(tmp, "mine", "set", "198.51.100.0/30")
    s.equal(count(tmp, f"{where} mine:true"), 4, "our own networks are a filter")
    listed = mamori(tmp, "mine", "list", "--json").stdout
    s.equal(json.loads(listed), {"network": "198.51.100.0/30", "from": "set"}, "and can be listed")


def fingerprints(s, tmp):
    recog = lib.SHARED_DATA / "recog" / "xml"
    if not recog.is_dir():
        s.skip("recog's fingerprints are taken", "../shared/data/recog is not here")
        return
    out = run(lib.MAMORI, "exposure", "rules", "import", recog, "--data", tmp / "state", "--json")
    s.ok(out.returncode == 0 and json.loads(out.stdout)["fingerprints"] > 4600, "recog's fingerprints are taken",
         out.stdout + out.stderr)
    (tmp / "ssh.json").write_text(json.dumps({"ip_str": "192.0.2.7", "port": 22, "data": "SSH-2.0-dropbear_2019.78\r\n",
                                              "timestamp": "2026-01-01T00:00:00"}) + "\n")
    imported(tmp, tmp / "ssh.json")
    s.ok(count(tmp, "product.inferred:\"Dropbear SSH\"") == 1 or count(tmp, "product.inferred:Dropbear") == 1,
         "and tell what a banner is", mamori(tmp, "search", "ip:192.0.2.7", "--json").stdout)


def main():
    with lib.Scenario() as s:
        tmp = pathlib.Path(s.tmp)
        tmp.chmod(0o755)
        (tmp / "state").mkdir()
        with services(s, tmp) as ports:
            if ports:
                scan_with_nmap(s, tmp, ports)
        scan_snmp(s, tmp)
        scan_with_masscan(s, tmp)
        bad_and_packed(s, tmp)
        inference(s, tmp)
        fingerprints(s, tmp)


main()
