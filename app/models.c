// pumice models: what is installed and what it can see; check; compose.
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/json.h"
#include "app/memory.h"
#include "engine/probe.h"

struct listing {
    struct buffer folder;
    char **paths;
    size_t count;
};

struct entry {
    const char *path;
    const char *file; // in path
    struct model_summary summary;
    struct error unreadable;  // kind ERROR_NONE: the summary counts
    struct model_files files; // of a language model: what it sees with
};

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void entry_read(struct entry *out, const char *path)
{
    *out = (struct entry){.path = path, .file = file_name(path)};
    if (!probe_model(path, &out->summary, &out->unreadable))
        return;
    out->unreadable.kind = ERROR_NONE;
    if (out->summary.kind == MODEL_LANGUAGE)
        paths_find_eyes(path, &out->files);
}

static bool is_default(const struct entry *m)
{
    return !strcmp(m->file, PATHS_DEFAULT_MODEL);
}

static const char *kind_name(enum model_kind k)
{
    return k == MODEL_LANGUAGE ? "language" : k == MODEL_VISION ? "vision" : "other";
}

static json_t *entry_json(const struct entry *m)
{
    const struct model_summary *s = &m->summary;
    json_t *o = json_pack("{s:o, s:o}", "file", json_text(m->file), "path", json_text(m->path));
    if (m->unreadable.kind != ERROR_NONE) {
        json_object_update_new(
            o, json_pack("{s:b, s:o}", "runs", 0, "reason", json_text(m->unreadable.text)));
        return o;
    }
    json_object_update_new(
        o, json_pack("{s:s, s:o, s:o, s:I, s:I, s:o, s:I, s:I}", "kind", kind_name(s->kind),
                     "architecture", json_text(s->architecture), "name", json_text(s->name), "size",
                     (json_int_t)s->file_size, "parameters", (json_int_t)s->parameters, "types",
                     json_text(s->types), "width", (json_int_t)s->width, "layers",
                     (json_int_t)s->layers));
    if (s->kind == MODEL_LANGUAGE)
        json_object_update_new(
            o,
            json_pack("{s:I, s:o, s:b, s:s, s:s}", "context", (json_int_t)s->context, "sees_with",
                      m->files.mmproj ? json_text(file_name(m->files.mmproj)) : json_null(),
                      "default", is_default(m), "chat_template", s->chat_template,
                      "template_reason", s->template_reason));
    if (s->kind == MODEL_VISION)
        json_object_update_new(o, json_pack("{s:I, s:I, s:I}", "picture_size",
                                            (json_int_t)s->picture_size, "picture_rows",
                                            (json_int_t)s->picture_rows, "projects_to",
                                            (json_int_t)s->projects_to));
    json_object_update_new(o, json_pack("{s:b, s:o}", "runs", s->runs, "reason",
                                        s->runs ? json_null() : json_text(s->reason)));
    return o;
}

static void add_text(struct buffer *out, const struct entry *m)
{
    const struct model_summary *s = &m->summary;
    buffer_printf(out, "%s%s\n", m->file, is_default(m) ? "  (default)" : "");
    if (m->unreadable.kind != ERROR_NONE) {
        buffer_printf(out, "    cannot be read: %s\n", m->unreadable.text);
        return;
    }
    buffer_printf(out, "    %s, %s, %.1f million parameters, %.1f MB, %s\n", s->name,
                  s->kind == MODEL_LANGUAGE ? "language model"
                  : s->kind == MODEL_VISION ? "vision file"
                                            : "neither a language model nor a vision file",
                  (double)s->parameters / 1e6, (double)s->file_size / 1e6, s->types);
    if (s->kind == MODEL_VISION)
        buffer_printf(out, "    turns a picture (%u px) into %u rows for a model of width %u\n",
                      s->picture_size, s->picture_rows, s->projects_to);
    else if (s->kind == MODEL_LANGUAGE && s->sees)
        buffer_add_text(out, "    sees pictures with a tower of its own\n");
    else if (s->kind == MODEL_LANGUAGE && m->files.mmproj)
        buffer_printf(out, "    sees pictures with %s\n", file_name(m->files.mmproj));
    else if (s->kind == MODEL_LANGUAGE)
        buffer_printf(out, "    %s\n", m->files.blind);
    if (s->kind == MODEL_LANGUAGE)
        buffer_printf(out, "    chat template: %s, %s\n", s->chat_template, s->template_reason);
    if (!s->runs)
        buffer_printf(out, "    does not run here: %s\n", s->reason);
    if (is_default(m))
        buffer_add_text(
            out,
            "    Small on purpose: it names simple pictures, shapes and colours, often wrongly, "
            "and knows\n"
            "    little else. For real work use a larger LLaVA model: -m FILE --mmproj FILE.\n");
}

static bool print_listing(struct app *app, const struct listing *l, struct error *e)
{
    struct buffer text = {0};
    json_t *models = json_array();
    for (size_t i = 0; i < l->count; i++) {
        struct entry m;
        entry_read(&m, l->paths[i]);
        json_array_append_new(models, entry_json(&m));
        add_text(&text, &m);
        paths_finish(&m.files);
    }
    bool ok;
    if (app->options.json) {
        ok = json_print(
            &app->console,
            json_pack("{s:o, s:O}", "folder", json_text(l->folder.data), "models", models), e);
    } else {
        if (!l->count)
            buffer_printf(
                &text,
                "No models in %s: ./setup installs the default one; -m FILE uses any other file.\n",
                l->folder.data);
        ok = text.data ? console_write_clean(&app->console, text.data, text.size, e)
                       : error_no_memory(e);
    }
    json_decref(models);
    buffer_free(&text);
    return ok;
}

bool run_models(struct app *app, struct error *e)
{
    struct listing l = {0};
    if (!paths_models_folder(&l.folder, e))
        return false;
    paths_list_models(l.folder.data, &l.paths, &l.count);
    bool ok = print_listing(app, &l, e);
    for (size_t i = 0; i < l.count; i++)
        free(l.paths[i]);
    free(l.paths);
    buffer_free(&l.folder);
    return ok;
}

// ---- one file

// What the file is, and the memory that it takes if it is a language model that runs. `m->files`
// gets the files of a chat with it.
static bool check_memory(struct app *app, struct entry *m, struct memory_report *r, struct error *e)
{
    struct model_files *files = &m->files;
    files->model = (char *)m->path; // lent
    if (app->options.mmproj) {
        free(files->mmproj);
        files->mmproj = strdup(app->options.mmproj);
    }
    struct engine_params params = prepare_params(app, files);
    bool ok = probe_memory(&params, r, e);
    files->model = NULL;
    return ok;
}

// `r` of a language model, `t` of a vision file, NULL where it is none that runs.
static bool print_check(struct app *app, const struct entry *m, const struct memory_report *r,
                        const struct tower_memory *t, struct error *e)
{
    if (app->options.json) {
        json_t *o = entry_json(m);
        json_object_set_new(o, "memory", r ? memory_json(r) : t ? tower_json(t) : json_null());
        return json_print(&app->console, o, e);
    }
    struct buffer text = {0};
    add_text(&text, m);
    if (r)
        memory_text(r, &text);
    if (t)
        tower_text(t, &text);
    bool ok = text.data ? console_write_clean(&app->console, text.data, text.size, e)
                        : error_no_memory(e);
    buffer_free(&text);
    return ok;
}

bool run_check(struct app *app, struct error *e)
{
    struct model_files found = {0};
    struct entry m;
    struct memory_report r;
    struct tower_memory t;
    if (!paths_find_model(app->options.operands[0], NULL, &found, e))
        return false;
    entry_read(&m, found.model);
    const char *reason = m.unreadable.kind != ERROR_NONE ? m.unreadable.text
                         : !m.summary.runs               ? m.summary.reason
                                                         : NULL;
    bool planned = !reason && m.summary.kind == MODEL_LANGUAGE;
    bool tower = !reason && m.summary.kind == MODEL_VISION;
    bool ok = (!planned || check_memory(app, &m, &r, e)) &&
              (!tower || probe_tower_memory(m.path, app->options.device, &t, e)) &&
              print_check(app, &m, planned ? &r : NULL, tower ? &t : NULL, e);
    if (ok && reason)
        ok = error_set(e, ERROR_MODEL, "%s", reason);
    if (ok && planned && !r.fits)
        ok = error_set(e, ERROR_DEVICE, "%s", r.reason);
    paths_finish(&m.files);
    paths_finish(&found);
    return ok;
}

bool run_compose(struct app *app, struct error *e)
{
    const char **o = app->options.operands;
    if (!probe_compose(o[0], o[1], o[2], e))
        return false;
    console_note(&app->console, "pumice: wrote %s", o[2]);
    return true;
}
