"""B48: one account takes what there is: addresses, sessions, connections. Others keep theirs, and get in when it ends."""
from lab import check, until
from web import DEVICE, Tunnel, ask, connect_request, cookie_of

FREE = 254  # of a /24


def attack(lab):
    victim = Tunnel(cookie_of("user15"), source=DEVICE)
    greedy, refused = [], 0
    for _ in range(FREE + 20):
        cookie = cookie_of("quick1")
        a = None
        t = None
        try:
            t = Tunnel(cookie)
        except Exception:
            refused += 1
            a = ask(connect_request(cookie))
            check(a is not None and a.status in (401, 503), "beyond the pool", a.raw[:60] if a else "closed")
            continue
        greedy.append(t)
        check(t.address != victim.address, "the address of another was given out")
    check(refused > 0, "there is no bound")
    check(len({t.address for t in greedy}) == len(greedy), "an address was given out twice")
    check(victim.lives(), "the device that was there before")
    live = sum(t.lives() for t in greedy[-5:])
    check(live == 5, "the last ones that got in")
    # A thousand connections by one cookie, one after the other: one session.
    lab.disconnect("quick1")
    until(10, lambda: lab.sessions() == 1, "addresses do not come back")
    cookie = cookie_of("quick1")
    turns = lab.scale(100, 20000)
    for _ in range(turns):
        with Tunnel(cookie):
            pass
    check(lab.sessions() == 2, "%d sessions" % lab.sessions())
    check(victim.lives(), "the device that was there before")
    for t in greedy:
        t.close()
    victim.sign_out()
    return FREE + 20 + turns, "%d refused" % refused
