// Which template fits a model file: by its names as LLaVA's own programs do it, by the Jinja source
// in its metadata, by its vocabulary; when nothing says, the first of LLaVA's.
#include <stdlib.h>
#include <string.h>

#include "engine/text/names.h"
#include "engine/text/template.h"

// The first row whose words are all there decides.
struct sign {
    const char *word, *and, *without; // `without` must not be there
    bool ends; // no letter or digit follows the word: "llama-30b" is no Llama 3
    const char *template;
};

// As LLaVA's own programs choose, but for "v1": that is the wording of its training. In small
// letters, with '-' for ' ' and '_'.
static const struct sign in_names[] = {
    {"llama-3", .ends = true, .template = "llama3"},
    {"llama3", .ends = true, .template = "llama3"},
    {"phi-3", .ends = true, .template = "phi3"},
    {"phi3", .ends = true, .template = "phi3"},
    {"llama-2", .ends = true, .template = "llava_llama_2"},
    {"bakllava", .template = "vicuna_v1"}, // a Mistral that was trained with LLaVA-1.5's words
    {"mistral", .template = "mistral_instruct"},
    {"v1.6-34b", .template = "chatml_direct"},
    {"v1", .without = "tinyllama", .template = "vicuna_v1"},
    {"llava", .and = "v0", .template = "llava_v0"},
    {"vicuna", .template = "vicuna_v1"},
    {"mpt", .template = "mpt"},
};

static const struct sign in_metadata[] = {
    {"<|im_start|>", .without = "<|im_sep|>", .template = "chatml"},
    {"<<SYS>>", .and = "[INST]", .template = "llava_llama_2"},
    {"[INST]", .without = "[SYSTEM_PROMPT]", .template = "mistral_instruct"},
    {"<|assistant|>", .and = "<|end|>", .template = "phi3"},
    {"USER: ", .and = "ASSISTANT:", .template = "vicuna_v1"},
    {"<|start_header_id|>", .and = "<|end_header_id|>", .template = "llama3"},
};

static const struct sign in_vocabulary[] = {
    {"<|im_start|>", .without = "<|im_sep|>", .template = "chatml"},
    {"<|start_header_id|>", .template = "llama3"},
    {"<|end|>", .and = "<|user|>", .template = "phi3"},
};

typedef bool has_fn(const void *where, const char *word, bool ends);

static const struct template *first_of(const struct sign *signs, size_t n, has_fn *has,
                                       const void *where)
{
    for (size_t i = 0; i < n; i++) {
        const struct sign *s = &signs[i];
        if (has(where, s->word, s->ends) && (!s->and || has(where, s->and, false)) &&
            !(s->without && has(where, s->without, false)))
            return template_find(s->template);
    }
    return NULL;
}

static bool has_text(const void *where, const char *word, bool ends)
{
    return names_mention(*(const struct gguf_string *)where, word, ends);
}

struct words {
    struct gguf_string *list;
    size_t count;
};

static bool has_token(const void *where, const char *word, bool ends)
{
    (void)ends; // a token is compared whole
    const struct words *w = where;
    for (size_t i = 0; i < w->count; i++)
        if (gguf_string_is(w->list[i], word))
            return true;
    return false;
}

// The file's name and general.name: a sign that comes first decides, whichever has it.
static const struct template *by_names(const struct gguf *g, const char **why)
{
    struct names names = names_read(g);
    const struct gguf_string file = {names.file.data, names.file.size};
    const struct gguf_string general = {names.general.data, names.general.size};
    const struct template *t = NULL;
    for (size_t i = 0; !t && i < sizeof(in_names) / sizeof(*in_names); i++) {
        *why = "by the file's name";
        t = first_of(&in_names[i], 1, has_text, &file);
        if (t)
            break;
        *why = "by the model's name";
        t = first_of(&in_names[i], 1, has_text, &general);
    }
    names_free(&names);
    return t;
}

// LLaMA's 32000 pieces, and the few that LLaVA's converters add: Vicuna, if anything.
static bool is_llamas(const struct gguf *g, size_t count)
{
    struct gguf_string kind;
    return gguf_get_string(g, "tokenizer.ggml.model", &kind) && gguf_string_is(kind, "llama") &&
           count >= 32000 && count <= 32064;
}

static const struct template *by_vocabulary(const struct gguf *g)
{
    struct words w;
    if (!gguf_array_strings(g, "tokenizer.ggml.tokens", &w.list, &w.count))
        return NULL;
    const struct template *t =
        first_of(in_vocabulary, sizeof(in_vocabulary) / sizeof(*in_vocabulary), has_token, &w);
    free(w.list);
    return t || !is_llamas(g, w.count) ? t : template_find("vicuna_v1");
}

const struct template *template_detect(const struct gguf *g, const char **why)
{
    struct gguf_string source;
    const struct template *t = by_names(g, why);
    if (!t && gguf_get_string(g, "tokenizer.chat_template", &source)) {
        *why = "by the chat template in the file";
        t = first_of(in_metadata, sizeof(in_metadata) / sizeof(*in_metadata), has_text, &source);
    }
    if (t)
        return t;
    *why = "by the vocabulary";
    t = by_vocabulary(g);
    if (t)
        return t;
    *why = "as nothing in the file says which";
    return template_find("llava_v0");
}
