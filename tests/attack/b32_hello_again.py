"""B32: a captured ClientHello, or a new one, sent into a live session from its address and from another."""
import os
import struct

from dtls import HANDSHAKE, Device, client_hello, heard, record, udp
from lab import check
from web import cookie_of


def attack(lab):
    device = Device(cookie_of("user7")).handshake()
    check(device.lives(), "DTLS is not up")
    done = lab.counter("dtls_done")
    n = 0
    for _ in range(lab.scale(20, 1000)):  # the copy, on its own path
        device.sock.send(device.hello)
        n += 1
    check(device.lives(), "after a copy of its ClientHello")
    other = udp("192.0.2.31")
    for _ in range(lab.scale(20, 1000)):  # from another address
        other.send(device.hello)
        n += 1
    asked = len(device.hello) * lab.scale(20, 1000)
    got = heard(other)
    check(sum(map(len, got)) <= asked, "the answer to a copy from elsewhere", "%d bytes for %d" % (sum(map(len, got)), asked))
    check(device.lives(), "after a copy from elsewhere")
    for _ in range(lab.scale(20, 1000)):  # a new one, with the App-ID that was seen in the clear
        other.send(record(HANDSHAKE, 0, 0, client_hello(device.app_id)))
        n += 1
    check(device.lives(), "after a new ClientHello from elsewhere")
    for spoilt in spoilt_hellos(device.app_id):
        device.sock.send(spoilt)
        n += 1
    check(device.lives(), "after hellos that are none")
    # Renegotiation: a ClientHello under the keys of the session.
    device.sock.send(device.seal(HANDSHAKE, device.seq, client_hello(device.app_id)))
    device.seq += 1
    n += 1
    check(device.lives(), "after a protected ClientHello")
    device.sock.send(device.finished)  # its own last flight again
    check(device.lives(), "after its last flight again")
    check(lab.counter("dtls_done") == done, "somebody finished a handshake")
    heard(other)
    device.leave()
    return n + 1


def spoilt_hellos(app_id):
    good = client_hello(app_id)
    yield record(HANDSHAKE, 0, 0, good[:-1])
    yield record(HANDSHAKE, 0, 0, good + b"\0")
    yield record(HANDSHAKE, 0, 0, client_hello(app_id, bytes(32)))
    yield record(HANDSHAKE, 0, 0, client_hello(app_id, suites=b""))
    yield record(HANDSHAKE, 0, 0, client_hello(app_id, suites=b"\x00\x2f" * 500))
    yield record(HANDSHAKE, 0, 0, client_hello(app_id, cookie=b"c" * 255))
    yield record(HANDSHAKE, 0, 0, client_hello(app_id, extensions=struct.pack(">HHH", 65535, 1, 65535)))
    yield record(HANDSHAKE, 0, 0, client_hello(app_id[:31]))
    yield record(HANDSHAKE, 0, 0, client_hello(app_id + b"\0"))
    yield record(HANDSHAKE, 0, 0, client_hello(b""))
    for size in (1 << 24) - 1, 100000, 0:  # RFC 6347 4.2.2: lengths of a fragment
        yield record(HANDSHAKE, 0, 0, good[:1] + size.to_bytes(3, "big") + good[4:])
        yield record(HANDSHAKE, 0, 0, good[:9] + size.to_bytes(3, "big") + good[12:])
        yield record(HANDSHAKE, 0, 0, good[:6] + size.to_bytes(3, "big") + good[9:])
    for seq in range(0, 200, 20):
        yield record(HANDSHAKE, 0, seq, good[:4] + struct.pack(">H", seq) + good[6:12] + os.urandom(20))
