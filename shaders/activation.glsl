// silu, gelu and tanh, near float32's precision however far exp() overflows.

float silu(float x)
{
    return x / (1.0 + exp(-x));
}

// By the error function: a rational approximation of erf on [-3.9, 3.9], -1 or 1 beyond.
float gelu_erf(float x)
{
    float y = x * 0.70710678118654752, z = min(y * y, 16.0);
    float p = -2.72614225801306e-10;
    p = p * z + 2.77068142495902e-08;
    p = p * z - 2.10102402082508e-06;
    p = p * z - 5.69250639462346e-05;
    p = p * z - 7.34990630326855e-04;
    p = p * z - 2.95459980854025e-03;
    p = p * z - 1.60960333262415e-02;
    float q = -1.45660718464996e-05;
    q = q * z - 2.13374055278905e-04;
    q = q * z - 1.68282697438203e-03;
    q = q * z - 7.37332916720468e-03;
    q = q * z - 1.42647390514189e-02;
    float erf = abs(y) > 3.9 ? sign(y) : y * p / q;
    return 0.5 * x * (1.0 + erf);
}

// tanh(u) = 2 / (1 + exp(-2u)) - 1.
float gelu_tanh(float x)
{
    return x / (1.0 + exp(-1.5957691216057308 * (x + 0.044715 * x * x * x)));
}

// By its series where 1 - e would be inexact; tanh(x) of a driver may overflow.
float tanh_of(float x)
{
    float size = abs(x), e = exp(-2.0 * size), z = x * x;
    float series = ((62.0 / 2835.0 * z - 17.0 / 315.0) * z + 2.0 / 15.0) * z - 1.0 / 3.0;
    float large = (1.0 - e) / (1.0 + e);
    return size < 0.25 ? x + x * z * series : x < 0.0 ? -large : large;
}
