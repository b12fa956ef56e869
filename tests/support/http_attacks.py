#!/usr/bin/env python3
"""http_attacks.py ADDRESS: malformed requests to the TLS port. Each must be answered by one of the statuses allowed,
or closed, within 5 s, and twice the same request must get the same bytes."""
import socket
import ssl
import sys

CONTEXT = ssl.create_default_context()
CONTEXT.check_hostname = False
CONTEXT.verify_mode = ssl.CERT_NONE

BIG = b"a" * 20000
XML = b'<?xml version="1.0"?><config-auth client="vpn" type="init"></config-auth>'


def post(body, *headers, path=b"/"):
    head = b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nX-Aggregate-Auth: 1\r\n"
    for h in headers or (b"Content-Length: %d" % len(body),):
        head += h + b"\r\n"
    return head + b"\r\n" + body


REQUESTS = {
    "not http": b"\x00\x01\x02\x03\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "http 2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "bare line feeds": b"GET / HTTP/1.1\nHost: x\n\n",
    "long target": b"GET /" + b"a" * 4000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "long header": b"GET / HTTP/1.1\r\nX: " + BIG + b"\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 100 + b"\r\n",
    "space before colon": b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    "folded header": b"GET / HTTP/1.1\r\nHost: x\r\n y\r\n\r\n",
    "nul in header": b"GET / HTTP/1.1\r\nHost: x\x00y\r\n\r\n",
    "long cookie": b"CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\nHost: x\r\nCookie: webvpn=" + b"a" * 9000 + b"\r\n\r\n",
    "context cookie": b"GET / HTTP/1.1\r\nHost: x\r\nCookie: webvpncontext=" + b"A" * 5000 + b"\r\n\r\n",
    "no cookie": b"CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\nHost: x\r\n\r\n",
    "bad cookie": b"CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\nHost: x\r\nCookie: webvpn=" + b"0" * 64 + b"\r\n\r\n",
    "connect elsewhere": b"CONNECT 10.20.0.2:22 HTTP/1.1\r\nHost: x\r\n\r\n",
    "negative length": post(b"", b"Content-Length: -1"),
    "huge length": post(b"", b"Content-Length: 18446744073709551617"),
    "over the body limit": post(b"", b"Content-Length: 70000000"),
    "two lengths": post(b"abc", b"Content-Length: 3", b"Content-Length: 4"),
    "chunked": post(b"0\r\n\r\n", b"Transfer-Encoding: chunked"),
    "both": post(b"abc", b"Content-Length: 3", b"Transfer-Encoding: chunked"),
    "doctype": post(b'<!DOCTYPE a [<!ENTITY b "c">]><config-auth>&b;</config-auth>'),
    "deep xml": post(b"<a>" * 500 + b"</a>" * 500),
    "no xml": post(b"\xff\xfe\x00\x01"),
    "pipelined": post(XML) + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "traversal": b"GET /+CSCOT+/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
    "format string": b"GET /%n%s%x HTTP/1.1\r\nHost: %n%n\r\nUser-Agent: %s%n\r\n\r\n",
    "method": b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n",
}
ALLOWED = {b"200", b"400", b"401", b"404", b"405", b"413", b"414", b"417", b"431", b"501", b"503", b"505"}


def ask(address, request):
    answer = b""
    with socket.create_connection((address, 443), timeout=5) as plain:
        with CONTEXT.wrap_socket(plain) as tls:
            try:
                tls.sendall(request)
                while True:
                    part = tls.recv(65536)
                    if not part:
                        break
                    answer += part
                    if b"\r\n\r\n" in answer and keeps_open(answer):
                        break
            except (ConnectionError, ssl.SSLError):
                pass
    return answer


def keeps_open(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return len(body) >= int(line.split(b":")[1])
    return False


def main():
    address = sys.argv[1]
    bad = 0
    for name, request in REQUESTS.items():
        try:
            first, second = ask(address, request), ask(address, request)
        except OSError as error:
            print("%s: %s" % (name, error))
            bad += 1
            continue
        if first and first[9:12] not in ALLOWED:
            print("%s: answered %r" % (name, first[:40]))
            bad += 1
        if first != second:
            print("%s: two answers to the same request differ" % name)
            bad += 1
        if name == "pipelined" and first.count(b"HTTP/1.1 ") > 1 and b"HTTP/1.1 200" in first.split(b"\r\n\r\n", 1)[1]:
            print("pipelined: the second request was served")
            bad += 1
    sys.exit(1 if bad else 0)


main()
