"""B22: does an answer, its length, its steps or its time tell whether a name or a group exists?"""
import math
import time

from lab import check
from web import Connection, ask, reply, request

T_MAX = 4.5
NAMES = ["alice", "user20", "nobody", "nobody-with-a-much-longer-name", "locked", "Alice", "a", "root", "staff"]


def t_of(a, b):
    """Welch's t of two samples."""
    def mean_and_var(x):
        m = sum(x) / len(x)
        return m, sum((v - m) ** 2 for v in x) / (len(x) - 1)
    (ma, va), (mb, vb) = mean_and_var(a), mean_and_var(b)
    return (ma - mb) / math.sqrt(va / len(a) + vb / len(b))


def cropped(x):
    """Without the slowest tenth: what the machine did meanwhile."""
    return sorted(x)[:len(x) * 9 // 10]


def steps(name):
    """All that a client sees, from the name to the last refusal."""
    seen = []
    with Connection() as c:
        for raw in (request("POST", "/", body=reply(name, None)), *[request("POST", "/auth", body=reply(name, "wrong"))] * 3):
            a = c.ask(raw)
            if a is None:
                break
            # The form says the name again, which is the client's own.
            echo = b'value="%s"' % name.encode()
            length = b"Content-Length: %d"
            seen.append(a.raw.replace(length % len(a.body), length % (len(a.body) - len(name) * a.body.count(echo)))
                        .replace(echo, b'value=""'))
    return seen


def groups():
    answers = set()
    for group in ("staff", "nothere", "", "a" * 60):
        answers.add(ask(request("POST", "/", body=reply("alice", "wrong", "<group-select>%s</group-select>" % group))).raw)
    check(len(answers) == 1, "the answer tells whether a group exists")


def timing(lab):
    count = lab.scale(60, 2000)
    took = {"alice": [], "nobody": [], "locked": []}
    for _ in range(count):
        for name, into in took.items():
            with Connection() as c:
                start = time.perf_counter_ns()
                c.ask(request("POST", "/auth", body=reply(name, "wrong")))
                into.append(time.perf_counter_ns() - start)
    told = []
    for name in ("nobody", "locked"):
        t = t_of(cropped(took["alice"]), cropped(took[name]))
        told.append("t of alice and %s %.1f" % (name, t))
        check(not lab.full or abs(t) < T_MAX, told[-1])
    return 3 * count, ", ".join(told)


def attack(lab):
    first = steps(NAMES[0])
    check(len(first) >= 2, "the sign-in ends at once")
    for name in NAMES[1:]:
        seen = steps(name)
        check(seen == first, name, "is told from %s" % NAMES[0], next((b for a, b in zip(first, seen) if a != b), len(seen)))
    groups()
    n, note = timing(lab)
    return n + 4 * len(NAMES) + 4, note
