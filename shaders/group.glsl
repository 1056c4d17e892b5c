// Reductions over a workgroup, and the order of floats. Right at every width of subgroups; the sum of a
// workgroup is added in the order of its subgroups.

#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require

#include "common.glsl"

shared float group_partial[WORKGROUP]; // one of each subgroup, however narrow they are

float group_sum(float value)
{
    value = subgroupAdd(value);
    barrier(); // what was shared before has been read
    if (subgroupElect()) {
        group_partial[gl_SubgroupID] = value;
    }
    barrier();
    float sum = 0.0;
    for (uint i = 0u; i < gl_NumSubgroups; i++) {
        sum += group_partial[i];
    }
    return sum;
}

uint ceil_div(uint a, uint b)
{
    return a / b + (a % b != 0u ? 1u : 0u);
}
