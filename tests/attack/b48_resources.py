"""B48: one account takes what there is: addresses, sessions, connections. Others keep theirs, and get in when it ends."""
from lab import check, until
from web import DEVICE, Connection, Tunnel, connect_request, cookie_of, sign_in

FREE = 254  # of a /24


def attack(lab):
    victim = Tunnel(cookie_of("user15"), source=DEVICE)
    greedy, refused = [], 0
    for _ in range(FREE + 20):
        # The bound may be met by the sign-in, which has an address already, or by CONNECT.
        try:
            a = sign_in("quick1")
        except OSError:  # nobody is taken in while it is full
            refused += 1
            break
        if a is not None and a.cookie():
            c = Connection()
            t = c.ask(connect_request(a.cookie()))
            if t is not None and t.status == 200:
                greedy.append((c, t.field("X-CSTP-Address")))
                check(greedy[-1][1] != victim.address, "the address of another was given out")
                continue
            c.close()
            a = t
        check(a is None or a.status in (401, 503), "beyond the bound", a.raw[:60] if a else "")
        refused += 1
    check(refused > 0, "there is no bound")
    check(len({address for _, address in greedy}) == len(greedy), "an address was given out twice")
    check(victim.lives(), "the device that was there before")
    check(not any(c.closed(0.1) for c, _ in greedy[-5:]), "the last ones that got in")
    # A thousand connections by one cookie, one after the other: one session.
    lab.disconnect("quick1")
    until(10, lambda: lab.sessions() == 1, "addresses do not come back")
    cookie = cookie_of("quick1")
    turns = lab.scale(100, 20000)
    for i in range(turns):
        with Tunnel(cookie):
            pass
        check(i % 500 or victim.lives(), "the device that was there before")  # silent for long it would be taken for dead
    check(lab.sessions() == 2, "%d sessions" % lab.sessions())
    check(victim.lives(), "the device that was there before")
    for c, _ in greedy:
        c.close()
    victim.sign_out()
    return FREE + 20 + turns, "%d refused" % refused
