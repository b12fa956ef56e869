"""B13: a cookie used by somebody else, at the same time, and after each way in which a session ends."""
import threading
import time

from lab import check, until
from web import Connection, Tunnel, ask, connect_request, cookie_of


def refused(cookie, when):
    a = ask(connect_request(cookie))
    check(a is not None and a.status == 401, when, a.raw[:60] if a else "closed")


def after_logout(cookie):
    Tunnel(cookie).sign_out()
    time.sleep(0.1)
    refused(cookie, "after the device signed out")


def after_admin(lab, cookie, used):
    if used:
        Tunnel(cookie)
        lab.disconnect("user4")
        refused(cookie, "after the administrator ended the session")


def after_absence(lab, cookie):
    lab.configure(timeouts__cookie="5s")
    Tunnel(cookie).close()
    until(15, lambda: lab.sessions() == 0, "the session of a device that went away is still there")
    refused(cookie, "after the device stayed away")
    lab.configure(timeouts__cookie="300s")


def after_a_restart(lab, cookie):
    """Who has signed out stays so for the gateway that comes next."""
    Tunnel(cookie).sign_out()
    time.sleep(0.2)
    lab.restart()
    refused(cookie, "after the device signed out and the gateway was started again")


def over_the_limit(lab, cookie):
    """Coming back does not set the clock of the session back."""
    limit = lab.scale(3, 25)
    lab.configure(timeouts__session="%ds" % limit)
    start = time.monotonic()
    times = 0
    while True:
        a = ask(connect_request(cookie))
        if a is None or a.status != 200:
            break
        times += 1
        left = a.field("X-CSTP-Session-Timeout-Remaining")
        check(left is None or int(left) <= limit, "the time that is left grows", left)
        check(time.monotonic() - start < limit + 7, "coming back makes a session longer")
        time.sleep(0.2)
    check(times >= lab.scale(2, 100), "the session did not last at all", times)
    refused(cookie, "after the time of the session")
    lab.configure(timeouts__session="0s")
    return times


def one_tunnel(lab, cookie, thieves):
    """Any number at once: one of them has the tunnel, at one address."""
    inside = [Connection(timeout=30) for _ in range(thieves)]
    barrier = threading.Barrier(thieves)
    got = []

    def steal(c):
        try:
            barrier.wait(20)
            got.append((c, c.ask(connect_request(cookie))))
        except (OSError, threading.BrokenBarrierError):
            pass
    threads = [threading.Thread(target=steal, args=(c,)) for c in inside]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    let_in = [(c, a) for c, a in got if a is not None and a.status == 200]
    check(let_in, "nobody of %d got in" % thieves)
    check(len({a.field("X-CSTP-Address") for _, a in let_in}) == 1, "two addresses by one cookie")
    check(lab.sessions() == 1, "%d sessions by one cookie" % lab.sessions())
    until(5, lambda: lab.tele("/mst/info")["connections"] <= 1, "more than one connection stays")
    alive = sum(not c.closed(0.2) for c, _ in let_in)
    check(alive <= 1, "%d live tunnels by one cookie" % alive)
    for c in inside:
        c.close()


def attack(lab):
    rounds = lab.scale(3, 50)
    for _ in range(rounds):
        after_logout(cookie_of("user4"))
        after_admin(lab, cookie_of("user4"), True)
    after_absence(lab, cookie_of("user4"))
    after_a_restart(lab, cookie_of("user4"))
    times = over_the_limit(lab, cookie_of("user4"))
    # Another address, at once: the newest has it, the one before is closed.
    cookie = cookie_of("user4")
    for i in range(lab.scale(20, 1000)):
        first = Tunnel(cookie)
        second = Tunnel(cookie)
        check(first.address == second.address, "round %d" % i, "another address")
        check(first.closed(), "round %d" % i, "two live tunnels")
        check(second.lives(), "round %d" % i, "the newest has no tunnel")
        second.close()
    one_tunnel(lab, cookie, lab.scale(24, 200))
    lab.disconnect("user4")
    refused(cookie, "after the administrator ended it")
    return 2 * rounds + times + lab.scale(20, 1000) + lab.scale(24, 200) + 4
