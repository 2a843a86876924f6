// The classes of characters that published pre-tokenizer expressions name. Private to engine/text.
// Pure functions over constant tables: any thread. Bytes that are not UTF-8 count as U+FFFD.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum char_class { CLASS_SPACE, CLASS_LETTER, CLASS_NUMBER, CLASS_OTHER }; // \s \p{L} \p{N}

bool class_is_space(uint32_t c); // Unicode's White_Space property
bool class_is_mark(uint32_t c);  // \p{P} and $ + < = > ^ ~ |

static inline bool class_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// Length in bytes of the first character, and its class. size > 0.
size_t class_read(const char *s, size_t size, enum char_class *class);
// Length of the run of characters of `class` at the start.
size_t class_run(const char *s, size_t size, enum char_class class);
