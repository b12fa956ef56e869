"""B43: compression is asked for in every way that clients know. It is never agreed on, and a compressed frame ends it."""
from dtls import Device, MESSAGE_DATA
from lab import check
from web import COMPRESSED, Connection, Tunnel, connect_request, cookie_of, request

OFFERS = ["oc-lz4", "lzs", "deflate", "oc-lz4,lzs,deflate", "lzs,deflate", "gzip", "br", "*", "identity", "oc-lz4;q=1.0", "LZS", "x" * 200]
FIELDS = ["X-CSTP-Accept-Encoding", "X-DTLS-Accept-Encoding", "X-CSTP-Content-Encoding", "X-DTLS-Content-Encoding", "Accept-Encoding", "TE"]
TYPE_COMPRESSED = 8


def attack(lab):
    cookie = cookie_of("user13")
    n = 0
    for field in FIELDS:
        for offer in OFFERS:
            with Connection() as c:
                a = c.ask(connect_request(cookie, "%s: %s" % (field, offer), dtls=True))
                n += 1
                check(a is not None and a.status == 200, "%s: %s" % (field, offer), a)
                check(b"-encoding" not in a.raw.lower(), "%s: %s" % (field, offer), "was agreed on", a.raw)
    a = None
    with Connection() as c:
        a = c.ask(request("GET", "/", "Accept-Encoding: gzip, deflate, br"))
    check(a is not None and b"content-encoding" not in a.raw.lower(), "a page was compressed")
    for payload in (b"", b"\0", b"\xff" * 100, bytes(1400), b"\x1f\x8b\x08" + bytes(100)):
        t = Tunnel(cookie, "X-CSTP-Accept-Encoding: oc-lz4,lzs,deflate")
        t.frame(COMPRESSED, payload)
        n += 1
        check(not t.lives(), "a compressed frame", "the tunnel goes on")
        t.close()
    device = Device(cookie).handshake()
    check(device.lives(), "DTLS")
    before = lab.drops("type")
    for payload in (b"", b"\xff" * 100, device.packet(b"x")):
        device.send(TYPE_COMPRESSED, payload)
        n += 1
    check(device.lives() and lab.drops("type") - before == 3, "compressed messages by DTLS are not dropped")
    device.send(MESSAGE_DATA, device.packet(b"x"))
    device.leave()
    return n + 1
