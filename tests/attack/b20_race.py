"""B20: many CONNECTs at the same moment, with one cookie, with many, while sessions end. No address is given twice."""
import threading
import time

from b13_theft_replay import one_tunnel
from lab import check
from web import Connection, Tunnel, connect_request, cookie_of


def together(jobs):
    barrier = threading.Barrier(len(jobs))
    out = [None] * len(jobs)

    def run(i, job):
        try:
            out[i] = job(barrier)
        except (OSError, threading.BrokenBarrierError):
            pass
    threads = [threading.Thread(target=run, args=(i, j)) for i, j in enumerate(jobs)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return out


def connecting(cookie):
    def job(barrier):
        c = Connection()
        barrier.wait(20)
        return c, c.ask(connect_request(cookie))
    return job


def different_cookies(count):
    got = [g for g in together([connecting(cookie_of("quick1")) for _ in range(count)]) if g]
    given = [a.field("X-CSTP-Address") for _, a in got if a and a.status == 200]
    check(len(given) >= count * 3 // 4, "%d of %d got in" % (len(given), count))
    check(len(set(given)) == len(given), "an address was given twice")
    for c, a in got:
        c.send(b"STF\x01\x00\x01\x05\x00\xb0")
        c.close()


def end_and_connect(lab, rounds):
    """The session ends in the very moment in which its device comes back, or its administrator ends it."""
    for i in range(rounds):
        cookie = cookie_of("quick2")
        first = Tunnel(cookie)

        def leave(barrier):
            barrier.wait(20)
            if i % 2:
                first.sign_out()
            else:
                lab.disconnect("quick2")
        got = together([leave, connecting(cookie), connecting(cookie)])[1:]
        time.sleep(0.05)
        live = [g for g in got if g and g[1] and g[1].status == 200 and not g[0].closed(0.1)]
        check(len(live) <= 1, "round %d" % i, "%d live tunnels" % len(live))
        check(lab.sessions() <= 1, "round %d" % i, "%d sessions" % lab.sessions())
        for g in got:
            if g:
                g[0].close()
        lab.disconnect("quick2")


def release_and_lease(count):
    """Addresses that go back and are given out again at once stay with one owner."""
    owners = {}
    lock = threading.Lock()

    def job(barrier):
        barrier.wait(20)
        for _ in range(5):
            t = Tunnel(cookie_of("quick1"))
            with lock:
                check(t.address not in owners, t.address, "has two owners")
                owners[t.address] = t
            time.sleep(0.01)
            with lock:
                del owners[t.address]
            t.sign_out()
        return True
    done = together([job] * count)
    check(all(done), "%d of %d went through" % (sum(map(bool, done)), count))


def reload_meanwhile(lab, count):
    def reloads(barrier):
        barrier.wait(20)
        for dpd in ("80s", "90s", "85s", "90s"):
            lab.configure(timeouts__dpd=dpd)
        return True

    def signs_in(barrier):
        barrier.wait(20)
        Tunnel(cookie_of("quick1")).sign_out()
        return True
    done = together([reloads] + [signs_in] * count)
    check(all(done), "a sign-in was lost to a reload")


def attack(lab):
    many, most = lab.scale(24, 200), lab.scale(24, 1000)
    lab.configure(timeouts__header=lab.scale("10s", "120s"))  # the first wait for the last
    cookie = cookie_of("quick1")
    for _ in range(lab.scale(2, 5)):
        one_tunnel(lab, cookie, most)
    lab.disconnect("quick1")
    different_cookies(many)
    end_and_connect(lab, lab.scale(10, 300))
    release_and_lease(lab.scale(8, 32))
    reload_meanwhile(lab, lab.scale(8, 64))
    lab.configure(timeouts__header="10s")
    return lab.scale(2, 5) * most + many + lab.scale(10, 300) + 5 * lab.scale(8, 32) + lab.scale(8, 64)
