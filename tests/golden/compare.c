#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compare.h"

static const float mean[] = {0.48145466F, 0.4578275F, 0.40821073F};
static const float deviation[] = {0.26862954F, 0.26130258F, 0.27577711F};

// Where a kernel that rounds x is forced: what that may cost. 0: none is.
static double rounding_most(void)
{
    const char *gemm = getenv("PUMICE_GEMM");
    if (gemm && strcmp(gemm, "dot") == 0)
        return BYTES_MOST;
    return gemm && strcmp(gemm, "matrix") == 0 ? HALVES_MOST : 0;
}

static double allowed(double most)
{
    double rounding = rounding_most();
    return rounding > most ? rounding : most;
}

static bool within_one_ulp(float a, float b)
{
    return a == b || nextafterf(a, b) == b;
}

// The colour values that the normalised ones were made of are the same too.
void compare_pixels(const struct golden_case *c, const char *eyes, struct outcome *o)
{
    size_t at = 0, off = 0;
    for (size_t i = 0; i < c->n_pictures; i++) {
        struct error e = {0};
        float *got;
        uint32_t shape[4];
        if (!probe_pixels(eyes, c->pictures[i], &got, shape, &e))
            fail_msg("%s", e.text);
        size_t plane = (size_t)shape[2] * shape[3], n = shape[0] * shape[1] * plane;
        for (size_t k = 0; k < n; k += c->pixel_stride, at++) {
            assert_true(at < c->n_pixels);
            float want = c->pixels[at];
            size_t colour = k / plane % 3;
            assert_true(within_one_ulp(got[k], want));
            assert_int_equal(lroundf((got[k] * deviation[colour] + mean[colour]) * 255),
                             lroundf((want * deviation[colour] + mean[colour]) * 255));
            off += got[k] != want;
        }
        free(got);
    }
    assert_int_equal(at, c->n_pixels);
    if (at > 0)
        snprintf(o->pixels, sizeof(o->pixels), "%zu/%zu", off, at);
}

// Moves every `stride`th float together; how many they are.
static size_t keep_each(float *values, size_t n, size_t stride)
{
    size_t kept = 0;
    for (size_t k = 0; k < n; k += stride)
        values[kept++] = values[k];
    return kept;
}

// What was said before the picture was encoded is what it takes.
static void check_count(const struct golden_case *c, struct engine *engine, size_t i, uint32_t rows)
{
    json_t *counts = json_object_get(c->json, "image_tokens");
    json_t *count = json_is_array(counts) ? json_array_get(counts, i) : counts;
    assert_int_equal(rows, json_integer_value(count));
    assert_int_equal(rows, engine_picture_rows(engine, c->pictures[i]));
}

void compare_rows(const struct golden_case *c, struct engine *engine, struct outcome *o)
{
    size_t at = 0, width = engine_get_info(engine)->embedding;
    double worst = 0;
    for (size_t i = 0; i < c->n_pictures; i++) {
        struct error e = {0};
        float *got;
        uint32_t rows;
        if (!probe_rows(engine, c->pictures[i], &got, &rows, NULL, &e))
            fail_msg("%s", e.text);
        size_t kept = keep_each(got, rows * width, c->row_stride);
        assert_true(at + kept <= c->n_rows);
        worst = fmax(worst, nmse(got, c->rows + at, kept));
        at += kept;
        check_count(c, engine, i, rows);
        free(got);
    }
    assert_int_equal(at, c->n_rows);
    if (at > 0)
        snprintf(o->rows, sizeof(o->rows), "%.1e<%.0e", worst, allowed(ROWS_MOST));
    if (!(worst < allowed(ROWS_MOST)))
        fail_msg("the rows' NMSE is %.1e", worst);
}

static size_t compare_steps(const struct golden_case *c, struct session *s, size_t vocabulary)
{
    size_t compared = 0;
    for (size_t i = 0; i < c->n_steps; i++) {
        if (c->margin[i] > MARGIN) {
            size_t got = greatest(session_logits(s), vocabulary);
            if (got != (size_t)c->greedy[i])
                fail_msg("step %zu: %zu is not %d, by a margin of %.3f", i, got, c->greedy[i],
                         c->margin[i]);
            compared++;
        }
        struct error e = {0};
        if (i + 1 < c->n_steps && !session_force(s, c->greedy[i], &e))
            fail_msg("%s", e.text);
    }
    return compared;
}

static void move_mean_to_zero(float *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    for (size_t i = 0; i < n; i++)
        values[i] -= (float)(sum / (double)n);
}

static double logits_off(const struct golden_case *c, const float *logits, size_t vocabulary)
{
    float *got = malloc(vocabulary * sizeof(*got));
    assert_non_null(got);
    memcpy(got, logits, vocabulary * sizeof(*got));
    assert_int_equal(keep_each(got, vocabulary, c->logit_stride), c->n_logits);
    if (rounding_most() > 0) {
        move_mean_to_zero(got, c->n_logits);
        move_mean_to_zero(c->logits, c->n_logits);
    }
    double off = nmse(got, c->logits, c->n_logits);
    free(got);
    return off;
}

void compare_logits(const struct golden_case *c, struct engine *engine, struct session *s,
                    struct outcome *o)
{
    size_t vocabulary = engine_get_info(engine)->vocabulary;
    struct error e = {0};
    if (!session_sync_ids(s, c->chunks, c->pictures, c->n_pictures, NULL, &e))
        fail_msg("%s", e.text);
    double off = logits_off(c, session_logits(s), vocabulary), most = allowed(c->logits_most);
    snprintf(o->logits, sizeof(o->logits), "%.1e<%.0e", off, most);
    if (!(off < most))
        fail_msg("the logits' NMSE is %.1e", off);
    size_t compared = compare_steps(c, s, vocabulary);
    snprintf(o->steps, sizeof(o->steps), "%zu/%zu", compared, c->n_steps);
}

void bound_tells_apart(const struct golden_case *c, const char *key, double bound)
{
    const char *what;
    json_t *off;
    json_object_foreach(json_object_get(c->json, key), what, off)
    {
        if (!(json_number_value(off) > 10 * bound))
            fail_msg("%s changes the numbers by %.1e only", what, json_number_value(off));
    }
}

static const char *or_none(const char *text)
{
    return *text ? text : "-";
}

void outcome_print(const char *name, const struct outcome *o)
{
    printf("GOLDEN case=%s ids=%s pixels=%s rows=%s logits=%s greedy=%s\n", name, or_none(o->ids),
           or_none(o->pixels), or_none(o->rows), or_none(o->logits), or_none(o->steps));
    fflush(stdout);
}
