#!/usr/bin/env python3
"""scale.py watch PID PREFIX PROGRESS SAMPLES: what a gateway uses, once a second, until it is ended.
scale.py report SAMPLES REPORT DRIVER CONNECTIONS [JSON]: the figures out of the samples and the report of mst-loadgen.

PROGRESS is where mst-loadgen writes its lines; the phase is the first word of the last one. Memory of the kernel is that
of the whole machine: the other half of the sockets are the generator's.
"""
import glob
import json
import os
import socket
import sys
import time

PAGE = os.sysconf("SC_PAGE_SIZE")
TICK = os.sysconf("SC_CLK_TCK")


def read(path):
    with open(path) as file:
        return file.read()


def fields(path):
    """Lines of a name, a colon and a number."""
    return {line.split(":")[0]: int(line.split()[1]) for line in read(path).splitlines() if len(line.split()) > 1
            and line.split()[1].isdigit()}


def cpu_seconds(base):
    return sum(map(int, read(base + "stat").rsplit(")", 1)[1].split()[11:13])) / TICK


def process_with(word):
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            words = read(path).split("\0")
        except OSError:
            continue # it has ended
        if word in words and "mst-loadgen" in words[0]:
            return path[:-len("cmdline")]
    return None


class Gateway:
    def __init__(self, pid, prefix):
        self.pid, self.prefix, self.generator = pid, prefix, None
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(30)
        self.sock.connect("/var/run/dpdk/%s/dpdk_telemetry.v2" % prefix)
        self.sock.recv(16384)
        self.lcore = self.ask("/mst/worker/list")[0]
        self.heaps = self.ask("/eal/heap_list")
        # A session and its association, taken at start for as many as there may be.
        self.pools = [self.ask("/mempool/info," + name) for name in ("mst_session_0", "mst_sa_0")]

    def ask(self, command):
        self.sock.send(command.encode())
        return json.loads(self.sock.recv(65536))[command.split(",")[0]]

    def threads(self):
        """CPU seconds of the gateway's threads and of the generator."""
        out = {"control": 0, "worker": 0, "others": 0, "generator": 0}
        for task in os.listdir("/proc/%s/task" % self.pid):
            base = "/proc/%s/task/%s/" % (self.pid, task)
            name = "control" if task == self.pid else "worker" if "worker" in read(base + "comm") else "others"
            out[name] += cpu_seconds(base)
        if self.generator is None:
            self.generator = process_with(self.prefix + "-f")
        if self.generator is not None:
            out["generator"] = cpu_seconds(self.generator)
        return out

    def memory(self):
        """In bytes."""
        smaps = fields("/proc/%s/smaps_rollup" % self.pid)
        heap = [self.ask("/eal/heap_info,%d" % i) for i in self.heaps]
        tcp = read("/proc/%s/net/sockstat" % self.pid).split("TCP:")[1].split("\n")[0].split()
        return {
            "anonymous": (smaps["Pss"] - smaps.get("Pss_File", 0)) * 1024,
            "hugepages": sum(smaps.get(k, 0) for k in ("Private_Hugetlb", "Shared_Hugetlb")) * 1024,
            "dpdk": sum(h["Alloc_size"] for h in heap),
            "data_plane": sum(p["elt_size"] + p["header_size"] + p["trailer_size"] for p in self.pools),
            "slab": fields("/proc/meminfo")["Slab"] * 1024,
            "socket_buffers": int(tcp[tcp.index("mem") + 1]) * PAGE,
        }

    def sample(self, phase):
        info, worker = self.ask("/mst/info"), self.ask("/mst/worker/stats,%d" % self.lcore)
        return {
            "time": time.monotonic(), "phase": phase, "sessions": self.ask("/mst/session/count"),
            "control_busy": info["control_busy_ns"], "control_total": info["control_total_ns"],
            "worker_busy": worker["busy_cycles"], "worker_total": worker["total_cycles"],
            "connections": info["connections"], "set_ups": self.ask("/mst/handshake/stats")["dtls_done"], "drops": self.ask("/mst/drop/stats"), "threads": self.threads(), "memory": self.memory(),
        }


def watch(pid, prefix, progress, samples):
    gateway = Gateway(pid, prefix)
    with open(samples, "w") as out:
        while True:
            began = time.monotonic()
            lines = read(progress).splitlines() if os.path.exists(progress) else []
            words = lines[-1].split() if lines else []
            out.write(json.dumps(gateway.sample(words[0] if words else "empty")) + "\n")
            out.flush()
            time.sleep(max(1 - (time.monotonic() - began), 0.2))


def load(phase, rows):
    """What control and worker had to do while a phase lasted."""
    mine = [r for r in rows if r["phase"] == phase]
    if len(mine) < 2:
        return
    a, b = mine[0], mine[-1]
    seconds = b["time"] - a["time"]
    threads = {n: (b["threads"][n] - a["threads"].get(n, 0)) / seconds for n in b["threads"]}
    print("load, %-8s %6.1f s, control %5.1f %%, worker %5.1f %%; CPU: %s" % (
        phase + ":", seconds, 100 * (b["control_busy"] - a["control_busy"]) / (b["control_total"] - a["control_total"]),
        100 * (b["worker_busy"] - a["worker_busy"]) / (b["worker_total"] - a["worker_total"]),
        ", ".join("%s %.1f %%" % (n, 100 * t) for n, t in threads.items())))
    if phase != "measure":
        n = b["set_ups"] - a["set_ups"]
        print("a set-up, %-5s CPU: %s" % (phase + ":", ", ".join("%s %.0f us" % (k, 1e6 * t * seconds / max(n, 1))
                                                              for k, t in threads.items())))


def memory_with(empty, full, n, words):
    grown = {k: (full[k] - empty[k]) / n for k in full}
    grown["slab"] /= 2
    parts = grown["anonymous"] + grown["hugepages"] + grown["slab"] + grown["socket_buffers"]
    print("memory of a session %s, bytes: %.0f process + %.0f hugepages + %.0f kernel objects + %.0f socket buffers = %.0f"
          % (words, grown["anonymous"], grown["hugepages"], grown["slab"], grown["socket_buffers"], parts))
    return dict(grown, sum=parts)


def memory(rows, n, connections):
    """Devices come up by number, and the first ones keep their connection: what both kinds cost lies in the way up."""
    mine = [r for r in rows if r["phase"] == "measure"]
    empty, full = rows[0], mine[len(mine) // 2]
    middle = full
    if connections < n:
        middle = [r for r in rows if r["sessions"]["dtls"] <= connections and r["phase"] == "ramp"][-1]
    up = middle["sessions"]["dtls"]
    out = {"sessions": n, "connections": full["connections"],
           "connected": memory_with(empty["memory"], middle["memory"], up, "with its connection (%d)" % up)}
    if connections < n:
        out["without"] = memory_with(middle["memory"], full["memory"], n - up, "that goes on without (%d)" % (n - up))
    fixed = (empty["memory"]["anonymous"] + empty["memory"]["hugepages"])
    out["data_plane"] = empty["memory"]["data_plane"]
    out["all_in"] = out["connected"]["sum"] + fixed / n
    print("memory of the data plane: %d bytes a session and its association, of the %.0f MiB that an empty gateway has" % (
        out["data_plane"], fixed / 2 ** 20))
    print("memory all in, a share of the empty gateway too: %.0f bytes a session with its connection" % out["all_in"])
    return out


def report(samples, path, driver, connections, target=None):
    rows = [json.loads(line) for line in read(samples).splitlines()]
    fleet = json.loads(read(path))
    control = fleet["control"]
    n = max(control["connected"], 1)
    model = [line.split(":")[1].strip() for line in read("/proc/cpuinfo").splitlines() if line.startswith("model name")]
    print("machine: %s, %d CPUs, Linux %s, load %s; %s" % (model[0] if model else "?", os.cpu_count(), os.uname().release,
                                                           os.getloadavg()[0], driver))
    print("sessions: %d of %d, %d with DTLS; up after %.1f s, %d/s; one takes %.1f ms (p50), %.1f ms (p99)" % (
        control["connected"], fleet["settings"]["devices"], control["dtls_up"], control["setup_ms"] / 1000,
        control["setups_per_s"], control["setup_p50_us"] / 1000, control["setup_p99_us"] / 1000))
    print("storm: 99 %% back after %.1f s, 100 %% after %.1f s, by cookie" % (
        control["storm_99_ms"] / 1000, control["storm_100_ms"] / 1000))
    out = memory(rows, n, int(connections))
    for phase in ("ramp", "storm", "measure"):
        load(phase, rows)
    for way in ("up", "down"):
        flow = fleet.get(way, {})
        if flow:
            print("%s: %d packets, %d lost, %d reordered, %d missed" % (way, flow["sent"], flow["lost"], flow["reordered"],
                                                                      flow["missed"]))
    print("dead peer detection: %d asked, %d answered; asked by the gateway, answered: %d" % (
        control["dpd_sent"], control["dpd_answers"], control["dpd_answered"]))
    print("failures: %s" % ({k: v for k, v in fleet["failures"].items() if v} or "none"))
    last = [r for r in rows if r["phase"] == "measure" and r["connections"] >= out["connections"]][-1] # then the fleet leaves
    drops = {k: v - rows[0]["drops"][k] for k, v in last["drops"].items() if v > rows[0]["drops"][k]}
    print("gateway's drops: %s" % (drops or "none"))
    if target:
        with open(target, "w") as file:
            json.dump({"memory": out, "fleet": fleet, "samples": rows}, file, indent=2)


if __name__ == "__main__":
    {"watch": watch, "report": report}[sys.argv[1]](*sys.argv[2:])
