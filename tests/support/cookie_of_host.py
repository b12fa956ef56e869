#!/usr/bin/env python3
"""cookie_of_host.py ADDRESS HOST USER PASSWORD HOST...: signs in at the first host and shows its cookie to the others, while the
Host header names one that it is good, or bad, for; prints the status of each CONNECT. "" is no name at all."""
import re
import socket
import ssl
import sys


def talk(address, name, request):
    context = ssl._create_unverified_context()
    with context.wrap_socket(socket.create_connection((address, 443), 10), server_hostname=name or None) as s:
        s.sendall(request.encode())
        return s.recv(16384).decode()


def main():
    address, first, user, password, *others = sys.argv[1:]
    form = f"username={user}&password={password}"
    answer = talk(address, first, f"POST /auth HTTP/1.1\r\nHost: {others[0]}\r\nUser-Agent: Open AnyConnect VPN Agent v9.01\r\n"
                  f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n\r\n{form}")
    cookie = re.search("webvpn=([^;]+)", answer).group(1)
    for name in others:
        answer = talk(address, name, f"CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\nHost: {first}\r\nCookie: webvpn={cookie}\r\n"
                      "X-CSTP-Version: 1\r\n\r\n")
        print(answer.split()[1], end=" ")


main()
