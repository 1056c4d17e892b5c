/* Foundation/Foundation.h of the simulated runtime: the few classes that csrc/device/metal/ uses, for
 * GNU's libobjc. GNUstep's Foundation cannot be used, since it brings a block runtime of its own. */
#pragma once
#include <objc/objc.h>
#include <objc/runtime.h>
#include <stddef.h>
#include <stdint.h>

typedef unsigned long NSUInteger;
typedef long NSInteger;
typedef NSUInteger NSStringEncoding;
enum { NSUTF8StringEncoding = 4 };

@protocol NSObject
- (instancetype)retain;
- (oneway void)release;
- (instancetype)autorelease;
- (BOOL)respondsToSelector:(SEL)selector;
@end

__attribute__((objc_root_class)) @interface NSObject <NSObject> {
    Class isa;
    _Atomic long references;
}
+ (instancetype)alloc;
+ (instancetype)new;
- (instancetype)init;
- (void)dealloc;
@end

@interface NSAutoreleasePool : NSObject {
    size_t mark;
}
- (void)drain;
@end

@interface NSString : NSObject {
    char *text;
}
- (instancetype)initWithBytes:(const void *)bytes length:(NSUInteger)length encoding:(NSStringEncoding)encoding;
+ (instancetype)stringWithUTF8String:(const char *)text;
- (const char *)UTF8String;
@end

@interface NSArray : NSObject {
    NSUInteger count, capacity;
    id *all;
}
+ (NSArray *)simulated;
- (void)add:(id)object; /* retained */
- (NSUInteger)count;
- (id)objectAtIndex:(NSUInteger)index;
@end

@interface NSURL : NSObject {
    NSString *path;
}
+ (NSURL *)fileURLWithPath:(NSString *)path;
- (NSString *)path;
@end

@interface NSError : NSObject {
    NSString *domain, *text;
    NSInteger code;
}
+ (NSError *)simulated:(const char *)domain code:(NSInteger)code text:(const char *)text;
- (NSString *)domain;
- (NSInteger)code;
- (NSString *)localizedDescription;
@end
