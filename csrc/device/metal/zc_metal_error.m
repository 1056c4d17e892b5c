/* zc_metal_error: between C's texts and Foundation's: what went wrong, in words.
 *
 * Owns nothing: strings are autoreleased. Threads: any, in an autorelease pool.
 */
#include <stdio.h>

#include "device/metal/zc_metal.h"
#include "device/metal/zc_msl.h"

NSString *zc_metal_string(const char *text)
{
    NSString *result = [NSString stringWithUTF8String:text];
    return result ? result : [NSString stringWithUTF8String:"?"];
}

void zc_metal_why(NSError *error, char *out, size_t size)
{
    const char *domain = error ? [[error domain] UTF8String] : NULL;
    const char *text = error ? zc_msl_first_error([[error localizedDescription] UTF8String], size) : NULL;
    if (error) {
        (void)snprintf(out, size, "%s %ld: %s", domain ? domain : "?", (long)[error code], text ? text : "?");
    } else {
        (void)snprintf(out, size, "Metal did not say why");
    }
}
