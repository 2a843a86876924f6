// Where the threads of attention_gpu.comp meet: four that share keys, the waves of a group, and in the end all.

shared float meet[ROWS * GROUPS * WAVES]; // a value of each wave
shared float whole[T];                    // totals of the rows

// Component i of the sum of v over four neighbouring lanes, for number i of them.
float sum_of_four(vec4 v)
{
    bool upper = (gl_SubgroupInvocationID & 2u) != 0u, odd = (gl_SubgroupInvocationID & 1u) != 0u;
    vec2 two = (upper ? v.zw : v.xy) + subgroupShuffleXor(upper ? v.xy : v.zw, 2u);
    return (odd ? two.y : two.x) + subgroupShuffleXor(odd ? two.x : two.y, 1u);
}

// A row's value of the wave, for the others of the group; of_wave: those of waves n, n + 1, ... in lanes 0, 1, ...
void leave_wave(uint r, float v)
{
    if (thread % L == 0u)
        meet[r * GROUPS * WAVES + thread / L] = v;
}

float of_wave(uint r, uint n, float none)
{
    n += thread % L;
    return n < WAVES ? meet[(r * GROUPS + group) * WAVES + n] : none;
}

// What the threads have summed: to the output or, where there are more parts, to this workgroup's.
void finish_tile(uint parts)
{
    const uint size = SIZE / 4u;
    bool shares = SPLIT && parts > 1u;
    [[unroll]] for (uint r = 0; r < ROWS; r++)
        leave_wave(r, across(total[r]));
    barrier();
    [[unroll]] for (uint r = 0; r < ROWS; r++) {
        float all = 0.0;
        [[unroll]] for (uint n = 0; n < WAVES; n += L)
            all += of_wave(r, n, 0.0);
        all = across(all);
        if (seat == 0u)
            whole[group * ROWS + r] = all;
        if (shares && seat == 0u)
            leave_row(group * ROWS + r, most[r], all);
    }
    for (uint r = 0; r < ROWS; r++) {
        [[unroll]] for (uint n = 0; n < ROWS; n++)
            [[unroll]] for (uint h = 0; h < QUADS; h++)
                if (n == r)
                    tile[thread * QUADS + h] = floatBitsToUint(sum[n * QUADS + h]);
        barrier();
        for (uint n = thread; n < GROUPS * size; n += THREADS) {
            uint g = n / size, i = n % size, t = g * ROWS + r;
            vec4 v = vec4(0.0);
            for (uint part = 0; part < PARTS; part++)
                v += uintBitsToFloat(tile[(g * SEATS + part * UNITS) * QUADS + i]);
            if (shares)
                leave_sums(t, i, v);
            else
                store(t, i, v / whole[t]);
        }
        barrier();
    }
}
