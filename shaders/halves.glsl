// upper(v): what float16 holds of v, its lowest bits cut off, so that v - upper(v) is what a second float16 has to hold.
//
// By bits, for NVIDIA's compiler takes unpackHalf2x16(packHalf2x16(v)) to be v. What float16 has only as a number without
// its leading one, below 2^-14, loses more. Infinities and NaN stay what they are, and so v - upper(v) of them is NaN.

vec4 upper(vec4 v)
{
    return uintBitsToFloat(floatBitsToUint(v) & 0xffffe000u);
}

vec2 upper(vec2 v)
{
    return uintBitsToFloat(floatBitsToUint(v) & 0xffffe000u);
}

float upper(float v)
{
    return uintBitsToFloat(floatBitsToUint(v) & 0xffffe000u);
}
