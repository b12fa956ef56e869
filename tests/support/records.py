#!/usr/bin/env python3
"""Datagrams for the tests.

records.py garbage ADDRESS PORT         sends junk of many shapes from many ports; prints how many answers came
records.py chatter ADDRESS SECONDS      sends a datagram every 0.2 s
"""
import random
import socket
import sys
import time


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


{"garbage": garbage, "chatter": chatter}[sys.argv[1]](*sys.argv[2:])
