#!/usr/bin/env python3
"""pace.py ADDRESS PORT RATE SECONDS: UDP datagrams of 64 bytes, evenly spaced; prints how many were sent."""
import socket
import sys
import time


def main():
    address, port, rate, seconds = sys.argv[1], *map(int, sys.argv[2:5])
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect((address, port))
    start = time.monotonic_ns()
    sent = 0
    while sent < rate * seconds:
        due = min(rate * seconds, (time.monotonic_ns() - start) * rate // 10**9 + 1)
        while sent < due:
            try:
                sock.send(bytes(64))
            except ConnectionRefusedError:  # nobody listens there: the answer to an earlier one
                continue
            sent += 1
        time.sleep(2e-5)
    print(sent)


main()
