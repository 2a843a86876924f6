// What comes of a run: on a device whose memory is its own the few logits that a sampler looks at,
// and all of them only when they are asked for; on a CPU all of them.
#include "engine/model/decoder_internal.h"

static uint64_t all_size(const struct decoder *m)
{
    return m->shape.vocabulary * sizeof(float);
}

static bool lists(const struct decoder *m)
{
    return vk_device_profile(m->device)->shape == VK_SHAPE_GPU;
}

uint64_t decoder_logits_size(const struct decoder *m)
{
    return all_size(m) + (lists(m) ? sizeof(struct shortlist) : 0);
}

bool decoder_create_logits(struct decoder_state *s, struct error *e)
{
    const struct decoder *m = s->model;
    s->logits = vk_buffer_create(m->device, all_size(m), VK_MEMORY_READBACK, "logits", e);
    if (s->logits && lists(m))
        s->list = vk_buffer_create(m->device, sizeof(struct shortlist), VK_MEMORY_READBACK,
                                   "shortlist", e);
    return s->logits && (s->list || !lists(m));
}

void decoder_plan_logits(const struct decoder_state *s, struct plan *p, plan_tensor logits)
{
    const struct decoder *m = s->model;
    if (!lists(m)) {
        plan_copy(p, logits, 0, plan_external_buffer(p, s->logits), 0, all_size(m));
        return;
    }
    plan_tensor list = plan_scratch(p, sizeof(struct shortlist));
    kernel_shortlist(p, logits, m->shape.vocabulary, plan_external(p, s->in.reach), list);
    plan_copy(p, list, 0, plan_external_buffer(p, s->list), 0, sizeof(struct shortlist));
}

// They still lie where the plan that computed them had them.
static bool fetch(struct decoder_state *s, struct error *e)
{
    const struct decoder_plan *from = s->computed;
    if (!from)
        return error_set(e, ERROR_RUNTIME, "no logits have been computed");
    struct plan *p = plan_create(s->model->device, "logits", e);
    if (!p)
        return false;
    plan_copy(p, plan_external(p, plan_slice(from->plan, from->logits)), 0,
              plan_external_buffer(p, s->logits), 0, all_size(s->model));
    s->fetched = plan_finish(p, 0, e) && plan_run(p, NULL, NULL, e);
    plan_destroy(p);
    return s->fetched;
}

const float *decoder_logits(struct decoder_state *s, struct error *e)
{
    if (s->list && !s->fetched && !fetch(s, e))
        return NULL;
    return vk_buffer_map(s->logits);
}

const struct shortlist *decoder_shortlist(const struct decoder_state *s, float reach)
{
    const struct shortlist *list = s->list ? vk_buffer_map(s->list) : NULL;
    bool whole =
        list && s->computed && s->reach >= reach && !list->nan && list->count <= SHORTLIST_MOST;
    return whole ? list : NULL;
}
