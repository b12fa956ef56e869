"""B2: one field far longer than any buffer, at the edges of each bound, in every field that is read."""
import base64

from lab import check
from web import Connection, request

NAMES = ["Cookie: webvpn=", "Cookie: webvpncontext=", "Cookie: webvpnc=", "Cookie: ", "User-Agent: ", "Host: ", "X-CSTP-Version: ",
         "X-CSTP-Hostname: ", "X-CSTP-MTU: ", "X-CSTP-Base-MTU: ", "X-CSTP-Address-Type: ", "X-CSTP-Address: ",
         "X-CSTP-Accept-Encoding: ", "X-CSTP-Full-IPv6-Capability: ", "X-DTLS-Master-Secret: ", "X-DTLS-CipherSuite: ",
         "X-DTLS12-CipherSuite: ", "X-DTLS-Accept-Encoding: ", "X-AnyConnect-Identifier-Platform: ",
         "X-AnyConnect-Identifier-ClientVersion: ", "X-AnyConnect-Identifier-DeviceType: ",
         "X-AnyConnect-Identifier-Device-UniqueID: ", "X-Aggregate-Auth: ", "X-Transcend-Version: ", "X-Forwarded-For: ",
         "Authorization: Bearer ", "Authorization: Basic ", "Content-Type: ", "Content-Length: ", "Connection: ", "Accept: "]
SIZES = [0, 1, 63, 64, 65, 127, 128, 129, 255, 256, 257, 2048, 4095, 4096, 4097, 16000, 16384, 65536]
FILLS = [lambda n: b"A" * n, lambda n: b"0123456789." * (n // 11) + b"1" * (n % 11), lambda n: base64.b64encode(b"\0" * n)[:n],
         lambda n: b"%n%s" * (n // 4) + b"%" * (n % 4)]
FIELDS = ["username", "password", "secondary_password", "group_list", "group-select", "session-id", "opaque"]
ALLOWED = (200, 400, 401, 404, 413, 414, 417, 431, 501, 503, 505)


def heads():
    for i, name in enumerate(NAMES):
        for j, size in enumerate(SIZES):
            value = FILLS[(i + j) % len(FILLS)](size)
            method, target = (("CONNECT", "/CSCOSSLC/tunnel"), ("GET", "/"))[j % 2]
            yield "%s of %d" % (name, size), request(method, target, name.encode() + value, agent=None)


def bodies():
    for field in FIELDS:
        for size in SIZES:
            text = "<%s>%s</%s>" % (field, "a" * size, field)
            body = '<config-auth client="vpn" type="auth-reply">%s<auth>%s</auth></config-auth>' % (
                text if field == "group-select" else "", text if field != "group-select" else "<username>a</username>")
            yield "<%s> of %d" % (field, size), request("POST", "/", body=body.encode())


def floods():
    for n in (63, 64, 65, 1000, 10000):
        yield "%d fields" % n, request("GET", "/", *["X-%d: y" % i for i in range(n)])
        yield "%d cookies" % n, request("CONNECT", "/CSCOSSLC/tunnel", "Cookie: " + "webvpn=a; " * n)
    for n in (2047, 2048, 2049, 15000, 20000):
        yield "target of %d" % n, request("GET", "/" + "a" * (n - 1))
        yield "method of %d" % n, request("A" * n, "/")
    for fill in FILLS:
        yield "a megabyte in a field", request("GET", "/", b"X: " + fill(1 << 20))


def attack(lab):
    cases = 0
    every = lab.scale(3, 1)
    for n, (name, raw) in enumerate([*heads(), *bodies()]):
        if n % every == 0:
            cases += one(name, raw)
    for name, raw in floods():
        cases += one(name, raw)
    return cases


def one(name, raw):
    with Connection(timeout=1) as c:
        c.send(raw)
        if b"Content-Length: 0" in raw or b"Content-Length: 1" in raw:
            c.send(b"a" * 257)
        a = c.answer()
    # Closed without a word is as good as refused.
    check(a is None or a.status in ALLOWED, name, a.raw[:80] if a else "")
    check(a is None or a.cookie() is None, name, "gave a cookie")
    return 1
