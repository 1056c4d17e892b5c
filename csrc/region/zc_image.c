/* zc_image: see zc_image.h. */
#include "region/zc_image.h"

zc_status zc_image_new(zc_region *from, bool remap, zc_image **out, zc_error *error)
{
    (void)from;
    (void)remap;
    (void)out;
    return zc_fail(error, ZC_UNSUPPORTED, "not yet");
}

zc_image *zc_image_retain(zc_image *image)
{
    return image;
}

void zc_image_release(zc_image *image)
{
    (void)image;
}

uint64_t zc_image_size(const zc_image *image)
{
    (void)image;
    return 0;
}

zc_status zc_image_region(zc_image *image, uint64_t reserved, zc_region **out, zc_error *error)
{
    (void)image;
    (void)reserved;
    (void)out;
    return zc_fail(error, ZC_UNSUPPORTED, "not yet");
}
