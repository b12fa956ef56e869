"""B11: a cookie that was changed, cut, made longer, spelled otherwise or made up. Only the one that was given is taken."""
import base64
import binascii
import os
import random

from lab import check, in_parts
from web import Tunnel, ask, connect_request, cookie_of, request

LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"


def decode(cookie):
    try:
        return binascii.unhexlify(cookie), lambda raw: raw.hex()
    except ValueError:
        raw = base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
        return raw, lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("=")


def flips(cookie):
    raw, encode = decode(cookie)
    for bit in range(8 * len(raw)):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        yield "bit %d" % bit, encode(bytes(changed))


def spellings(cookie):
    raw, encode = decode(cookie)
    for n in (0, 1, 2, 3, len(cookie) // 2, len(cookie) - 2, len(cookie) - 1):
        yield "first %d letters" % n, cookie[:n]
        yield "last %d letters" % n, cookie[len(cookie) - n:]
    for tail in ("=", "==", "A", "AA", "0", "00", "%00", "-", ".", "/", "+", cookie, "A" * 3000):
        yield "with %r behind" % tail[:4], cookie + tail
        yield "with %r in front" % tail[:4], tail + cookie
    yield "reversed", cookie[::-1]
    yield "other case", cookie.swapcase()
    yield "upper case", cookie.upper() if cookie != cookie.upper() else cookie.lower()
    yield "standard base64", base64.b64encode(raw).decode()
    yield "url-safe base64 with padding", base64.urlsafe_b64encode(raw).decode() + "=" * 4
    yield "hex of its text", cookie.encode().hex()
    yield "NUL in front", encode(b"\0" + raw)
    yield "NUL behind", encode(raw + b"\0")
    for i in range(0, len(raw), 16):
        yield "a block twice", encode(raw[:i] + raw[i:i + 16] + raw[i:])
        yield "a block left out", encode(raw[:i] + raw[i + 16:])
    yield "all zero", encode(bytes(len(raw)))
    yield "all ones", encode(b"\xff" * len(raw))


def mixtures(cookie, other):
    """Halves of two that are both right."""
    for cut in range(8, len(cookie), 8):
        yield "one up to letter %d, then the other" % cut, cookie[:cut] + other[cut:]


def made_up(first, last, cookie):
    """Random ones, and the right one with a few other letters."""
    rng = random.Random(first)
    raw, encode = decode(cookie)
    for i in range(first, last):
        size = len(raw) if i % 4 else rng.randint(0, 600)
        forged = encode(os.urandom(size))
        if i % 2:
            letters = list(cookie)
            for _ in range(rng.randint(1, 5)):
                letters[rng.randrange(len(letters))] = rng.choice(LETTERS)
            forged = "".join(letters)
        if forged != cookie and not same_value(forged, cookie):
            refused("made up %d" % i, forged)


def refused(name, forged):
    a = ask(connect_request(forged))
    check(a is None or a.status in (400, 401, 431), name, a.raw[:60] if a else "")


def raw_headers(cookie):
    for value in ("webvpn=%s; webvpn=%s" % (cookie, cookie), "webvpn=x; webvpn=" + cookie, 'webvpn="%s"' % cookie, "WEBVPN=" + cookie,
                  "webvpn =" + cookie, "webvpn= %s x" % cookie, "webvpn", "webvpn=", "webvpncontext=" + cookie, "webvpn\x00=" + cookie):
        yield value.replace(cookie, "C"), "Cookie: " + value
    yield "as Authorization", "Authorization: Bearer " + cookie
    yield "two header fields", "Cookie: webvpn=%s\r\nCookie: webvpn=%s" % (cookie, cookie)


def same_value(forged, cookie):
    """Hex has two spellings of the same number, and both are the cookie."""
    return len(cookie) == 64 and forged.lower() == cookie


def attack(lab):
    lab.configure(timeouts__cookie=lab.scale("300s", "6h"))
    cookie, other = cookie_of("user2"), cookie_of("user3")
    Tunnel(cookie).close()
    sessions = lab.sessions()
    every = [*flips(cookie)]
    some = lab.scale(max(1, len(every) // 256), 1)
    n = 0
    for name, forged in [*every[::some], *spellings(cookie), *mixtures(cookie, other)]:
        if forged in (cookie, other) or same_value(forged, cookie):
            continue
        refused(name, forged)
        n += 1
    count = lab.scale(200, 1000000)
    in_parts(made_up, count, cookie)
    for name, field in raw_headers(cookie):
        a = ask(request("CONNECT", "/CSCOSSLC/tunnel", field))
        n += 1
        check(a is None or a.status in (400, 401), name, a.raw[:60] if a else "")
    check(lab.sessions() == sessions, "a session came of it")
    for c in (cookie, other):  # and the right ones still are
        t = Tunnel(c)
        check(t.lives(), "the right cookie no longer works")
        t.sign_out()
    lab.configure(timeouts__cookie="300s")
    return n + count
