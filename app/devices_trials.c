#include "app/devices_trials.h"

#include <stdlib.h>

#include "app/json.h"
#include "app/progress.h"

bool trials_read(struct app *app, struct trials *t, struct error *e)
{
    struct progress p = {.console = &app->console};
    progress_begin(&p);
    bool ok = probe_trials(app->options.device, app->options.measure, progress_step, &p, &t->list,
                           &t->n, e);
    progress_end(&p);
    return ok;
}

void trials_finish(struct trials *t)
{
    free(t->list);
    *t = (struct trials){0};
}

static void add_variants(const struct probe_variant *v, size_t n, const char *unit,
                         struct buffer *out)
{
    for (size_t i = 0; i < n; i++) {
        buffer_printf(out, "%s %s%s %.3g ms", i ? "," : "", v[i].name, unit, v[i].ms);
        if (v[i].error > 0)
            buffer_printf(out, " (error %.0e)", v[i].error);
        if (v[i].picked)
            buffer_printf(out, " (used)");
    }
}

void trials_text(const struct trials *t, struct buffer *out)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct probe_trial *trial = &t->list[i];
        buffer_printf(out, "   %s: gemm", trial->type);
        add_variants(trial->gemm, trial->n_gemm, "", out);
        buffer_printf(out, "; gemv of");
        add_variants(trial->gemv, trial->n_gemv, " threads", out);
        buffer_printf(out, "\n");
    }
}

static json_t *variants_json(const struct probe_variant *v, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list,
                              json_pack("{s:o, s:f, s:f, s:b}", "name", json_text(v[i].name), "ms",
                                        v[i].ms, "error", v[i].error, "used", v[i].picked));
    return list;
}

json_t *trials_json(const struct trials *t)
{
    json_t *list = json_array();
    for (size_t i = 0; i < t->n; i++)
        json_array_append_new(list,
                              json_pack("{s:o, s:o, s:o}", "type", json_text(t->list[i].type),
                                        "gemm", variants_json(t->list[i].gemm, t->list[i].n_gemm),
                                        "gemv", variants_json(t->list[i].gemv, t->list[i].n_gemv)));
    return list;
}
