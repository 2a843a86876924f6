// Fuzz target: encodes arbitrary bytes as an ordinary and as a special span, split anywhere. What
// comes back from decoding must be the text, less the bytes that the vocabulary lacks.
//
// PUMICE_TEST_VOCAB names another GGUF file than tests/data/synth/lm-Q4_0.gguf.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/text/tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tokenizer *open_vocabulary(void)
{
    const char *path = getenv("PUMICE_TEST_VOCAB");
    struct error e = {0};
    static struct gguf *g; // what the tokenizer points into, for as long as the process lives
    g = gguf_open(path ? path : PUMICE_TEST_DATA "/synth/lm-Q4_0.gguf", &e);
    struct tokenizer *t = g ? tokenizer_create(g, &e) : NULL;
    if (!t) {
        fprintf(stderr, "%s\n", e.text);
        exit(1);
    }
    return t;
}

static void encode(const struct tokenizer *t, const struct text_span *spans, size_t n,
                   struct token_list *ids)
{
    ids->count = 0;
    if (!tokenizer_encode(t, spans, n, ids))
        abort();
    for (size_t i = 0; i < ids->count; i++)
        if (ids->ids[i] < 0 || (uint32_t)ids->ids[i] >= tokenizer_size(t))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tokenizer *t;
    static bool known[256];
    struct token_list ids = {0}, again = {0};
    struct buffer kept = {0}, back = {0};
    if (!t) {
        t = open_vocabulary();
        for (int b = 0; b < 256; b++) {
            char byte = (char)b;
            encode(t, &(struct text_span){&byte, 1, false}, 1, &ids);
            known[b] = ids.count == 1;
        }
    }
    const char *text = (const char *)data;
    size_t cut = size ? data[size - 1] % size : 0;
    const struct text_span whole = {text, size, false};
    struct text_span parts[] = {{text, cut, false}, {text + cut, size - cut, false}};

    encode(t, &whole, 1, &ids);
    for (size_t i = 0; i < size; i++)
        if (known[data[i]] && !buffer_add(&kept, data + i, 1))
            abort();
    for (size_t i = 0; i < ids.count; i++)
        if (!tokenizer_decode(t, ids.ids[i], &back))
            abort();
    if (back.size != kept.size || (kept.size && memcmp(back.data, kept.data, kept.size) != 0))
        abort();
    encode(t, parts, 2, &again);
    if (again.count != ids.count ||
        (ids.count && memcmp(again.ids, ids.ids, ids.count * sizeof(*ids.ids)) != 0))
        abort();
    parts[0].special = true;
    encode(t, parts, 2, &again);
    parts[1].special = true;
    encode(t, parts, 2, &again);

    token_list_free(&ids);
    token_list_free(&again);
    buffer_free(&kept);
    buffer_free(&back);
    return 0;
}
