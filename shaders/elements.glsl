// What MSL says of a matrix and GLSL does not: an invocation's two elements of it. buildtools/shaders.py puts the bodies
// there. Before it comes SUMS, the matrices' type.

vec2 elements_of(SUMS m)
{
    return vec2(0.0);
}

void add_scaled(inout SUMS sum, SUMS block, vec2 scale) // sum += block * scale, of these elements
{
    sum = block;
}

void scale_elements(inout SUMS m, vec2 scale) // m *= scale, of these elements
{
    m = SUMS(0.0);
}
