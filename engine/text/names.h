// What a model file is called: the file itself, and its general.name. Private to engine/.
#pragma once

#include "base/buffer.h"
#include "engine/model/gguf.h"

// In small letters, with '-' for ' ' and '_'; terminated, empty without memory.
struct names {
    struct buffer file, general;
};
struct names names_read(const struct gguf *g);
void names_free(struct names *n);

// `ends`: no letter or digit follows the word, so that "llama-30b" does not mention "llama-3".
bool names_mention(struct gguf_string name, const char *word, bool ends);

// Warns (log) when two files that are used together are called after models of different kinds:
// what fits by its width alone answers nonsense.
void names_compare(const struct gguf *model, const struct gguf *vision);
