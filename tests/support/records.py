#!/usr/bin/env python3
"""Datagrams for the tests.

records.py capture IFACE FILE SECONDS   keeps the frames to UDP 443 that leave IFACE
records.py replay IFACE FILE [PORT]     sends the data records again, from another port if one is given; prints how many
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


def from_port(frame, port):
    """Without a checksum, which UDP over IPv4 may lack."""
    udp = frame[ETH + IP:RECORD]
    return frame[:ETH + IP] + int(port).to_bytes(2, "big") + udp[2:6] + b"\0\0" + frame[RECORD:]


def replay(iface, path, port=None):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind((iface, 0))
    with open(path, "rb") as source:
        frames = [f for f in pickle.load(source) if f[RECORD] == 23]
    for frame in frames:
        sock.send(from_port(frame, port) if port else frame)
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


{"capture": capture, "replay": replay, "garbage": garbage, "chatter": chatter}[sys.argv[1]](*sys.argv[2:])
