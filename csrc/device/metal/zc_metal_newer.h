/* zc_metal_newer: what systems after macOS 12 brought, declared under names of ours, CLASS_macosN and CONSTANT_macosN.
 *
 * So the backend compiles with every SDK from that of macOS 12 on: older ones do not declare these, and newer ones warn
 * of each use of theirs. They are used in functions named _macosN only, which are called where the system was asked and
 * has it; `buildtools/metal.py api` compares all of that with Apple's metadata.
 */
#ifndef ZC_METAL_NEWER_H
#define ZC_METAL_NEWER_H

#import <Foundation/Foundation.h>
#import <Metal/Metal.h>

@protocol MTLComputePipelineReflection_macos13
@property(readonly) NSArray *bindings;
@end

enum { MTLLanguageVersion3_1_macos14 = 196609 };

@protocol MTLDevice_macos14
@property(readonly) id architecture;
@end

@protocol MTLResidencySet_macos15 <NSObject>
- (void)addAllocation:(id)allocation;
- (void)removeAllocation:(id)allocation;
- (void)commit;
- (void)requestResidency;
@end

@protocol MTLDevice_macos15
- (id<MTLResidencySet_macos15>)newResidencySetWithDescriptor:(id)descriptor error:(NSError **)error;
@end

@protocol MTLCommandQueue_macos15
- (void)addResidencySet:(id<MTLResidencySet_macos15>)set;
@end

#endif
