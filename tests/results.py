"""For tests in Python's unittest: results as lines that tests/summary.py counts.

A test file ends with `results.main()`.
"""
import re
import signal
import sys
import unittest


class Lines(unittest.TextTestResult):
    """Results as lines that tests/summary.py counts."""

    def say(self, outcome, test):
        name = re.sub(r"\W", "_", test.id().split(".", 1)[-1])
        print(f"[{outcome:>9} ] {name}", flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.say("OK", test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.say("FAILED", test)

    def addError(self, test, err):
        super().addError(test, err)
        self.say("FAILED", test)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.say("FAILED", test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.say("SKIPPED", test)
        print(f"SKIP: {reason}", flush=True)


def main():
    # Started in the background, Python would ignore Ctrl+C, and so would the program.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    unittest.main(module="__main__", testRunner=unittest.TextTestRunner(
        stream=sys.stderr, resultclass=Lines, verbosity=0))
