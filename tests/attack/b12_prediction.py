"""B12: what the next cookie, App-ID or random will be. Collected, compared, counted bit by bit; also over a restart."""
import math

from b11_cookie_forgery import decode
from lab import check
from web import Exporting, cookie_of

BITS_MIN = 256
SIGMA = 5.0


def varying(values):
    """Which bytes are not the same in all: a version or the number of a key may be; what is secret is not."""
    size = min(len(v) for v in values)
    return [i for i in range(size) if len({v[i] for v in values}) > 1]


def monobit(bits):
    return abs(2 * sum(bits) - len(bits)) / math.sqrt(len(bits))


def runs(bits):
    ones = sum(bits) / len(bits)
    expected = 2 * len(bits) * ones * (1 - ones)
    count = 1 + sum(a != b for a, b in zip(bits, bits[1:]))
    return abs(count - expected) / (2 * math.sqrt(len(bits)) * ones * (1 - ones))


def judge(name, values, least):
    check(len(set(values)) == len(values), name, "one came twice")
    places = varying(values)
    check(8 * len(places) >= least, name, "only %d bits vary" % (8 * len(places)))
    bits = [v[i] >> b & 1 for v in values for i in places for b in range(8)]
    check(monobit(bits) < SIGMA, name, "ones and zeros: %.1f sigma" % monobit(bits))
    check(runs(bits) < SIGMA, name, "runs: %.1f sigma" % runs(bits))
    for i in places:  # no byte that counts, or tells the time
        column = [v[i] for v in values]
        rising = sum(b > a for a, b in zip(column, column[1:])) / len(column)
        check(rising < 0.5 + SIGMA / math.sqrt(12 * len(column)), name, "byte %d rises with time" % i)
    heads = {v[places[0]:places[0] + 4] for v in values}
    check(len(heads) > 0.9 * len(values), name, "common beginnings")


def attack(lab):
    count = lab.scale(150, 20000)
    texts = [cookie_of("quick1") for _ in range(count)]
    cookies = [decode(t)[0] for t in texts]
    judge("cookie", cookies, BITS_MIN)
    app_ids = []
    for t in texts[:lab.scale(60, 2000)]:
        c = Exporting()
        a, _ = c.tunnel(t)
        app_ids.append(bytes.fromhex(a.field("X-DTLS-App-ID")))
        c.send(b"STF\x01\x00\x01\x05\x00\xb0")
        c.close()
    judge("App-ID", app_ids, BITS_MIN)
    again = []
    for _ in range(2):
        lab.restart()
        again += [decode(cookie_of("quick1"))[0] for _ in range(20)]
    check(not set(again) & set(cookies) and len(set(again)) == len(again), "a cookie came again after a restart")
    for a in again:
        same = max(sum(x == y for x, y in zip(a, c)) for c in cookies[:200])
        check(same < len(a) - BITS_MIN // 16, "a cookie after a restart is near one before")
    return len(cookies) + len(app_ids) + len(again)
