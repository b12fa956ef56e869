#!/usr/bin/env python3
"""meter.py SECONDS CPU NET [GATEWAY PREFIX]: what a server spent and what arrived meanwhile, on one line.

CPU: the file that holds the CPU time of a cgroup (cpuacct.usage or cpu.stat), or tree:PID for the process and all
below it out of /proc. NET: PID:INTERFACE:HEADER, an interface in the network namespace of a process, and the bytes of
each frame that do not count; ethdev:PREFIX:PORT:HEADER, a port of the DPDK program with that file-prefix; or file:PATH,
a file that holds a number which grows, taken for packets. GATEWAY is the pid of an mst-gateway and PREFIX its
file-prefix: busy time is then the CPU time without the turns of its workers that found nothing to do.

Prints seconds, CPU seconds, busy seconds, bytes and packets received.
"""
import glob
import json
import os
import socket
import sys
import time


def read(path):
    with open(path) as file:
        return file.read()


def tree(pid):
    yield pid
    for path in glob.glob("/proc/%s/task/*/children" % pid):
        for child in read(path).split():
            yield from tree(child)


def tree_seconds(pid):
    ticks = 0
    for one in tree(pid):
        # From utime on: utime, stime, and those of children that have ended.
        ticks += sum(map(int, read("/proc/%s/stat" % one).rsplit(")", 1)[1].split()[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def cpu_seconds(source):
    if source.startswith("tree:"):
        return tree_seconds(source[5:])
    text = read(source)
    if text.startswith("usage_usec"):
        return int(text.split()[1]) / 1e6
    return int(text) / 1e9


class Telemetry:
    def __init__(self, prefix):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(10)
        self.sock.connect("/var/run/dpdk/%s/dpdk_telemetry.v2" % prefix)
        self.sock.recv(16384)

    def ask(self, command):
        self.sock.send(command.encode())
        return json.loads(self.sock.recv(32768))[command.split(",")[0]]


def received(net):
    if net.startswith("ethdev:"):
        prefix, port, header = net.split(":")[1:]
        stats = Telemetry(prefix).ask("/ethdev/stats," + port)
        return stats["ibytes"] - stats["ipackets"] * int(header), stats["ipackets"]
    if net.startswith("file:"):
        return 0, int(read(net[5:]) or 0)
    pid, interface, header = net.split(":")
    for line in read("/proc/%s/net/dev" % pid).splitlines():
        name, _, numbers = line.partition(":")
        if name.strip() == interface:
            count, packets = map(int, numbers.split()[:2])
            return count - packets * int(header), packets
    sys.exit("meter: no interface %s" % interface)


class Workers:
    """Time and busy share of the workers of a gateway."""

    def __init__(self, pid, prefix):
        self.threads = [os.path.dirname(path) for path in glob.glob("/proc/%s/task/*/comm" % pid)
                        if "worker" in read(path)]
        self.gateway = Telemetry(prefix)
        self.lcores = self.gateway.ask("/mst/worker/list")

    def sample(self):
        seconds = sum(int(read(path + "/schedstat").split()[0]) for path in self.threads) / 1e9
        stats = [self.gateway.ask("/mst/worker/stats,%d" % lcore) for lcore in self.lcores]
        return seconds, sum(s["busy_cycles"] for s in stats), sum(s["total_cycles"] for s in stats)


def main():
    seconds, cpu, net = sys.argv[1:4]
    workers = Workers(*sys.argv[4:6]) if len(sys.argv) > 4 else None

    def sample():
        return time.monotonic(), cpu_seconds(cpu), received(net), workers.sample() if workers else (0, 0, 1)

    before = sample()
    time.sleep(float(seconds))
    after = sample()
    spent = after[1] - before[1]
    thread, busy, total = (b - a for a, b in zip(before[3], after[3]))
    idle = thread * (1 - busy / total) if total > 0 else 0
    print("%.4f %.6f %.6f %d %d" % (after[0] - before[0], spent, max(spent - idle, 0),
                                    after[2][0] - before[2][0], after[2][1] - before[2][1]))


main()
