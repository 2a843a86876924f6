#include "engine/sampler.h"

#include <math.h>
#include <stdlib.h>

struct candidate {
    float logit; // after the temperature
    int32_t id;
    double weight; // exp(logit - greatest)
};

// SplitMix64 (Steele, Lea and Flood 2014) as a counter: draw `i` of a seed, uniform in [0, 1).
static double uniform(uint64_t seed, uint64_t i)
{
    uint64_t z = seed + (i + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

// Keskar et al. 2019: positive logits are divided, negative ones multiplied, once for each token
// that was met.
static void penalise(float *logits, size_t n, float penalty, const int32_t *recent, size_t n_recent)
{
    for (size_t i = 0; i < n_recent; i++) {
        bool met = false;
        for (size_t j = 0; j < i && !met; j++)
            met = recent[j] == recent[i];
        if (met || recent[i] < 0 || (size_t)recent[i] >= n)
            continue;
        float *l = &logits[recent[i]];
        *l = *l > 0 ? *l / penalty : *l * penalty;
    }
}

static bool argmax(const float *logits, size_t n, int32_t *id, struct error *e)
{
    size_t best = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(logits[i]))
            return error_set(e, ERROR_RUNTIME,
                             "the model computed something that is not a number; the device or its "
                             "driver is at fault "
                             "(try --device, or PUMICE_KERNELS=gpu|cpu)");
        if (logits[i] > logits[best])
            best = i;
    }
    *id = (int32_t)best;
    return true;
}

static int by_logit(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->logit != y->logit)
        return x->logit < y->logit ? 1 : -1;
    return x->id < y->id ? -1 : x->id > y->id;
}

// How many of the sorted candidates stay.
static size_t cut(struct candidate *c, size_t n, const struct sampling *how)
{
    if (how->top_k > 0 && how->top_k < n)
        n = how->top_k;
    double total = 0;
    for (size_t i = 0; i < n; i++) {
        c[i].weight = exp((double)c[i].logit - c[0].logit);
        total += c[i].weight;
    }
    if (how->top_p > 0 && how->top_p < 1) {
        double sum = 0;
        for (size_t i = 0; i < n; i++) {
            sum += c[i].weight;
            if (sum >= how->top_p * total) {
                n = i + 1;
                break;
            }
        }
    }
    if (how->min_p > 0)
        while (n > 1 && c[n - 1].weight < how->min_p)
            n--;
    return n;
}

static int32_t draw_one(const struct candidate *c, size_t n, double u)
{
    double total = 0;
    for (size_t i = 0; i < n; i++)
        total += c[i].weight;
    double at = u * total;
    for (size_t i = 0; i + 1 < n; i++) {
        if (at < c[i].weight)
            return c[i].id;
        at -= c[i].weight;
    }
    return c[n - 1].id;
}

static bool has_penalty(const struct sampling *how)
{
    return how->repeat_penalty > 0 && how->repeat_penalty != 1;
}

// What cannot be drawn (a weight under e^-30 of the greatest) need not be sorted.
static float reach_of(const struct sampling *how)
{
    return how->temperature > 0 ? 30 * how->temperature : 0;
}

float sampler_reach(const struct sampling *how)
{
    return has_penalty(how) ? INFINITY : reach_of(how);
}

static int32_t pick_sorted(struct candidate *c, size_t n, const struct sampling *how, uint64_t draw)
{
    qsort(c, n, sizeof(*c), by_logit);
    return how->temperature > 0 ? draw_one(c, cut(c, n, how), uniform(how->seed, draw)) : c[0].id;
}

bool sampler_pick(float *logits, size_t n, const struct sampling *how, const int32_t *recent,
                  size_t n_recent, uint64_t draw, int32_t *id, struct error *e)
{
    if (has_penalty(how))
        penalise(logits, n, how->repeat_penalty, recent, n_recent);
    if (!argmax(logits, n, id, e))
        return false;
    if (!(how->temperature > 0))
        return true;
    float floor = logits[*id] - reach_of(how);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        kept += logits[i] >= floor;
    struct candidate *c = malloc(kept * sizeof(*c));
    if (!c)
        return error_no_memory(e);
    kept = 0;
    for (size_t i = 0; i < n; i++)
        if (logits[i] >= floor)
            c[kept++] = (struct candidate){.logit = logits[i] / how->temperature, .id = (int32_t)i};
    *id = pick_sorted(c, kept, how, draw);
    free(c);
    return true;
}

bool sampler_pick_listed(const struct shortlist_entry *list, size_t n, const struct sampling *how,
                         uint64_t draw, int32_t *id, struct error *e)
{
    struct candidate *c = malloc(n * sizeof(*c));
    if (!c)
        return error_no_memory(e);
    float greatest = list[0].logit, scale = how->temperature > 0 ? how->temperature : 1;
    for (size_t i = 1; i < n; i++)
        greatest = list[i].logit > greatest ? list[i].logit : greatest;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (list[i].logit >= greatest - reach_of(how))
            c[kept++] =
                (struct candidate){.logit = list[i].logit / scale, .id = (int32_t)list[i].id};
    *id = pick_sorted(c, kept, how, draw);
    free(c);
    return true;
}
