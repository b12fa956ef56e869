#!/usr/bin/env python3
"""storm_report.py FOLDER BEFORE AFTER PORTS [JSON]: what scripts/bench/storm has measured.

FOLDER holds the reports of both generators, the samples of scale.py, and sockets: the packet sockets of the gateway and
the steady generator, as ss shows them. BEFORE and AFTER are the gateway's drops, PORTS its ports.
"""
import json
import re
import sys

# What a worker that has no time, or a control lcore that takes nothing from it, lets fall.
FOR_TIME = ("drop_tx", "drop_kernel_ring", "drop_stream_ring", "drop_handoff_ring")


def read(path):
    with open(path) as file:
        return file.read()


def kernel_drops(text):
    """Frames that a full ring of a packet socket did not take."""
    return sum(int(n) for n in re.findall(r"skmem:\([^)]*,d(\d+)\)", text))


def main(folder, before, after, ports, target=None):
    steady, stormy = (json.loads(read("%s/%s.report" % (folder, n))) for n in ("steady", "stormy"))
    rows = [json.loads(line) for line in read(folder + "/samples").splitlines()]
    rows = [r for r in rows if r["phase"] == "measure"]
    before, after = json.loads(before), json.loads(after)
    drops = {k: after[k] - before[k] for k in after if after[k] > before[k]}
    grows = [i for i in range(1, len(rows)) if rows[i]["set_ups"] > rows[i - 1]["set_ups"]]
    a, b = (rows[grows[0] - 1], rows[grows[-1]]) if grows else (rows[0], rows[-1])
    out = {
        "lost": sum(steady[d]["lost"] for d in ("up", "down")),
        "sent": sum(steady[d]["sent"] for d in ("up", "down")),
        "latency_us": {d: {q: steady[d]["latency_ns"][q] / 1000 for q in ("p50", "p99", "max")} for d in ("up", "down")},
        "full_rings": kernel_drops(read(folder + "/sockets")),
        "missed": sum(p["missed"] + p["no_mbuf"] for p in json.loads(ports)),
        "drops": drops, "for_time": sum(drops.get(k, 0) for k in FOR_TIME),
        "dpd_asked": steady["control"]["dpd_sent"], "dpd_answered": steady["control"]["dpd_answers"],
        "dpd_dead": steady["failures"]["dpd_dead"], "disturbed": steady["control"]["reconnects"],
        "setups_per_s": stormy["control"]["dtls_handshakes"] / max(stormy["seconds"], 1),
        "control": (b["control_busy"] - a["control_busy"]) / (b["control_total"] - a["control_total"]),
        "worker": (b["worker_busy"] - a["worker_busy"]) / (b["worker_total"] - a["worker_total"]),
    }
    print("storm: %.0f set-ups/s; control %.1f %%, worker %.1f %% busy" % (
        out["setups_per_s"], 100 * out["control"], 100 * out["worker"]))
    print("steady: %d packets, %d lost; full rings of packet sockets %d, missed %d, worker's drops %s" % (
        out["sent"], out["lost"], out["full_rings"], out["missed"], drops or "none"))
    for d in ("up", "down"):
        print("latency %s: p50 %.0f us, p99 %.0f us, max %.0f us" % (d, *out["latency_us"][d].values()))
    print("dead peer detection: %d asked, %d answered, %d tunnels given up, %d connected again" % (
        out["dpd_asked"], out["dpd_answered"], out["dpd_dead"], out["disturbed"]))
    if target:
        with open(target, "w") as file:
            json.dump(out, file, indent=2)
    good = (out["lost"] <= out["full_rings"] and out["for_time"] == 0 and out["missed"] == 0 and out["dpd_dead"] == 0
            and out["dpd_answered"] >= out["dpd_asked"] - steady["settings"]["devices"])
    print("storm: %s" % ("PASS" if good else "FAIL"))
    return 0 if good else 1


sys.exit(main(*sys.argv[1:]))
