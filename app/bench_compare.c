// Two reports of `bench --json` side by side.
#include <string.h>

#include "app/bench.h"
#include "app/json.h"

static const double least_change = 0.05;

json_t *bench_read_report(const char *path, struct error *e)
{
    json_error_t why;
    json_t *report = json_load_file(path, 0, &why);
    if (!report) {
        error_set(e, ERROR_USAGE, "%s cannot be compared with: %s", path, why.text);
        return NULL;
    }
    if (json_integer_value(json_object_get(report, "bench")) == 1 &&
        json_is_array(json_object_get(report, "figures")) &&
        json_is_array(json_object_get(report, "kernels")))
        return report;
    json_decref(report);
    error_set(e, ERROR_USAGE,
              "%s is no report of this program's bench; make one with: pumice bench --json", path);
    return NULL;
}

static double number(const json_t *row, const char *key)
{
    return json_number_value(json_object_get(row, key));
}

// "gemv Q4_1 4096 x 1 x 4096"; figures have a name alone.
static void name_row(const json_t *row, char *out, size_t room)
{
    const char *name = json_string_value(json_object_get(row, "name"));
    const char *type = json_string_value(json_object_get(row, "type"));
    if (type)
        snprintf(out, room, "%s %s %.0f x %.0f x %.0f", name ? name : "", type, number(row, "rows"),
                 number(row, "columns"), number(row, "inner"));
    else
        snprintf(out, room, "%s", name ? name : "");
}

static const json_t *find_row(const json_t *rows, const char *wanted)
{
    size_t i;
    const json_t *row;
    char name[80];
    json_array_foreach(rows, i, row)
    {
        name_row(row, name, sizeof(name));
        if (!strcmp(name, wanted))
            return row;
    }
    return NULL;
}

// Their middle halves do not meet, and the medians are apart.
static const char *judge(const json_t *old, const json_t *new)
{
    double ratio = number(new, "median_ms") / number(old, "median_ms");
    if (ratio > 1 + least_change && number(new, "low_ms") > number(old, "high_ms"))
        return "slower";
    if (ratio < 1 / (1 + least_change) && number(new, "high_ms") < number(old, "low_ms"))
        return "faster";
    return "";
}

static void compare_rows(const json_t *old, const json_t *new, struct bench_comparison *out)
{
    size_t i;
    const json_t *row;
    char name[80];
    json_array_foreach(new, i, row)
    {
        name_row(row, name, sizeof(name));
        const json_t *before = find_row(old, name);
        double a = number(before, "median_ms"), b = number(row, "median_ms");
        if (!(a > 0) || !(b > 0)) // not in both, or not measured
            continue;
        const char *verdict = judge(before, row);
        out->slower += !strcmp(verdict, "slower");
        json_array_append_new(out->rows,
                              json_pack("{s:s, s:f, s:f, s:f, s:s}", "name", name, "old_ms", a,
                                        "new_ms", b, "ratio", b / a, "verdict", verdict));
    }
}

static void compare_texts(const json_t *old, const json_t *new, const char *key, json_t *differs)
{
    const char *a = json_string_value(json_object_get(old, key));
    const char *b = json_string_value(json_object_get(new, key));
    char text[600];
    if (a && b && !strcmp(a, b))
        return;
    snprintf(text, sizeof(text), "the %s was %s, is %s", key, a ? a : "unknown", b ? b : "unknown");
    json_array_append_new(differs, json_text(text));
}

// What the machine itself reaches, side by side; never judged.
static void compare_peaks(const json_t *old, const json_t *new, json_t *rows)
{
    static const char *const keys[] = {"multiply_gflops", "read_storage_gbytes",
                                       "read_texel_gbytes", "copy_gbytes"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        double a = number(json_object_get(old, "peaks"), keys[i]);
        double b = number(json_object_get(new, "peaks"), keys[i]);
        if (a > 0 && b > 0)
            json_array_append_new(rows, json_pack("{s:s, s:f, s:f, s:f}", "name", keys[i], "old", a,
                                                  "new", b, "ratio", b / a));
    }
}

bool bench_compare(const json_t *old, const json_t *new, struct bench_comparison *out,
                   struct error *e)
{
    *out = (struct bench_comparison){
        .rows = json_array(), .differs = json_array(), .peaks = json_array()};
    if (!out->rows || !out->differs || !out->peaks)
        return error_no_memory(e);
    // The device's name holds llvmpipe's vector width.
    static const char *const keys[] = {"model", "device", "driver", "shape"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        compare_texts(old, new, keys[i], out->differs);
    compare_rows(json_object_get(old, "figures"), json_object_get(new, "figures"), out);
    compare_rows(json_object_get(old, "kernels"), json_object_get(new, "kernels"), out);
    compare_peaks(old, new, out->peaks);
    if (json_array_size(out->differs) > 0)
        out->slower = 0;
    return true;
}

void bench_comparison_finish(struct bench_comparison *c)
{
    json_decref(c->rows);
    json_decref(c->differs);
    json_decref(c->peaks);
}

void bench_comparison_text(const struct bench_comparison *c, struct buffer *out)
{
    size_t i;
    const json_t *row;
    buffer_printf(out, "\n%-30s %12s %12s %8s\n", "compared, ms", "before", "now", "ratio");
    json_array_foreach(c->rows, i, row) buffer_printf(
        out, "%-30s %12.3f %12.3f %8.2f  %s\n", json_string_value(json_object_get(row, "name")),
        number(row, "old_ms"), number(row, "new_ms"), number(row, "ratio"),
        json_string_value(json_object_get(row, "verdict")));
    json_array_foreach(c->peaks, i, row) buffer_printf(
        out, "%-30s %12.1f %12.1f %8.2f\n", json_string_value(json_object_get(row, "name")),
        number(row, "old"), number(row, "new"), number(row, "ratio"));
    json_array_foreach(c->differs, i, row)
        buffer_printf(out, "Not the same: %s.\n", json_string_value(row));
    if (json_array_size(c->differs) > 0)
        buffer_add_text(out, "So nothing here counts as slower.\n");
}
