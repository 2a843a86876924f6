// UTF-8: checking, decoding, and making foreign text harmless for a terminal. Pure functions.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Reads one code point (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF) from
// text[0..size), size > 0. Returns its length in bytes, 1..4; where the bytes are not UTF-8 returns
// 1 and stores U+FFFD.
size_t utf8_decode(const char *text, size_t size, uint32_t *code);

// Writes `code` (must be a valid scalar value) and returns its length, 1..4. `out` has room for 4.
size_t utf8_encode(uint32_t code, char *out);

bool utf8_valid(const char *text, size_t size);

// The longest prefix of text[0..size) that does not end inside a sequence that could still be
// completed. Bytes that can never become UTF-8 count as whole, so that they are not held for ever.
size_t utf8_whole(const char *text, size_t size);

// Whether utf8_clean replaces it.
bool utf8_harmful(uint32_t code);

// Copies text[0..size) to out as valid UTF-8 that cannot move a cursor, change a colour or reorder
// a line: newline and tab stay; other C0 and C1 controls, DEL, bidirectional controls, line and
// paragraph separators and bytes that are not UTF-8 become U+FFFD. Cuts at a character boundary
// when `room` is short. Always terminates; returns the length without the NUL. 3 * size + 1 bytes
// always suffice.
size_t utf8_clean(char *out, size_t room, const char *text, size_t size);
