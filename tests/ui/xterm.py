"""A real xterm under a private X server, for tests that look at pixels. Python's library only.

    with Xterm([program, "--option"], rows=24, cols=80) as x:
        x.wait_until(lambda s: s.cell(3, 0).count((255, 0, 0)) > 100)
        x.send("hello\\r")

The pseudo terminal is made here and given to xterm (its option -S), so that the test writes what a
keyboard would into it, sees the program's exit code, and can signal it; xterm draws, answers the
program's questions and tells it the window's size. Needs Xvfb, xterm, xwd and libX11.so.6.
"""
import collections
import ctypes
import fcntl
import itertools
import os
import pathlib
import pty
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time

import tmux

PATIENCE = 60  # seconds; nothing that a test waits for takes longer, in a sanitizer either
PAUSE = 0.03   # between two looks
FOREGROUND, BACKGROUND = (230, 230, 230), (16, 16, 24)
BORDER = 2     # pixels around the text
TOOLS = ("Xvfb", "xterm", "xwd")


def missing():
    """The tools that are not installed, for unittest.skipIf."""
    return [tool for tool in TOOLS if not shutil.which(tool)]


def end_with_parent():
    """In a child before exec: no server is left behind by a test that is killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


class Picture:
    """A rectangle of RGB pixels: rows of bytes, three a pixel."""

    def __init__(self, width, height, rows):
        self.width, self.height, self.rows = width, height, rows
        self.counts = None

    def pixel(self, x, y):
        return tuple(self.rows[y][3 * x:3 * x + 3])

    def part(self, x, y, width, height):
        return Picture(width, height,
                       [row[3 * x:3 * (x + width)] for row in self.rows[y:y + height]])

    def _pixels(self):
        """Row by row, each an iterator over its colours."""
        return (zip(row[0::3], row[1::3], row[2::3]) for row in self.rows)

    def colors(self):
        """How often each colour occurs."""
        if self.counts is None:
            self.counts = collections.Counter(itertools.chain.from_iterable(self._pixels()))
        return self.counts

    def count(self, color, tolerance=0):
        return sum(count for seen, count in self.colors().items()
                   if all(abs(a - b) <= tolerance for a, b in zip(seen, color)))

    def mean(self):
        size = self.width * self.height
        return tuple(sum(sum(row[c::3]) for row in self.rows) / size for c in range(3))

    def box(self, color, tolerance=0):
        """x, y, width, height of the smallest rectangle with all pixels of a colour, or None."""
        alike = {seen for seen in self.colors()
                 if all(abs(a - b) <= tolerance for a, b in zip(seen, color))}
        xs, ys = set(), set()
        for y, row in enumerate(self._pixels() if alike else ()):
            found = [x for x, seen in enumerate(row) if seen in alike]
            xs.update(found)
            ys.update([y] if found else [])
        if not xs:
            return None
        return min(xs), min(ys), max(xs) - min(xs) + 1, max(ys) - min(ys) + 1

    def save(self, path):
        """As PPM."""
        header = b"P6 %d %d 255\n" % (self.width, self.height)
        pathlib.Path(path).write_bytes(header + b"".join(self.rows))

    def __eq__(self, other):
        return isinstance(other, Picture) and self.rows == other.rows


class Screenshot(Picture):
    """The text area of the terminal; knows its cells."""

    def __init__(self, picture, rows, cols, cell):
        super().__init__(picture.width, picture.height, picture.rows)
        self.text_rows, self.text_cols = rows, cols
        self.cell_width, self.cell_height = cell

    def cell(self, row, col, rows=1, cols=1):
        """Pixels of a block of cells; negative rows and columns count from the end."""
        row += self.text_rows if row < 0 else 0
        col += self.text_cols if col < 0 else 0
        return self.part(col * self.cell_width, row * self.cell_height,
                         cols * self.cell_width, rows * self.cell_height)


def parse_xwd(data):
    """An X window dump (version 7, TrueColor, 32 bits a pixel, 8 a channel), as xwd writes it."""
    header = struct.unpack(">25I", data[:100])
    (header_size, version, pixmap_format, _, width, height, _, order, _, _, _, bits, line,
     _, red, green, blue, _, _, entries) = header[:20]
    if (version, pixmap_format, bits) != (7, 2, 32):
        raise ValueError("not a dump of 32-bit pixels")
    channels = []
    for mask in (red, green, blue):
        byte = (mask.bit_length() - 8) // 8
        channels.append(byte if order == 0 else 3 - byte)
    at = header_size + entries * 12
    rows = []
    for y in range(height):
        source = data[at + y * line:at + y * line + width * 4]
        row = bytearray(width * 3)
        for to, channel in enumerate(channels):
            row[to::3] = source[channel::4]
        rows.append(bytes(row))
    return Picture(width, height, rows)


class Window:
    """Xlib calls on one window of another client."""

    def __init__(self, display, window):
        self.x11 = ctypes.CDLL("libX11.so.6")
        self.x11.XOpenDisplay.restype = ctypes.c_void_p
        self.display = ctypes.c_void_p(self.x11.XOpenDisplay(display.encode()))
        if not self.display:
            raise RuntimeError(f"no display {display}")
        self.window = ctypes.c_ulong(window)

    def size(self):
        root = ctypes.c_ulong()
        x, y = ctypes.c_int(), ctypes.c_int()
        width, height, border, depth = (ctypes.c_uint() for _ in range(4))
        self.x11.XGetGeometry(self.display, self.window, *map(ctypes.byref, (
            root, x, y, width, height, border, depth)))
        return width.value, height.value

    def resize(self, width, height):
        self.x11.XResizeWindow(self.display, self.window, width, height)
        self.x11.XSync(self.display, 0)

    def close(self):
        self.x11.XCloseDisplay(self.display)


class Xterm:
    """`command` (a list) in an xterm of rows x cols; `environment` is added to a small fixed one.

    sixel: a VT340, which shows pictures; False: the VT420 that xterm is by default. `font` is a
    bitmap font's name, or with `points` a FreeType family.
    """

    def __init__(self, command, rows=24, cols=80, environment=None, sixel=True, font="fixed",
                 points=None, screen=(1280, 1024), cwd=None, options=()):
        self.server = self.xterm = self.window = self.program = None
        self.rows, self.cols, self.font = rows, cols, font
        self.folder = tempfile.TemporaryDirectory(prefix="xterm-")
        try:
            self._start_server(screen)
            self._start_xterm(sixel, font, points, options)
            self._start_program(command, environment or {}, cwd)
        except BaseException:
            self.close()
            raise

    # ---- starting and ending

    def _start_server(self, screen):
        reading, writing = os.pipe()
        self.log = open(pathlib.Path(self.folder.name) / "log", "w+b")
        self.server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{screen[0]}x{screen[1]}x24",
             "-nolisten", "tcp", "-noreset"],
            pass_fds=[writing], preexec_fn=end_with_parent,
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        os.close(writing)
        with open(reading, "rb") as pipe:
            if not select.select([pipe], [], [], PATIENCE)[0]:
                raise TimeoutError("Xvfb does not start")
            number = pipe.readline().strip().decode()
        if not number:
            raise RuntimeError(f"Xvfb does not start: {self.output()}")
        self.display = f":{number}"

    def _start_xterm(self, sixel, font, points, options):
        self.master, self.slave = pty.openpty()
        # What xterm says before the program runs (its window's number) must come through as it is.
        attributes = termios.tcgetattr(self.slave)
        ordinary = [*attributes]
        attributes[3] &= ~(termios.ECHO | termios.ICANON)
        termios.tcsetattr(self.slave, termios.TCSANOW, attributes)
        look = ["-fa", font, "-fs", str(points)] if points else ["-fn", font]
        self.xterm = subprocess.Popen(
            ["xterm", f"-S{os.ttyname(self.slave)}/{self.master}",
             "-ti", "vt340" if sixel else "vt420", "-geometry", f"{self.cols}x{self.rows}+0+0",
             "-fg", "#%02x%02x%02x" % FOREGROUND, "-bg", "#%02x%02x%02x" % BACKGROUND, *look,
             "-bw", "0", "-b", str(BORDER), "+sb", "-u8", "+bc", "+uc",
             "-xrm", "*cursorBlink: false",
             "-xrm", "*allowFontOps: true", *options],
            pass_fds=[self.master], preexec_fn=end_with_parent,
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            env={"DISPLAY": self.display, "PATH": os.environ["PATH"], "HOME": self.folder.name,
                 "LC_ALL": "C.UTF-8"})
        line = b""
        while not line.endswith((b"\n", b"\r")):
            if not select.select([self.slave], [], [], PATIENCE)[0]:
                raise TimeoutError(f"xterm does not start: {self.output()}")
            line += os.read(self.slave, 1)
        self.window = Window(self.display, int(line.strip(), 16))
        termios.tcsetattr(self.slave, termios.TCSANOW, ordinary)
        width, height = self.window.size()
        self.cell = self._cell(width, height)
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ,
                    struct.pack("4H", self.rows, self.cols, width, height))

    def _cell(self, width, height):
        return (width - 2 * BORDER) // self.cols, (height - 2 * BORDER) // self.rows

    def _start_program(self, command, environment, cwd):
        slave = self.slave
        env = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LC_ALL": "C.UTF-8",
               "HOME": self.folder.name, **tmux.CHECKS, **environment}

        def own_terminal():
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

        self.program = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, cwd=cwd, preexec_fn=own_terminal,
            env={name: str(value) for name, value in env.items() if value is not None})

    def close(self):
        """Ends everything. The program gets a moment after the loss of its terminal."""
        if self.program and self.program.poll() is None:
            self.program.send_signal(signal.SIGHUP)
            self._end(self.program)
        if self.window:
            self.window.close()
        for process in (self.xterm, self.server):
            if process:
                process.terminate()
                self._end(process)
        for fd in ("master", "slave"):
            if hasattr(self, fd):
                os.close(getattr(self, fd))
                delattr(self, fd)
        self.program = self.window = self.xterm = self.server = None
        if hasattr(self, "log"):
            self.log.close()
        self.folder.cleanup()

    @staticmethod
    def _end(process):
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def output(self):
        """What Xvfb and xterm complained of."""
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    # ---- what a person does

    def send(self, text):
        """Types: text or bytes as they arrive from a keyboard ("\\r" is Enter, "\\x1b[A" Up)."""
        os.write(self.master, text.encode() if isinstance(text, str) else text)

    def signal(self, number):
        os.killpg(self.program.pid, number)

    def resize(self, rows, cols):
        """As with the mouse on the window's corner; returns when xterm has told the program."""
        self.window.resize(cols * self.cell[0] + 2 * BORDER,
                           rows * self.cell[1] + 2 * BORDER)
        self.rows, self.cols = rows, cols
        deadline = time.monotonic() + PATIENCE
        while self.terminal_size() != (rows, cols):
            if time.monotonic() > deadline:
                raise TimeoutError(f"xterm is {self.terminal_size()}, not {(rows, cols)}")
            time.sleep(PAUSE)

    def zoom(self, points):
        """Another size of the font (a FreeType one only): rows and columns stay, cells change.

        xterm 379 does not tell the program (no SIGWINCH, and TIOCGWINSZ keeps the old pixels)
        before rows or columns change too.
        """
        before = self.window.size()
        os.write(self.slave, f"\033]50;{self.font}:size={points}\a".encode())
        deadline = time.monotonic() + PATIENCE
        while self.window.size() == before:
            if time.monotonic() > deadline:
                raise TimeoutError("xterm does not change its font")
            time.sleep(PAUSE)
        self.cell = self._cell(*self.window.size())

    def terminal_size(self):
        """Rows and columns that the program is told."""
        return struct.unpack("4H", fcntl.ioctl(self.slave, termios.TIOCGWINSZ, bytes(8)))[:2]

    def wait_end(self, timeout=PATIENCE):
        """The program's exit code (negative: the signal that ended it)."""
        return self.program.wait(timeout)

    # ---- what a person sees

    def _dump(self):
        return subprocess.run(
            ["xwd", "-silent", "-id", str(self.window.window.value)], check=True,
            stdout=subprocess.PIPE, stderr=self.log,
            env={"DISPLAY": self.display, "PATH": os.environ["PATH"]}).stdout

    def screenshot(self, dump=None):
        window = parse_xwd(dump or self._dump())
        text = window.part(BORDER, BORDER, self.cols * self.cell[0], self.rows * self.cell[1])
        return Screenshot(text, self.rows, self.cols, self.cell)

    def wait_until(self, seen, timeout=PATIENCE, what="the screen"):
        """Looks until seen(screenshot) is true; returns that screenshot."""
        deadline = time.monotonic() + timeout
        last = None
        while True:
            dump = self._dump()
            if dump != last:  # else there is nothing new to be seen
                shot = self.screenshot(dump)
                if seen(shot):
                    return shot
            last = dump
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not come to be as expected")
            time.sleep(PAUSE)

    def wait_still(self, quiet=0.3, timeout=PATIENCE):
        """The screen when nothing has changed on it for `quiet` seconds."""
        deadline = time.monotonic() + timeout
        last, since = self.screenshot(), time.monotonic()
        while time.monotonic() - since < quiet:
            time.sleep(PAUSE)
            shot = self.screenshot()
            if shot != last:
                last, since = shot, time.monotonic()
            if time.monotonic() > deadline:
                raise TimeoutError("the screen does not come to rest")
        return last
