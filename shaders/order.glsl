// An unsigned number for each float, increasing with it: zeros are equal, NaN is the greatest.

uint order_of(uint bits)
{
    if ((bits & 0x7fffffffu) > INFINITY_BITS) {
        return 0xffffffffu;
    }
    if (bits == 0x80000000u) {
        return 0x80000000u; // -0 as 0
    }
    return (bits & 0x80000000u) != 0u ? ~bits : bits ^ 0x80000000u;
}
