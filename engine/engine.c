#include "engine/engine_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/utf8.h"
#include "engine/text/names.h"

double clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

bool engine_progress(struct engine *e, enum phase phase, uint64_t done, uint64_t total,
                     struct error *err)
{
    if (!e->progress || e->progress(e->progress_data, phase, done, total))
        return true;
    return error_set(err, ERROR_INTERRUPTED, "stopped");
}

// ---- files

static const struct template *find_template(const char *name, struct error *err)
{
    const struct template *found = template_find(name);
    char names[256] = "";
    size_t used = 0;
    if (found)
        return found;
    for (size_t i = 0; i < template_count() && used < sizeof(names); i++)
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "",
                                 template_name(template_at(i)));
    error_set(err, ERROR_USAGE, "there is no chat template \"%s\": choose one of %s", name, names);
    return NULL;
}

bool engine_open_files(struct engine *e, const struct engine_params *p, struct error *err)
{
    e->model_file = gguf_open(p->model, err);
    if (!e->model_file)
        return false;
    if (p->mmproj) {
        e->vision_file = gguf_open(p->mmproj, err);
        if (!e->vision_file || !vision_read_traits(e->vision_file, &e->traits, err))
            return false;
        names_compare(e->model_file, e->vision_file);
    }
    // First what kind of file it is: any other would be refused for some detail that it lacks.
    if (!decoder_check_architecture(e->model_file, err))
        return false;
    e->tokenizer = tokenizer_create(e->model_file, err);
    if (!e->tokenizer)
        return false;
    e->info.template_reason = "as asked for";
    e->template = p->chat_template ? find_template(p->chat_template, err)
                                   : template_detect(e->model_file, &e->info.template_reason);
    if (!e->template)
        return false;
    e->info.chat_template = template_name(e->template);
    log_info("chat template %s, %s", e->info.chat_template, e->info.template_reason);
    return true;
}

// A name for people: general.name, else the file's.
static void name_model(const struct engine *e, char *out, size_t room)
{
    struct gguf_string name;
    if (gguf_get_string(e->model_file, "general.name", &name) && name.size > 0) {
        utf8_clean(out, room, name.data, name.size);
        return;
    }
    const char *path = gguf_path(e->model_file), *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    utf8_clean(out, room, base, strlen(base));
}

struct engine *engine_create(const struct engine_params *p, struct error *err)
{
    double start = clock_ms();
    struct engine *e = calloc(1, sizeof(*e));
    if (!e) {
        error_no_memory(err);
        return NULL;
    }
    e->progress = p->progress;
    e->progress_data = p->progress_data;
    if (!engine_progress(e, PHASE_LOAD, 0, 1, err) || !engine_open_files(e, p, err))
        goto fail;
    log_debug("files open after %.0f ms", clock_ms() - start);
    e->device = vk_device_open(p->device, err);
    if (!e->device)
        goto fail;
    log_debug("device open after %.0f ms", clock_ms() - start);
    if (!engine_tune(e, true, err) || !engine_plan_memory(e, p, err))
        goto fail;
    if (!e->memory.fits) {
        error_set(err, ERROR_DEVICE, "%s", e->memory.reason);
        goto fail;
    }
    if (e->memory.notice[0])
        log_warning("%s", e->memory.notice);
    if (!engine_expect_pictures(e, p->pictures, p->n_pictures, err) || !engine_load(e, p, err))
        goto fail;
    name_model(e, e->info.model, sizeof(e->info.model));
    snprintf(e->info.device, sizeof(e->info.device), "%s", vk_device_profile(e->device)->name);
    e->info.sees = e->vision_file != NULL;
    e->load_ms = clock_ms() - start;
    return e;

fail:
    engine_destroy(e);
    return NULL;
}

void engine_destroy(struct engine *e)
{
    if (!e)
        return;
    while (e->rows) {
        struct picture_rows *next = e->rows->next;
        pixels_finish(&e->rows->pixels);
        free(e->rows->values);
        free(e->rows);
        e->rows = next;
    }
    decoder_state_destroy(e->spare);
    vision_destroy(e->vision);
    weights_destroy(e->tower_weights);
    decoder_destroy(e->decoder);
    weights_destroy(e->weights);
    vk_device_close(e->device);
    tokenizer_destroy(e->tokenizer);
    gguf_close(e->vision_file);
    gguf_close(e->model_file);
    free(e);
}

const struct engine_info *engine_get_info(const struct engine *e)
{
    return &e->info;
}

uint32_t engine_picture_rows(const struct engine *e, const struct picture *p)
{
    if (!e->vision_file)
        return 0;
    uint32_t width, height;
    picture_size(p, &width, &height);
    return vision_picture_rows(&e->traits, width, height);
}
