/* sim_foundation: the mini-Foundation of the simulated runtime, see sim.h and Foundation.h.
 * Reference counts are atomic, autorelease pools belong to threads; what is autoreleased without a pool
 * stays, and so shows in the count of live objects. A release too many aborts. */
#import <Foundation/Foundation.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

static _Thread_local id *pool;
static _Thread_local size_t pool_count, pool_capacity;

@implementation NSObject
+ (id)alloc
{
    zc_sim_check_process();
    return class_createInstance((Class)self, 0);
}
+ (id)new
{
    return [[self alloc] init];
}
- (id)init
{
    references = 1;
    zc_sim_count_object(1);
    return self;
}
- (id)retain
{
    zc_sim_check_process();
    atomic_fetch_add(&references, 1);
    return self;
}
- (oneway void)release
{
    zc_sim_check_process();
    long before = atomic_fetch_sub(&references, 1);
    if (before <= 0) {
        abort();
    }
    if (before == 1) {
        [self dealloc];
    }
}
- (id)autorelease
{
    if (pool_count == pool_capacity) {
        pool_capacity = pool_capacity ? pool_capacity * 2 : 64;
        pool = realloc(pool, pool_capacity * sizeof *pool);
    }
    pool[pool_count++] = self;
    return self;
}
- (BOOL)respondsToSelector:(SEL)selector
{
    return class_respondsToSelector(object_getClass(self), selector);
}
- (void)dealloc
{
    zc_sim_count_object(-1);
    object_dispose(self);
}
@end

@implementation NSAutoreleasePool
- (id)init
{
    self = [super init];
    mark = pool_count;
    return self;
}
- (void)drain
{
    while (pool_count > mark) {
        [pool[--pool_count] release];
    }
    [self release];
}
@end

@implementation NSString
- (id)initWithBytes:(const void *)bytes length:(NSUInteger)length encoding:(NSStringEncoding)encoding
{
    self = [super init];
    if (encoding != NSUTF8StringEncoding) {
        abort();
    }
    if (zc_sim_fails("utf8")) { /* as if it were not */
        [self release];
        return nil;
    }
    text = malloc(length + 1);
    memcpy(text, bytes, length);
    text[length] = 0;
    return self;
}
+ (id)stringWithUTF8String:(const char *)from
{
    return [[[NSString alloc] initWithBytes:from length:strlen(from) encoding:NSUTF8StringEncoding] autorelease];
}
- (const char *)UTF8String
{
    return text;
}
- (void)dealloc
{
    free(text);
    [super dealloc];
}
@end

/* clang asks for the class even where no constant string is used. */
__attribute__((objc_root_class))
@interface NSConstantString {
    Class isa;
}
@end
@implementation NSConstantString
@end

@implementation NSArray
+ (NSArray *)simulated
{
    return [[NSArray new] autorelease];
}
- (void)add:(id)object
{
    if (count == capacity) {
        capacity = capacity ? capacity * 2 : 8;
        all = realloc(all, capacity * sizeof *all);
    }
    all[count++] = [object retain];
}
- (NSUInteger)count
{
    return count;
}
- (id)objectAtIndex:(NSUInteger)index
{
    if (index >= count) {
        abort();
    }
    return all[index];
}
- (void)dealloc
{
    while (count) {
        [all[--count] release];
    }
    free(all);
    [super dealloc];
}
@end

@implementation NSURL
+ (NSURL *)fileURLWithPath:(NSString *)from
{
    NSURL *url = [[NSURL new] autorelease];
    url->path = [from retain];
    return url;
}
- (NSString *)path
{
    return path;
}
- (void)dealloc
{
    [path release];
    [super dealloc];
}
@end

@implementation NSError
+ (NSError *)simulated:(const char *)domain code:(NSInteger)code text:(const char *)text
{
    NSError *error = [[NSError new] autorelease];
    if (!zc_sim_fails("silent")) {
        error->domain = [[NSString stringWithUTF8String:domain] retain];
        error->text = [[NSString stringWithUTF8String:text] retain];
    }
    error->code = code;
    return error;
}
- (NSString *)domain
{
    return domain;
}
- (NSInteger)code
{
    return code;
}
- (NSString *)localizedDescription
{
    return text;
}
- (void)dealloc
{
    [domain release];
    [text release];
    [super dealloc];
}
@end
