#!/usr/bin/env python3
"""setups.py ADDRESS COOKIE COUNT: complete TLS handshakes and CONNECT by cookie, one after the other, until it is ended.

The file COUNT holds how many were answered by 200. No ticket is used, and each connection is closed without a sign-out,
so that the next one takes the session over.
"""
import os
import socket
import ssl
import sys

REQUEST = ("CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\nHost: %s\r\nUser-Agent: Open AnyConnect VPN Agent v9.01\r\n"
           "Cookie: %s\r\nX-CSTP-Version: 1\r\nX-CSTP-Hostname: bench\r\nX-CSTP-MTU: 1434\r\n"
           "X-CSTP-Base-MTU: 1500\r\nX-CSTP-Address-Type: IPv4\r\n\r\n")


def connect(context, address, cookie):
    with socket.create_connection((address, 443), timeout=10) as raw, context.wrap_socket(raw) as conn:
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        conn.sendall((REQUEST % (address, cookie)).encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            chunk = conn.recv(4096)
            if not chunk:
                break
            answer += chunk
    if not answer.startswith(b"HTTP/1.1 200"):
        sys.exit("setups: %r" % answer[:80])


def main():
    address, cookie, path = sys.argv[1:4]
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    count = 0
    while True:
        connect(context, address, cookie)
        count += 1
        os.pwrite(file, b"%d" % count, 0)


main()
