"""Debian hosts with their own init: systemd, booted by systemd-nspawn, which also restarts them."""
import contextlib
import os
import pathlib
import signal
import subprocess

import debian
import lib


class Booted(lib.Host):
    """A host with its own init: systemd, booted by systemd-nspawn, which also restarts it."""

    starts = 0

    def boot(self):
        self.holder = self.s.start("unshare", "--net", "sleep", "infinity", log=f"net-{self.name}")
        self.s.wait_for("a network namespace", 10, self._net_ready)
        run = lambda *a: self.s.run(*a, check=True)
        inside = ("nsenter", "-t", self.holder.pid, "-n", "--")
        self._unlink()
        run("ip", "link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", self.holder.pid)
        run("ip", "addr", "add", f"{self.gateway}/30", "dev", self.link)
        run("ip", "link", "set", self.link, "up")
        run(*inside, "ip", "link", "set", "lo", "up")
        run(*inside, "ip", "addr", "add", f"{self.address}/30", "dev", "eth0")
        run(*inside, "ip", "link", "set", "eth0", "up")
        run(*inside, "ip", "route", "add", "default", "via", self.gateway)
        self._power_on()
        self.up()
        return self

    def _power_on(self):
        self.starts += 1
        # The network namespace is its own, so that it may have its own firewall there.
        self.init = self.s.start("systemd-nspawn", "-q", "-b", "-D", self.folder, "--register=no", "--keep-unit",
                                 "--capability=CAP_NET_ADMIN",
                                 f"--network-namespace-path=/proc/{self.holder.pid}/ns/net",
                                 f"--machine={self.name}", "--console=pipe", log=f"nspawn-{self.name}")

    def _net_ready(self):
        return os.readlink(f"/proc/{self.holder.pid}/ns/net") != os.readlink("/proc/self/ns/net")

    def _children(self):
        try:
            return [int(c) for c in pathlib.Path(f"/proc/{self.init.pid}/task/{self.init.pid}/children").read_text().split()]
        except FileNotFoundError:
            return []

    def _leader(self):
        """Its init as seen from here; None while it is not up."""
        if not self.init.running():
            # Where /run is no tmpfs, systemd-nspawn ends after a restart that was asked for, instead of going on.
            if "propagate" not in self.init.output() or self.starts >= 3:
                raise RuntimeError(f"{self.name} ended: {self.init.output()}")
            self._power_on()
            return None
        for child in self._children():
            self.pid = child
            try:
                state = self.run("systemctl", "is-system-running").out.strip()
            except (OSError, RuntimeError, subprocess.SubprocessError):
                state = ""
            if state in ("running", "degraded"):
                return self.pid
        return None

    def up(self, but=None):
        """Waits until it is up; but: not with this boot id."""
        self.s.wait_for(f"{self.name} to be up", 90,
                        lambda: self._leader() and (but is None or self.boot_id() != but), every=0.5)

    def boot_id(self):
        return self.run("cat", "/proc/sys/kernel/random/boot_id").out.strip()

    def kill(self):
        """Everything in it at once: with its init all its processes end."""
        for child in self._children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            self.s.wait_for(f"{self.name} to be off", 30, lambda: not os.path.exists(f"/proc/{child}"))
        self.init.stop(signal.SIGKILL)
        self.pid = None

    def power_cycle(self, cut=False):
        """Off and on again; cut: without a word to the system. Its network namespace outlives it, so what a kernel forgets
        over a restart is taken out of there by hand."""
        if not cut:
            try:
                self.run("systemctl", "poweroff", timeout=30)
            except (OSError, RuntimeError, subprocess.SubprocessError):
                pass  # it may be gone before it answers
            self.s.wait_for(f"{self.name} to be off", 90, lambda: not self.init.running(), every=0.2)
        self.kill()
        self.s.run("nsenter", "-t", self.holder.pid, "-n", "--", "nft", "flush", "ruleset", check=True)
        self._power_on()
        self.up()


def base(s, roots, *also):
    """A root with systemd and these packages, as a folder."""
    folder = s.tmp / "base-systemd"
    s.run("cp", "-a", "--reflink=auto", roots.base, folder, check=True)
    helper = lib.Host(s, folder, "prepare-systemd").boot()
    helper.proxy = lib.ArchiveProxy(helper.gateway)
    debian.configure(helper.root, roots.archive, helper.proxy.url, [debian.RELEASE])
    done = helper.run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", "--no-install-recommends",
                      "install", "systemd-sysv", "dbus", "cron", *also, timeout=300)
    helper.kill()
    (folder / "usr/sbin/policy-rc.d").unlink(missing_ok=True)
    if not (folder / "sbin/init").exists():
        raise lib.Skip("systemd could not be put into a root: " + str(done)[-300:])
    for log in ("dpkg.log", "apt/history.log", "apt/term.log"):
        (folder / "var/log" / log).unlink(missing_ok=True)
    return folder


def host(s, site, folder, name):
    """A booted copy of base(), with a relay to the archive on its own link."""
    own = s.tmp / f"booted-{name}"
    s.run("cp", "-a", "--reflink=auto", folder, own, check=True, timeout=120)
    made = Booted(s, own, name)
    try:
        made.boot()
    except (RuntimeError, TimeoutError) as trouble:
        raise lib.Skip(f"systemd-nspawn cannot boot a root here: {str(trouble)[-300:]}") from trouble
    made.proxy = lib.ArchiveProxy(made.gateway)
    debian.configure(made.root, site.roots.archive, made.proxy.url, [debian.RELEASE, f"{debian.RELEASE}-security"])
    (made.root / "usr/sbin/policy-rc.d").unlink()
    return made
