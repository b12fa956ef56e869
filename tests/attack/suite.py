"""Runs the attacks one after the other; after each the gateway must be alive, whole, and open to a device."""
import importlib
import os
import re
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
NAME = re.compile(r"b(\d+)_(\w+)\.py$")
sys.path.insert(0, HERE)
DEVICE_S = 3  # how long a device may take to get in


def attacks(wanted):
    found = []
    for file in os.listdir(HERE):
        m = NAME.match(file)
        if m and (not wanted or int(m.group(1)) in wanted):
            found.append((int(m.group(1)), m.group(2).replace("_", " "), file[:-3]))
    return sorted(found)


def aftermath(lab, before):
    """What every attack must leave behind."""
    from lab import SANITIZER, check, until
    import web

    check(lab.alive(), "the gateway is gone")
    lab.end_sessions()
    start = time.monotonic()
    web.legitimate()
    took = time.monotonic() - start
    if lab.full:
        check(took < DEVICE_S, "a device took %.1f s to get in" % took)
    found = SANITIZER.search(lab.new_log())
    check(not found, "the log says", found.group(0) if found else "")
    # Who was closed in the middle of something is let go when the next turn of the loop ends.
    def settled():
        now = lab.state()  # what was away before may have gone meanwhile
        return (now["sessions"] <= before["sessions"] and now["leases_free"] >= before["leases_free"] and
                now["connections"] <= before["connections"])
    until(20, settled, "more is left than the %s of before" % before)


def quiet(lab):
    """The state when the connections of the attack before have gone."""
    end = time.monotonic() + 10
    while lab.state()["connections"] and time.monotonic() < end:
        time.sleep(0.05)
    return lab.state()


def one(lab, number, title, module):
    from lab import Fail

    lab.new_log()
    lab.end_sessions()
    before = quiet(lab)
    start = time.monotonic()
    try:
        told = importlib.import_module(module).attack(lab)
        aftermath(lab, before)
    except Fail as why:
        print("B%d %s: FAIL, %s" % (number, title, why))
        return False
    except Exception:  # whatever broke, the attack did not pass
        print("B%d %s: FAIL, %s" % (number, title, traceback.format_exc()))
        return False
    cases, note = told if isinstance(told, tuple) else (told, "")
    took = time.monotonic() - start
    print("B%d %s: pass, %d cases, %.1f s%s" % (number, title, cases, took, ", " + note if note else ""), flush=True)
    return True


def main():
    words = sys.argv[1:]
    todo = attacks({int(w) for w in words if w.isdigit()})
    if "--list" in words:
        for number, title, _ in todo:
            print("B%d %s" % (number, title))
        return 0
    from lab import Lab
    import web

    lab = Lab("--full" in words)
    web.legitimate()  # before the first state is taken: what is made once is made
    bad = [number for number, title, module in todo if not one(lab, number, title, module)]
    return 1 if bad else 0


sys.exit(main())
