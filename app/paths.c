#include "app/paths.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/attach.h"
#include "engine/probe.h"

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

struct place {
    const char *variable, *below;
};

// The first whose variable is set, of a list that ends with one without a variable; NULL: none.
static const struct place *find_place(const struct place *place)
{
    while (place->variable && !environment(place->variable))
        place++;
    return place->variable ? place : NULL;
}

static bool add_place(const struct place *p, struct buffer *out, struct error *e)
{
    return buffer_printf(out, "%s%s", environment(p->variable), p->below) || error_no_memory(e);
}

bool paths_models_folder(struct buffer *out, struct error *e)
{
    static const struct place places[] = {{"PUMICE_HOME", "/models"},
                                          {"XDG_DATA_HOME", "/pumice/models"},
                                          {"HOME", "/.local/share/pumice/models"},
                                          {0}};
    const struct place *p = find_place(places);
    return p ? add_place(p, out, e)
             : error_set(e, ERROR_MODEL,
                         "there is no folder for the models: set HOME or PUMICE_HOME, or give a "
                         "model with -m FILE");
}

// The folder at the end of the path, and those above it.
static void make_folders(char *path)
{
    for (char *slash = path + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = '\0';
        mkdir(path, 0700);
    }
    mkdir(path, 0700);
}

bool paths_state_file(const char *name, struct buffer *out, struct error *e)
{
    static const struct place places[] = {{"PUMICE_HOME", "/state"},
                                          {"XDG_STATE_HOME", "/pumice"},
                                          {"HOME", "/.local/state/pumice"},
                                          {0}};
    size_t before = out->size;
    const struct place *p = find_place(places);
    if (!p)
        return error_set(e, ERROR_RUNTIME,
                         "there is no folder for what is kept: set HOME or PUMICE_HOME");
    if (!add_place(p, out, e))
        return false;
    make_folders(out->data + before);
    return buffer_printf(out, "/%s", name) || error_no_memory(e);
}

bool paths_cache_file(const char *name, struct buffer *out)
{
    static const struct place places[] = {
        {"PUMICE_HOME", "/cache"}, {"XDG_CACHE_HOME", "/pumice"}, {"HOME", "/.cache/pumice"}, {0}};
    const struct place *p = find_place(places);
    return p && buffer_printf(out, "%s%s/%s", environment(p->variable), p->below, name);
}

static bool is_file(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0;
}

static bool same_file(const char *a, const char *b)
{
    struct stat s, t;
    return stat(a, &s) == 0 && stat(b, &t) == 0 && s.st_dev == t.st_dev && s.st_ino == t.st_ino;
}

// FOLDER/NAME of the models folder; NULL when there is no such folder.
static char *in_models_folder(const char *name)
{
    struct buffer b = {0};
    if (paths_models_folder(&b, NULL) && buffer_printf(&b, "/%s", name))
        return b.data;
    buffer_free(&b);
    return NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// Models in several parts (NAME-00001-of-00003.gguf) go by their first.
static bool is_model_name(const char *name)
{
    enum { TAIL = sizeof("-00001-of-00003.gguf") - 1 };
    size_t size = strlen(name);
    int number, count, end = 0;
    if (size < 6 || strcmp(name + size - 5, ".gguf") != 0 || name[0] == '.')
        return false;
    return size < TAIL ||
           sscanf(name + size - TAIL, "-%5d-of-%5d.gguf%n", &number, &count, &end) != 2 ||
           end != TAIL || number == 1;
}

bool paths_list_models(const char *folder, char ***out, size_t *count)
{
    DIR *dir = opendir(folder);
    *out = NULL;
    *count = 0;
    if (!dir)
        return false;
    bool ok = true;
    for (struct dirent *entry; ok && (entry = readdir(dir));) {
        if (!is_model_name(entry->d_name))
            continue;
        char **more = realloc(*out, (*count + 1) * sizeof(**out));
        struct buffer path = {0};
        ok = more && buffer_printf(&path, "%s/%s", folder, entry->d_name);
        if (more)
            *out = more;
        if (ok)
            more[(*count)++] = path.data;
        else
            buffer_free(&path);
    }
    closedir(dir);
    if (*count)
        qsort(*out, *count, sizeof(**out), by_name);
    return ok;
}

static bool is_vision_file(const char *path)
{
    enum model_kind kind;
    bool sees;
    return probe_kind(path, &kind, &sees, NULL) && kind == MODEL_VISION;
}

static bool sees_itself(const char *path)
{
    enum model_kind kind;
    bool sees;
    return probe_kind(path, &kind, &sees, NULL) && sees;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

// Exactly one vision file beside the model is its own. The default tower was made for the default
// model and fits no other, so it is not counted.
static void find_sibling(const char *model, const char *default_eyes, struct model_files *out)
{
    const char *name = base_name(model);
    size_t size = name == model ? 0 : (size_t)(name - model) - 1;
    char *folder = size ? strndup(model, size) : strdup(name == model ? "." : "/");
    char **files = NULL;
    size_t count = 0, found = 0;
    struct buffer names = {0};
    if (folder)
        paths_list_models(folder, &files, &count);
    for (size_t i = 0; i < count; i++) {
        if (!same_file(files[i], model) && !(default_eyes && same_file(files[i], default_eyes)) &&
            is_vision_file(files[i])) {
            buffer_printf(&names, "%s%s", found++ ? ", " : "", base_name(files[i]));
            free(out->mmproj);
            out->mmproj = files[i];
            files[i] = NULL;
        }
        free(files[i]);
    }
    if (found != 1) {
        free(out->mmproj);
        out->mmproj = NULL;
    }
    if (found > 1)
        snprintf(out->blind, sizeof(out->blind),
                 "several vision files lie beside %s (%.300s): choose one with --mmproj", name,
                 names.data);
    else if (!found)
        snprintf(out->blind, sizeof(out->blind),
                 "%.200s cannot see: no vision file lies beside it; give one with --mmproj FILE",
                 name);
    buffer_free(&names);
    free(files);
    free(folder);
}

void paths_find_eyes(const char *model, struct model_files *out)
{
    char *default_model = in_models_folder(PATHS_DEFAULT_MODEL);
    char *eyes = in_models_folder(PATHS_DEFAULT_EYES);
    if (default_model && eyes && same_file(model, default_model)) {
        if (is_file(eyes)) {
            out->mmproj = eyes;
            eyes = NULL;
        } else {
            snprintf(out->blind, sizeof(out->blind),
                     "the default model cannot see: %.300s is missing; run ./setup again", eyes);
        }
    } else if (sees_itself(model)) {
        out->mmproj = strdup(model);
    } else {
        find_sibling(model, eyes, out);
    }
    free(default_model);
    free(eyes);
}

static char *find_named(const char *given, struct error *e)
{
    struct buffer path = {0};
    if (!attach_path(given, &path, e)) {
        buffer_free(&path);
        error_set(e, ERROR_MODEL, "no model '%s': give a file or the name of an installed model",
                  given);
        return NULL;
    }
    if (is_file(path.data) || strchr(given, '/'))
        return path.data; // the engine says what is wrong with one that is not there
    buffer_free(&path);

    struct buffer folder = {0}, name = {0};
    if (!paths_models_folder(&folder, e) || !buffer_printf(&name, "%s/%s", folder.data, given)) {
        buffer_free(&folder);
        return NULL;
    }
    if (!is_file(name.data))
        buffer_add_text(&name, ".gguf");
    if (!is_file(name.data)) {
        error_set(e, ERROR_MODEL,
                  "no model '%s': it is neither a file nor one of %s (pumice models lists these)",
                  given, folder.data);
        buffer_free(&name);
    }
    buffer_free(&folder);
    return name.data;
}

static char *find_default(struct error *e)
{
    struct buffer folder = {0};
    if (!paths_models_folder(&folder, e))
        return NULL;
    size_t size = folder.size;
    if (!buffer_add_text(&folder, "/" PATHS_DEFAULT_MODEL)) {
        error_no_memory(e);
        buffer_free(&folder);
    } else if (!is_file(folder.data)) {
        error_set(
            e, ERROR_MODEL,
            "the default model is not installed in %.*s: run ./setup, or give a model with -m FILE",
            (int)size, folder.data);
        buffer_free(&folder);
    }
    return folder.data;
}

bool paths_find_model(const char *model, const char *mmproj, struct model_files *out,
                      struct error *e)
{
    *out = (struct model_files){0};
    out->model = model ? find_named(model, e) : find_default(e);
    if (!out->model)
        return false;
    if (mmproj && !(out->mmproj = find_named(mmproj, e))) {
        paths_finish(out);
        return false;
    }
    return true;
}

void paths_finish(struct model_files *m)
{
    free(m->model);
    free(m->mmproj);
    *m = (struct model_files){0};
}
