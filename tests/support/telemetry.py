#!/usr/bin/env python3
"""telemetry.py PREFIX COMMAND KEY [COMMAND KEY]...: values out of DPDK's telemetry socket of a gateway, each on a line.

KEY "-" prints the whole reply.
"""
import json
import os
import socket
import sys


def connect(prefix):
    folder = os.path.join(os.environ.get("RUNTIME_DIRECTORY", "/var/run"), "dpdk", prefix)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.settimeout(5)
    sock.connect(os.path.join(folder, "dpdk_telemetry.v2"))
    sock.recv(16384)
    return sock


def ask(sock, command):
    sock.send(command.encode())
    return json.loads(sock.recv(32768))[command.split(",")[0]]


def main():
    prefix, words = sys.argv[1], sys.argv[2:]
    sock = connect(prefix)
    for command, key in zip(words[::2], words[1::2]):
        reply = ask(sock, command)
        if key == "-":
            print(json.dumps(reply))
        elif isinstance(reply, dict) and key in reply:
            print(reply[key])
        else:
            sys.exit("telemetry: %s has no %s" % (command, key))


if __name__ == "__main__":
    main()
