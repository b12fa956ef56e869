"""B34: data records twice, late, out of order, from before the window. Nothing comes through a second time."""
import os
import random
import struct
import subprocess

from dtls import MESSAGE_DATA, Device
from lab import check, until
from web import cookie_of

PORT = 5034
COUNTER = """table ip mst_b34 {
  chain in {
    type filter hook prerouting priority -300;
    udp dport %d counter
  }
}
""" % PORT


class Arrived:
    """Counts in the LAN host what has come through."""

    def __init__(self):
        self.ns = ["ip", "netns", "exec", os.environ["LAB_ID"] + "-l"]
        subprocess.run(self.ns + ["nft", "-f", "-"], input=COUNTER.encode(), check=True)

    def count(self):
        out = subprocess.run(self.ns + ["nft", "list", "table", "ip", "mst_b34"], capture_output=True, check=True).stdout
        return int(out.split(b"packets ")[1].split()[0])

    def close(self):
        subprocess.run(self.ns + ["nft", "delete", "table", "ip", "mst_b34"])


def attack(lab):
    device = Device(cookie_of("user10")).handshake()
    check(device.lives(), "DTLS is not up")
    arrived = Arrived()
    rng = random.Random(34)
    try:
        device.send(MESSAGE_DATA, device.packet(b"first", PORT))  # the neighbour is asked for
        until(5, lambda: arrived.count() == 1, "a packet does not come through")
        count = lab.scale(400, 20000)
        fresh = []
        for i in range(count):
            fresh.append(device.send(MESSAGE_DATA, device.packet(struct.pack(">I", i), PORT)))
            if i % 50 == 49:
                check(device.lives(), "the device")
        until(5, lambda: arrived.count() >= 1 + count, "own packets are missing: %d of %d" % (arrived.count(), 1 + count))
        before = lab.drops("replay", "old")
        n = 0
        for rec in fresh + fresh[::-1] + rng.sample(fresh, len(fresh)):
            device.sock.send(rec)
            n += 1
            if n % 50 == 0:
                check(device.lives(), "the device, while its records are replayed")
        # Far ahead, then what is behind the window.
        device.seq += 100000
        check(device.lives(), "after a jump of its own numbers")
        for rec in fresh[:100]:
            device.sock.send(rec)
            n += 1
        until(5, lambda: lab.drops("replay", "old") - before >= n, "of %d replayed %d are counted" % (
            n, lab.drops("replay", "old") - before))
        check(arrived.count() == 1 + count, "%d packets came twice" % (arrived.count() - 1 - count))
        # Out of order within the window: each once.
        mixed = list(range(device.seq, device.seq + 300))
        device.seq += 300
        rng.shuffle(mixed)
        for seq in mixed:
            device.send(MESSAGE_DATA, device.packet(b"mixed", PORT), seq)
        until(5, lambda: arrived.count() == 1 + count + 300, "of 300 in another order %d came" % (arrived.count() - 1 - count))
        check(device.lives(), "the device, at the end")
    finally:
        arrived.close()
    device.leave()
    return n + count + 300
