// The keys of a tile shared by workgroups, along z. Each leaves a part: for each of the T rows SIZE sums of weighted values,
// the greatest score and the sum of the weights. The last one to finish joins the parts, in their order, so that the result
// is always the same; none waits for another.
// Expects T, SIZE, LEAST and `void store(uint t, uint i, vec4 v)`: dimensions 4 i .. 4 i + 3 of a row.

// Workgroups that have finished, for each tile, zero again at the end; behind them the parts.
layout(binding = 4) coherent buffer Finished { uint finished[]; };
layout(binding = 4) coherent buffer Parts { float part_sums[]; };

// Of the keys [x, y) those that this workgroup takes, whole turns of them. Returns the number of parts: workgroups beyond
// them have nothing to do.
uint take_share(inout uvec2 keys, uint turn)
{
    uint n = keys.y - keys.x, share = max((n + gl_NumWorkGroups.z - 1u) / gl_NumWorkGroups.z, ATTENTION_SPLIT);
    share = (share + turn - 1u) / turn * turn;
    keys.x += gl_WorkGroupID.z * share;
    keys.y = min(keys.y, keys.x + share);
    return (n + share - 1u) / share;
}

uint this_tile()
{
    return gl_WorkGroupID.x * gl_NumWorkGroups.y + gl_WorkGroupID.y;
}

// Where row t of part n begins.
uint part_at(uint n, uint t)
{
    uint part = this_tile() * gl_NumWorkGroups.z + n;
    return gl_NumWorkGroups.x * gl_NumWorkGroups.y + (part * T + t) * ATTENTION_PARTIAL(1u, SIZE);
}

void leave_sums(uint t, uint i, vec4 v)
{
    [[unroll]] for (uint c = 0; c < 4u; c++)
        part_sums[part_at(gl_WorkGroupID.z, t) + i * 4u + c] = v[c];
}

void leave_row(uint t, float most, float total)
{
    part_sums[part_at(gl_WorkGroupID.z, t) + SIZE] = most;
    part_sums[part_at(gl_WorkGroupID.z, t) + SIZE + 1u] = total;
}

// Once the whole part is left: how many others are. For the thread that asks, one of the workgroup.
uint parts_before(bool asks)
{
    uint before = 0u;
    memoryBarrierBuffer();
    if (asks)
        before = atomicAdd(finished[this_tile()], 1u);
    memoryBarrierBuffer();
    return before;
}

void join_parts(uint parts, uint thread, uint threads)
{
    for (uint n = thread; n < T * (SIZE / 4u); n += threads) {
        uint t = n / (SIZE / 4u), i = n % (SIZE / 4u);
        float top = LEAST, total = 0.0;
        for (uint k = 0; k < parts; k++)
            top = max(top, part_sums[part_at(k, t) + SIZE]);
        vec4 v = vec4(0.0);
        for (uint k = 0; k < parts; k++) {
            uint at = part_at(k, t);
            float weight = exp2(max(part_sums[at + SIZE] - top, -200.0));
            total += weight * part_sums[at + SIZE + 1u];
            [[unroll]] for (uint c = 0; c < 4u; c++)
                v[c] += weight * part_sums[at + i * 4u + c];
        }
        store(t, i, v / total);
    }
    if (thread == 0u)
        finished[this_tile()] = 0u;
}
