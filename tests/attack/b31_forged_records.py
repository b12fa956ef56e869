"""B31: forged records with other numbers, the next epoch, the highest sequence number. The window does not move."""
import os

from dtls import ALERT, CCS, DATA, HANDSHAKE, SEQ_MAX, Device, record, udp
from lab import check
from web import cookie_of

FORGED = ("tag", "replay", "old", "record_short", "record_type", "record_version", "record_length", "record_epoch")


def forgeries(device, count):
    rec = device.sent[-1]
    for i in range(count):
        body = os.urandom(40 + i % 1000)
        kind = i % 8
        if kind == 0:
            yield record(DATA, 1, SEQ_MAX, body)
        elif kind == 1:
            yield record(DATA, 1, device.seq + (1 << i % 47), body)
        elif kind == 2:
            yield record(DATA, 2 + i % 3, i, body)
        elif kind == 3:
            yield rec[:5] + (device.seq + 1000 + i).to_bytes(6, "big") + rec[11:]  # number and nonce do not agree
        elif kind == 4:
            yield rec[:-1] + bytes([rec[-1] ^ 1 << i % 8])
        elif kind == 5:
            yield record((ALERT, HANDSHAKE, CCS, 24, 0, 255)[i % 6], i % 2, device.seq + i, body)
        elif kind == 6:
            yield rec[:i % len(rec)]
        else:
            yield rec[:13] + (device.seq + 5000).to_bytes(8, "big") + rec[21:]  # another explicit nonce


def attack(lab):
    device = Device(cookie_of("user6")).handshake()
    check(device.lives(), "DTLS is not up")
    count = lab.scale(2000, 100000)
    # On the victim's own path, by its address and port.
    sock = device.sock
    lost = 0
    for i, forged in enumerate(forgeries(device, count)):
        if forged:
            sock.send(forged)
        if i % 200 == 0:
            lost += not device.lives(1)
    check(lost == 0, "%d of the device's own records were lost" % lost)
    # And from elsewhere.
    other = udp("192.0.2.30")
    for forged in forgeries(device, 200):
        if forged:
            other.send(forged)
    check(device.lives(), "the tunnel does not live any more")
    stats = lab.tele("/mst/drop/stats")
    check(stats["drop_tag"] > 0, "forged records are not counted")
    device.leave()
    return count + 200
