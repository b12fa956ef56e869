"""Runs the attacks one after the other; after each the gateway must be alive, whole, and open to a device."""
import importlib
import os
import re
import signal
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
    from lab import check, until
    import web

    check(lab.alive(), "the gateway is gone")
    lab.end_sessions()
    start = time.monotonic()
    web.legitimate()
    took = time.monotonic() - start
    if lab.full:
        check(took < DEVICE_S, "a device took %.1f s to get in" % took)
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


def trial(lab, attack):
    """What the attack told, and why it did not pass: one of them is None."""
    from lab import Fail

    lab.end_sessions()
    before = quiet(lab)
    lab.forget_reports()
    told, why = None, None
    try:
        told = attack(lab)
        aftermath(lab, before)
    except Fail as e:
        why = str(e)
    except Exception:  # whatever broke, the attack did not pass
        why = traceback.format_exc()
    report = lab.report()
    if report:
        why = "%s (%s)" % (report, why) if why else report
    return told, why


def one(lab, number, title, module):
    start = time.monotonic()
    told, why = trial(lab, importlib.import_module(module).attack)
    if why:
        print("B%d %s: FAIL, %s" % (number, title, why), flush=True)
        return False
    cases, note = told if isinstance(told, tuple) else (told, "")
    took = time.monotonic() - start
    print("B%d %s: pass, %d cases, %.1f s%s" % (number, title, cases, took, ", " + note if note else ""), flush=True)
    return True


def selftest(lab):
    """An end by SIGSEGV is reported by AddressSanitizer as any of its finds: it must be noticed, of either process. The
    gateway goes last: it does not come back."""
    bad = 0
    for name, pid in (("mst-authd", lab.helper_pid()), ("mst-gateway", lab.pid())):
        def attack(_):
            os.kill(pid, signal.SIGSEGV)
            time.sleep(1)
        _, why = trial(lab, attack)
        noticed = why is not None and "AddressSanitizer" in why
        bad += not noticed
        print("%s: %s" % (name, "noticed" if noticed else "not noticed, but: %s" % why), flush=True)
    os.truncate(os.path.join(lab.folder, "gateway.log"), 0)  # where the lab looks for reports at its end
    return 1 if bad else 0


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
    if "--selftest" in words:
        return selftest(lab)
    bad = [number for number, title, module in todo if not one(lab, number, title, module)]
    return 1 if bad else 0


sys.exit(main())
