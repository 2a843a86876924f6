#include "app/browser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

enum { MOST_FILTER = 200 };

struct browser {
    struct listing l;
    size_t *visible; // places in l.list
    size_t count, selected, first;
    struct buffer filter;
    bool all;
    char status[512];
};

// ---- what is visible of it

static const char *name_of_selected(const struct browser *b)
{
    return b->count ? browser_at(b, b->selected)->name : NULL;
}

static void write_status(struct browser *b)
{
    size_t hidden = b->all ? 0 : b->l.hidden, all = b->l.count - hidden;
    char filter[MOST_FILTER + 8] = "";
    if (b->filter.size)
        snprintf(filter, sizeof(filter), "\"%s\": ", b->filter.data);
    if (b->l.cut)
        snprintf(b->status, sizeof(b->status),
                 "%s%zu of the first %d entries; type the path of any other", filter, b->count,
                 LISTING_MOST_ENTRIES);
    else if (b->filter.size)
        snprintf(b->status, sizeof(b->status), "%s%zu of %zu", filter, b->count, all);
    else if (hidden)
        snprintf(b->status, sizeof(b->status), "%zu here, and %zu that are hidden", all, hidden);
    else
        snprintf(b->status, sizeof(b->status), "%zu here", all);
}

// `select` (NULL allowed) is selected if it is among them, else the first.
static void show(struct browser *b, const char *select)
{
    b->count = b->selected = 0;
    for (size_t i = 0; i < b->l.count; i++) {
        const struct listing_entry *f = &b->l.list[i];
        if ((!b->all && f->hidden) || (b->filter.size && !strcasestr(f->shown, b->filter.data)))
            continue;
        if (select && !strcmp(f->name, select))
            b->selected = b->count;
        b->visible[b->count++] = i;
    }
    write_status(b);
}

static bool enter(struct browser *b, const char *folder, const char *select, struct error *e)
{
    struct listing l;
    if (!listing_read(&l, folder, e))
        return false;
    size_t *visible = calloc(l.count + 1, sizeof(*visible));
    if (!visible) {
        listing_finish(&l);
        return error_no_memory(e);
    }
    listing_finish(&b->l);
    free(b->visible);
    b->l = l;
    b->visible = visible;
    b->first = 0;
    buffer_clear(&b->filter);
    show(b, select);
    return true;
}

struct browser *browser_create(const char *folder, struct error *e)
{
    struct browser *b = calloc(1, sizeof(*b));
    if (!b)
        error_no_memory(e);
    if (b && enter(b, folder ? folder : ".", NULL, e))
        return b;
    free(b);
    return NULL;
}

void browser_destroy(struct browser *b)
{
    if (!b)
        return;
    listing_finish(&b->l);
    free(b->visible);
    buffer_free(&b->filter);
    free(b);
}

size_t browser_count(const struct browser *b)
{
    return b->count;
}

const struct listing_entry *browser_at(const struct browser *b, size_t i)
{
    return &b->l.list[b->visible[i]];
}

size_t browser_selected(const struct browser *b)
{
    return b->selected;
}

size_t browser_first_visible(struct browser *b, size_t rows)
{
    size_t last = b->count > rows ? b->count - rows : 0;
    if (b->selected < b->first)
        b->first = b->selected;
    else if (b->selected - b->first >= rows)
        b->first = b->selected - rows + 1;
    // No empty rows below while there are entries above.
    if (b->first > last)
        b->first = last;
    return b->first;
}

const char *browser_title(const struct browser *b)
{
    return b->l.shown;
}

const char *browser_status(const struct browser *b)
{
    return b->status;
}

static bool path_of_selected(const struct browser *b, struct buffer *out)
{
    const char *slash = b->l.folder[1] ? "/" : "";
    return buffer_printf(out, "%s%s%s", b->l.folder, slash, name_of_selected(b));
}

bool browser_selected_picture(const struct browser *b, struct buffer *out)
{
    return b->count && browser_at(b, b->selected)->picture && path_of_selected(b, out);
}

// ---- moving

void browser_move(struct browser *b, long by)
{
    size_t far = by < 0 ? -(size_t)by : (size_t)by;
    size_t room = by < 0 ? b->selected : b->count ? b->count - 1 - b->selected : 0;
    far = far < room ? far : room;
    b->selected = by < 0 ? b->selected - far : b->selected + far;
}

bool browser_filter_add(struct browser *b, uint32_t code)
{
    char bytes[4];
    if (b->filter.size + sizeof(bytes) > MOST_FILTER ||
        !buffer_add(&b->filter, bytes, utf8_encode(code, bytes)))
        return false;
    show(b, name_of_selected(b));
    return true;
}

bool browser_filter_back(struct browser *b)
{
    if (!b->filter.size)
        return false;
    do
        b->filter.size--;
    while (b->filter.size && (b->filter.data[b->filter.size] & 0xc0) == 0x80);
    b->filter.data[b->filter.size] = '\0';
    show(b, name_of_selected(b));
    return true;
}

void browser_toggle_hidden(struct browser *b)
{
    b->all = !b->all;
    show(b, name_of_selected(b));
}

bool browser_open(struct browser *b, struct buffer *chosen, struct error *e)
{
    if (!b->count)
        return error_set(e, ERROR_PICTURE, "there is nothing to open here");
    struct buffer path = {0};
    bool ok = path_of_selected(b, &path) || error_no_memory(e);
    if (ok && browser_at(b, b->selected)->folder)
        ok = enter(b, path.data, NULL, e);
    else if (ok)
        ok = buffer_add(chosen, path.data, path.size) || error_no_memory(e);
    buffer_free(&path);
    return ok;
}

bool browser_parent(struct browser *b, struct error *e)
{
    if (!b->l.folder[1])
        return true;
    char *parent = strdup(b->l.folder);
    char *left = parent ? strrchr(parent, '/') : NULL;
    if (!left)
        return error_no_memory(e);
    *left++ = '\0';
    bool ok = enter(b, *parent ? parent : "/", left, e);
    free(parent);
    return ok;
}
