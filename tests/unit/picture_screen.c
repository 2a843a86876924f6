// The readers of sixels and of half blocks.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/picture_screen.h"

static struct screen empty_screen(void)
{
    struct screen s = {.pixel = malloc(sizeof(int32_t) * SCREEN * SCREEN)};
    for (size_t i = 0; i < (size_t)SCREEN * SCREEN; i++)
        s.pixel[i] = UNTOUCHED;
    return s;
}

static int number(const char **at)
{
    int value = 0;
    while (**at >= '0' && **at <= '9')
        value = value * 10 + *(*at)++ - '0';
    return value;
}

static void paint_sixel(struct screen *s, int x, int y, int bits, int32_t color)
{
    for (int i = 0; i < 6; i++)
        if (bits >> i & 1) {
            assert_true(x < SCREEN && y + i < SCREEN);
            s->pixel[(y + i) * SCREEN + x] = color;
        }
}

// A colour definition or choice, after its '#'.
static void read_color(const char **at, int32_t *registers, int *chosen)
{
    *chosen = number(at);
    assert_in_range(*chosen, 0, 255);
    if (**at != ';')
        return;
    int part[4];
    for (int i = 0; i < 4; i++) {
        assert_int_equal(**at, ';');
        ++*at;
        part[i] = number(at);
    }
    assert_int_equal(part[0], 2); // RGB in percent
    int32_t color = 0;
    for (int i = 1; i < 4; i++) {
        assert_in_range(part[i], 0, 100);
        color = color << 8 | (int32_t)lround(part[i] * 255.0 / 100);
    }
    registers[*chosen] = color;
}

struct screen read_sixels(const char *bytes, size_t size)
{
    struct screen s = empty_screen();
    int32_t registers[256] = {0};
    int x = 0, y = 0, chosen = -1; // a sequence says its first colour
    // Unset pixels are to stay as they are (second parameter 1).
    assert_memory_equal(bytes, "\033P0;1q\"1;1;", 11);
    assert_memory_equal(bytes + size - 2, "\033\\", 2);
    const char *at = bytes + 11, *end = bytes + size - 2;
    s.width = number(&at);
    assert_int_equal(*at++, ';');
    s.height = number(&at);
    while (at < end) {
        int c = *at++, times = 1;
        if (c == '#') {
            read_color(&at, registers, &chosen);
        } else if (c == '$') {
            x = 0;
        } else if (c == '-') {
            x = 0;
            y += 6;
        } else {
            if (c == '!') {
                times = number(&at);
                c = *at++;
            }
            assert_in_range(c, '?', '~');
            assert_in_range(chosen, 0, 255);
            for (; times > 0; times--)
                paint_sixel(&s, x++, y, c - '?', registers[chosen]);
        }
    }
    return s;
}

int32_t at(const struct screen *s, int x, int y)
{
    return s->pixel[y * SCREEN + x];
}

int channel(int32_t color, int c)
{
    return color >> (16 - 8 * c) & 255;
}

int difference(int32_t a, int32_t b)
{
    int most = 0;
    for (int c = 0; c < 3; c++) {
        int d = abs(channel(a, c) - channel(b, c));
        most = d > most ? d : most;
    }
    return most;
}

// ---- half blocks

int32_t xterm_color(int i)
{
    static const int32_t basic[16] = {0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd,
                                      0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00,
                                      0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff};
    static const int32_t level[6] = {0x00, 0x5f, 0x87, 0xaf, 0xd7, 0xff};
    if (i < 16)
        return basic[i];
    if (i >= 232)
        return (8 + 10 * (i - 232)) * 0x10101;
    i -= 16;
    return level[i / 36] << 16 | level[i / 6 % 6] << 8 | level[i % 6];
}

// Applies one SGR sequence, after its CSI.
static void read_sgr(const char **at, int32_t *front, int32_t *back)
{
    int part[5], n = 0;
    do {
        assert_true(n < 5);
        part[n++] = number(at);
    } while (*(*at)++ == ';');
    assert_int_equal((*at)[-1], 'm');
    int32_t *set = part[0] % 60 / 10 == 3 ? front : back; // 30-38 and 90-97, 40-48 and 100-107
    if (part[0] == 0)
        *front = *back = UNTOUCHED;
    else if (n == 5)
        *set = part[2] << 16 | part[3] << 8 | part[4];
    else if (n == 3)
        *set = xterm_color(part[2]);
    else
        *set = xterm_color(part[0] % 10 + (part[0] >= 90 ? 8 : 0));
}

struct screen read_blocks(const char *bytes, size_t size)
{
    struct screen s = empty_screen();
    int32_t front = UNTOUCHED, back = UNTOUCHED;
    int x = 0, y = 0;
    for (const char *at = bytes, *end = bytes + size; at < end;) {
        if (*at == '\n') {
            assert_int_equal(front, UNTOUCHED); // a line leaves no colours behind
            at++;
            x = 0;
            y += 2;
        } else if (*at == '\033') {
            assert_int_equal(at[1], '[');
            at += 2;
            read_sgr(&at, &front, &back);
        } else {
            assert_memory_equal(at, "\xe2\x96\x80", 3);
            at += 3;
            s.pixel[y * SCREEN + x] = front;
            s.pixel[(y + 1) * SCREEN + x++] = back;
            s.width = x;
        }
    }
    assert_int_equal(front, UNTOUCHED);
    s.height = y + 2;
    return s;
}
