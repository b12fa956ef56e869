"""B21: wrong passwords by the hundred, one address and many, one name and many. Whoever guesses is banned for a while, memory
stays, a device still gets in and the owner of the name does too."""
import os
import time

from lab import DEVICE, check, in_parts
from web import Connection, Tunnel, cookie_of, legitimate, reply, request, sign_in, stranger

GROWN_KIB = 10240  # the tables of bans, whole, and little else
POINTS, FOR_ONE = 80, 10
DEVICE_S = 3
BALANCERS = range(200, 220)  # of the attackers' addresses


def tries(first, last, user, word, source):
    """How many of so many wrong passwords were listened to."""
    heard = 0
    for i in range(first, last):
        try:
            a = sign_in(user, "%s%d" % (word, i), source)
        except OSError:
            continue
        check(a is None or a.cookie() is None, "try %d" % i, "got in")
        heard += a is not None
    return heard


def banned(lab, count):
    """One address: heard until it has its points, then no more; what it had before stays, and others are heard."""
    lab.configure(bans__max_points=str(POINTS), timeouts__dpd="1h")  # the tunnel is silent meanwhile
    source, other = stranger(), stranger()
    tunnel = Tunnel(cookie_of("quick1", source=source), source=source)
    heard = sum(in_parts(tries, count, "quick2", "wrong", source))
    # Somebody has signed in from there: that forgives a few.
    check(heard <= 2 * POINTS // FOR_ONE, "%d wrong passwords of one address were listened to" % heard)
    try:
        a = sign_in("quick2", "secret", source)
    except OSError:
        a = None
    check(a is None or a.cookie() is None, "the banned address gets in")
    check(tunnel.lives(), "a ban has ended a tunnel")
    a = sign_in("quick2", "secret", other)
    check(a is not None and a.cookie(), "the owner of the name is locked out elsewhere")
    lab.cli("server", "unban", "ip", source)
    a = sign_in("quick2", "secret", source)
    check(a is not None and a.cookie(), "the address after its ban was lifted")
    tunnel.sign_out()
    lab.configure(bans__max_points="0", timeouts__dpd="90s")
    return heard


def spray(first, last):
    """One password for many names from many addresses, which load balancers tell: 65,536 of them."""
    for i in range(first, last):
        with Connection("%s%d" % (os.environ["ATTACKERS"], BALANCERS[i % len(BALANCERS)]),
                        behind="100.64.%d.%d" % (i >> 8 & 255, i & 255)) as c:
            a = c.ask(request("POST", "/", body=reply("name%d" % i if i % 2 else "quick1", "Winter2026!")))
        check(a is not None and a.cookie() is None, "name%d" % i, "got in" if a else "was not listened to")


def attack(lab):
    one, open_ones, many = lab.scale(60, 1000000), lab.scale(60, 20000), lab.scale(120, 100000)
    before = lab.rss_kib()
    logins = lab.tele("/mst/info")["cookies"]
    heard = banned(lab, one)
    tries(0, open_ones, "quick2", "wrong", stranger())  # with bans off
    lab.configure(bans__max_points=str(POINTS), listen__proxy_protocol_from="[%s]" % ", ".join(
        "%s%d/32" % (os.environ["ATTACKERS"], b) for b in BALANCERS))
    in_parts(spray, many)
    grown = lab.rss_kib() - before
    start = time.monotonic()
    legitimate()
    took = time.monotonic() - start
    check(took < DEVICE_S or not lab.full, "a device took %.1f s to get in" % took)
    check(lab.tele("/mst/info")["cookies"] <= logins + 3, "a cookie came of it")
    check(grown < GROWN_KIB or "asan" in lab.build, "memory grew by %d KiB" % grown)
    a = sign_in("quick1", "secret", DEVICE)
    check(a is not None and a.cookie(), "the owner of the name is locked out")
    lab.configure(bans__max_points="0", listen__proxy_protocol_from="[]")
    return one + open_ones + many, "%d heard before the ban, +%d KiB, a device got in after %.2f s" % (heard, grown, took)
