// Is it a language model that runs? Others are called by their names.
#include <stdio.h>

#include "base/utf8.h"
#include "engine/model/decoder_internal.h"

bool decoder_bad(const struct gguf *g, struct error *e, const char *what)
{
    return error_set(
        e, ERROR_MODEL,
        "%s: %s; the file is damaged or of a kind that we do not run: download it again, "
        "or use another model",
        gguf_path(g), what);
}

static const struct decoder_family families[] = {
    {"llama", false, false, true},
    {"qwen2", true, false, false},
    {"phi3", true, true, true},
};

const struct decoder_family *decoder_find_family(const struct gguf *g)
{
    struct gguf_string a;
    if (!gguf_get_string(g, "general.architecture", &a))
        return NULL;
    for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
        if (gguf_string_is(a, families[i].name))
            return &families[i];
    return NULL;
}

static bool refuse_architecture(const struct gguf *g, struct gguf_string a, struct error *e)
{
    if (gguf_string_is(a, "clip"))
        return error_set(e, ERROR_MODEL,
                         "%s is a vision file, not a language model; give it as --mmproj and the "
                         "language model as -m",
                         gguf_path(g));
    char name[64];
    utf8_clean(name, sizeof(name), a.data, a.size);
    return error_set(
        e, ERROR_MODEL,
        "%s is of the architecture \"%s\", which we do not run; llama, qwen2 and phi3 run",
        gguf_path(g), name);
}

// Files of a known architecture that are no whole model of it.
static bool check_whole(const struct gguf *g, struct error *e)
{
    struct gguf_string type;
    uint32_t experts = 0;
    if (gguf_get_string(g, "general.type", &type) && gguf_string_is(type, "adapter"))
        return error_set(e, ERROR_MODEL,
                         "%s is an adapter (LoRA), not a model; merge it into its base model",
                         gguf_path(g));
    if (gguf_get_u32(g, decoder_key_of(g, "expert_count").text, &experts) && experts > 0)
        return error_set(e, ERROR_MODEL,
                         "%s is a mixture of %u experts, which we do not run; use a model without",
                         gguf_path(g), experts);
    return true;
}

bool decoder_check_architecture(const struct gguf *g, struct error *e)
{
    struct gguf_string a;
    if (!gguf_get_string(g, "general.architecture", &a))
        return decoder_bad(g, e, "the metadata names no architecture");
    return decoder_find_family(g) ? check_whole(g, e) : refuse_architecture(g, a, e);
}
