/* Metal/Metal.h for checks on Linux: declarations, written by hand, of what csrc/device/metal/ uses.
 *
 * buildtools/metal.py checks each against the metadata that PyObjC made from Apple's SDK. Used for the
 * cross-compilation and by the simulated runtime; on a Mac Apple's own header takes its place. */
#pragma once
#import <Foundation/Foundation.h>

typedef double CFTimeInterval;
typedef struct {
    NSUInteger width, height, depth;
} MTLSize;
static inline MTLSize MTLSizeMake(NSUInteger width, NSUInteger height, NSUInteger depth)
{
    return (MTLSize){width, height, depth};
}

typedef NSUInteger MTLResourceOptions;
enum { MTLResourceStorageModeShared = 0, MTLResourceHazardTrackingModeUntracked = 256 };
typedef NSUInteger MTLCommandBufferStatus;
enum { MTLCommandBufferStatusCommitted = 2, MTLCommandBufferStatusCompleted = 4, MTLCommandBufferStatusError = 5 };
typedef NSUInteger MTLDispatchType;
enum { MTLDispatchTypeConcurrent = 1 };
typedef NSUInteger MTLBarrierScope;
enum { MTLBarrierScopeBuffers = 1 };
typedef NSUInteger MTLLanguageVersion;
enum { MTLLanguageVersion2_3 = 131075 };
typedef NSUInteger MTLDataType;
enum { MTLDataTypeUInt = 33 };
typedef NSUInteger MTLFunctionType;
enum { MTLFunctionTypeKernel = 3 };
typedef NSUInteger MTLPipelineOption;
enum { MTLPipelineOptionNone = 0, MTLPipelineOptionArgumentInfo = 1, MTLPipelineOptionBufferTypeInfo = 2 };
typedef NSUInteger MTLArgumentType;
enum { MTLArgumentTypeBuffer = 0, MTLArgumentTypeThreadgroupMemory = 1 };
typedef NSUInteger MTLArgumentAccess;
enum { MTLArgumentAccessReadOnly = 0 };
typedef NSInteger MTLGPUFamily;
enum { MTLGPUFamilyApple7 = 1007 };
typedef NSInteger MTLCaptureDestination;
enum { MTLCaptureDestinationGPUTraceDocument = 2 };

@protocol MTLCommandBuffer;
typedef void (^MTLCommandBufferHandler)(id<MTLCommandBuffer> commands);

@interface MTLCompileOptions : NSObject
@property(nonatomic) BOOL fastMathEnabled;
@property(nonatomic) MTLLanguageVersion languageVersion;
@end

@interface MTLFunctionConstantValues : NSObject
- (void)setConstantValue:(const void *)value type:(MTLDataType)type atIndex:(NSUInteger)index;
@end

@protocol MTLFunction <NSObject>
@property(readonly) MTLFunctionType functionType;
@end

@interface MTLArgument : NSObject
@property(readonly) NSString *name;
@property(readonly) MTLArgumentType type;
@property(readonly) MTLArgumentAccess access;
@property(readonly) NSUInteger index;
@property(readonly) NSUInteger bufferDataSize;
@end

@interface MTLComputePipelineDescriptor : NSObject
@property(nonatomic, readwrite, retain) id<MTLFunction> computeFunction;
@property(nonatomic, readwrite) NSUInteger maxTotalThreadsPerThreadgroup;
@end

@interface MTLComputePipelineReflection : NSObject
@property(readonly) NSArray *arguments;
@property(readonly) NSArray *bindings;
@end

@protocol MTLLibrary <NSObject>
@property(readonly) NSArray *functionNames;
- (id<MTLFunction>)newFunctionWithName:(NSString *)name;
- (id<MTLFunction>)newFunctionWithName:(NSString *)name
                        constantValues:(MTLFunctionConstantValues *)values
                                 error:(NSError **)error;
@end

@protocol MTLComputePipelineState <NSObject>
@property(readonly) NSUInteger maxTotalThreadsPerThreadgroup;
@property(readonly) NSUInteger threadExecutionWidth;
@property(readonly) NSUInteger staticThreadgroupMemoryLength;
@end

@protocol MTLFence <NSObject>
@end

@protocol MTLAllocation <NSObject>
@end

@protocol MTLBuffer <MTLAllocation>
@property(readonly) NSUInteger length;
- (void *)contents;
@end

@interface MTLResidencySetDescriptor : NSObject
@end

@protocol MTLResidencySet <NSObject>
- (void)addAllocation:(id<MTLAllocation>)allocation;
- (void)removeAllocation:(id<MTLAllocation>)allocation;
- (void)commit;
- (void)requestResidency;
@end

@protocol MTLComputeCommandEncoder <NSObject>
- (void)setLabel:(NSString *)label;
- (void)setComputePipelineState:(id<MTLComputePipelineState>)state;
- (void)setBytes:(const void *)bytes length:(NSUInteger)length atIndex:(NSUInteger)index;
- (void)setBuffer:(id<MTLBuffer>)buffer offset:(NSUInteger)offset atIndex:(NSUInteger)index;
- (void)dispatchThreadgroups:(MTLSize)groups threadsPerThreadgroup:(MTLSize)threads;
- (void)memoryBarrierWithScope:(MTLBarrierScope)scope;
- (void)waitForFence:(id<MTLFence>)fence;
- (void)updateFence:(id<MTLFence>)fence;
- (void)endEncoding;
@end

@protocol MTLCommandBuffer <NSObject>
- (void)setLabel:(NSString *)label;
- (id<MTLComputeCommandEncoder>)computeCommandEncoderWithDispatchType:(MTLDispatchType)type;
- (void)addCompletedHandler:(MTLCommandBufferHandler)handler;
- (void)commit;
@property(readonly) MTLCommandBufferStatus status;
@property(readonly) NSError *error;
@property(readonly) CFTimeInterval GPUStartTime;
@property(readonly) CFTimeInterval GPUEndTime;
@end

@protocol MTLCommandQueue <NSObject>
- (id<MTLCommandBuffer>)commandBuffer;
- (void)addResidencySet:(id<MTLResidencySet>)set;
@end

@protocol MTLDevice <NSObject>
@property(readonly) NSString *name;
@property(readonly) BOOL hasUnifiedMemory;
- (BOOL)supportsFamily:(MTLGPUFamily)family;
@property(readonly, getter=isRemovable) BOOL removable;
@property(readonly) NSUInteger maxBufferLength;
@property(readonly) uint64_t recommendedMaxWorkingSetSize;
@property(readonly) NSUInteger maxThreadgroupMemoryLength;
@property(readonly) MTLSize maxThreadsPerThreadgroup;
- (id<MTLCommandQueue>)newCommandQueue;
- (id<MTLFence>)newFence;
- (id<MTLBuffer>)newBufferWithBytesNoCopy:(void *)address
                                   length:(NSUInteger)length
                                  options:(MTLResourceOptions)options
                              deallocator:(void (^)(void *address, NSUInteger length))deallocator;
- (id<MTLLibrary>)newLibraryWithSource:(NSString *)source
                               options:(MTLCompileOptions *)options
                                 error:(NSError **)error;
- (id<MTLComputePipelineState>)newComputePipelineStateWithDescriptor:(MTLComputePipelineDescriptor *)descriptor
                                                             options:(MTLPipelineOption)options
                                                          reflection:(MTLComputePipelineReflection **)reflection
                                                               error:(NSError **)error;
- (id<MTLResidencySet>)newResidencySetWithDescriptor:(MTLResidencySetDescriptor *)descriptor error:(NSError **)error;
@end

@interface MTLCaptureDescriptor : NSObject
@property(nonatomic, retain) id captureObject;
@property(nonatomic) MTLCaptureDestination destination;
@property(nonatomic, copy) NSURL *outputURL;
@end

@interface MTLCaptureManager : NSObject
+ (MTLCaptureManager *)sharedCaptureManager;
- (BOOL)supportsDestination:(MTLCaptureDestination)destination;
- (BOOL)startCaptureWithDescriptor:(MTLCaptureDescriptor *)descriptor error:(NSError **)error;
- (void)stopCapture;
@end

extern id<MTLDevice> MTLCreateSystemDefaultDevice(void) __attribute__((ns_returns_retained));
extern NSArray *MTLCopyAllDevices(void) __attribute__((ns_returns_retained));
