// Sums and maxima over the lanes of a subgroup, the same in all lanes. Expects the constant L, the size of the subgroup.
// Steps are counted by one: Mesa does not unroll a loop whose counter doubles, nor the loops around it, and then keeps
// arrays in memory; and shuffles are fast with constant distances only.

const uint LOG_L = L == 4u ? 2u : L == 8u ? 3u : L == 16u ? 4u : L == 32u ? 5u : L == 64u ? 6u : 7u;

float across(float v)
{
    [[unroll]] for (uint i = 0; i < LOG_L; i++)
        v += subgroupShuffleXor(v, 1u << i);
    return v;
}

float across_max(float v)
{
    [[unroll]] for (uint i = 0; i < LOG_L; i++)
        v = max(v, subgroupShuffleXor(v, 1u << i));
    return v;
}
