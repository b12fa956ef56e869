"""The lab around an attack: the gateway's counters, log, memory and configuration."""
import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("LAB_ROOT", "."), "tests", "support"))
import telemetry  # noqa: E402

GATEWAY = os.environ.get("PUB_GW", "192.0.2.1")
DEVICE = os.environ.get("PUB_CLIENT", "192.0.2.2")
HOST = os.environ.get("LAN_HOST", "10.20.0.2")
REPORT = re.compile(r"^.*(runtime error:|(Address|Leak|Thread)Sanitizer|MST_ASSERT|assertion).*$", re.I | re.M)


class Fail(Exception):
    """An attack came through; the text says which case."""


def check(good, case, *more):
    if not good:
        raise Fail(case + "".join(": %.200s" % (m,) for m in more))


class Lab:
    def __init__(self, full):
        self.full = full
        self.folder = os.environ["LAB"]
        self.build = os.environ["MST_BUILD"]
        self._telemetry = None
        self._log_seen = 0
        self._reported = 0

    def scale(self, quick, full):
        return full if self.full else quick

    # ---- what the gateway says of itself
    def pid(self):
        with open(os.path.join(self.folder, "gateway.pid")) as f:
            return int(f.read())

    def helper_pid(self):
        """That of mst-authd, the only child."""
        return int(subprocess.run(["pgrep", "-P", str(self.pid())], capture_output=True, check=True).stdout)

    def alive(self):
        try:
            with open("/proc/%d/stat" % self.pid()) as f:
                return f.read().rsplit(") ", 1)[1][0] != "Z"
        except OSError:
            return False

    def rss_kib(self):
        with open("/proc/%d/status" % self.pid()) as f:
            return int(re.search(r"RssAnon:\s+(\d+)", f.read()).group(1))

    def tele(self, command):
        for attempt in (1, 2):
            try:
                if self._telemetry is None:
                    self._telemetry = telemetry.connect(os.environ["LAB_ID"])
                return telemetry.ask(self._telemetry, command)
            except OSError:  # it was started anew
                self._telemetry = None
                if attempt == 2:
                    raise

    def counter(self, name):
        return self.tele("/mst/handshake/stats")[name]

    def drops(self, *names):
        stats = self.tele("/mst/drop/stats")
        return sum(stats["drop_" + n] for n in names)

    def cli(self, *words):
        out = subprocess.run([self.build + "/app/cli/mst-cli", "--socket", self.folder + "/mst.sock", "--json", *words],
                             capture_output=True, timeout=10)
        try:
            return json.loads(out.stdout)
        except ValueError:
            return None

    def sessions(self):
        return self.tele("/mst/session/count")["sessions"]

    def state(self):
        """What must come back to where it was."""
        count = self.tele("/mst/session/count")
        return {"sessions": count["sessions"], "leases_free": count["leases_free"],
                "connections": self.tele("/mst/info")["connections"]}

    def log(self):
        with open(os.path.join(self.folder, "gateway.log"), errors="replace") as f:
            return f.read()

    def new_log(self):
        text = self.log()
        fresh, self._log_seen = text[self._log_seen:], len(text)
        return fresh

    def report(self):
        """The first thing that a sanitizer or an assertion has said, in either process, since forget_reports()."""
        found = REPORT.search(self.log()[self._reported:])
        return found.group(0).strip() if found else None

    def forget_reports(self):
        self._reported = len(self.log())

    # ---- what a test does to it
    def configure(self, **values):
        """Sets keys of mst.yaml, told by section_key, and has them taken live."""
        path = os.path.join(self.folder, "mst.yaml")
        with open(path) as f:
            text = f.read()
        for name, value in values.items():
            section, key = name.split("__")
            key = key.replace("_", "-")
            line = "  %s: %s" % (key, value)
            text = re.sub(r"^%s: \{(.*)\}$" % section,
                          lambda m: section + ":\n" + "\n".join("  " + w.strip() for w in m.group(1).split(",")), text, flags=re.M)
            body = re.search(r"^%s:\n((?:  .*\n)*)" % section, text, re.M)
            old = re.search(r"^  %s:.*$" % key, body.group(1), re.M)
            new = body.group(1).replace(old.group(0), line) if old else body.group(1) + line + "\n"
            text = text[:body.start(1)] + new + text[body.end(1):]
        with open(path, "w") as f:
            f.write(text)
        seen = len(self.log())
        os.kill(self.pid(), signal.SIGHUP)
        until(5, lambda: "reloaded" in self.log()[seen:], "the gateway did not read its configuration")
        check("not reloaded" not in self.log()[seen:], "the configuration was not taken", self.log()[seen:])

    @staticmethod
    def without(text, section):
        """The configuration without a section that is one line."""
        return re.sub(r"(?m)^%s:.*\n" % section, "", text)

    def connected_users(self):
        return {row["Username"] for row in self.cli("server", "show", "sessions") or [] if row["State"] == "connected"}

    def disconnect(self, user):
        return self.cli("server", "disconnect", "user", user)

    def end_sessions(self):
        for user in {row["Username"] for row in self.cli("server", "show", "sessions") or []}:
            self.disconnect(user)

    def restart(self):
        os.kill(self.pid(), signal.SIGTERM)
        until(20, lambda: not self.alive(), "the gateway did not stop")
        ready = os.path.join(self.folder, "ready")
        with open(ready, "w") as out, open(os.path.join(self.folder, "gateway.log"), "a") as log:
            child = subprocess.Popen(["ip", "netns", "exec", os.environ["LAB_ID"] + "-g",
                                      self.build + "/app/gateway/mst-gateway", "-c", self.folder + "/mst.yaml"],
                                     stdout=out, stderr=log, stdin=subprocess.DEVNULL)
        with open(os.path.join(self.folder, "gateway.pid"), "w") as f:
            f.write("%d\n" % child.pid)

        def ready_now():
            with open(ready) as f:
                return "mst-gateway ready" in f.read()
        until(30, ready_now, "the gateway did not start again")


def in_parts(job, count, *more):
    """job(first, last, *more) of 0..count, in a process a CPU; what each returns. For numbers that take one for an hour."""
    n = max(1, min(os.cpu_count(), count // 100))
    edges = [count * i // n for i in range(n + 1)]
    if n == 1:
        return [job(0, count, *more)]
    with multiprocessing.get_context("fork").Pool(n) as pool:
        return pool.starmap(job, [(a, b, *more) for a, b in zip(edges, edges[1:])], 1)


def until(seconds, done, otherwise):
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise Fail(otherwise)
        time.sleep(0.05)
