"""The words that a few arguments and attributes may have, for type checkers; the core has the tables
(zc_guest.h, zc_weight_type.def, csrc/py). tests/test_surface.py compares the two."""

from typing import Literal

DeviceKind = Literal["metal", "vulkan", "cpu"]
EngineKind = Literal["wasm3", "wasmtime"]
Access = Literal["read", "write", "read_write"]
FieldType = Literal["uint32", "int32", "float32"]
WeightType = Literal[
    "F32",
    "F16",
    "BF16",
    "Q8_0",
    "Q4_0",
    "Q4_1",
    "Q4_K",
    "Q6_K",
    "Q5_0",
    "Q5_1",
    "Q2_K",
    "Q3_K",
    "Q5_K",
    "IQ4_NL",
    "IQ4_XS",
    "MXFP4",
    "F8_E4M3",
]
TrapKind = Literal[
    "unreachable",
    "memory_out_of_bounds",
    "table_out_of_bounds",
    "uninitialized_element",
    "indirect_call_type",
    "integer_overflow",
    "integer_divide_by_zero",
    "invalid_conversion",
    "stack_overflow",
    "out_of_fuel",
    "deadline",
    "interrupted",
    "uncaught_exception",
    "engine",
]
