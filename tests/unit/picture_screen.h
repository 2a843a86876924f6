// What a terminal shows of sixels and of half blocks: reads the sequences back to pixels, strictly.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { SCREEN = 640, UNTOUCHED = -1 };

// What is on the screen, 0xRRGGBB or UNTOUCHED.
struct screen {
    int width, height; // that the sequence announced
    int32_t *pixel;    // SCREEN x SCREEN
};

// The caller frees the pixels.
struct screen read_sixels(const char *bytes, size_t size);
struct screen read_blocks(const char *bytes, size_t size);

int32_t at(const struct screen *s, int x, int y);
// Channel 0 is red.
int channel(int32_t color, int c);
// The most of a channel.
int difference(int32_t a, int32_t b);
// What xterm shows for that number.
int32_t xterm_color(int i);
