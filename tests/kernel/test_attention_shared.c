// attention of one column whose keys workgroups share, where the device has threads for them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench_attention.h"

static void check(struct bench *b, struct attention_case c)
{
    c.columns = 1;
    c.sharpness = c.sharpness > 0 ? c.sharpness : 5;
    bench_attention(b, &c, NULL);
}

// From one key to more than each can get the least that is worth it.
static void ranges_of_every_length_are_shared(void **state)
{
    static const uint32_t keys[] = {1, 127, 128, 129, 143, 300, 1500};
    for (uint32_t cache = CACHE_F16; cache <= CACHE_Q8_0; cache++)
        for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
            struct attention_case c = {3, 1, 64, .keys = keys[i], .cache_type = cache};
            check(*state, c);
            c.size = 80;
            c.heads = 1;
            check(*state, c);
            c.ranges = WINDOW;
            check(*state, c);
        }
}

// With 96 heads there are 3 splits, so that each has several turns.
static void each_share_is_many_turns(void **state)
{
    for (uint32_t keys = 510; keys < 515; keys += 2)
        check(*state, (struct attention_case){96, 96, 32, .keys = keys});
    check(*state, (struct attention_case){96, 96, 32, .keys = 1111, .cache_type = CACHE_Q8_0});
}

static void heads_of_every_size_are_shared(void **state)
{
    static const uint32_t sizes[] = {64, 80, 96, 128, 256};
    for (uint32_t cache = CACHE_F16; cache <= CACHE_Q8_0; cache++)
        for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
            if (bench_thorough(*state) || sizes[i] == 96 || sizes[i] == 256)
                check(*state,
                      (struct attention_case){2, 2, sizes[i], .keys = 417, .cache_type = cache});
}

static void groups_of_every_size_are_shared(void **state)
{
    static const uint32_t groups[] = {1, 3, 4, 8, 9, 16};
    for (uint32_t cache = CACHE_F16; cache <= CACHE_Q8_0; cache++)
        for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
            if (bench_thorough(*state) || groups[i] >= 8)
                check(*state, (struct attention_case){groups[i] * 2, 2, 64, .keys = 417,
                                                      .cache_type = cache});
    check(*state, (struct attention_case){9, 1, 256, .keys = 417});
}

// A part that sees nothing great must not weigh, nor overflow.
static void sharp_scores_are_joined(void **state)
{
    check(*state, (struct attention_case){2, 2, 64, .keys = 900, .sharpness = 100});
    check(*state, (struct attention_case){4, 1, 64, .keys = 900, .sharpness = 1000});
}

// A cache that grows between two tokens must change nothing.
static void the_bits_do_not_depend_on_the_room(void **state)
{
    enum { SIZE = 64 };
    float bits[3][SIZE];
    static const uint32_t positions[] = {0, 1024, 4096};
    for (size_t i = 0; i < 3; i++) {
        struct attention_case c = {1, 1, SIZE, 1, 333, .sharpness = 3, .positions = positions[i]};
        bench_seed(*state, 1);
        bench_attention(*state, &c, bits[i]);
        assert_memory_equal(bits[i], bits[0], sizeof(*bits));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_of_every_length_are_shared),
        cmocka_unit_test(each_share_is_many_turns),
        cmocka_unit_test(heads_of_every_size_are_shared),
        cmocka_unit_test(groups_of_every_size_are_shared),
        cmocka_unit_test(sharp_scores_are_joined),
        cmocka_unit_test(the_bits_do_not_depend_on_the_room),
    };
    return bench_run("attention_shared", tests, sizeof(tests) / sizeof(*tests));
}
