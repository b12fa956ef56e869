"""B21: wrong passwords by the hundred, one address and many, one name and many. Memory stays, a device still gets in."""
import time

from lab import check
from web import legitimate, sign_in, stranger

PER_TRY_KIB = 4


def attack(lab):
    one, many = lab.scale(120, 20000), lab.scale(200, 20000)
    before = lab.rss_kib()
    logins = lab.tele("/mst/info")["cookies"]
    source = stranger()
    refused = 0
    for i in range(one):  # one address, one name
        try:
            a = sign_in("quick2", "wrong%d" % i, source)
        except OSError:  # banned
            refused += 1
            continue
        check(a is None or a.cookie() is None, "try %d" % i, "got in")
    for i in range(many):  # one password, many names, many addresses
        try:
            a = sign_in("name%d" % i if i % 2 else "quick1", "Winter2026!")
        except OSError:
            refused += 1
            continue
        check(a is None or a.cookie() is None, "name%d" % i, "got in")
    grown = lab.rss_kib() - before
    start = time.monotonic()
    legitimate()
    took = time.monotonic() - start
    check(lab.tele("/mst/info")["cookies"] <= logins + 1, "a cookie came of it")
    check(grown < PER_TRY_KIB * 1024 or "asan" in lab.build, "memory grew by %d KiB" % grown)
    # The account that was tried is not locked for its owner.
    a = sign_in("quick2", "secret")
    check(a is not None and a.cookie(), "the owner of the name is locked out")
    return one + many, "%d refused unheard, +%d KiB, a device got in after %.2f s" % (refused, grown, took)
