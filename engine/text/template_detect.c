// Which template fits a model file: by its names as LLaVA's own programs do it, by the Jinja source
// in its metadata, by its vocabulary; when nothing says, the first of LLaVA's.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "engine/text/template.h"

// The first row whose words are all there decides; `without` must not be.
struct sign {
    const char *word, *and, *without;
    const char *template;
};

static const struct sign in_names[] = {
    {"llama-3", NULL, NULL, "llama3"},
    {"llama3", NULL, NULL, "llama3"},
    {"phi-3", NULL, NULL, "phi3"},
    {"phi3", NULL, NULL, "phi3"},
    {"llama-2", NULL, NULL, "llava_llama_2"},
    {"mistral", NULL, NULL, "mistral_instruct"},
    {"v1.6-34b", NULL, NULL, "chatml_direct"},
    {"v1", NULL, "tinyllama", "vicuna_v1"},
    {"vicuna", NULL, NULL, "vicuna_v1"},
    {"mpt", NULL, NULL, "mpt"},
};

static const struct sign in_metadata[] = {
    {"<|im_start|>", NULL, "<|im_sep|>", "chatml"},
    {"<<SYS>>", "[INST]", NULL, "llava_llama_2"},
    {"[INST]", NULL, "[SYSTEM_PROMPT]", "mistral_instruct"},
    {"<|assistant|>", "<|end|>", NULL, "phi3"},
    {"USER: ", "ASSISTANT: ", NULL, "vicuna_v1"},
    {"<|start_header_id|>", "<|end_header_id|>", NULL, "llama3"},
};

static const struct sign in_vocabulary[] = {
    {"<|im_start|>", NULL, "<|im_sep|>", "chatml"},
    {"<|start_header_id|>", NULL, NULL, "llama3"},
    {"<|end|>", "<|user|>", NULL, "phi3"},
};

typedef bool has_fn(const void *where, const char *word);

static const struct template *first_of(const struct sign *signs, size_t n, has_fn *has,
                                       const void *where)
{
    for (size_t i = 0; i < n; i++)
        if (has(where, signs[i].word) && (!signs[i].and || has(where, signs[i].and)) &&
            !(signs[i].without && has(where, signs[i].without)))
            return template_find(signs[i].template);
    return NULL;
}

static bool has_text(const void *where, const char *word)
{
    const struct gguf_string *s = where;
    return memmem(s->data, s->size, word, strlen(word)) != NULL;
}

struct words {
    struct gguf_string *list;
    size_t count;
};

static bool has_token(const void *where, const char *word)
{
    const struct words *w = where;
    size_t size = strlen(word);
    for (size_t i = 0; i < w->count; i++)
        if (w->list[i].size == size && memcmp(w->list[i].data, word, size) == 0)
            return true;
    return false;
}

// The file's name and general.name, in small letters.
static const struct template *by_names(const struct gguf *g)
{
    struct buffer names = {0};
    struct gguf_string name;
    const char *path = gguf_path(g), *slash = strrchr(path, '/');
    buffer_add_text(&names, slash ? slash + 1 : path);
    if (gguf_get_string(g, "general.name", &name)) {
        buffer_add(&names, "\n", 1);
        buffer_add(&names, name.data, name.size);
    }
    for (size_t i = 0; i < names.size; i++)
        names.data[i] = (char)tolower((unsigned char)names.data[i]);
    const struct gguf_string all = {names.data ? names.data : "", names.size};
    const struct template *t =
        first_of(in_names, sizeof(in_names) / sizeof(*in_names), has_text, &all);
    buffer_free(&names);
    return t;
}

static const struct template *by_vocabulary(const struct gguf *g)
{
    struct words w;
    if (!gguf_array_strings(g, "tokenizer.ggml.tokens", &w.list, &w.count))
        return NULL;
    const struct template *t =
        first_of(in_vocabulary, sizeof(in_vocabulary) / sizeof(*in_vocabulary), has_token, &w);
    free(w.list);
    return t;
}

const struct template *template_detect(const struct gguf *g)
{
    struct gguf_string source;
    const struct template *t = by_names(g);
    if (!t && gguf_get_string(g, "tokenizer.chat_template", &source))
        t = first_of(in_metadata, sizeof(in_metadata) / sizeof(*in_metadata), has_text, &source);
    t = t ? t : by_vocabulary(g);
    return t ? t : template_find("llava_v0");
}
