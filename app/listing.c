#include "app/listing.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/file_kind.h"
#include "base/array.h"
#include "base/utf8.h"

static char *clean_line(const char *text)
{
    size_t size = strlen(text);
    char *out = malloc(3 * size + 1);
    if (out)
        utf8_clean(out, 3 * size + 1, text, size);
    for (char *c = out; c && *c; c++)
        if (*c == '\n' || *c == '\t')
            *c = '?';
    return out;
}

static void entry_finish(struct listing_entry *f)
{
    free(f->name);
    free(f->shown);
}

void listing_finish(struct listing *l)
{
    for (size_t i = 0; i < l->count; i++)
        entry_finish(&l->list[i]);
    free(l->list);
    free(l->folder);
    free(l->shown);
    *l = (struct listing){0};
}

static bool add_entry(struct listing *l, const char *name, enum file_kind kind)
{
    struct listing_entry *more = array_reserve(l->list, l->count, &l->room, sizeof(*more));
    if (!more)
        return false;
    l->list = more;
    struct listing_entry f = {.name = strdup(name),
                              .shown = clean_line(name),
                              .folder = kind == FILE_FOLDER,
                              .picture = kind == FILE_PICTURE,
                              .hidden = name[0] == '.' || kind == FILE_OTHER};
    if (!f.name || !f.shown) {
        entry_finish(&f);
        return false;
    }
    l->list[l->count++] = f;
    l->hidden += f.hidden;
    return true;
}

static int by_kind_and_name(const void *a, const void *b)
{
    const struct listing_entry *f = a, *g = b;
    int order = (g->folder - f->folder) * 2 + (g->picture - f->picture);
    return order ? order : file_compare_names(f->name, g->name);
}

static bool read_entries(struct listing *l, DIR *dir)
{
    struct dirent *entry;
    while ((entry = readdir(dir))) {
        enum file_kind kind = file_kind_of(dir, entry);
        if (kind == FILE_NONE)
            continue;
        l->cut = l->count == LISTING_MOST_ENTRIES;
        if (l->cut)
            break;
        if (!add_entry(l, entry->d_name, kind))
            return false;
    }
    if (l->count)
        qsort(l->list, l->count, sizeof(*l->list), by_kind_and_name);
    return true;
}

bool listing_read(struct listing *l, const char *folder, struct error *e)
{
    *l = (struct listing){.folder = realpath(folder, NULL)};
    DIR *dir = l->folder ? opendir(l->folder) : NULL;
    if (!dir) {
        int failure = errno;
        char *shown = clean_line(l->folder ? l->folder : folder);
        error_set(e, ERROR_PICTURE, "%s cannot be looked into (%s): choose another folder",
                  shown ? shown : "the folder", strerror(failure));
        free(shown);
        listing_finish(l);
        return false;
    }
    l->shown = clean_line(l->folder);
    bool ok = l->shown && read_entries(l, dir);
    closedir(dir);
    if (!ok) {
        listing_finish(l);
        error_no_memory(e);
    }
    return ok;
}
