#!/usr/bin/env python3
# timeout: 240
"""mamori key and mamori repo, from the first key to published files; what they publish is read by tuf-js, an
implementation that is not ours, and refused by both when anything in it is changed."""
import hashlib
import json
import os
import pathlib
import pty
import shutil
import subprocess
import sys
import tempfile

BUILD = pathlib.Path(os.environ.get("MAMORI_BUILD", "build"))
SOURCE = pathlib.Path(os.environ.get("MAMORI_SOURCE", ".")).resolve()
OTHER = SOURCE / "test/tuf-js"
WORK = pathlib.Path(tempfile.mkdtemp(prefix="mamori-tuf."))
REPO = WORK / "updates"
PASSWORD = WORK / "password"
SECRET = "correct horse battery"
ROLES = ("root-1", "root-2", "root-3", "targets", "catalog", "custom")


def run(*words, code=0, fds=(), cwd=WORK):
    """Standard output; with another exit status than the one that is due, the test ends."""
    done = subprocess.run([BUILD.resolve() / "mamori", *map(str, words)], capture_output=True, timeout=120, cwd=cwd,
                          pass_fds=fds, stdin=subprocess.DEVNULL, start_new_session=True,
                          env={**os.environ, "LC_ALL": "C", "LANG": "C"})
    if done.returncode != code:
        raise RuntimeError(f"{' '.join(map(str, words))}: {done.returncode}: {done.stderr.decode()}")
    return done.stdout.decode() if code == 0 else done.stderr.decode()


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def key(name):
    return WORK / f"{name}.key"


def sign(role, *names):
    for name in names:
        run("key", "sign", REPO / f"pending/{role}.json", "--key", key(name), "--password-file", PASSWORD)


def publish():
    return json.loads(run("repo", "publish", REPO, "--json"))


def tuf_js(*paths, store="store"):
    done = subprocess.run(["node", OTHER / "verify.mjs", REPO, REPO / "metadata/1.root.json", WORK / store, *paths],
                          capture_output=True, timeout=60)
    return json.loads(done.stdout)


def have_tuf_js():
    return shutil.which("node") is not None and (OTHER / "node_modules/tuf-js").is_dir()


# ---- the steps, in order ----

def keys_are_made_under_a_password():
    PASSWORD.write_text(SECRET + "\n")
    for name in ROLES:
        run("key", "new", "--role", name.split("-")[0], "--out", key(name), "--password-file", PASSWORD,
            "--comment", f"of {name}")
    private, public = (json.loads(run("key", "show", f"{key('root-1')}{end}", "--json")) for end in ("", ".pub"))
    if not private["private"] or public["private"] or private["keyid"] != public["keyid"]:
        return f"{private} {public}"
    if key("root-1").stat().st_mode & 0o077:
        return "others may read a private key"
    for word in (SECRET, "PRIVATE KEY"):
        if word in key("root-1").read_text():
            return f"the key file tells {word}"
    if "never written over" not in run("key", "new", "--role", "root", "--out", key("root-1"), "--password-file",
                                       PASSWORD, code=5):
        return "a key was written over"
    return None


def passwords_come_by_file_descriptor_or_terminal():
    read, write = os.pipe()
    os.write(write, SECRET.encode())
    os.close(write)
    said = run("key", "new", "--role", "custom", "--out", WORK / "fd.key", "--password-fd", read, fds=(read,))
    if "fd.key" not in said:
        return said
    if "no terminal" not in run("key", "new", "--role", "custom", "--out", WORK / "none.key", code=2):
        return "a password came from nowhere"
    pid, terminal = pty.fork()
    if pid == 0:
        words = ["mamori", "key", "new", "--role", "custom", "--out", str(WORK / "tty.key")]
        os.execve(BUILD.resolve() / "mamori", words, {**os.environ, "LC_ALL": "C", "LANG": "C"})
    seen = b""
    for _ in range(2):  # asked twice; one letter is taken back on the way
        while not seen.rstrip().endswith(b":"):
            seen += os.read(terminal, 1000)
        os.write(terminal, SECRET.encode() + b"x\x7f\r")
        seen = os.read(terminal, 1000)
    try:
        while more := os.read(terminal, 1000):
            seen += more
    except OSError:
        pass
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status != 0 or SECRET.encode() in seen:
        return f"{status} {seen!r}"
    # The password that was typed is the one that opens it.
    other = WORK / "typed"
    run("repo", "init", other, "--root", WORK / "tty.key", "--targets", WORK / "tty.key")
    run("key", "sign", other / "pending/root.json", "--key", WORK / "tty.key", "--password-file", PASSWORD)
    return None


def wrong_words_are_refused():
    for words, code, said in (((), 2, "mamori key new --role root"),
                              (("--role", "root", "--out", "x.key", "--password-file", "missing"), 3, "missing"),
                              (("--role", "Root", "--out", "x.key", "--password-file", PASSWORD), 2, "a–z"),
                              (("--role", "root", "--out", "x.key", "--password-file", PASSWORD, "--password-fd", 0), 2,
                               "not both")):
        error = run("key", "new", *words, code=code)
        if said not in error or error.count("\n") != 1 or (WORK / "x.key").exists():
            return f"{words}: {error!r}"
    return None


def nothing_is_published_unsigned():
    words = [word for name in ("root-1", "root-2", "root-3") for word in ("--root", f"{key(name)}.pub")]
    run("repo", "init", REPO, *words, "--root-threshold", 2, "--targets", f"{key('targets')}.pub",
        "--catalog", f"{key('catalog')}.pub", "--custom", f"{key('custom')}.pub")
    what = publish()
    if what["changed"] or what["waiting"] != ["root"] or (REPO / "metadata").exists():
        return f"{what}"
    if "wrong" not in run("key", "sign", REPO / "pending/root.json", "--key", key("root-1"), "--password-file",
                          write("wrong", "another password"), code=5):
        return "signed with a wrong password"
    sign("root", "root-1", "root-3")
    for role in ("targets", "catalog", "custom"):
        sign(role, role)
    rows = {row["role"]: row for row in lines(run("repo", "show", REPO, "--json"))}
    if (rows["root"]["signatures"], rows["root"]["threshold"], rows["root"]["pending"]) != (2, 2, 1):
        return f"{rows['root']}"
    what = publish()
    return None if what["changed"] and not what["waiting"] else f"{what}"


def write(name, text):
    (WORK / name).write_text(text)
    return WORK / name


def files_are_signed_elsewhere_and_published():
    about = write("about.json", '{"title": "Printer driver", "silent": ["/S", "/norestart"]}')
    run("repo", "add", REPO, write("printer.deb", "a driver"), "--role", "custom", "--as",
        "custom/printer/2.1/printer.deb", "--about", about)
    run("repo", "add", REPO, write("viewer.msi", "a viewer"), write("reader.msi", "a reader"), "--role", "catalog")
    run("repo", "add", REPO, write("approval.json", "{}"), "--role", "approval", "--as", "approval/deb/bash@5.2")
    run("repo", "add", REPO, write("feeds.mamori", "what is weak"), "--role", "index", "--as", "index/feeds.mamori")
    # On a machine that has only the file and the key.
    elsewhere = WORK / "elsewhere"
    elsewhere.mkdir()
    for role in ("custom", "catalog"):
        shutil.copy(REPO / f"pending/{role}.json", elsewhere)
        shutil.copy(key(role), elsewhere)
        said = run("key", "show", f"{role}.json", cwd=elsewhere)
        content = (WORK / {"custom": "printer.deb", "catalog": "viewer.msi"}[role]).read_bytes()
        if f"{role}/" not in said or hashlib.sha256(content).hexdigest() not in said:
            return f"the signer is not shown what is signed: {said}"
        run("key", "sign", f"{role}.json", "--key", f"{role}.key", "--password-file", PASSWORD, cwd=elsewhere)
        shutil.copy(elsewhere / f"{role}.json", REPO / "pending")
    what = publish()
    seen = json.loads(run("repo", "verify", REPO, "--json"))
    if not what["changed"] or what["waiting"] or seen["files"] != 5 or seen["custom"] != 2:
        return f"{what} {seen}"
    return None


PATHS = ("custom/printer/2.1/printer.deb", "catalog/viewer.msi", "catalog/reader.msi", "approval/deb/bash@5.2",
         "index/feeds.mamori")


def another_implementation_accepts_it():
    if not have_tuf_js():
        return "skip: tuf-js is not installed (tools/setup test)"
    said = tuf_js(*PATHS)
    if said.get("versions", {}).get("root") != 1 or said["targets"] != {
            PATHS[0]: 8, PATHS[1]: 8, PATHS[2]: 8, PATHS[3]: 2, PATHS[4]: 12}:
        return f"{said}"
    missing = tuf_js("custom/none", store="other")
    return None if "nobody vouches" in missing.get("error", "") else f"{missing}"


def names_of_strangers_do_not_steer_the_terminal():
    """A taken-over server hides a file from the signer behind codes that move the cursor."""
    text = json.loads((REPO / "metadata/2.custom.json").read_text())
    text["signed"]["targets"]["custom/\x1b[2K\x1b[1Aharmless"] = {"length": 1, "hashes": {"sha256": "00" * 32}}
    said = run("key", "show", write("hidden.json", json.dumps(text)))
    return None if "\x1b" not in said and "harmless" in said else f"{said!r}"


def lost_keys_are_replaced():
    ids = {name: json.loads(run("key", "show", f"{key(name)}.pub", "--json"))["keyid"] for name in ROLES}
    run("key", "new", "--role", "root", "--out", key("root-4"), "--password-file", PASSWORD)
    run("key", "new", "--role", "custom", "--out", key("custom-2"), "--password-file", PASSWORD)
    run("key", "rotate", REPO, "--role", "root", "--add", f"{key('root-4')}.pub", "--revoke", ids["root-2"][:8])
    if publish()["changed"]:
        return "a root was published that nobody signed"
    sign("root", "root-4", "root-1")
    if publish()["changed"]:
        return "a root was published that the keys before it have not signed"
    sign("root", "root-3")
    run("key", "rotate", REPO, "--role", "custom", "--add", f"{key('custom-2')}.pub", "--revoke", ids["custom"])
    sign("targets", "targets")
    sign("custom", "custom-2")
    what = publish()
    if not what["changed"] or what["waiting"]:
        return f"{what}"
    run("key", "rotate", REPO, "--role", "timestamp", "--online")
    run("key", "rotate", REPO, "--role", "snapshot", "--online")
    sign("root", "root-4", "root-3")
    what = publish()
    seen = json.loads(run("repo", "verify", REPO, "--json"))
    return None if what["changed"] and seen["root"] == 3 and seen["files"] == 5 else f"{what} {seen}"


def another_implementation_follows_the_keys():
    if not have_tuf_js():
        return "skip: tuf-js is not installed (tools/setup test)"
    for store in ("store", "fresh"):  # one that was there before, and one that begins with the first root
        said = tuf_js(*PATHS, store=store)
        if said.get("versions", {}).get("root") != 3 or len(said["targets"]) != 5:
            return f"{store}: {said}"
    return None


def whatever_is_changed_is_refused():
    """One byte of each file in turn, metadata and targets: both must refuse."""
    tested = 0
    for path in sorted((REPO / "metadata").iterdir()) + sorted((REPO / "targets").rglob("*")):
        if not path.is_file() or path.name == "root.json" or path.is_symlink():
            continue
        number = path.name.split(".")[0]
        newest = max((int(p.name.split(".")[0]) for p in path.parent.glob(f"*.{path.name.split('.', 1)[1]}")
                      if p.name.split(".")[0].isdigit()), default=0)
        if number.isdigit() and len(number) < 10 and int(number) < newest and ".root." not in path.name:
            continue  # an older version, which nobody reads any more
        before = path.read_bytes()
        middle = len(before) // 2
        path.write_bytes(before[:middle] + bytes([before[middle] ^ 1]) + before[middle + 1:])
        error = None
        try:
            run("repo", "verify", REPO, code=0)
            error = f"accepted with {path.relative_to(REPO)} changed"
        except RuntimeError as refused:
            if ": 5: " not in str(refused) and ": 3: " not in str(refused):
                error = str(refused)
        other = tuf_js(*PATHS, store=f"changed-{tested}") if have_tuf_js() else {"error": ""}
        path.write_bytes(before)
        if error or "error" not in other:
            return error or f"{path.name}: tuf-js accepted it, so the test changes nothing that counts"
        tested += 1
    run("repo", "verify", REPO)
    return None if tested >= 12 else f"only {tested} files"


def another_root_is_not_trusted():
    other = WORK / "others"
    run("key", "new", "--role", "root", "--out", key("stranger"), "--password-file", PASSWORD)
    run("repo", "init", other, "--root", key("stranger"), "--targets", key("stranger"))
    for role in ("root", "targets"):
        run("key", "sign", other / f"pending/{role}.json", "--key", key("stranger"), "--password-file", PASSWORD)
    run("repo", "publish", other)
    error = run("repo", "verify", REPO, "--root", other / "metadata/1.root.json", code=5)
    return None if "not signed by enough keys of the trusted root" in error else error


def removed_files_are_vouched_for_no_more():
    run("repo", "remove", REPO, "catalog/viewer.msi", "--role", "catalog")
    if "does not name" not in run("repo", "remove", REPO, "catalog/none", "--role", "catalog", code=3):
        return "removed what was not there"
    sign("catalog", "catalog")
    publish()
    seen = json.loads(run("repo", "verify", REPO, "--json"))
    return None if seen["files"] == 4 else f"{seen}"


def people_are_told_in_their_language():
    said = run("repo", "show", REPO, "--lang", "ja") + run("repo", "renew", REPO, "--role", "root", "--lang", "ja")
    return None if "署名" in said else said


STEPS = [keys_are_made_under_a_password, passwords_come_by_file_descriptor_or_terminal, wrong_words_are_refused,
         nothing_is_published_unsigned, files_are_signed_elsewhere_and_published, another_implementation_accepts_it,
         names_of_strangers_do_not_steer_the_terminal, lost_keys_are_replaced,
         another_implementation_follows_the_keys, whatever_is_changed_is_refused, another_root_is_not_trusted,
         removed_files_are_vouched_for_no_more, people_are_told_in_their_language]


def main():
    failed = False
    print(f"1..{len(STEPS)}", flush=True)
    try:
        for number, step in enumerate(STEPS, 1):
            try:
                problem = step()
            except (RuntimeError, OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
                problem = f"{type(error).__name__}: {error}"
            name = step.__name__.replace("_", " ")
            if problem and problem.startswith("skip: "):
                print(f"ok {number} - {name} # SKIP {problem[6:]}", flush=True)
            elif problem:
                failed = True
                print(f"not ok {number} - {name}\n# {problem}", flush=True)
            else:
                print(f"ok {number} - {name}", flush=True)
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
