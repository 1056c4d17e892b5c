/* Foundation/Foundation.h for the cross-compilation on Linux: what csrc/device/metal/ uses, written by
 * hand and checked like Metal/Metal.h. objc/NSObject.h comes with the cross-compiler. */
#pragma once
#include <objc/NSObject.h>
#include <objc/objc.h>
#include <stdint.h>

typedef NSUInteger NSStringEncoding;
enum { NSUTF8StringEncoding = 4 };

@interface NSString : NSObject
- (instancetype)initWithBytes:(const void *)bytes length:(NSUInteger)length encoding:(NSStringEncoding)encoding;
+ (instancetype)stringWithUTF8String:(const char *)text;
@property(readonly) const char *UTF8String;
@end

@interface NSArray : NSObject
@property(readonly) NSUInteger count;
- (id)objectAtIndex:(NSUInteger)index;
@end

@interface NSURL : NSObject
+ (NSURL *)fileURLWithPath:(NSString *)path;
@end

@interface NSError : NSObject
@property(readonly) NSString *domain;
@property(readonly) NSInteger code;
@property(readonly) NSString *localizedDescription;
@end
