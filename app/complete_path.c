#include "app/complete.h"

#include <stdlib.h>
#include <string.h>

#include "app/file_kind.h"
#include "base/buffer.h"
#include "base/utf8.h"

// Entries of a folder that are looked at, in about a tenth of a second; the longest name of one.
enum { MOST_READ = 200000, LONGEST_NAME = 255 };

// What was typed, taken apart.
struct typed {
    bool home;            // began with ~, which stands for HOME and stays as it is
    char quote;           // that it began with; 0: none
    struct buffer folder; // as on the disk, with the slash at its end; may be empty
    struct buffer name;   // the beginning of a name
};

struct found {
    char *name;
    enum file_kind kind;
};

// The first `most` of those that match, in order, and what all that match have in common.
struct best {
    struct found *list;
    size_t count, most;
    char common[LONGEST_NAME + 1];
    size_t common_size;
    bool any, more;
};

// ---- reading what was typed

// As attach_path reads it, but that the quotes of one that begins with a quote need not be closed
// yet, nor a backslash at the end have its letter.
static bool unquote(const char *text, struct buffer *out)
{
    bool begun = *text == '"' || *text == '\'';
    char quote = 0;
    for (size_t i = 0; text[i]; i++) {
        char c = text[i], next = text[i + 1];
        if (c == '\\' && !next && !quote)
            break;
        if (c == '\\' && quote != '\'' && next && (!quote || next == '"' || next == '\\')) {
            c = next;
            i++;
        } else if (quote && c == quote) {
            quote = 0;
            continue;
        } else if (!quote && (c == '"' || c == '\'') && (begun || strchr(text + i + 1, c))) {
            quote = c;
            continue;
        }
        if (!buffer_add(out, &c, 1))
            return false;
    }
    return true;
}

static void typed_finish(struct typed *t)
{
    buffer_free(&t->folder);
    buffer_free(&t->name);
}

static bool take_apart(const char *text, struct typed *t)
{
    *t = (struct typed){0};
    text += strspn(text, " \t\r\n");
    const char *home = getenv("HOME");
    t->home = text[0] == '~' && (!text[1] || text[1] == '/') && home && *home;
    t->quote = *text == '"' || *text == '\'' ? *text : 0;
    struct buffer *path = &t->folder;
    if (!unquote(text + t->home, path) || (t->home && !path->size && !buffer_add(path, "/", 1)))
        return false;
    const char *slash = path->size ? strrchr(path->data, '/') : NULL;
    size_t size = slash ? (size_t)(slash - path->data) + 1 : 0;
    if (!buffer_add(&t->name, path->size ? path->data + size : "", path->size - size) ||
        !buffer_reserve(path, 0))
        return false;
    path->size = size;
    path->data[size] = '\0';
    return true;
}

// ---- writing what it becomes

// The folder and name[0..size), quoted; `end` follows and may be "". A quote stays open before it.
static char *quote_path(const struct typed *t, const char *name, size_t size, bool close,
                        const char *end)
{
    struct buffer path = {0}, out = {0};
    bool ok = buffer_add(&path, t->folder.data, t->folder.size) && buffer_add(&path, name, size);
    // An apostrophe between apostrophes would have to leave and enter them again.
    char quote = ok && t->quote == '\'' && strchr(path.data, '\'') ? '"' : t->quote;
    ok = ok && (!quote || buffer_add(&out, &quote, 1)) && (!t->home || buffer_add(&out, "~", 1));
    for (size_t i = 0; ok && i < path.size; i++) {
        const char *special = quote == '"' ? "\"\\" : quote ? "" : " \t\"'\\";
        bool tilde = path.data[i] == '~' && i == 0 && !quote;
        ok = (!(tilde || strchr(special, path.data[i])) || buffer_add(&out, "\\", 1)) &&
             buffer_add(&out, path.data + i, 1);
    }
    ok = ok && (!close || !quote || buffer_add(&out, &quote, 1)) && buffer_add_text(&out, end);
    buffer_free(&path);
    if (!ok)
        buffer_free(&out);
    return out.data;
}

static bool fill(const struct typed *t, const struct best *b, struct choices *out)
{
    out->list = calloc(b->count + 1, sizeof(*out->list));
    if (!out->list)
        return false;
    out->more = b->more;
    for (size_t i = 0; i < b->count; i++) {
        const struct found *f = &b->list[i];
        bool folder = f->kind == FILE_FOLDER;
        struct buffer shown = {0};
        if (!buffer_printf(&shown, "%s%s", f->name, folder ? "/" : ""))
            return false;
        out->list[out->count].shown = shown.data;
        out->list[out->count].word =
            quote_path(t, f->name, strlen(f->name), !folder, folder ? "/" : "");
        if (!out->list[out->count++].word)
            return false;
    }
    if (b->any)
        out->common = b->count == 1 && !b->more
                          ? strdup(out->list->word)
                          : quote_path(t, b->common, b->common_size, false, "");
    return !b->any || out->common;
}

// ---- looking into the folder

static int compare(const struct found *a, const struct found *b)
{
    return a->kind != b->kind ? (int)a->kind - (int)b->kind : file_compare_names(a->name, b->name);
}

static bool keep(struct best *b, const struct found *f)
{
    b->more = b->more || b->count == b->most;
    if (b->count == b->most && compare(f, &b->list[b->count - 1]) >= 0)
        return true;
    char *name = strdup(f->name);
    if (!name)
        return false;
    if (b->count == b->most)
        free(b->list[--b->count].name);
    size_t low = 0, high = b->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare(f, &b->list[middle]) < 0)
            high = middle;
        else
            low = middle + 1;
    }
    memmove(b->list + low + 1, b->list + low, (b->count - low) * sizeof(*b->list));
    b->list[low] = (struct found){name, f->kind};
    b->count++;
    return true;
}

static bool can_be_typed(const char *name)
{
    char clean[3 * LONGEST_NAME + 1];
    size_t size = strlen(name), ascii = 0;
    while (name[ascii] >= ' ' && name[ascii] <= '~')
        ascii++;
    if (size > LONGEST_NAME || ascii == size)
        return size <= LONGEST_NAME;
    utf8_clean(clean, sizeof(clean), name, size);
    return !strcmp(clean, name) && !strpbrk(name, "\n\t");
}

static bool look_into(DIR *folder, const char *begin, struct best *b)
{
    size_t size = strlen(begin);
    struct dirent *entry;
    for (size_t n = 0; (entry = readdir(folder)); n++) {
        if (n == MOST_READ) {
            b->more = true;
            return true;
        }
        char *name = entry->d_name;
        if (strncmp(name, begin, size) != 0 || (name[0] == '.' && !size) || !can_be_typed(name))
            continue;
        struct found f = {name, file_kind_of(folder, entry)};
        if (f.kind == FILE_NONE)
            continue;
        if (!b->any)
            strcpy(b->common, name);
        b->common_size =
            b->any ? complete_common(b->common, b->common_size, name) : strlen(b->common);
        b->any = true;
        if (!keep(b, &f))
            return false;
    }
    return true;
}

static bool search(const struct typed *t, struct best *b)
{
    struct buffer path = {0};
    bool ok = buffer_printf(&path, "%s%s", t->home ? getenv("HOME") : "",
                            t->folder.size ? t->folder.data : "./");
    DIR *folder = ok ? opendir(path.data) : NULL;
    if (folder) {
        ok = look_into(folder, t->name.data, b);
        closedir(folder);
    }
    buffer_free(&path);
    return ok;
}

bool complete_path(const char *typed, size_t most, struct choices *out, struct error *e)
{
    struct typed t;
    struct best b = {.list = calloc(most, sizeof(*b.list)), .most = most};
    *out = (struct choices){0};
    bool ok = take_apart(typed, &t) && b.list && search(&t, &b) && fill(&t, &b, out);
    for (size_t i = 0; i < b.count; i++)
        free(b.list[i].name);
    free(b.list);
    typed_finish(&t);
    if (ok)
        return true;
    choices_finish(out);
    return error_no_memory(e);
}
