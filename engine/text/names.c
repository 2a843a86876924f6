#include "engine/text/names.h"

#include <ctype.h>
#include <string.h>

#include "base/log.h"
#include "engine/text/show.h"

static struct buffer plain(const char *text, size_t size)
{
    struct buffer name = {0};
    buffer_reserve(&name, 0);
    buffer_add(&name, text, size);
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        name.data[i] = c == ' ' || c == '_' ? '-' : (char)tolower((unsigned char)c);
    }
    return name;
}

struct names names_read(const struct gguf *g)
{
    const char *path = gguf_path(g), *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    struct gguf_string general = {"", 0};
    gguf_get_string(g, "general.name", &general);
    return (struct names){plain(base, strlen(base)), plain(general.data, general.size)};
}

void names_free(struct names *n)
{
    buffer_free(&n->file);
    buffer_free(&n->general);
}

bool names_mention(struct gguf_string name, const char *word, bool ends)
{
    size_t size = strlen(word);
    const char *end = name.data + name.size;
    for (const char *at = name.data; (at = memmem(at, (size_t)(end - at), word, size)); at++)
        if (!ends || at + size == end || !isalnum((unsigned char)at[size]))
            return true;
    return false;
}

struct kind {
    const char *word, *name;
};

// The name of the first kind that the file is called after; NULL: none of them.
static const char *kind_of(const struct gguf *g, const struct kind *kinds, size_t n)
{
    struct names names = names_read(g);
    const struct gguf_string file = {names.file.data, names.file.size};
    const struct gguf_string general = {names.general.data, names.general.size};
    const char *found = NULL;
    for (size_t i = 0; !found && i < n; i++) {
        const char *word = kinds[i].word;
        bool ends = isdigit((unsigned char)word[strlen(word) - 1]);
        if (names_mention(file, word, ends) || names_mention(general, word, ends))
            found = kinds[i].name;
    }
    names_free(&names);
    return found;
}

void names_compare(const struct gguf *model, const struct gguf *vision)
{
    static const struct kind bases[] = {
        {"llama-3", "Llama 3"},   {"llama3", "Llama 3"},  {"phi-3", "Phi-3"},   {"phi3", "Phi-3"},
        {"bakllava", "BakLLaVA"}, {"mistral", "Mistral"}, {"vicuna", "Vicuna"},
    };
    static const struct kind versions[] = {{"v1.6", "LLaVA-1.6"}, {"v1.5", "LLaVA-1.5"}};
    const char *a = kind_of(model, bases, sizeof(bases) / sizeof(*bases));
    const char *b = kind_of(vision, bases, sizeof(bases) / sizeof(*bases));
    if (!a || !b || strcmp(a, b) == 0) {
        a = kind_of(model, versions, sizeof(versions) / sizeof(*versions));
        b = kind_of(vision, versions, sizeof(versions) / sizeof(*versions));
    }
    if (a && b && strcmp(a, b) != 0)
        log_warning("%s is called after %s, but the vision file %s after %s: if they do not belong "
                    "together, answers about pictures are nonsense",
                    show_path(model).text, a, show_path(vision).text, b);
}
