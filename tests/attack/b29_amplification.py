"""B29: ClientHellos whose source is a third party: with a device's App-ID, which was seen in the clear, and without. What comes
back is one datagram, smaller than what came, and no handshake begins before its cookie has come back on the same path."""
import os
import struct

from dtls import HANDSHAKE, Device, client_hello, heard, message, record, records, udp
from lab import check, until
from web import cookie_of

VERIFY_REQUEST, SERVER_HELLO = 3, 2
RETRANSMISSION_S = 1.2  # more than the first timeout of a flight


def kinds(datagrams):
    return [rec[13] for d in datagrams for kind, rec in records(d) if kind == HANDSHAKE]


def asked(sock, datagram, case):
    """Sends it; the cookie of the one small answer."""
    sock.send(datagram)
    sock.settimeout(2)
    got = [sock.recv(4096)] + heard(sock, 0.03)
    check(len(got) == 1 and kinds(got) == [VERIFY_REQUEST], case, kinds(got))
    check(len(got[0]) < len(datagram), case, "%d bytes for %d" % (len(got[0]), len(datagram)))
    return got[0][28:]


def hello(app_id, random, cookie=b"", extensions=b""):
    second = int(bool(cookie))
    return record(HANDSHAKE, 0, second, client_hello(app_id, random, cookie=cookie, extensions=extensions, seq=second))


def strangers(sock, app_id):
    """What no session is named by is answered by nothing."""
    other_id = app_id[:-1] + bytes([app_id[-1] ^ 1])
    yield hello(other_id, os.urandom(32))
    yield hello(other_id, os.urandom(32), cookie=os.urandom(32))
    body = client_hello(app_id)[12:]
    for size in 1, len(body) // 2, len(body) - 1:  # RFC 6347 4.2.3: in parts
        part = b"\x01" + len(body).to_bytes(3, "big") + bytes(5) + size.to_bytes(3, "big") + body[:size]
        yield record(HANDSHAKE, 0, 0, part)
    yield record(HANDSHAKE, 0, 1, message(16, 1, b"\x00\x03psk"))
    for size in range(1, 1400, 100):
        yield os.urandom(size)


def attack(lab):
    device = Device(cookie_of("user8"))
    third, port2, fourth = udp("192.0.2.32"), udp("192.0.2.32"), udp("192.0.2.33")
    n = 0
    for datagram in strangers(third, device.app_id):
        third.send(datagram)
        n += 1
    check(not heard(third), "a stranger is answered")
    random = os.urandom(32)
    for sock in third, fourth:  # the kernel finds their neighbours first
        until(5, lambda: sock.send(hello(device.app_id, random)) and heard(sock), "no answer at all")
    for size in 0, 1, 100, 1000, 1200:
        extensions = struct.pack(">HHH", size + 4, 21, size) + bytes(size)
        asked(third, hello(device.app_id, os.urandom(32), extensions=extensions), "a hello of %d bytes more" % size)
        n += 1
    check(not heard(third, RETRANSMISSION_S), "a flight is repeated towards a third party")
    # Copies and new ones, while the device makes its own handshake.
    count = lab.scale(20, 1000)
    for i in range(count):
        third.send(hello(device.app_id, random if i % 2 else os.urandom(32)))
    device.handshake()
    check(len(heard(third)) <= count, "more answers than hellos")
    check(device.lives(), "the device's own handshake")
    # Cookies.
    cookie = asked(third, hello(device.app_id, random), "a hello")
    check(len(cookie) == 32, "cookie", cookie)
    for sock, where in (port2, "another port"), (fourth, "another address"), (device.sock, "the device's address"):
        asked(sock, hello(device.app_id, random, cookie), "its cookie from " + where)
    asked(third, hello(device.app_id, os.urandom(32), cookie), "its cookie with another hello")
    for i in range(0, 256, lab.scale(37, 1)):
        spoilt = bytearray(cookie)
        spoilt[i // 8] ^= 1 << i % 8
        asked(third, hello(device.app_id, random, bytes(spoilt)), "a cookie with bit %d turned" % i)
        n += 1
    for spoilt in cookie[:-1], cookie + b"\0", b"c" * 255:
        asked(third, hello(device.app_id, random, spoilt), "a cookie of %d bytes" % len(spoilt))
    check(device.lives(), "after cookies that are none")
    done = lab.counter("dtls_done")
    third.send(hello(device.app_id, random, cookie))
    got = heard(third)
    check(SERVER_HELLO in kinds(got), "who receives there is not served", kinds(got))
    check(lab.counter("dtls_done") == done, "somebody finished a handshake")
    check(device.lives(), "after a handshake that nobody can finish")
    device.leave()
    return n + count + 10
