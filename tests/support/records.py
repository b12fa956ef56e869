#!/usr/bin/env python3
"""What an attacker on the device's network can do with DTLS records.

records.py capture IFACE FILE SECONDS   keeps the frames to UDP 443 that leave IFACE
records.py replay IFACE FILE            sends the data records again as they are; prints how many
records.py forge IFACE FILE             sends them with flipped bits, other numbers and the highest sequence number
records.py hello IFACE FILE             sends the ClientHello again
records.py garbage ADDRESS PORT         sends junk of many shapes from many ports; prints how many answers came
records.py chatter ADDRESS SECONDS      sends a datagram every 0.2 s
"""
import os
import pickle
import random
import socket
import sys
import time

ETH, IP, UDP = 14, 20, 8
RECORD = ETH + IP + UDP


def is_ours(frame):
    return (len(frame) > RECORD + 13 and frame[12:14] == b"\x08\x00" and frame[ETH + 9] == 17
            and frame[ETH + IP + 2:ETH + IP + 4] == (443).to_bytes(2, "big"))


def capture(iface, path, seconds):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    sock.bind((iface, 0))
    sock.settimeout(0.2)
    frames = []
    end = time.time() + float(seconds)
    # Until there is a good number of data records, or the time is over.
    while time.time() < end and sum(1 for f in frames if f[RECORD] == 23) < 12:
        try:
            frame = sock.recv(4096)
        except TimeoutError:
            continue
        if is_ours(frame):
            frames.append(frame)
    with open(path + ".tmp", "wb") as out:
        pickle.dump(frames, out)
    os.rename(path + ".tmp", path)


def load(path):
    with open(path, "rb") as source:
        return pickle.load(source)


def raw(iface):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind((iface, 0))
    return sock


def data_records(path):
    return [f for f in load(path) if f[RECORD] == 23]


def replay(iface, path):
    sock = raw(iface)
    frames = data_records(path)
    for frame in frames:
        sock.send(frame)
    print(len(frames))


def forge(iface, path):
    sock = raw(iface)
    sent = 0
    for frame in data_records(path):
        for number in (1 << 20, (1 << 48) - 1):
            forged = bytearray(frame)
            forged[RECORD + 5:RECORD + 11] = number.to_bytes(6, "big")
            sock.send(forged)
            sent += 1
        forged = bytearray(frame)
        forged[RECORD + 5:RECORD + 11] = (1 << 21 | sent).to_bytes(6, "big")
        forged[-1] ^= 1
        sock.send(forged)
        sent += 1
    print(sent)


def hello(iface, path):
    sock = raw(iface)
    frames = [f for f in load(path) if f[RECORD] == 22 and f[RECORD + 13] == 1]
    for frame in frames[:1] * 3:
        sock.send(frame)
    print(len(frames))


def junk():
    rng = random.Random(7)
    hello = bytes.fromhex("16feff0000000000000000009b0100008f000000000000008ffefd") + rng.randbytes(32) + b"\x20"
    hello += rng.randbytes(32) + bytes.fromhex("00000400a900a80100000f000d00060004040104030017000000")
    shapes = [b"", b"\x16", rng.randbytes(12), rng.randbytes(13), rng.randbytes(200), rng.randbytes(1400), hello,
              hello[:60], b"GET / HTTP/1.1\r\n\r\n"]
    for content in range(256):
        shapes.append(bytes([content]) + b"\xfe\xfd" + rng.randbytes(8) + b"\x00\x20" + rng.randbytes(32))
    return shapes


def garbage(address, port):
    answers = 0
    socks = []
    for shape in junk():
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.connect((address, int(port)))
        sock.send(shape)
        socks.append(sock)
    time.sleep(1.5)
    for sock in socks:
        sock.setblocking(False)
        try:
            while True:
                sock.recv(4096)
                answers += 1
        except BlockingIOError:
            pass
        except ConnectionRefusedError:
            answers += 1
    print(answers)


def chatter(address, seconds):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end = time.time() + float(seconds)
    while time.time() < end:
        try:
            sock.sendto(b"x", (address, 9))
        except OSError:
            return
        time.sleep(0.2)


{"capture": capture, "replay": replay, "forge": forge, "hello": hello, "garbage": garbage,
 "chatter": chatter}[sys.argv[1]](*sys.argv[2:])
