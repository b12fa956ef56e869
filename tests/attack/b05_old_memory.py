"""B5: what is malformed gets the same bytes every time, whoever signs in meanwhile; no answer holds what was another's."""
import b03_body_length
import b07_desync
from lab import check
from web import Tunnel, connect_request, cookie_of, everything, request

NAME, WORD = "canary-name-7f3a", "canary-password-c41d"


def requests():
    yield "no value", b"POST / HTTP/1.1\r\nHost:\r\nContent-Length:\r\n\r\n"
    yield "empty fields", request("CONNECT", "/CSCOSSLC/tunnel", "Cookie:", "X-CSTP-Hostname:", "X-CSTP-MTU:", agent=b"")
    yield "long host", b"GET / HTTP/1.1\r\nHost: " + b"h" * 16000 + b"\r\n\r\n"
    yield "no host", b"GET / HTTP/1.1\r\n\r\n"
    yield "empty cookie", connect_request("")
    yield "half a cookie", connect_request("0" * 31)
    yield "wrong cookie", connect_request("0" * 64)
    for body in (b"", b"<", b"<config-auth/>", b'<config-auth type="auth-reply"/>', b'<config-auth type=""/>',
                 b'<config-auth type="auth-reply"><auth/></config-auth>', b"username=", b"username", b"=", b"&", b"username=%",
                 b'<config-auth type="auth-reply"><auth><username/></auth></config-auth>',
                 b'<config-auth type="auth-reply"><auth><username>a</username></auth></config-auth>',
                 b'<config-auth type="auth-reply"><auth><password/></auth></config-auth>'):
        yield "body %r" % body, request("POST", "/", body=body)
    for name, raw in [*b03_body_length.cases()][::9] + [*b07_desync.cases()][::7]:
        if isinstance(raw, bytes):
            yield name, raw


def attack(lab):
    times = lab.scale(4, 1000)
    todo = [*requests()]
    first = {}
    secrets = {NAME.encode(), WORD.encode()}
    n = 0
    for turn in range(times):
        # Its name, password and cookie go through the same buffers just before.
        cookie = cookie_of(NAME, WORD)
        secrets.add(cookie.encode())
        Tunnel(cookie, "X-CSTP-Hostname: " + NAME).sign_out()
        for name, raw in todo:
            # Some wait for more, and get no answer: for the most part that is left at.
            if turn % 20 and first.get(name) == b"":
                continue
            got = everything(raw, timeout=0.3 if turn == 0 else 0.1 if first[name] == b"" else 10)
            n += 1
            check(first.setdefault(name, got) == got, name, "two answers differ", first[name], got)
            for s in secrets:
                check(s not in got, name, "an answer holds what is another's")
    for s in secrets - {NAME.encode()}:
        check(s.decode() not in lab.log(), "a secret is in the log")
    return n
