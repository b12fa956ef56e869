"""B41: CSTP frames that lie about their length, type or beginning. The connection ends, the session does not; questions get
one answer each."""
import os
import struct

from lab import check
from web import (COMPRESSED, DATA, DISCONNECT, DPD_REQ, DPD_RESP, KEEPALIVE, TERMINATE, Tunnel, cookie_of, tls_record_frame)

LIVES, CLOSES = "lives", "closes"


def cases():
    body = b"p" * 40
    for kind in (DATA, DPD_REQ, KEEPALIVE):
        for magic in (b"STF\x00", b"STF\x02", b"stf\x01", b"FTS\x01", b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"GET ", b"\x01FTS"):
            yield "magic %r" % magic, tls_record_frame(kind, body, magic=magic), CLOSES
        for length in (0, 1, 39, 41, 48, 255, 256, 16384, 32768, 65535):
            yield "length %d of 40" % length, tls_record_frame(kind, body, length=length), CLOSES
        for reserved in (1, 2, 0x7f, 0x80, 0xff):
            yield "last byte %d" % reserved, tls_record_frame(kind, body, reserved=reserved), CLOSES
        for cut in range(1, 8):
            yield "%d bytes of a header" % cut, tls_record_frame(kind, body)[:cut], CLOSES
        yield "two frames in one record", tls_record_frame(kind, body) * 2, CLOSES
        yield "a frame and a byte", tls_record_frame(kind, body) + b"S", CLOSES
        yield "the largest record", tls_record_frame(kind, b"p" * (16384 - 8)), LIVES
        yield "more than a record", tls_record_frame(kind, b"p" * 20000), CLOSES
    for kind in (1, 2, 6, 10, 11, 0x7f, 0x80, 0xff):
        for payload in (b"", b"p", body * 10):
            yield "type %d, %d bytes" % (kind, len(payload)), tls_record_frame(kind, payload), LIVES
    for payload in (b"", b"\x45", b"\x00" * 20, b"\xff" * 20, body, b"\x45" + b"\x00" * 1500, b"\x60" + b"\xff" * 60, os.urandom(1400)):
        yield "a packet that is none, %d bytes" % len(payload), tls_record_frame(DATA, payload), LIVES
    for payload in (b"", b"c", body):
        yield "compressed, %d bytes" % len(payload), tls_record_frame(COMPRESSED, payload), CLOSES
    for payload in (b"", b"\x00", b"\xff", b"\xb1", b"\x00" * 8000):
        yield "disconnect %r" % payload[:1], tls_record_frame(DISCONNECT, payload), CLOSES
    yield "terminate", tls_record_frame(TERMINATE), LIVES
    yield "an answer to no question", tls_record_frame(DPD_RESP, body), LIVES
    yield "HTTP again", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", CLOSES
    yield "CONNECT again", b"CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\nHost: x\r\n\r\n", CLOSES
    for i in range(20):
        yield "noise %d" % i, os.urandom(1 + 50 * i), CLOSES


def one(cookie, name, raw, want):
    t = Tunnel(cookie)
    t.send(raw)
    lives = t.lives()
    t.close()
    check(lives == (want == LIVES), name, "the tunnel %s, expected: %s" % (LIVES if lives else CLOSES, want))


def split(t):
    """A frame is a record: what is split over two is not glued together."""
    frame = tls_record_frame(DPD_REQ, b"abcd")
    t.send(frame[:5])
    t.send(frame[5:])
    check(not t.lives(), "a header over two records was glued together")


def questions(cookie, count):
    """Each is answered once, by as much as it was asked with; idle ones by nothing."""
    t = Tunnel(cookie)
    for burst in range(0, count, 50):
        for i in range(50):
            t.frame(DPD_REQ, struct.pack(">I", burst + i))
            t.frame(KEEPALIVE)
            t.frame(DPD_RESP, b"x")
        for i in range(50):
            f = t.next_frame()
            check(f is not None and f[0] == DPD_RESP, "question %d" % (burst + i), f)
            check(f[1] == struct.pack(">I", burst + i), "question %d" % (burst + i), "another's answer", f)
    check(t.lives(), "after all the questions")
    t.close()


def flood_unread(cookie):
    """Questions whose answers nobody reads: what waits for the device is bounded."""
    t = Tunnel(cookie, timeout=2)
    for _ in range(3000):
        if not t.frame(DPD_REQ, b"q" * 1400):
            break
    t.close()


def attack(lab):
    cookie = cookie_of("user11")
    n = 0
    for name, raw, want in cases():
        one(cookie, name, raw, want)
        n += 1
    split(Tunnel(cookie))
    questions(cookie, lab.scale(500, 1000000))
    before = lab.rss_kib()
    flood_unread(cookie)
    check(lab.rss_kib() - before < 8192 or "asan" in lab.build, "memory grew by %d KiB" % (lab.rss_kib() - before))
    Tunnel(cookie).sign_out()
    return n + 2 + lab.scale(500, 1000000)
