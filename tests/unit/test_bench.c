// bench: what is made of the runs of a figure, and of two reports.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/bench.h"

static void assert_near(double got, double want)
{
    assert_true(got > want - 1e-9 && got < want + 1e-9);
}

// Quantiles as Python's statistics.quantiles(..., method="inclusive") has them.
static void runs_are_summarized(void **state)
{
    (void)state;
    struct bench_times t = bench_summarize((double[]){7, 1, 3, 10, 4}, 5);
    assert_int_equal(t.runs, 5);
    assert_near(t.median, 4);
    assert_near(t.low, 3);
    assert_near(t.high, 7);
    assert_near(t.least, 1);
    assert_near(t.most, 10);
    t = bench_summarize((double[]){4, 1, 3, 2}, 4);
    assert_near(t.median, 2.5);
    assert_near(t.low, 1.75);
    assert_near(t.high, 3.25);
    t = bench_summarize((double[]){2}, 1);
    assert_near(t.low, 2);
    assert_near(t.high, 2);
}

static json_t *report(const char *device, double median, double low, double high)
{
    json_t *r = json_pack(
        "{s:i, s:s, s:s, s:s, s:s, s:[{s:s, s:f, s:f, s:f}, {s:s, s:s}], s:[{s:s, s:s, s:i, s:i, "
        "s:i, s:f, s:f, s:f}], s:{s:f}}",
        "bench", 1, "model", "m", "device", device, "driver", "d", "shape", "cpu", "figures",
        "name", "load", "median_ms", median, "low_ms", low, "high_ms", high, "name", "answer at 3k",
        "skipped", "too long", "kernels", "name", "gemm", "type", "F16", "rows", 8, "columns", 4,
        "inner", 32, "median_ms", 1.0, "low_ms", 0.9, "high_ms", 1.1, "peaks", "multiply_gflops",
        median);
    assert_non_null(r);
    return r;
}

struct verdict {
    double low, high, median; // of the new report; the old has 100, from 95 to 105
    const char *word;
};

static void only_what_left_the_spread_is_judged(void **state)
{
    (void)state;
    static const struct verdict all[] = {
        {95, 105, 100, ""},        {106, 120, 110, "slower"}, {104, 130, 125, ""},
        {105.5, 105.6, 104.9, ""}, {80, 94, 90, "faster"},    {60, 96, 70, ""},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        json_t *old = report("x", 100, 95, 105);
        json_t *new = report("x", all[i].median, all[i].low, all[i].high);
        struct bench_comparison c;
        struct error e;
        assert_true(bench_compare(old, new, &c, &e));
        assert_int_equal(json_array_size(c.rows), 2); // what was skipped is not there
        const json_t *row = json_array_get(c.rows, 0);
        assert_string_equal(json_string_value(json_object_get(row, "verdict")), all[i].word);
        assert_near(json_number_value(json_object_get(row, "ratio")), all[i].median / 100);
        assert_int_equal(c.slower, strcmp(all[i].word, "slower") == 0);
        assert_int_equal(json_array_size(c.differs), 0);
        bench_comparison_finish(&c);
        json_decref(old);
        json_decref(new);
    }
}

static void another_device_is_said_and_not_judged(void **state)
{
    (void)state;
    json_t *old = report("llvmpipe, 512 bits", 100, 95, 105);
    json_t *new = report("llvmpipe, 256 bits", 200, 190, 210);
    struct bench_comparison c;
    struct error e;
    assert_true(bench_compare(old, new, &c, &e));
    assert_int_equal(c.slower, 0);
    struct buffer text = {0};
    bench_comparison_text(&c, &text);
    assert_non_null(strstr(text.data, "gemm F16 8 x 4 x 32"));
    assert_non_null(strstr(
        text.data, "Not the same: the device was llvmpipe, 512 bits, is llvmpipe, 256 bits.\n"));
    buffer_free(&text);
    bench_comparison_finish(&c);
    json_decref(old);
    json_decref(new);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_are_summarized),
        cmocka_unit_test(only_what_left_the_spread_is_judged),
        cmocka_unit_test(another_device_is_said_and_not_judged),
    };
    return cmocka_run_group_tests_name("bench", tests, NULL, NULL);
}
