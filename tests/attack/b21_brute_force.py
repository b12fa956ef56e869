"""B21: wrong passwords by the hundred, one address and many, one name and many. Whoever guesses is banned for a while, memory
stays, a device still gets in and the owner of the name does too."""
import time

from lab import check
from web import Tunnel, cookie_of, legitimate, sign_in, stranger

PER_TRY_KIB = 4
POINTS, FOR_ONE = 80, 10


def tries(user, word, source, count):
    """How many of so many wrong passwords were listened to."""
    heard = 0
    for i in range(count):
        try:
            a = sign_in(user, "%s%d" % (word, i), source)
        except OSError:
            continue
        check(a is None or a.cookie() is None, "try %d" % i, "got in")
        heard += a is not None
    return heard


def banned(lab, count):
    """One address: heard until it has its points, then no more; what it had before stays, and others are heard."""
    lab.configure(bans__max_points=str(POINTS))
    source, other = stranger(), stranger()
    tunnel = Tunnel(cookie_of("quick1", source=source), source=source)
    heard = tries("quick2", "wrong", source, count)
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
    lab.configure(bans__max_points="0")
    return heard


def attack(lab):
    one, many = lab.scale(60, 20000), lab.scale(120, 20000)
    before = lab.rss_kib()
    logins = lab.tele("/mst/info")["cookies"]
    heard = banned(lab, one)
    tries("quick2", "wrong", stranger(), one)  # with bans off
    for i in range(many):  # one password, many names, many addresses
        a = sign_in("name%d" % i if i % 2 else "quick1", "Winter2026!")
        check(a is None or a.cookie() is None, "name%d" % i, "got in")
    grown = lab.rss_kib() - before
    start = time.monotonic()
    legitimate()
    took = time.monotonic() - start
    check(lab.tele("/mst/info")["cookies"] <= logins + 3, "a cookie came of it")
    check(grown < PER_TRY_KIB * 1024 or "asan" in lab.build, "memory grew by %d KiB" % grown)
    a = sign_in("quick2", "secret")
    check(a is not None and a.cookie(), "the owner of the name is locked out")
    return 2 * one + many, "%d heard before the ban, +%d KiB, a device got in after %.2f s" % (heard, grown, took)
