#!/usr/bin/env python3
"""Counts test results: tests/summary.py LOG.json...; the exit status is 1 unless all is well.

The logs are meson's (one JSON object a line). A cmocka program counts with each of its tests, any
other program as one. Prints what failed, what was skipped and why (a test says it by a line
"SKIP: reason"), and at last "N passed, N failed, N skipped".
"""
import json
import pathlib
import re
import sys

CMOCKA_LINE = re.compile(r"^\[ +(OK|FAILED|SKIPPED) +\] ([A-Za-z0-9_]+)$", re.MULTILINE)
REASON = re.compile(r"^SKIP: *(.+)$", re.MULTILINE)


def outcomes(test):
    """(passed, names that failed, names that were skipped) of one line of the log."""
    output = test.get("stdout", "") + "\n" + test.get("stderr", "")
    inner = dict((name, outcome) for outcome, name in CMOCKA_LINE.findall(output))
    passed = sum(outcome == "OK" for outcome in inner.values())
    failed = [f"{test['name']}: {name}" for name, outcome in inner.items() if outcome == "FAILED"]
    skipped = [f"{test['name']}: {name}" for name, outcome in inner.items() if outcome == "SKIPPED"]
    result = test["result"]
    if result not in ("OK", "EXPECTEDFAIL", "SKIP") and not failed:
        failed.append(f"{test['name']}: {result}")
    elif result == "SKIP" and not skipped:
        skipped.append(test["name"])
    elif not inner and result in ("OK", "EXPECTEDFAIL"):
        passed = 1
    return passed, failed, skipped, REASON.findall(output)


def main():
    total_passed, total_failed, total_skipped = 0, 0, 0
    for path in map(pathlib.Path, sys.argv[1:]):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            passed, failed, skipped, reasons = outcomes(json.loads(line))
            total_passed += passed
            total_failed += len(failed)
            total_skipped += len(skipped)
            for name in failed:
                print(f"FAILED  {path.stem}: {name}")
            for k, name in enumerate(skipped):
                reason = reasons[min(k, len(reasons) - 1)] if reasons else "no reason given"
                print(f"SKIPPED {path.stem}: {name}: {reason}")
    print(f"{total_passed} passed, {total_failed} failed, {total_skipped} skipped")
    return 1 if total_failed or not total_passed else 0


if __name__ == "__main__":
    sys.exit(main())
