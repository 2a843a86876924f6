#include "engine/text/bpe.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "engine/text/show.h"

#define NONE UINT32_MAX

// The alphabet in which vocabularies write bytes: printable Latin-1 stands for itself, and the
// other 68 bytes, in order, for the characters from U+0100 on. Those are 00-20, 7F-A0 and AD.
static uint32_t code_of(uint32_t byte)
{
    return byte <= 0x20                   ? 0x100 + byte
           : byte >= 0x7f && byte <= 0xa0 ? 0x121 + byte - 0x7f
           : byte == 0xad                 ? 0x143
                                          : byte;
}

// The inverse; -1: the character stands for no byte.
static int byte_of(uint32_t code)
{
    uint32_t byte = code < 0x100   ? code
                    : code < 0x121 ? code - 0x100
                    : code < 0x143 ? code - 0x121 + 0x7f
                                   : 0xad;
    return code_of(byte) == code ? (int)byte : -1;
}

static uint32_t hash_pair(int32_t left, int32_t right)
{
    uint64_t h = ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) * 0x9e3779b97f4a7c15u;
    return (uint32_t)(h >> 32);
}

// The slot of the pair, or the free one where it would go.
static uint32_t slot_of(const struct bpe *b, int32_t left, int32_t right)
{
    uint32_t i = hash_pair(left, right) & b->mask;
    for (; b->slots[i] != NONE; i = (i + 1) & b->mask) {
        const struct bpe_merge *m = &b->merges[b->slots[i]];
        if (m->left == left && m->right == right)
            break;
    }
    return i;
}

// Reads "left right". A token may start with a space, so the split is the first one after that.
static bool read_merge(const struct vocabulary *v, const struct gguf_string *s,
                       struct buffer *joined, struct bpe_merge *m)
{
    const char *space = s->size > 2 ? memchr(s->data + 1, ' ', s->size - 1) : NULL;
    if (!space)
        return false;
    size_t left = (size_t)(space - s->data), right = s->size - left - 1;
    m->left = vocabulary_find(v, s->data, left);
    m->right = vocabulary_find(v, space + 1, right);
    memcpy(joined->data, s->data, left);
    memcpy(joined->data + left, space + 1, right);
    m->result = vocabulary_find(v, joined->data, left + right);
    return m->left >= 0 && m->right >= 0 && m->result >= 0;
}

static bool load_merges(struct bpe *b, const struct vocabulary *v, const struct gguf *g,
                        const struct gguf_string *lines, struct error *e)
{
    struct buffer joined = {0};
    bool ok = true;
    for (uint32_t rank = 0; ok && rank < b->count; rank++) {
        struct bpe_merge *m = &b->merges[rank];
        buffer_clear(&joined);
        if (!buffer_reserve(&joined, lines[rank].size)) {
            ok = error_no_memory(e);
        } else if (!read_merge(v, &lines[rank], &joined, m)) {
            ok = error_set(e, ERROR_MODEL,
                           "merge %u of %s (\"%s\") does not join two tokens of its vocabulary "
                           "into a third; convert the model again",
                           rank, show_path(g).text,
                           show_name(lines[rank].data, lines[rank].size).text);
        } else if (v->types[m->result] != TOKEN_CONTROL && v->types[m->result] != TOKEN_UNKNOWN) {
            // A merge into a control token would let a user type one, so it is never found.
            uint32_t i = slot_of(b, m->left, m->right);
            if (b->slots[i] == NONE)
                b->slots[i] = rank;
        }
    }
    buffer_free(&joined);
    return ok;
}

bool bpe_load(struct bpe *b, const struct vocabulary *v, const struct gguf *g, struct error *e)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        char text[4];
        b->bytes[byte] = vocabulary_find(v, text, utf8_encode(code_of(byte), text));
    }

    const char *key = "tokenizer.ggml.merges";
    const struct gguf_pair *pair = gguf_find_pair(g, key);
    const size_t most = (size_t)1 << 29;
    if (!pair || pair->type != GGUF_ARRAY || pair->item_type != GGUF_STRING || pair->count > most)
        return error_set(
            e, ERROR_MODEL,
            "%s has a byte-level BPE vocabulary without a list of merges (%s); convert "
            "the model again",
            show_path(g).text, key);
    uint32_t room = 16;
    while (room < 2 * pair->count)
        room *= 2;
    struct gguf_string *lines = NULL;
    size_t count = 0;
    b->merges = malloc((pair->count + 1) * sizeof(*b->merges));
    b->slots = malloc(room * sizeof(*b->slots));
    if (!b->merges || !b->slots || !gguf_array_strings(g, key, &lines, &count))
        return error_no_memory(e);
    memset(b->slots, 0xff, room * sizeof(*b->slots));
    b->mask = room - 1;
    b->count = (uint32_t)count;
    bool ok = load_merges(b, v, g, lines, e);
    free(lines);
    return ok;
}

void bpe_free(struct bpe *b)
{
    free(b->slots);
    free(b->merges);
    *b = (struct bpe){0};
}

static bool work_reserve(struct bpe_work *w, size_t n)
{
    if (n <= w->room)
        return true;
    size_t room = n < 64 ? 64 : n + n / 2;
    if (room >= NONE)
        return false;
    struct bpe_symbol *symbols = realloc(w->symbols, room * sizeof(*symbols));
    if (!symbols)
        return false;
    w->symbols = symbols;
    // Every symbol but the last starts one pair, and each merge takes one off and adds at most two.
    uint64_t *heap = realloc(w->heap, 2 * room * sizeof(*heap));
    if (!heap)
        return false;
    w->heap = heap;
    w->room = room;
    return true;
}

void bpe_work_free(struct bpe_work *w)
{
    free(w->heap);
    free(w->symbols);
    *w = (struct bpe_work){0};
}

static void heap_push(struct bpe_work *w, uint64_t value)
{
    size_t i = w->heap_size++;
    for (; i > 0 && w->heap[(i - 1) / 2] > value; i = (i - 1) / 2)
        w->heap[i] = w->heap[(i - 1) / 2];
    w->heap[i] = value;
}

static uint64_t heap_pop(struct bpe_work *w)
{
    uint64_t least = w->heap[0], value = w->heap[--w->heap_size];
    size_t i = 0, child;
    while ((child = 2 * i + 1) < w->heap_size) {
        if (child + 1 < w->heap_size && w->heap[child + 1] < w->heap[child])
            child++;
        if (value <= w->heap[child])
            break;
        w->heap[i] = w->heap[child];
        i = child;
    }
    w->heap[i] = value;
    return least;
}

// Queues the pair that starts at symbol `left`, when it has a merge.
static void push_pair(const struct bpe *b, struct bpe_work *w, uint32_t left)
{
    uint32_t right = w->symbols[left].next;
    if (right == NONE)
        return;
    uint32_t rank = b->slots[slot_of(b, w->symbols[left].id, w->symbols[right].id)];
    if (rank != NONE)
        heap_push(w, (uint64_t)rank << 32 | left);
}

static void merge_all(const struct bpe *b, struct bpe_work *w)
{
    struct bpe_symbol *symbols = w->symbols;
    while (w->heap_size > 0) {
        uint64_t top = heap_pop(w);
        const struct bpe_merge *m = &b->merges[top >> 32];
        struct bpe_symbol *left = &symbols[(uint32_t)top];
        // One of the two may have been merged with another since.
        if (left->id != m->left || left->next == NONE || symbols[left->next].id != m->right)
            continue;
        symbols[left->next].id = -1;
        left->id = m->result;
        left->next = symbols[left->next].next;
        if (left->next != NONE)
            symbols[left->next].previous = (uint32_t)top;
        if (left->previous != NONE)
            push_pair(b, w, left->previous);
        push_pair(b, w, (uint32_t)top);
    }
}

bool bpe_encode(const struct bpe *b, struct bpe_work *w, const char *piece, size_t size,
                struct token_list *out)
{
    if (!work_reserve(w, size))
        return false;
    uint32_t n = 0;
    for (size_t i = 0; i < size; i++) {
        int32_t id = b->bytes[(unsigned char)piece[i]];
        if (id >= 0) {
            w->symbols[n] = (struct bpe_symbol){.id = id, .previous = n - 1, .next = n + 1};
            n++;
        }
    }
    if (n == 0)
        return true;
    w->symbols[n - 1].next = NONE; // and the first one's previous is NONE already: 0 - 1
    w->heap_size = 0;
    for (uint32_t i = 0; i < n; i++)
        push_pair(b, w, i);
    merge_all(b, w);
    for (uint32_t i = 0; i != NONE; i = w->symbols[i].next)
        if (!token_list_add(out, w->symbols[i].id))
            return false;
    return true;
}

int32_t bpe_whole(const struct vocabulary *v, const char *piece, size_t size)
{
    char text[512]; // longer tokens there are none
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        if (used + 4 > sizeof(text))
            return -1;
        used += utf8_encode(code_of((unsigned char)piece[i]), text + used);
    }
    return vocabulary_find(v, text, used);
}

bool bpe_decode(const char *text, size_t size, struct buffer *out)
{
    for (size_t i = 0; i < size;) {
        uint32_t code;
        size_t n = utf8_decode(text + i, size - i, &code);
        int byte = byte_of(code);
        char c = (char)byte;
        if (!(byte >= 0 ? buffer_add(out, &c, 1) : buffer_add(out, text + i, n)))
            return false;
        i += n;
    }
    return true;
}
