"""B33: device A wants what belongs to device B: its App-ID, its session id, its records from another address."""
import os
import time

from dtls import DATA, MESSAGE_DATA, MESSAGE_DPD_REQ, Device, heard, record, udp
from lab import check, until
from web import cookie_of

OWN = "192.0.2.40"


def takes(device, stolen_id):
    """A handshake by another's App-ID and one's own key: does it end?"""
    own = device.app_id
    device.app_id = stolen_id
    try:
        device.handshake()
        return device.lives(1)
    except OSError:
        return False
    finally:
        device.app_id = own


def roams(lab, victim, elsewhere):
    """A record of the victim's that was held back shows a way elsewhere, once; the victim's next one shows the way home."""
    held = victim.seal(DATA, victim.seq, bytes([MESSAGE_DPD_REQ]) + b"held back")
    victim.seq += 1
    moved = lab.counter("roam_moved")
    elsewhere.send(held)
    until(2, lambda: lab.counter("roam_moved") == moved + 1, "the newest record does not move its session")
    time.sleep(0.2)  # not more often than ten times a second
    check(victim.lives(), "the victim does not get back")
    check(lab.counter("roam_moved") == moved + 2, "the victim was answered elsewhere")
    time.sleep(0.2)
    for _ in range(10):
        elsewhere.send(held)
    check(victim.lives(), "after the held record came again")
    check(lab.counter("roam_moved") == moved + 2, "a record that has come moves its session")
    return 11


def attack(lab):
    victim = Device(cookie_of("user8")).handshake()
    thief = Device(cookie_of("user9"), OWN)
    check(victim.lives(), "DTLS is not up")
    check(victim.address != thief.address, "two devices have one address")
    n = 0
    for _ in range(lab.scale(2, 50)):
        check(not takes(thief, victim.app_id), "a handshake by another's App-ID")
        n += 1
        check(victim.lives(), "the victim, after somebody tried its App-ID")
    thief.handshake()
    check(thief.lives(), "the thief's own DTLS")
    # Old records of the victim from the thief's address do not move the victim there, nor do made-up ones.
    elsewhere = udp(OWN)
    for rec in victim.sent * lab.scale(3, 1000):
        elsewhere.send(rec)
        thief.sock.send(rec)
        n += 2
    for i in range(lab.scale(200, 10000)):
        elsewhere.send(record(DATA, 1, victim.seq + i, os.urandom(60)))
        n += 1
    got = heard(elsewhere)
    check(not got, "somebody answers the thief", got[0] if got else "")
    check(victim.lives() and thief.lives(), "after records from another address")
    n += roams(lab, victim, elsewhere)
    # What comes for the victim goes to the victim alone.
    heard(elsewhere)
    word = os.urandom(16)
    victim.send(MESSAGE_DATA, victim.packet(word, 53))
    for _ in range(20):
        victim.send(MESSAGE_DPD_REQ, word)
        n += 1
    replies = [victim.receive(0.5) for _ in range(20)]
    check(sum(r is not None and word in r[1] for r in replies) >= 19, "the victim does not get what is its own")
    check(not [d for d in heard(elsewhere, 0.1) + heard(thief.sock, 0.1) if word in d], "the thief gets it")
    # A packet by the thief's own keys, from the victim's address inside.
    before = lab.drops("spoof")
    thief.send(MESSAGE_DATA, victim.packet(b"not mine"))
    n += 1
    check(thief.lives() and lab.drops("spoof") > before, "a packet from another's address is not dropped")
    for d in (victim, thief):
        d.leave()
    return n
