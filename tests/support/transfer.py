#!/usr/bin/env python3
"""transfer.py serve ADDRESS PORT GIVE TAKE | probe|put|get ADDRESS PORT [FILE]: whole files over TCP."""
import socket
import sys

CHUNK = 1 << 16


def serve(address, port, give, take):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, int(port)))
    listener.listen(4)
    while True:
        conn = listener.accept()[0]
        what = conn.recv(1)
        if what == b"P":
            with open(take, "wb") as out:
                while data := conn.recv(CHUNK):
                    out.write(data)
            conn.send(b"k")
        elif what == b"G":
            with open(give, "rb") as source:
                conn.sendfile(source)
        conn.close()


def client(what, address, port, path=None):
    conn = socket.create_connection((address, int(port)), timeout=60)
    if what == "put":
        conn.send(b"P")
        with open(path, "rb") as source:
            conn.sendfile(source)
        conn.shutdown(socket.SHUT_WR)
        if conn.recv(1) != b"k":
            sys.exit("the server did not take it all")
    elif what == "get":
        conn.send(b"G")
        with open(path, "wb") as out:
            while data := conn.recv(CHUNK):
                out.write(data)


if sys.argv[1] == "serve":
    serve(*sys.argv[2:6])
else:
    client(*sys.argv[1:])
