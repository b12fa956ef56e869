"""B12: what the next cookie, App-ID or random will be. Collected, compared, counted bit by bit; also over a restart."""
import math

from b11_cookie_forgery import decode
from lab import check, in_parts
from web import DISCONNECT, LOGOUT, Exporting, cookie_of, tls_record_frame

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


def collect(first, last):
    """Cookies and App-IDs; each session is signed out, or the addresses would not last."""
    out = []
    for i in range(first, last):
        text = cookie_of("quick%d" % (1 + i % 2))
        c = Exporting()
        a, _ = c.tunnel(text)
        out.append((decode(text)[0], bytes.fromhex(a.field("X-DTLS-App-ID"))))
        c.send(tls_record_frame(DISCONNECT, LOGOUT))
        c.close()
    return out


def attack(lab):
    got = [pair for part in in_parts(collect, lab.scale(150, 100000)) for pair in part]
    cookies, app_ids = [c for c, _ in got], [a for _, a in got]
    judge("cookie", cookies, BITS_MIN)
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
