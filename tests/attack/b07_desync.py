"""B7: bytes that two readers could take for two different requests. One answer at most, and the connection ends."""
import time

from lab import check
from web import Connection, INIT, request

SECOND = b"GET / HTTP/1.1\r\nHost: second\r\n\r\n"


def post(*fields, body=INIT, behind=b""):
    head = b"POST / HTTP/1.1\r\nHost: first\r\nX-Aggregate-Auth: 1\r\n"
    return head + b"".join(f + b"\r\n" for f in fields) + b"\r\n" + body + behind


def cases():
    right = b"Content-Length: %d" % len(INIT)
    for name, first in (("GET", request()), ("POST", post(right)), ("HEAD", request("HEAD")), ("404", request("GET", "/x"))):
        for second in (SECOND, post(right), b"G", b"\r\n", b"\r\n\r\n" + SECOND, b"0\r\n\r\n" + SECOND, b"\0"):
            yield "%s and %r in one record" % (name, second[:12]), first + second
    for te in (b"chunked", b" chunked", b"xchunked", b"chunked\x0b", b"\x0bchunked", b"identity", b"chunked, x", b'"chunked"'):
        for sep in (b": ", b":", b" : ", b":\t", b" :"):
            yield "TE%s%s and CL" % (sep.decode(), te.decode("latin-1")), post(b"Transfer-Encoding" + sep + te, right, behind=SECOND)
    for a, b in ((b"5", right[16:]), (right[16:], b"5"), (b"0", right[16:]), (right[16:], right[16:]), (right[16:], b"0")):
        yield "CL %s, CL %s" % (a.decode(), b.decode()), post(b"Content-Length: " + a, b"Content-Length: " + b, behind=SECOND)
    yield "CL list", post(b"Content-Length: 5, 5", behind=SECOND)
    for end in (b"\n", b"\r", b"\n\r", b"\r\r\n", b"\0\r\n", b"\x0b\r\n", b"\x85"):
        yield "line ends %r" % end, (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + SECOND).replace(b"\r\n", end)
        yield "one line ends %r" % end, b"GET / HTTP/1.1\r\nHost: x" + end + b"X: y\r\n\r\n" + SECOND
    for field in (b"Host : x", b" Host: x", b"\tHost: x", b"Host: x\r\n y", b"Host: x\r\n\tContent-Length: 5", b": x", b"Host", b"X\0: y", b"X: \0",
                  b"Content-Length : 5", b"Content-Length\t: 5", b"Content\xadLength: 5", b"Content-Length:\r\n 5", b"X: y\rContent-Length: 5"):
        yield "field %r" % field, b"GET / HTTP/1.1\r\n" + field + b"\r\n\r\n" + SECOND
    for line in (b"GET  / HTTP/1.1", b"GET /  HTTP/1.1", b"GET\t/\tHTTP/1.1", b"GET / HTTP/1.1 ", b" GET / HTTP/1.1", b"GET / HTTP/1.10", b"GET / HTTP/1.0",
                 b"GET / HTTP/01.1", b"GET / http/1.1", b"GET /", b"GET", b"", b"GET / HTTP/2.0", b"GET / HTTP/1.1\0", b"get / HTTP/1.1"):
        yield "request line %r" % line, line + b"\r\nHost: x\r\n\r\n" + SECOND
    yield "GET with a body", request("GET", "/", "Content-Length: %d" % len(SECOND)) + SECOND
    yield "HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SECOND
    yield "TLS in TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + SECOND
    yield "upgrade", request("GET", "/", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk") + SECOND


def answers(raw):
    return raw.count(b"HTTP/1.1 ")


def dribble():
    """A byte a record: still one request, one answer, and what follows in the same turn is refused."""
    with Connection(timeout=2) as c:
        for i in range(len(request())):
            c.send(request()[i:i + 1])
        a = c.answer()
        check(a is not None and a.status == 200, "a byte a record", a.raw[:60] if a else "closed")
        c.send(SECOND[:10])
        time.sleep(0.05)
        c.send(SECOND[10:] + SECOND)
        raw = c.all()
        check(answers(raw) <= 1 and b"HTTP/1.1 200" not in raw, "a second request behind a split one", raw[:60])


def attack(lab):
    n = 0
    for name, raw in cases():
        with Connection(timeout=1) as c:
            c.send(raw)
            got = c.all()
        n += 1
        check(answers(got) <= 1, name, "%d answers" % answers(got), got)
        if answers(got):
            # Whatever hides behind a request, the request is not served either.
            check(not got.startswith(b"HTTP/1.1 200"), name, "was served", got[:60])
            check(b"\r\nConnection: close\r\n" in got, name, "stays open", got[:200])
    dribble()
    return n + 1
