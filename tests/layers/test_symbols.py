"""What the libraries' symbols tell: nothing calls upwards, nothing below app prints, ends the
program or keeps state."""
import collections
import os
import subprocess
import unittest

import results

LIBRARIES = {name: os.environ[f"PUMICE_TEST_LIB_{name.upper()}"]
             for name in ("base", "engine", "ui", "app")
             if f"PUMICE_TEST_LIB_{name.upper()}" in os.environ}
ABOVE = {"base": ("engine", "ui", "app"), "engine": ("ui", "app"), "ui": ("engine", "app")}

ENDS = {"exit", "_exit", "_Exit", "quick_exit", "abort", "__assert_fail", "err", "errx"}
PRINTS = {"printf", "vprintf", "puts", "putchar", "perror", "warn", "warnx", "stdout", "stderr",
          "__printf_chk", "__vprintf_chk"}
# The objects that may hold changing variables.
KEEPERS = {"base": {"log.c.o"}, "engine": set(), "app": {"interrupt.c.o"}}


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def symbols(library, *options):
    """{object: {symbol}}"""
    found, current = collections.defaultdict(set), None
    for line in run("nm", "--format=posix", *options, LIBRARIES[library]).splitlines():
        if line.endswith(":"):
            current = line[:-1].rstrip("]").split("[")[-1].split("/")[-1]
        elif line:
            found[current].add(line.split()[0].split("@")[0])
    return found


def every(found):
    return set().union(*found.values())


class Symbols(unittest.TestCase):
    def test_libraries_hold_something(self):
        for library in LIBRARIES:
            self.assertGreater(len(every(symbols(library, "--defined-only"))), 5, library)

    def test_nothing_calls_upwards(self):
        for library in LIBRARIES:
            wanted = symbols(library, "--undefined-only")
            for above in ABOVE.get(library, ()):
                if above not in LIBRARIES:
                    continue
                given = every(symbols(above, "--defined-only", "--extern-only"))
                for name, names in wanted.items():
                    self.assertEqual(names & given, set(), f"{name} of {library} uses {above}")

    def test_nothing_below_app_prints_or_ends_the_program(self):
        for library in ("base", "engine"):
            for name, names in symbols(library, "--undefined-only").items():
                self.assertEqual(names & ENDS, set(), f"{name} of {library}")
                if name != "log.c.o":
                    self.assertEqual(names & PRINTS, set(), f"{name} of {library}")

    def test_no_global_variables(self):
        """.data.rel.ro holds constants with addresses in them."""
        for library, keepers in KEEPERS.items():
            current = None
            for line in run("objdump", "-t", LIBRARIES[library]).splitlines():
                words = line.split()
                if "file format" in line:
                    current = words[0].rstrip(":")
                elif len(words) >= 5 and "O" in words[1:4]:
                    section = words[words.index("O") + 1]
                    state = section.startswith((".data", ".bss", ".tdata", ".tbss", "*COM*"))
                    if state and not section.startswith(".data.rel.ro"):
                        self.assertTrue(current.endswith(tuple(keepers)) and keepers,
                                        f"{current} of {library} has a variable: {words[-1]}")


if __name__ == "__main__":
    results.main()
