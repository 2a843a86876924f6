"""Pictures in a real xterm: their pixels are where they must be, and nowhere else."""
import os
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "cli")]
import chat
import gguf_file
import results
import xterm
from chat import COLOR

SYNTH = HERE.parent / "data" / "synth"

BELOW = (0, 95, 215)
# Cells: row, column, rows, columns. In a window of 30 rows.
WAITING = (23, 3, 4, 9)
SENT = (0, 3, 6, 13)
SENT_AS_HALF = (0, 3, 12, 24)
FIGURES = (11, 3, 1, 20)  # under the answer to a question with a picture, when it is complete
BAR = (48, 48, 48)  # behind the status line
F1 = "\033OP"
CTRL_L, CTRL_O = "\f", "\017"
SHIFT_UP, SHIFT_DOWN = "\033[1;2A", "\033[1;2B"


class PixelTest(chat.ChatTest):
    def window(self, *arguments, rows=30, cols=90, **how):
        # One token is said, so that all heights are known.
        x = self.pixels("-n", 1, *arguments, rows=rows, cols=cols, **how)
        # What is typed before the first paint is echoed by the terminal itself.
        x.wait_until(lambda shot: shot.cell(-1, 0).count(BAR) > 0, what="the status line")
        return x

    @staticmethod
    def wait_filled(x, *areas, color=COLOR):
        """Until a colour fills these cells to their last pixel, and is nowhere else."""
        size = x.cell[0] * x.cell[1]

        def filled(shot):
            cells = sum(rows * cols for _, _, rows, cols in areas)
            return shot.count(color, 4) == cells * size and all(
                shot.cell(*area).count(color, 4) == area[2] * area[3] * size for area in areas)
        return x.wait_until(filled, what=f"{color} in {areas}")

    def send_picture(self, *arguments, **how):
        x = self.window(self.square, *arguments, **how)
        x.send("What is it?\r")
        self.wait_filled(x, SENT)
        return x

    def test_attached_resized_and_sent(self):
        x = self.window(self.square)
        self.wait_filled(x, WAITING)
        x.resize(24, 70)
        self.wait_filled(x, (17, *WAITING[1:]))
        x.resize(30, 90)
        self.wait_filled(x, WAITING)
        # The line below grows by one.
        x.send("What\nis it?")
        self.wait_filled(x, (22, *WAITING[1:]))
        x.send("\r")
        self.wait_filled(x, SENT)
        x.resize(24, 70)
        self.wait_filled(x, SENT)
        x.resize(9, 30)
        self.wait_filled(x)
        x.resize(30, 90)
        self.wait_filled(x, SENT)
        x.send("/clear\r")
        self.wait_filled(x)

    def test_scrolling_shows_a_part_of_it(self):
        """One row after the other goes out of sight and comes back."""
        chat.ppm(self.square, COLOR, below=BELOW)
        # 6 rows of picture, its caption, a blank row and the question; a blank row, two of answer.
        x = self.window(self.square, rows=12, cols=100)
        x.send("What is it?\r")
        self.wait_filled(x, (0, 3, 3, 13), color=BELOW)
        self.wait_filled(x)
        for row in (1, 2, 3):
            x.send(SHIFT_UP)
            self.wait_filled(x, (0, 3, row, 13))
            self.wait_filled(x, (row, 3, 3, 13), color=BELOW)
        for row in (2, 1):
            x.send(SHIFT_DOWN)
            self.wait_filled(x, (0, 3, row, 13))
            self.wait_filled(x, (row, 3, 3, 13), color=BELOW)
        x.send(SHIFT_DOWN)
        self.wait_filled(x, (0, 3, 3, 13), color=BELOW)
        self.wait_filled(x)

    def test_repainting_and_popups(self):
        x = self.send_picture()
        # Before its answer is complete the screen may rest, while the model loads, and change again.
        x.wait_until(lambda shot: len(shot.cell(*FIGURES).colors()) > 1, what="a whole answer")
        clean = x.wait_still()
        os.write(x.slave, b"\033[H\033[2Jwritten by another program")
        self.wait_filled(x)
        x.send(CTRL_L)
        x.wait_until(lambda shot: shot == clean, what="the screen as it was")
        # The help lies over all of it but a row above and four columns on the left.
        x.send(F1)
        self.wait_filled(x, (0, 3, 1, 13), (1, 3, 5, 4))
        x.send(CTRL_L)
        self.wait_filled(x, (0, 3, 1, 13), (1, 3, 5, 4))
        x.resize(24, 90)
        self.wait_filled(x, (0, 3, 1, 13), (1, 3, 5, 4))
        x.resize(30, 90)
        x.send(F1)
        x.wait_until(lambda shot: shot == clean, what="the screen as it was")
        # Large, in the middle of a box that lies over what was sent.
        x.send("/view 1\r")
        self.wait_filled(x, (0, 3, 1, 13), (10, 38, 6, 13))
        x.send("\t")
        seen = x.wait_until(lambda shot: shot.cell(2, 20).count(COLOR, 4) == 0 and
                            shot.count(COLOR, 4) > 100 * 6 * 13, what="what the model sees")
        self.assertGreater(seen.cell(2, 4, 20, 82).count(COLOR, 4), 100 * 6 * 13)
        x.send("\033")
        self.wait_filled(x, SENT)

    def test_the_tiles_of_a_picture(self):
        """LLaVA-1.6: the picture as a whole, and larger in tiles with lines between them."""
        side, grey = 112, (128, 128, 128)
        eyes = self.home / "eyes.gguf"
        g = gguf_file.Gguf(SYNTH / "eyes-mlp-f16.gguf")
        g.pairs["clip.vision.image_grid_pinpoints"] = (gguf_file.ARRAY, struct.pack(
            "<IQ2i", gguf_file.I32, 2, 2 * side, 2 * side))
        g.write(eyes)
        x = self.start(xterm.Xterm, (self.square, "-m", SYNTH / "lm-Q4_0.gguf", "--mmproj", eyes,
                                     "-n", 1), rows=30, cols=90)
        x.wait_until(lambda shot: shot.cell(-1, 0).count(BAR) > 0, what="the status line")
        x.send("What is it?\r")
        self.wait_filled(x, SENT)
        x.send("/view 1\r")
        self.wait_filled(x, (0, 3, 1, 13), (10, 38, 6, 13))
        x.send("\t")
        # The whole square, and as much of the grid; 3 pixels of grey between its tiles.
        x.wait_until(lambda shot: shot.count(grey, 4) > 2 * side * 2 * 3 and
                     shot.count(COLOR, 4) > 5 * side * side * 9 // 10, what="the tiles")
        x.send("\033")
        self.wait_filled(x, SENT)

    def test_the_browser_shows_what_is_selected(self):
        chat.ppm(self.home / "a.ppm", COLOR)
        chat.ppm(self.home / "b.ppm", BELOW)
        self.square.unlink()
        x = self.window(cwd=self.home)
        x.send(CTRL_O)
        place = (3, 45, 6, 13)
        self.wait_filled(x, place)
        x.send("\033[B")
        self.wait_filled(x, place, color=BELOW)
        self.wait_filled(x)
        x.send("\r")
        self.wait_filled(x, WAITING, color=BELOW)

    def test_two_side_by_side_and_one_dropped(self):
        chat.ppm(self.home / "b.ppm", BELOW)
        x = self.window(self.square, self.home / "b.ppm")
        self.wait_filled(x, WAITING)
        self.wait_filled(x, (23, 40, 4, 9), color=BELOW)
        # A list of commands lies over the pictures for a while.
        x.send("/drop 1\r")
        self.wait_filled(x)
        self.wait_filled(x, WAITING, color=BELOW)
        x.send("What is it?\r")
        self.wait_filled(x, SENT, color=BELOW)

    def test_half_blocks(self):
        for how in ({"sixel": False}, {"arguments": ("--image-protocol", "half")}):
            with self.subTest(how=how):
                arguments = how.pop("arguments", ())
                x = self.window(self.square, *arguments, **how)
                self.wait_filled(x, (23, 3, 4, 8))
                x.send("What is it?\r")
                self.wait_filled(x, SENT_AS_HALF)
                x.send("/clear\r")
                self.wait_filled(x)
                x.close()

    def test_another_kind_at_run_time(self):
        x = self.send_picture()
        x.send("/set images half\r")
        self.wait_filled(x, SENT_AS_HALF)
        x.send(CTRL_L)
        self.wait_filled(x, SENT_AS_HALF)
        x.send("/set images none\r")
        self.wait_filled(x)
        x.send("/set images sixel\r")
        self.wait_filled(x, SENT)

    def test_a_font_of_another_size(self):
        x = self.window(self.square, rows=24, cols=80, font="DejaVu Sans Mono", points=8)
        x.send("What is it?\r")

        def whole_cells(shot):
            box = shot.box(COLOR, 4)
            if not box or shot.count(COLOR, 4) != box[2] * box[3]:
                return False
            width, height = x.cell
            return (box[0], box[1], box[2] % width, box[3] % height) == (3 * width, 0, 0, 0)
        x.wait_until(whole_cells, what="a picture over whole cells")
        x.zoom(14)
        x.send(CTRL_L)
        x.wait_until(whole_cells, what="a picture over whole cells of the new size")


if __name__ == "__main__":
    results.main()
