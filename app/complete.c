#include "app/complete.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/utf8.h"

void choices_finish(struct choices *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->list[i].word);
        free(c->list[i].shown);
    }
    free(c->list);
    free(c->common);
    *c = (struct choices){0};
}

size_t complete_common(const char *text, size_t size, const char *other)
{
    size_t same = 0;
    while (same < size && text[same] == other[same])
        same++;
    return same < size ? utf8_whole(text, same) : size;
}

bool complete_word(const char *typed, const char *const *table, size_t count, struct choices *out,
                   struct error *e)
{
    size_t size = strlen(typed), common = 0;
    *out = (struct choices){.list = calloc(count + 1, sizeof(*out->list))};
    bool ok = out->list != NULL;
    for (size_t i = 0; ok && i < count; i++) {
        if (strncmp(table[i], typed, size) != 0)
            continue;
        common = out->count ? complete_common(out->list->word, common, table[i]) : strlen(table[i]);
        struct choice *c = &out->list[out->count++];
        *c = (struct choice){strdup(table[i]), strdup(table[i])};
        ok = c->word && c->shown;
    }
    if (ok && out->count)
        ok = (out->common = strndup(out->list->word, common)) != NULL;
    if (ok)
        return true;
    choices_finish(out);
    return error_no_memory(e);
}

// ---- lines

// Puts line[0..size) before the text, and `end` behind it.
static bool surround(char **text, const char *line, size_t size, const char *end)
{
    struct buffer b = {0};
    if (!buffer_add(&b, line, size) || !buffer_printf(&b, "%s%s", *text, end)) {
        buffer_free(&b);
        return false;
    }
    free(*text);
    *text = b.data;
    return true;
}

static bool surround_all(struct choices *c, const char *line, size_t size, const char *end,
                         struct error *e)
{
    bool ok = !c->common || surround(&c->common, line, size, end);
    for (size_t i = 0; ok && i < c->count; i++)
        ok = surround(&c->list[i].word, line, size, end);
    if (ok)
        return true;
    choices_finish(c);
    return error_no_memory(e);
}

static const struct complete_command *find(const char *name, size_t size,
                                           const struct complete_command *commands, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strncmp(commands[i].name, name, size) && !commands[i].name[size])
            return &commands[i];
    return NULL;
}

static bool complete_name(const char *line, const struct complete_command *commands, size_t count,
                          struct choices *out, struct error *e)
{
    const char **names = calloc(count + 1, sizeof(*names));
    if (!names)
        return error_no_memory(e);
    for (size_t i = 0; i < count; i++)
        names[i] = commands[i].name;
    bool ok = complete_word(line + 1, names, count, out, e);
    free(names);
    if (!ok)
        return false;
    const struct complete_command *only =
        out->count == 1 ? find(out->common, strlen(out->common), commands, count) : NULL;
    return surround_all(out, line, 1, only && (only->path || only->words) ? " " : "", e);
}

static bool complete_argument(const char *line, const struct complete_command *c, size_t most,
                              struct choices *out, struct error *e)
{
    const char *argument = line + 1 + strlen(c->name);
    argument += strspn(argument, " \t");
    size_t n = 0;
    while (c->words && c->words[n])
        n++;
    bool ok = c->path ? complete_path(argument, most, out, e)
                      : complete_word(argument, c->words, n, out, e);
    return ok && surround_all(out, line, (size_t)(argument - line), "", e);
}

bool complete_line(const char *line, const struct complete_command *commands, size_t count,
                   size_t most, struct choices *out, struct error *e)
{
    *out = (struct choices){0};
    if (!*line || strchr(line, '\n'))
        return true;
    size_t size = strcspn(line, " \t");
    if (*line == '/' && line[size]) {
        const struct complete_command *c = find(line + 1, size - 1, commands, count);
        if (c)
            return complete_argument(line, c, most, out, e);
    } else if (*line == '/') {
        if (!complete_name(line, commands, count, out, e))
            return false;
        if (out->count)
            return true;
        choices_finish(out);
    }
    return !strchr("/~.\"'", *line) || complete_path(line, most, out, e);
}
