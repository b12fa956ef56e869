#!/usr/bin/env python3
"""peers_report.py SLICES MEMORY [JSON]: medians of scripts/bench/peers, and ours against ocserv round by round.

SLICES: round peer line direction load seconds cpu busy bytes packets. MEMORY: peer clients PSS-before PSS-after, kB.
"""
import json
import os
import platform
import statistics
import subprocess
import sys

FIELDS = ("round", "peer", "line", "direction", "load")
NUMBERS = ("seconds", "cpu", "busy", "bytes", "packets")


def slices(path):
    rows = []
    with open(path) as file:
        for line in file:
            words = line.split()
            row = dict(zip(FIELDS, words))
            row.update(zip(NUMBERS, map(float, words[len(FIELDS):])))
            rows.append(row)
    return rows


def per(row, what, of):
    return row[what] / max(row[of], 1e-6)


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def compare(rows):
    """One entry a line, direction and load: what each got, and the ratios of slices of the same round."""
    out = []
    for key in dict.fromkeys((r["line"], r["direction"], r["load"]) for r in rows):
        here = [r for r in rows if (r["line"], r["direction"], r["load"]) == key]
        pairs = {}
        for row in here:
            pairs.setdefault(row["round"], {})[row["peer"]] = row
        pairs = [p for p in pairs.values() if len(p) == 2]
        entry = dict(zip(("line", "direction", "load"), key), rounds=len(pairs))
        for peer in ("ours", "ocserv"):
            own = [p[peer] for p in pairs]
            entry[peer] = {
                "packets_per_s": statistics.median(per(r, "packets", "seconds") for r in own),
                "mbit_per_s": statistics.median(per(r, "bytes", "seconds") for r in own) * 8e-6,
                "cpu_percent": statistics.median(per(r, "cpu", "seconds") for r in own) * 100,
                "packets_per_cpu_s": statistics.median(per(r, "packets", "cpu") for r in own),
                "bytes_per_cpu_s": statistics.median(per(r, "bytes", "cpu") for r in own),
                "packets_per_busy_s": statistics.median(per(r, "packets", "busy") for r in own),
                "bytes_per_busy_s": statistics.median(per(r, "bytes", "busy") for r in own),
            }
        for name, of in (("ratio", "cpu"), ("ratio_busy", "busy")):
            entry[name] = spread([per(p["ours"], "packets", of) / max(per(p["ocserv"], "packets", of), 1e-6)
                                  for p in pairs])
        out.append(entry)
    return out


def memory(path):
    out = {}
    with open(path) as file:
        for line in file:
            peer, clients, before, after = line.split()
            out[peer] = {"clients": int(clients), "empty_kb": int(before),
                         "session_kb": (int(after) - int(before)) / int(clients)}
    return out


def first_line(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return (done.stdout.splitlines() or ["?"])[0]


def machine():
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "?")
    return {"cpu": model, "cpus": os.cpu_count(), "kernel": platform.release(), "load": os.getloadavg()[0],
            "ocserv": first_line("ocserv", "--version"), "openconnect": first_line("openconnect", "--version"),
            "iperf3": first_line("iperf3", "--version"), "driver": os.environ["DRIVER"], "cpu_time": os.environ["CG_KIND"]}


def ratio(r):
    return "%5.2f (%.2f-%.2f)" % (r["median"], r["min"], r["max"])


def table(entries):
    print("%-4s %-4s %-5s %15s %13s %13s %13s %13s  %-18s  %-18s" % (
        "line", "dir", "load", "Mbit/s", "CPU %", "k/CPU-s", "MB/CPU-s", "k/busy-s", "ours:ocserv, CPU", "busy"))
    for e in entries:
        if e["line"] == "setups":
            continue
        a, b = e["ours"], e["ocserv"]
        print("%-4s %-4s %-5s %7.0f %7.0f %6.0f %6.0f %6.1f %6.1f %6.0f %6.0f %6.1f %6.1f  %-18s  %-18s" % (
            e["line"], e["direction"], e["load"], a["mbit_per_s"], b["mbit_per_s"], a["cpu_percent"], b["cpu_percent"],
            a["packets_per_cpu_s"] / 1e3, b["packets_per_cpu_s"] / 1e3, a["bytes_per_cpu_s"] / 1e6,
            b["bytes_per_cpu_s"] / 1e6, a["packets_per_busy_s"] / 1e3, b["packets_per_busy_s"] / 1e3,
            ratio(e["ratio"]), ratio(e["ratio_busy"])))


def setups(e):
    a, b = e["ours"], e["ocserv"]
    print("setups: %.0f and %.0f/s from one client, %.0f and %.0f a CPU-s, %.0f and %.0f a busy-s; ours:ocserv %s, busy %s"
          % (a["packets_per_s"], b["packets_per_s"], a["packets_per_cpu_s"], b["packets_per_cpu_s"],
             a["packets_per_busy_s"], b["packets_per_busy_s"], ratio(e["ratio"]).strip(), ratio(e["ratio_busy"]).strip()))


def notes(entries):
    print("\nEach pair of columns: ours, ocserv; medians of %d rounds, ratios of the same round (least-greatest)."
          % min(e["rounds"] for e in entries))
    print("k: 1,000 packets received. setups: TLS 1.3 handshakes with CONNECT by cookie.")
    print("CPU: all threads of the server, our polling too. busy: without the turns of a worker that found nothing.")
    print("udp: %s Mbit/s of 1,300 bytes; flood: the server's cgroup is held to %s %% of a CPU, which leaves little to idle."
          % (os.environ["RATE"], os.environ["CAP"]))
    if any(e["line"] == "memif" for e in entries):
        print("memif: ours between the ends of mst-loadgen, whose one core is the limit: busy is what a gateway with enough to do")
        print("would spend. ocserv on veth with packets of the same size, capped as in flood; imix: of 319 bytes, its mean.")
    print("Work of softirq counts for whoever runs it: receive from the veth for the sender, transmit up to the far")
    print("end's queue for the server; the far ends' own stacks are steered (RPS) to the CPUs of the clients.")


def main():
    path, memory_path, json_path = sys.argv[1:4]
    rows = slices(path)
    entries, kept, host = compare(rows), memory(memory_path), machine()
    if any(e["line"] != "setups" for e in entries):
        table(entries)
    for e in entries:
        if e["line"] == "setups":
            setups(e)
    if entries:
        notes(entries)
    for peer, m in kept.items():
        print("memory %-6s %7.0f kB a session (PSS, %d idle devices with DTLS; %d kB without any)"
              % (peer, m["session_kb"], m["clients"], m["empty_kb"]))
    if len(kept) == 2:
        print("memory ocserv:ours %.1f" % (kept["ocserv"]["session_kb"] / max(kept["ours"]["session_kb"], 0.1)))
    print("machine: {cpu} x {cpus}, Linux {kernel}, load {load:.1f}; ours on {driver}; {ocserv}; {openconnect}; {iperf3}; "
          "CPU time: {cpu_time}".format(**host))
    if json_path:
        with open(json_path, "w") as file:
            json.dump({"machine": host, "lines": entries, "memory": kept, "slices": rows}, file, indent=1)
            file.write("\n")


main()
