"""B14: every message in every state of the sign-in. CONNECT is answered by 200 after a finished sign-in, and by its cookie."""
import itertools

from lab import check
from web import Connection, INIT, connect_request, reply, request

INSIDE = ["X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1;proto=https", "X-Real-IP: ::1", "X-Original-URL: /CSCOSSLC/tunnel",
          "X-Rewrite-URL: /CSCOSSLC/tunnel", "X-PAN-AUTHCHECK: off", "X-Remote-User: alice", "X-Authenticated: true",
          "X-HTTP-Method-Override: CONNECT", "X-Forwarded-Proto: https", "Via: 1.1 localhost", "X-Client-Cert: alice",
          "X-SSL-Client-Verify: SUCCESS", "SSL-Client-Cert: MII", "X-Forwarded-User: alice", "Proxy-Authorization: Basic YWxpY2U6c2VjcmV0",
          "Authorization: Basic YWxpY2U6c2VjcmV0", "Authorization: Negotiate YWxpY2U=", "Authorization: Bearer YWxpY2U=", "Cookie: webvpnlogin=1",
          "X-Support-HTTP-Auth: true"]
MESSAGES = {
    "page": request("GET", "/", agent=b"Mozilla/5.0"),
    "form": request("GET", "/"),
    "init": request("POST", "/", body=INIT),
    "name only": request("POST", "/auth", body=reply("user5", None)),
    "password only": request("POST", "/auth", body=reply(None, "secret")),
    "wrong": request("POST", "/auth", body=reply("quick2", "wrong")),
    "right": request("POST", "/auth", body=reply("quick2", "secret")),
    "connect": None,  # with the cookie that this connection was given, or a made-up one
}


def walk(names):
    """One connection through one sequence: is there any 200 to CONNECT that was not earned?"""
    cookie = None
    with Connection() as c:
        for name in names:
            raw = MESSAGES[name] or connect_request(cookie or "0" * 64)
            a = c.ask(raw)
            if a is None:
                return "closed"
            if name == "connect":
                check((a.status == 200) == (cookie is not None), " > ".join(names), a.raw[:60])
                return "tunnel" if a.status == 200 else "refused"
            check(a.cookie() is None or name == "right", " > ".join(names), "%s gave a cookie" % name)
            cookie = a.cookie() or cookie
            if a.field("Connection") == "close":
                return "closed"
    return "open"


def direct():
    """CONNECT without a sign-in, with whatever may be taken for one."""
    for field in INSIDE:
        yield field, connect_request(None, field)
        yield field + " and a made-up cookie", connect_request("A" * 40, field)
    yield "all of them", connect_request(None, *INSIDE)
    for target in ("CSCOSSLC/tunnel", "/CSCOSSLC/tunnel/", "/CSCOSSLC/tunnel?x", "//CSCOSSLC/tunnel", "/cscosslc/tunnel", "/", "127.0.0.1:443",
                   "10.20.0.2:22", "localhost:22", "http://gateway.example/CSCOSSLC/tunnel"):
        yield "CONNECT " + target, connect_request(None, target=target)
    for method in ("GET", "POST", "OPTIONS", "connect", "PUT"):
        yield method, request(method, "/CSCOSSLC/tunnel", "X-HTTP-Method-Override: CONNECT")
    yield "websocket", request("GET", "/CSCOSSLC/tunnel", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                               "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")
    for user, password in (("", ""), ("", "secret"), ("alice", ""), ("alice", " "), ("*", "*"), ("alice\x00x", "secret"), ("staff", "secret"),
                           ("locked", "secret"), ("root", ""), ("quick2:staff", "secret"), ("quick2", "$1$"), ("quick2", "!"), ("quick2", "*")):
        yield "sign-in as %r by %r" % (user, password), request("POST", "/auth", body=reply(user, password).replace(b"\x00", b"&#0;"))
    for group in ("", "staff", "admin", "*", "../staff", "DefaultADMINGroup"):
        yield "group %r alone" % group, request("POST", "/auth", body=reply(None, None, "<group-select>%s</group-select>" % group))


def attack(lab):
    n, tunnels = 0, 0
    for length in range(1, lab.scale(3, 4) + 1):
        for names in itertools.product(MESSAGES, repeat=length):
            n += 1
            tunnels += walk(names) == "tunnel"
    check(tunnels > 0, "nobody gets in the right way either")
    for name, raw in direct():
        with Connection() as c:
            a = c.ask(raw)
            n += 1
            check(a is None or a.cookie() is None, name, "gave a cookie")
            if b"CONNECT" in raw[:8]:
                check(a is None or a.status != 200, name, "was let in")
                continue
            if a is None or a.field("Connection") == "close":
                continue
            a = c.ask(connect_request(None, *INSIDE))
            check(a is None or a.status != 200, name + ", then CONNECT", "was let in")
    return n
