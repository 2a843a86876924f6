#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "app/app.h"
#include "app/attach.h"
#include "app/clock.h"
#include "app/input.h"

static struct picture *read_from_input(struct app *app, struct error *e)
{
    struct buffer b = {0};
    struct picture *p = NULL;
    if (input_read_all(&app->console, &b, INPUT_MOST_PICTURE, ERROR_PICTURE, e))
        p = picture_create(b.data ? b.data : "", b.size, "standard input", e);
    buffer_free(&b);
    return p;
}

static bool attach(struct app *app, struct chat *chat, const char *typed, struct error *e)
{
    bool input = !strcmp(typed, "-");
    char *path = NULL;
    struct picture *p = input ? read_from_input(app, e) : attach_read(typed, &path, e);
    bool ok = p && chat_attach(chat, p, input ? "-" : path, e);
    free(path);
    return ok;
}

struct chat *prepare_chat(struct app *app, struct error *e)
{
    const char *system = app->options.system;
    if (system && !input_check_text(system, strlen(system), "the system text", e))
        return NULL;
    struct chat *chat = chat_create(e);
    bool ok = chat && chat_set_system(chat, system, e);
    for (size_t i = 0; ok && i < app->options.n_pictures; i++)
        ok = attach(app, chat, app->options.pictures[i], e);
    if (!ok) {
        chat_destroy(chat);
        return NULL;
    }
    return chat;
}

bool prepare_files(struct app *app, enum sight sight, struct model_files *files, struct error *e)
{
    if (!paths_find_model(app->options.model, app->options.mmproj, files, e))
        return false;
    if (sight != SIGHT_NONE && !files->mmproj)
        paths_find_eyes(files->model, files);
    if (sight != SIGHT_NEEDED || files->mmproj)
        return true;
    error_set(e, ERROR_MODEL, "%s", files->blind);
    paths_finish(files);
    return false;
}

struct engine_params prepare_params(struct app *app, const struct model_files *files)
{
    return (struct engine_params){
        .model = files->model,
        .mmproj = files->mmproj,
        .device = app->options.device,
        .chat_template = app->options.chat_template,
        .context = app->options.context,
        .kv = app->options.kv,
        .device_memory = app->options.device_memory,
        .layers_given = app->options.gpu_layers != (uint32_t)GPU_LAYERS_AUTO,
        .device_layers = app->options.gpu_layers,
        .progress = progress_step,
        .progress_data = &app->progress,
    };
}

struct backend *prepare_backend(struct app *app, const struct model_files *files,
                                const struct chat *chat, struct error *e)
{
    struct engine_params params = prepare_params(app, files);
    size_t n = chat_picture_count(chat);
    struct picture **pictures = calloc(n + 1, sizeof(*pictures));
    for (size_t i = 0; pictures && i < n; i++)
        pictures[i] = chat_picture(chat, i, &(const char *){NULL}, &(bool){false});
    params.pictures = pictures; // without memory for the list they are made later
    params.n_pictures = pictures ? n : 0;
    struct backend *b = backend_local_create(&params, e);
    progress_begin(&app->progress);
    bool ok = b && b->open(b, e);
    progress_end(&app->progress);
    free(pictures);
    if (!b)
        return NULL;
    if (!ok) {
        b->close(b);
        return NULL;
    }
    return b;
}

struct sampling prepare_sampling(const struct options *o)
{
    uint64_t seed = o->seed;
    // Without the kernel's random numbers (very early in a boot) the clock will do: it is only
    // variety.
    if (!o->seed_given && getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
        seed = (uint64_t)(clock_ms() * 1e6);
    return (struct sampling){
        .temperature = o->temperature,
        .top_p = o->top_p,
        .top_k = o->top_k,
        .min_p = o->min_p,
        .repeat_penalty = o->repeat_penalty > 0 ? o->repeat_penalty : 1,
        .seed = seed,
    };
}
