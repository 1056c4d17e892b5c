"""Reads from a SPIR-V module what the host relies on: entry point, bindings, push constants, capabilities.

Only as much of the format as glslang's compute shaders need. Standard library only, so that the committed
modules can be checked where no shader tool is installed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

MAGIC = 0x07230203
# Opcodes.
NAME, MEMBER_NAME, ENTRY_POINT, EXECUTION_MODE, CAPABILITY, EXTENSION = 5, 6, 15, 16, 17, 10
TYPE_INT, TYPE_FLOAT, TYPE_VECTOR, TYPE_STRUCT, TYPE_POINTER = 21, 22, 23, 30, 32
VARIABLE, DECORATE, MEMBER_DECORATE = 59, 71, 72
FUNCTION, LOOP_MERGE = 54, 246
# Decorations, storage classes, and so on.
NON_WRITABLE, NON_READABLE, BINDING, DESCRIPTOR_SET, OFFSET, SPEC_ID = 24, 25, 33, 34, 35, 1
UNIFORM_CONSTANT, UNIFORM, PUSH_CONSTANT, STORAGE_BUFFER = 0, 2, 9, 12
GL_COMPUTE, LOCAL_SIZE = 5, 17
CAPABILITIES = {
    1: "Shader",
    9: "Float16",
    10: "Float64",
    11: "Int64",
    22: "Int16",
    39: "Int8",
    61: "GroupNonUniform",
    62: "GroupNonUniformVote",
    63: "GroupNonUniformArithmetic",
    64: "GroupNonUniformBallot",
    65: "GroupNonUniformShuffle",
    66: "GroupNonUniformShuffleRelative",
    4433: "StorageBuffer16BitAccess",
    4448: "StorageBuffer8BitAccess",
    5345: "VulkanMemoryModel",
    6018: "DotProductInput4x8BitPacked",
    6019: "DotProduct",
    6022: "CooperativeMatrixKHR",
}


class SpirvError(ValueError):
    """The bytes are no SPIR-V module of the kind that this reads."""


@dataclass(frozen=True)
class Buffer:
    """One storage buffer variable; two variables may have the same binding."""

    set: int
    binding: int
    readable: bool
    writable: bool


@dataclass(frozen=True)
class Member:
    name: str
    type: str  # as in C: uint32_t, int32_t, float, or uint32_t[4]
    offset: int


@dataclass
class Module:
    entry_point: str = ""
    local_size: tuple[int, ...] = ()
    capabilities: set[str] = field(default_factory=set)
    extensions: set[str] = field(default_factory=set)
    buffers: list[Buffer] = field(default_factory=list)
    push_constants: list[Member] = field(default_factory=list)
    other_resources: int = 0  # samplers, uniform buffers, ...
    specialization_constants: set[int] = field(default_factory=set)
    # Functions by name, without their arguments' types, and of each loop: 1 to be unrolled, 2 not to be.
    loops: list[tuple[str, list[int]]] = field(default_factory=list)


def instructions(words: tuple[int, ...]) -> Iterator[tuple[int, tuple[int, ...]]]:
    at = 5
    while at < len(words):
        count, opcode = words[at] >> 16, words[at] & 0xFFFF
        if count == 0 or at + count > len(words):
            raise SpirvError(f"instruction at word {at} has {count} words of {len(words) - at}")
        yield opcode, words[at + 1 : at + count]
        at += count


def text(words: tuple[int, ...]) -> tuple[str, int]:
    """A string literal and the number of words it takes."""
    data, end, _ = struct.pack(f"<{len(words)}I", *words).partition(b"\0")
    if not end:
        raise SpirvError("a string has no end")
    return data.decode("utf-8"), len(data) // 4 + 1


@dataclass
class Tables:
    """What instructions say of ids, by id; a variable is understood once all have been read."""

    # Target, member or -1, decoration: operand.
    decorations: dict[tuple[int, int, int], int] = field(default_factory=dict)
    names: dict[tuple[int, int], str] = field(default_factory=dict)  # of members; -1: of the id
    types: dict[int, str] = field(default_factory=dict)
    structs: dict[int, tuple[int, ...]] = field(default_factory=dict)
    pointers: dict[int, int] = field(default_factory=dict)
    variables: list[tuple[int, int, int]] = field(default_factory=list)  # id, type, storage class

    def add(self, opcode: int, operands: tuple[int, ...]) -> None:
        if opcode == NAME:
            self.names[operands[0], -1] = text(operands[1:])[0]
        elif opcode == MEMBER_NAME:
            self.names[operands[0], operands[1]] = text(operands[2:])[0]
        elif opcode == DECORATE:
            self.decorations[operands[0], -1, operands[1]] = operands[2] if len(operands) > 2 else 0
        elif opcode == MEMBER_DECORATE:
            self.decorations[operands[0], operands[1], operands[2]] = operands[3] if len(operands) > 3 else 0
        elif opcode == TYPE_INT:
            self.types[operands[0]] = ("int" if operands[2] else "uint") + f"{operands[1]}_t"
        elif opcode == TYPE_FLOAT:
            self.types[operands[0]] = {32: "float", 64: "double"}.get(operands[1], f"float{operands[1]}")
        elif opcode == TYPE_VECTOR:
            self.types[operands[0]] = f"{self.types.get(operands[1], '?')}[{operands[2]}]"
        elif opcode == TYPE_STRUCT:
            self.structs[operands[0]] = operands[1:]
        elif opcode == TYPE_POINTER:
            self.pointers[operands[0]] = operands[2]
        elif opcode == VARIABLE:
            self.variables.append((operands[1], operands[0], operands[2]))

    def denied(self, variable: int, structure: int, what: int) -> bool:
        """Whether the variable, or each member of its struct, has this decoration."""
        members = range(len(self.structs[structure]))
        everywhere = all((structure, member, what) in self.decorations for member in members)
        return (variable, -1, what) in self.decorations or everywhere

    def buffer(self, variable: int, structure: int) -> Buffer:
        return Buffer(
            self.decorations[variable, -1, DESCRIPTOR_SET],
            self.decorations[variable, -1, BINDING],
            not self.denied(variable, structure, NON_READABLE),
            not self.denied(variable, structure, NON_WRITABLE),
        )

    def members(self, structure: int) -> list[Member]:
        return [
            Member(
                self.names.get((structure, at), ""),
                self.types.get(kind, "?"),
                self.decorations[structure, at, OFFSET],
            )
            for at, kind in enumerate(self.structs.get(structure, ()))
        ]


def add_to(module: Module, opcode: int, operands: tuple[int, ...]) -> None:
    """What an instruction says of the module as a whole."""
    if opcode == ENTRY_POINT:
        if operands[0] != GL_COMPUTE or module.entry_point:
            raise SpirvError("not exactly one entry point, for compute")
        module.entry_point, _ = text(operands[2:])
    elif opcode == EXECUTION_MODE and operands[1] == LOCAL_SIZE:
        module.local_size = operands[2:5]
    elif opcode == CAPABILITY:
        module.capabilities.add(CAPABILITIES.get(operands[0], f"capability {operands[0]}"))
    elif opcode == EXTENSION:
        module.extensions.add(text(operands)[0])


def read(data: bytes) -> Module:
    if len(data) % 4 or len(data) < 20:
        raise SpirvError(f"{len(data)} bytes are no SPIR-V module")
    words = struct.unpack(f"<{len(data) // 4}I", data)
    if words[0] != MAGIC:
        raise SpirvError(f"magic number is {words[0]:#x}, not {MAGIC:#x}")
    module, tables = Module(), Tables()
    for opcode, operands in instructions(words):
        add_to(module, opcode, operands)
        tables.add(opcode, operands)
        if opcode == FUNCTION:
            module.loops.append((tables.names.get((operands[1], -1), "").partition("(")[0], []))
        elif opcode == LOOP_MERGE:
            module.loops[-1][1].append(operands[2])
    for (_, _, decoration), operand in tables.decorations.items():
        if decoration == SPEC_ID:
            module.specialization_constants.add(operand)
    for variable, pointer, storage in tables.variables:
        structure = tables.pointers[pointer]
        if storage == STORAGE_BUFFER:
            module.buffers.append(tables.buffer(variable, structure))
        elif storage == PUSH_CONSTANT:
            module.push_constants = tables.members(structure)
        elif storage in (UNIFORM_CONSTANT, UNIFORM):
            module.other_resources += 1
    return module
