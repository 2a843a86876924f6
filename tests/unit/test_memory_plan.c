// engine/memory_plan: what goes where, from numbers alone. The expected sums are done by hand.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/memory_plan.h"

enum { LAYERS = 4 };
static const uint64_t layer_weights[LAYERS] = {100, 110, 120, 130};
// All of it in device memory: 40 + 460 + 4 * 64 + 30 + 8 + 90 + 5 = 889, with the smaller cache
// 889 - 128 - 4 = 757, without the tower's weights 667.
static const struct memory_needs needs = {
    .layers = LAYERS,
    .layer_weights = layer_weights,
    .output_weights = 40,
    .kv = {{0, 64, 8, 30}, {1, 32, 4, 30}},
    .n_kv = 2,
    .host_scratch = 7,
    .tower_weights = 90,
    .tower_scratch = 5,
    .tower_host_scratch = 3,
};
enum { ALL = 889, SMALL_CACHE = 757, NO_TOWER = 667 };

static struct memory_plan plan_in(uint64_t device)
{
    struct memory_limits l = {.device = device, .host = 1000};
    return memory_plan_make(&needs, &l);
}

static void assert_use(struct memory_use u, uint64_t device, uint64_t host)
{
    assert_int_equal(u.device, device);
    assert_int_equal(u.host, host);
}

static void everything_stays_where_there_is_room(void **state)
{
    (void)state;
    struct memory_plan p = plan_in(ALL);
    assert_true(p.fits && p.tower_stays);
    assert_int_equal(p.kv, 0);
    assert_int_equal(p.device_layers, LAYERS);
    assert_use(p.weights, 500, 0);
    assert_use(p.cache, 256, 0);
    assert_use(p.scratch, 38, 7);
    assert_use(p.tower, 95, 3);
    assert_use(p.needed, ALL, 10);
}

static void the_cache_shrinks_first(void **state)
{
    (void)state;
    struct memory_plan p = plan_in(ALL - 1);
    assert_true(p.fits && p.tower_stays);
    assert_int_equal(p.kv, 1);
    assert_int_equal(p.device_layers, LAYERS);
    assert_use(p.needed, SMALL_CACHE, 10);
    assert_true(plan_in(SMALL_CACHE).tower_stays);
}

static void then_the_tower_goes(void **state)
{
    (void)state;
    struct memory_plan p = plan_in(SMALL_CACHE - 1);
    assert_true(p.fits);
    assert_false(p.tower_stays);
    assert_int_equal(p.device_layers, LAYERS);
    assert_use(p.tower, 5, 93);
    assert_use(p.needed, NO_TOWER, 100);
}

static void then_layers_from_the_end(void **state)
{
    (void)state;
    struct memory_plan p = plan_in(NO_TOWER - 1);
    assert_true(p.fits && !p.tower_stays);
    assert_int_equal(p.device_layers, 3);
    assert_use(p.weights, 370, 130);
    assert_use(p.cache, 96, 32);
    assert_use(p.scratch, 34, 11); // a layer's cache grows here or there
    assert_int_equal(plan_in(NO_TOWER - 130 - 32).device_layers, 3);
    assert_int_equal(plan_in(NO_TOWER - 130 - 32 - 1).device_layers, 2);
    // Nothing but what is always there: the output, the scratch memory of both.
    p = plan_in(40 + 30 + 5);
    assert_true(p.fits);
    assert_int_equal(p.device_layers, 0);
    assert_false(plan_in(40 + 30 + 5 - 1).fits);
}

static void what_was_asked_for_is_kept(void **state)
{
    (void)state;
    struct memory_limits l = {
        .device = 10000, .host = 10000, .layers_given = true, .device_layers = 1};
    struct memory_plan p = memory_plan_make(&needs, &l);
    assert_true(p.fits);
    assert_int_equal(p.device_layers, 1);
    l.device_layers = 99; // more than there are: all
    assert_int_equal(memory_plan_make(&needs, &l).device_layers, LAYERS);
    l.device = NO_TOWER - 1; // no layer moves by itself
    assert_false(memory_plan_make(&needs, &l).fits);
    struct memory_needs one = needs;
    one.n_kv = 1;
    l = (struct memory_limits){.device = ALL - 1, .host = 1000};
    p = memory_plan_make(&one, &l);
    assert_true(p.fits && !p.tower_stays);
    assert_int_equal(p.kv, 0);
}

static void the_host_has_an_end_too(void **state)
{
    (void)state;
    struct memory_limits l = {.device = NO_TOWER, .host = 100};
    assert_true(memory_plan_make(&needs, &l).fits);
    l.host = 99;
    assert_false(memory_plan_make(&needs, &l).fits);
}

// Where both are one memory, moving things gains nothing.
static void one_memory_counts_once(void **state)
{
    (void)state;
    struct memory_limits l = {.device = ALL + 10, .host = ALL + 10, .together = ALL + 10};
    assert_true(memory_plan_make(&needs, &l).fits);
    l.together = SMALL_CACHE + 10;
    assert_true(memory_plan_make(&needs, &l).fits);
    l.together = SMALL_CACHE + 10 - 1;
    assert_false(memory_plan_make(&needs, &l).fits);
    // A cap on what the device may use leaves the rest of the machine to the host.
    l.together = ALL;
    l.device = NO_TOWER;
    struct memory_plan p = memory_plan_make(&needs, &l);
    assert_true(p.fits && !p.tower_stays);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_stays_where_there_is_room),
        cmocka_unit_test(the_cache_shrinks_first),
        cmocka_unit_test(then_the_tower_goes),
        cmocka_unit_test(then_layers_from_the_end),
        cmocka_unit_test(what_was_asked_for_is_kept),
        cmocka_unit_test(the_host_has_an_end_too),
        cmocka_unit_test(one_memory_counts_once),
    };
    return cmocka_run_group_tests_name("memory_plan", tests, NULL, NULL);
}
