// blend: a guest in C++ that keeps the device busy while it computes itself. It generates blocks of two waves and
// has the device blend them, several submissions in flight: while the device works on one block, the guest generates
// the next one into other memory. examples/blend.py runs it.
#include <zcwasm_helpers.h>

namespace
{

constexpr uint32_t kBlock = 16384, kSlots = 3, kBlocks = 16;

// Work in flight. Waits in the end, whatever the path out.
class Submission
{
  public:
    Submission() = default;
    Submission(const Submission &) = delete;
    Submission &operator=(const Submission &) = delete;
    ~Submission()
    {
        wait();
    }

    int32_t submit()
    {
        handle_ = zcg_submit();
        return handle_ < 0 ? handle_ : 0;
    }
    bool pending() const
    {
        return handle_ > 0;
    } // not waited for
    int32_t wait()
    {
        int32_t code = handle_ > 0 ? zcg_wait(handle_, -1) : 0;
        handle_ = 0;
        return code;
    }

  private:
    zcg_handle handle_ = 0;
};

float first[kSlots][kBlock], second[kSlots][kBlock], blended[kBlocks][kBlock];
int32_t most_in_flight;

// A triangle wave of that period, exact in float32.
template <uint32_t period> float triangle(uint32_t t)
{
    uint32_t at = t % period;
    return static_cast<float>(at < period / 2 ? at : period - at) / static_cast<float>(period / 2);
}

void generate(uint32_t block, uint32_t slot)
{
    for (uint32_t i = 0; i < kBlock; i++) {
        first[slot][i] = triangle<256>(block * kBlock + i);
        second[slot][i] = triangle<1024>(block * kBlock + i);
    }
}

} // namespace

extern "C" {

__attribute__((export_name("result"))) float *result()
{
    return blended[0];
}
__attribute__((export_name("result_size"))) uint32_t result_size()
{
    return kBlocks * kBlock;
}
__attribute__((export_name("in_flight"))) int32_t in_flight()
{
    return most_in_flight;
}

// blended = alpha * first + beta * second, block by block. 0 or a negative zcg_errno.
__attribute__((export_name("blend"))) int32_t blend(float alpha, float beta)
{
    Submission submissions[kSlots];
    most_in_flight = 0;
    for (uint32_t block = 0; block < kBlocks; block++) {
        uint32_t slot = block % kSlots;
        if (int32_t code = submissions[slot].wait()) // its memory is about to be used again
            return code;
        generate(block, slot);
        zc_axpby_params p = {kBlock, alpha, beta};
        int32_t code = zcg_record_axpby(0, zcg_floats(first[slot], kBlock), zcg_floats(second[slot], kBlock),
                                        zcg_floats(blended[block], kBlock), &p);
        if (code >= 0)
            code = submissions[slot].submit();
        if (code < 0)
            return code;
        int32_t flying = 0;
        for (const Submission &each : submissions)
            flying += each.pending();
        most_in_flight = flying > most_in_flight ? flying : most_in_flight;
    }
    for (Submission &each : submissions)
        if (int32_t code = each.wait())
            return code;
    return 0;
}
}
