"""Modules that build values under branches, for differential.py: one for every seed, always the same.

What an interpreter that keeps values in registers, slots and a table of constants can get wrong is which of
them it must save before a branch, and what it may reuse. So these functions keep deep stacks of all four
types in every order, and put blocks, loops and ifs with parameters and results, br, br_if, br_table, return,
select, calls, local.tee and code that is never reached above them. Every loop counts a local of its own down,
so all end. What is computed is seen in many results, in exported globals and in memory.

Memory and table are changed in bulk, too, from passive segments and within. What is in the table is seen by
exported functions, each of which calls one element. Some modules import the table, for two to share it.

The bits of a NaN that arithmetic made are the engine's choice: where an instruction would show them (stores,
reinterpretations, the sign for copysign), NaNs are replaced by a number first.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

I32, I64, F32, F64 = TYPES = 0x7F, 0x7E, 0x7D, 0x7C
EXACT = 0x100  # flag of a value on the stack: no arithmetic chose its bits

# Opcode and type of the result, by the type of the operands.
UNARY = {
    I32: [
        (0x45, I32),
        (0x67, I32),
        (0x68, I32),
        (0x69, I32),
        (0xC0, I32),
        (0xC1, I32),
        (0xAC, I64),
        (0xAD, I64),
    ],
    I64: [
        (0x50, I32),
        (0x79, I64),
        (0x7A, I64),
        (0x7B, I64),
        (0xC2, I64),
        (0xC3, I64),
        (0xC4, I64),
        (0xA7, I32),
    ],
    F32: [(code, F32) for code in range(0x8B, 0x92)] + [(0xBB, F64)] * 2,
    F64: [(code, F64) for code in range(0x99, 0xA0)] + [(0xB6, F32)] * 2,
}
TO_FLOAT = {  # never a NaN, or bits as they are
    I32: [(0xB2, F32), (0xB3, F32), (0xB7, F64), (0xB8, F64), (0xBE, F32)],
    I64: [(0xB4, F32), (0xB5, F32), (0xB9, F64), (0xBA, F64), (0xBF, F64)],
}
TO_INTEGER = {  # the second byte of the saturating ones, the first of those that trap
    F32: [(0x00, 0xA8, I32), (0x01, 0xA9, I32), (0x04, 0xAE, I64), (0x05, 0xAF, I64)],
    F64: [(0x02, 0xAA, I32), (0x03, 0xAB, I32), (0x06, 0xB0, I64), (0x07, 0xB1, I64)],
}
REINTERPRET = {F32: (0xBC, I32), F64: (0xBD, I64)}
COMPARE = {I32: (0x46, 0x4F), I64: (0x51, 0x5A), F32: (0x5B, 0x60), F64: (0x61, 0x66)}
ARITHMETIC = {I32: (0x6A, 0x78), I64: (0x7C, 0x8A), F32: (0x92, 0x97), F64: (0xA0, 0xA5)}
DIVISIONS = {I32: range(0x6D, 0x71), I64: range(0x7F, 0x83)}
COPYSIGN = {F32: 0x98, F64: 0xA6}
NOT_EQUAL = {F32: 0x5C, F64: 0x62}
LOADS = {I32: (0x28, 0x2C, 0x2D, 0x2E, 0x2F), I64: (0x29, 0x30, 0x31, 0x34, 0x35), F32: (0x2A,), F64: (0x2B,)}
STORES = {I32: (0x36, 0x3A, 0x3B), I64: (0x37, 0x3C, 0x3E), F32: (0x38,), F64: (0x39,)}
INTEGERS = (0, 1, 2, 3, 5, 7, 31, 32, 63, 64, 127, 255, 1000, 65535, -1, -2, -128, -(2**31), 2**31 - 1)
NUMBERS = (0.0, -0.0, 1.0, -1.0, 0.5, -2.25, 3.0, 1e9, -1e9, 1e-40, 16777217.0, float("inf"), float("-inf"))
PAGES_MASK = 1023  # most addresses are below
GLOBALS = [type_ for type_ in TYPES for _ in range(2)]
PASSIVE_BYTES = 200
TABLE = 6


def unsigned(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def signed(number: int) -> bytes:
    out = bytearray()
    while not -64 <= number < 64:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number & 127)
    return bytes(out)


def vector(items: Sequence[bytes]) -> bytes:
    return unsigned(len(items)) + b"".join(items)


def section(number: int, body: bytes) -> bytes:
    return bytes([number]) + unsigned(len(body)) + body


@dataclass
class Signature:
    params: list[int]
    results: list[int]


@dataclass
class Label:
    types: list[int]  # what a branch to it takes along
    counter: int | None  # of a loop: the local that it counts down


class Module:
    """A module in the making; `bytes` once all its functions are there."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)
        self.types: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}
        self.functions: list[Signature] = []
        self.shares_table = self.random.random() < 0.15
        self.imported = 1 if self.random.random() < 0.15 else 0
        if self.imported:
            self.functions.append(self.signature())
        bodies = [Function(self, self.signature()).body() for _ in range(self.random.randint(2, 4))]
        self.bytes = self.assemble(bodies)

    def signature(self) -> Signature:
        random_ = self.random
        params = random_.choices(TYPES, k=random_.randint(0, 4))
        return Signature(params, random_.choices(TYPES, k=random_.choice((0, 1, 1, 2, 3, 5))))

    def type_index(self, params: Sequence[int], results: Sequence[int]) -> int:
        return self.types.setdefault((tuple(params), tuple(results)), len(self.types))

    def assemble(self, bodies: list[bytes]) -> bytes:
        random_ = self.random
        indices = [self.type_index(f.params, f.results) for f in self.functions]
        imports = [b"\x01h\x01f\x00" + unsigned(index) for index in indices[: self.imported]]
        probes = [self.probe(index) for index in range(TABLE)]
        probe_type = self.type_index([], [])
        table = b"\x70\x00" + unsigned(TABLE)
        if self.shares_table:
            imports.append(b"\x01h\x01t\x01" + table)
        start_values = {I32: b"\x41\x07\x0b", I64: b"\x42\x09\x0b"}
        start_values[F32] = b"\x43" + struct.pack("<f", 1.5) + b"\x0b"
        start_values[F64] = b"\x44" + struct.pack("<d", -2.5) + b"\x0b"
        exports = [b"\x02f%d\x00" % i + unsigned(self.imported + i) for i in range(len(bodies))]
        first_probe = self.imported + len(bodies)
        exports += [b"\x02t%d\x00" % i + unsigned(first_probe + i) for i in range(TABLE)]
        exports += [b"\x02g%d\x03" % i + unsigned(i) for i in range(len(GLOBALS))] + [b"\x01m\x02\x00"]
        forms = [
            b"\x60" + unsigned(len(params)) + bytes(params) + unsigned(len(results)) + bytes(results)
            for params, results in self.types
        ]
        called = [unsigned(i) for i in range(self.table())]
        elements = [b"\x00\x41\x01\x0b" + vector(called + random_.choices(called, k=2))]
        elements.append(b"\x01\x00" + vector(random_.choices(called, k=4)))
        data = [b"\x00\x41\x00\x0b" + unsigned(64), b"\x01" + unsigned(PASSIVE_BYTES)]
        data = [head + random_.randbytes(size) for head, size in zip(data, (64, PASSIVE_BYTES), strict=True)]
        bodies = [*bodies, *probes]
        indices += [probe_type] * TABLE
        return b"\0asm\x01\0\0\0" + b"".join(
            (
                section(1, vector(forms)),
                section(2, vector(imports)),
                section(3, vector([unsigned(index) for index in indices[self.imported :]])),
                section(4, vector([] if self.shares_table else [table])),
                section(5, b"\x01\x01\x01\x02"),
                section(6, vector([bytes([type_, 1]) + start_values[type_] for type_ in GLOBALS])),
                section(7, vector(exports)),
                section(9, vector(elements)),
                section(12, unsigned(len(data))),
                section(10, vector([unsigned(len(body)) + body for body in bodies])),
                section(11, vector(data)),
            )
        )

    def probe(self, index: int) -> bytes:
        """The body of a function that calls an element as what it may be, and drops the results."""
        called = self.functions[(index + 1) % self.table()]
        code = bytearray(b"\x00")
        for type_ in called.params:
            code += {I32: b"\x41\x03", I64: b"\x42\x05", F32: b"\x43" + bytes(4), F64: b"\x44" + bytes(8)}[
                type_
            ]
        code += b"\x41" + signed(index) + b"\x11" + unsigned(self.type_index(called.params, called.results))
        return bytes(code + b"\x00" + b"\x1a" * len(called.results) + b"\x0b")

    def table(self) -> int:
        """How many functions, the first ones, are in the table: only later ones call it."""
        return min(len(self.functions), self.imported + 1)


class Function:
    """One body. `stack` holds the types of the block in progress, lowest first."""

    def __init__(self, module: Module, signature: Signature) -> None:
        self.module = module
        self.random = random_ = module.random
        self.signature = signature
        self.code = bytearray()
        self.stack: list[int] = []
        self.labels = [Label(signature.results, None)]
        self.dead = False  # after br, br_table, return or unreachable
        self.locals = signature.params + random_.choices(TYPES, k=random_.choice((2, 4, 8)))
        self.settable = len(self.locals)
        self.by_type = {
            type_: [i for i, local in enumerate(self.locals) if local == type_] for type_ in TYPES
        }
        self.scratch = {F32: self.local(F32), F64: self.local(F64)}
        self.budget = random_.choice((20, 40, 40, 80, 80, 150, 600 if random_.random() < 0.2 else 60))
        self.calls = 2
        self.many_constants = random_.random() < 0.2
        self.actions: list[Callable[[], None]] = []
        for action, weight in ACTIONS:
            self.actions += [getattr(self, action)] * weight

    def body(self) -> bytes:
        self.run(self.budget)
        self.finish(self.signature.results)
        self.code.append(0x0B)
        module = self.module
        module.functions.append(self.signature)
        extra = self.locals[len(self.signature.params) :]
        return vector([b"\x01" + bytes([type_]) for type_ in extra]) + bytes(self.code)

    def local(self, type_: int) -> int:
        """A new one that only the generator's own code sets."""
        self.locals.append(type_)
        return len(self.locals) - 1

    def below(self, limit: int) -> int:
        return int(self.random.random() * limit)

    # --- values ---

    def emit(self, *code: int) -> None:
        self.code += bytes(code)

    def indexed(self, opcode: int, index: int) -> None:
        self.code.append(opcode)
        self.code += unsigned(index)

    def integer(self, value: int) -> None:
        self.code += b"\x41" + signed(value)

    def constant(self, type_: int) -> None:
        random_ = self.random
        if type_ in (I32, I64):
            value = random_.choice(INTEGERS)
            if self.many_constants:
                value = random_.getrandbits(31 if type_ == I32 else 62)
            self.code += bytes([0x41 if type_ == I32 else 0x42]) + signed(value)
        else:
            number = random_.uniform(-1e6, 1e6) if self.many_constants else random_.choice(NUMBERS)
            self.code += (
                struct.pack("<Bf", 0x43, number) if type_ == F32 else struct.pack("<Bd", 0x44, number)
            )
        self.stack.append(type_ | EXACT)

    def push(self, type_: int, effort: int = 2) -> None:
        """A value of the type: a constant, a local, or computed by a few instructions."""
        choice = self.below(10 if effort else 5)
        locals_ = self.by_type[type_]
        if choice < 1 or (choice < 4 and not locals_):
            self.constant(type_)
        elif choice < 4:
            self.indexed(0x20, locals_[self.below(len(locals_))])
            self.stack.append(type_)
        elif choice < 5:
            self.indexed(0x23, GLOBALS.index(type_) + self.below(2))
            self.stack.append(type_)
        elif choice < 7:
            self.push(type_, effort - 1)
            self.unary_to(type_)
        elif choice < 8:
            self.load(type_, effort - 1)
        else:
            self.push(type_, effort - 1)
            self.push(type_, effort - 1)
            self.arithmetic()

    def unary_to(self, type_: int) -> None:
        found = [code for code, result in UNARY[type_] if result == type_]
        self.emit(found[self.below(len(found))])
        self.stack[-1] = type_

    def canonical(self) -> None:
        """Replace the number on top by another if it is a NaN whose bits the engine chose."""
        type_ = self.stack[-1]
        if type_ & EXACT or type_ not in self.scratch:
            return
        scratch = self.scratch[type_]
        self.indexed(0x21, scratch)
        self.stack.pop()
        self.constant(type_)
        for _ in range(3):
            self.indexed(0x20, scratch)
        self.emit(NOT_EQUAL[type_], 0x1B)

    def need(self, types: Sequence[int]) -> None:
        """Make the top of the stack these types, with as much of what is there as fits."""
        have = [type_ & 0xFF for type_ in self.stack]
        wanted = list(types)
        keep = min(len(wanted), len(have))
        while keep and have[-keep:] != wanted[:keep]:
            keep -= 1
        for type_ in wanted[keep:]:
            self.push(type_)

    def operand(self) -> int:
        """The type on top, of a value that is there."""
        if not self.stack:
            self.push(TYPES[self.below(4)])
        return self.stack[-1] & 0xFF

    def sink(self) -> None:
        """Take the top off the stack, mostly to where it is seen."""
        type_ = self.operand()
        choice = self.below(10)
        if choice < 4 and self.by_type[type_]:
            self.indexed(0x21, self.by_type[type_][self.below(len(self.by_type[type_]))])
        elif choice < 8:
            self.indexed(0x24, GLOBALS.index(type_) + self.below(2))
        elif choice < 9 and len(self.stack) > 1 and self.stack[-2] & 0xFF == type_:
            self.arithmetic()
            return
        else:
            self.emit(0x1A)
        self.stack.pop()

    def finish(self, types: Sequence[int]) -> None:
        """End a block: its results, and nothing below them."""
        choice = self.below(12)
        if self.dead:
            for _ in self.stack:
                self.emit(0x1A)
            self.stack.clear()
            if choice < 6:
                return
        elif choice < 2 and self.labels[-1].counter is None:
            self.need(types)
            self.emit(0x0C, 0)  # leaves what is below behind
            return
        elif choice < 3:
            self.return_()
            return
        have = [type_ & 0xFF for type_ in self.stack]
        keep = 0
        while keep < min(len(have), len(types)) and have[keep] == types[keep]:
            keep += 1
        while len(self.stack) > keep:
            self.sink()
        for type_ in types[len(self.stack) :]:
            self.push(type_)

    # --- instructions without branches ---

    def run(self, steps: int) -> None:
        while steps > 0 and self.budget > 0:
            steps -= 1
            self.budget -= 1
            self.actions[self.below(len(self.actions))]()
            if self.dead and self.random.random() < 0.6:
                return

    def value(self) -> None:
        self.push(TYPES[self.below(4)], 1)

    def twice(self) -> None:
        """One local several times, and mostly what makes the interpreter put them into one slot."""
        local = self.below(self.settable) if self.settable else -1
        if local < 0:
            return
        for _ in range(self.random.choice((2, 2, 3))):
            self.indexed(0x20, local)
            self.stack.append(self.locals[local])
        choice = self.below(4)
        if choice == 0:
            self.push(self.locals[local])
            self.indexed(0x21, local)
            self.stack.pop()
        elif choice < 3:
            self.block()

    def unary(self) -> None:
        choices = UNARY[self.operand()]
        code, result = choices[self.below(len(choices))]
        self.emit(code)
        self.stack[-1] = result

    def convert(self) -> None:
        type_ = self.operand()
        if type_ in TO_FLOAT:
            code, result = TO_FLOAT[type_][self.below(5)]
            self.emit(code)
            self.stack[-1] = result | EXACT
        elif self.random.random() < 0.3:
            self.canonical()
            code, result = REINTERPRET[type_]
            self.emit(code)
            self.stack[-1] = result
        else:
            saturating, trapping, result = TO_INTEGER[type_][self.below(4)]
            if self.random.random() < 0.05:
                self.emit(trapping)
            else:
                self.emit(0xFC, saturating)
            self.stack[-1] = result

    def arithmetic(self) -> None:
        """Of the two values of one type on top."""
        type_ = self.stack[-1] & 0xFF
        low, high = ARITHMETIC[type_]
        code = low + self.below(high - low + 1)
        if type_ in DIVISIONS and code in DIVISIONS[type_] and self.random.random() < 0.95:
            self.emit(*((0x41, 0x03, 0x72) if type_ == I32 else (0x42, 0x03, 0x84)))  # no zero: or 3
            if code == DIVISIONS[type_][0]:
                code += 1  # the signed one can overflow
        self.emit(code)
        self.stack[-2:] = [type_]

    def binary(self) -> None:
        type_ = self.operand()
        if len(self.stack) < 2 or self.stack[-2] & 0xFF != type_:
            self.push(type_, 1)
        choice = self.random.random()
        if choice < 0.2:
            low, high = COMPARE[type_]
            self.emit(low + self.below(high - low + 1))
            self.stack[-2:] = [I32]
        elif choice < 0.3 and type_ in COPYSIGN:
            self.canonical()
            self.emit(COPYSIGN[type_])
            self.stack[-2:] = [type_]
        else:
            self.arithmetic()

    def select(self) -> None:
        type_ = self.operand()
        if type_ == I32 and len(self.stack) > 2 and self.stack[-2] & 0xFF == self.stack[-3] & 0xFF:
            type_ = self.stack[-2] & 0xFF
        else:
            if len(self.stack) < 2 or self.stack[-2] & 0xFF != type_:
                self.push(type_)
            self.push(I32)
        self.emit(0x1B)
        exact = self.stack[-3] & self.stack[-2] & EXACT
        self.stack[-3:] = [type_ | exact]

    def set(self) -> None:
        type_ = self.operand()
        found = self.by_type[type_]
        if found:
            self.indexed(0x21, found[self.below(len(found))])
            self.stack.pop()

    def tee(self) -> None:
        found = self.by_type[self.operand()]
        if found:
            self.indexed(0x22, found[self.below(len(found))])

    def address(self, effort: int) -> None:
        self.push(I32, effort)
        if self.random.random() < 0.99:
            self.integer(PAGES_MASK)
            self.emit(0x71)
        self.stack[-1] = I32

    def load(self, type_: int, effort: int = 1) -> None:
        self.address(effort)
        self.emit(LOADS[type_][self.below(len(LOADS[type_]))], 0, self.below(64))
        self.stack[-1] = type_ | EXACT

    def load_any(self) -> None:
        self.load(TYPES[self.below(4)])

    def store(self) -> None:
        """Of what is on top, or of a new value above an address that is there."""
        type_ = self.operand()
        if self.random.random() < 0.5 and len(self.stack) > 1 and self.stack[-2] & 0xFF == I32:
            if type_ in self.scratch:
                self.canonical()
        else:
            self.address(1)
            self.push(TYPES[self.below(4)])
            self.canonical()
            type_ = self.stack[-1] & 0xFF
        self.emit(STORES[type_][self.below(len(STORES[type_]))], 0, self.below(64))
        del self.stack[-2:]

    def drop(self) -> None:
        self.operand()
        self.emit(0x1A)
        self.stack.pop()

    def global_set(self) -> None:
        type_ = self.operand()
        self.indexed(0x24, GLOBALS.index(type_) + self.below(2))
        self.stack.pop()

    def memory(self) -> None:
        choice = self.below(4)
        if choice == 0:
            self.emit(0x3F, 0)
            self.stack.append(I32)
        elif choice == 1:
            if self.random.random() < 0.7:
                self.constant(I32)  # too much, or 0, 1, 2
            else:
                self.push(I32)
                self.integer(1)
                self.emit(0x71)
            self.emit(0x40, 0)
            self.stack[-1] = I32
        else:
            for _ in range(3):
                self.address(1)
            self.emit(*((0xFC, 0x0A, 0, 0) if choice == 2 else (0xFC, 0x0B, 0)))
            del self.stack[-3:]

    def table_in_bulk(self) -> None:
        """table.init, table.copy or elem.drop; mostly within bounds, of up to three elements."""
        choice = self.below(8)
        if choice == 0 and self.below(4) == 0:
            self.emit(0xFC, 0x0D, 1)
            return
        for mask in (3, 1, 3) if choice < 5 else (3, 3, 3):
            self.push(I32, 1)
            if self.random.random() < 0.98:
                self.integer(mask)
                self.emit(0x71)
            self.stack[-1] = I32
        self.emit(*((0xFC, 0x0C, 1, 0) if choice < 5 else (0xFC, 0x0E, 0, 0)))
        del self.stack[-3:]

    def data_in_bulk(self) -> None:
        """memory.init or data.drop."""
        if self.below(32) == 0:
            self.emit(0xFC, 0x09, 1)
            return
        self.address(1)
        for _ in range(2):
            self.push(I32, 1)
            if self.random.random() < 0.98:
                self.integer(63)
                self.emit(0x71)
            self.stack[-1] = I32
        self.emit(0xFC, 0x08, 1, 0)
        del self.stack[-3:]

    def call(self) -> None:
        functions = self.module.functions
        if not functions or not self.calls:
            return
        self.calls -= 1
        if len(functions) > self.module.imported + 1 and self.random.random() < 0.3:
            called = functions[self.below(self.module.imported + 1)]
            self.need([*called.params, I32])
            if self.random.random() < 0.9:  # mostly where that function is
                self.integer(0)
                self.emit(0x6C)
                self.integer(1 + functions.index(called))
                self.emit(0x6A)
            self.indexed(0x11, self.module.type_index(called.params, called.results))
            self.emit(0)
            self.stack.pop()
        else:
            index = self.below(len(functions))
            called = functions[index]
            self.need(called.params)
            self.indexed(0x10, index)
        if called.params:
            del self.stack[-len(called.params) :]
        self.stack += called.results

    # --- branches ---

    def block(self) -> None:
        if len(self.labels) > 7:
            return
        random_ = self.random
        kind = (0x02, 0x02, 0x03, 0x04)[self.below(4)]
        constants = self.below(3) if kind == 0x03 and random_.random() < 0.4 else 0
        for _ in range(constants):  # which the branch back must not overwrite
            self.constant(TYPES[self.below(4)])
        taken = min(len(self.stack), max(constants, random_.choice((0, 0, 1, 1, 2, 3, 5))))
        below = self.stack[: len(self.stack) - taken]
        params = [type_ & 0xFF for type_ in self.stack[len(below) :]]
        if random_.random() < 0.5:
            results = random_.choice(self.labels).types
        else:
            results = random_.choices(TYPES, k=random_.choice((0, 1, 1, 2, 3, 4)))
        with_else = kind == 0x04 and (random_.random() < 0.6)
        if kind == 0x04 and not with_else:
            results = params
        counter = None
        if kind == 0x03:
            counter = self.local(I32)
            self.integer(random_.randint(1, 3))
            self.indexed(0x21, counter)
        elif kind == 0x04:
            self.push(I32)
            self.stack.pop()
        self.emit(kind)
        if not params and not results and random_.random() < 0.8:
            self.emit(0x40)
        elif not params and len(results) == 1 and random_.random() < 0.8:
            self.emit(results[0])
        else:
            self.code += signed(self.module.type_index(params, results))
        outer_dead = self.dead
        for part in range(2 if with_else else 1):
            if part:
                self.emit(0x05)
            self.dead = False
            self.stack = list(params)
            self.labels.append(Label(params if counter is not None else results, counter))
            self.run(random_.randint(1, 12))
            if counter is not None and not self.dead and random_.random() < 0.6:
                self.again(params, counter)
            self.finish(results)
            self.labels.pop()
        self.emit(0x0B)
        self.dead = outer_dead
        self.stack = below + results

    def again(self, params: list[int], counter: int) -> None:
        """A branch back to the loop in progress."""
        self.need(params)
        self.count_down(counter)
        self.emit(0x0D, 0)
        self.taken_along(self.labels[-1])

    def count_down(self, counter: int) -> None:
        """Leaves 1 as often as the loop may be begun again, then 0."""
        self.indexed(0x20, counter)
        self.integer(1)
        self.emit(0x6B)
        self.indexed(0x22, counter)
        self.integer(0)
        self.emit(0x4A)

    def target(self) -> tuple[int, Label]:
        """Depth and label: one that what is on the stack fits, if there is one and luck has it."""
        depth = self.below(len(self.labels))
        if self.random.random() < 0.7:
            have = [type_ & 0xFF for type_ in self.stack]
            for i in range(len(self.labels)):
                other = (depth + i) % len(self.labels)
                types = self.labels[-1 - other].types
                if types and have[-len(types) :] == types:
                    return other, self.labels[-1 - other]
        return depth, self.labels[-1 - depth]

    def taken_along(self, label: Label) -> None:
        """Afterwards the values of a branch that was not taken have the label's types."""
        if label.types:
            self.stack[-len(label.types) :] = label.types

    def br_if(self) -> None:
        depth, label = self.target()
        self.need(label.types)
        if label.counter is not None:
            self.count_down(label.counter)
            if self.random.random() < 0.3:
                self.push(I32)
                self.stack.pop()
                self.emit(0x71)
        else:
            self.push(I32)
            self.stack.pop()
        self.indexed(0x0D, depth)
        self.taken_along(label)

    def br(self) -> None:
        depth, label = self.target()
        self.need(label.types)
        if label.counter is not None:
            self.count_down(label.counter)
            self.emit(0x04)
            self.code += signed(self.module.type_index(label.types, label.types))
            self.indexed(0x0C, depth + 1)
            self.emit(0x0B)
            self.taken_along(label)
        else:
            self.indexed(0x0C, depth)
            self.end_of_life()

    def br_table(self) -> None:
        _, label = self.target()
        same = [i for i in range(len(self.labels)) if self.labels[-1 - i].types == label.types]
        forward = [i for i in same if self.labels[-1 - i].counter is None]
        if not forward:
            return
        self.need(label.types)
        targets = [forward[self.below(len(forward))]]
        targets += self.random.choices(same, k=self.random.choice((0, 1, 2, 3, 3, 8)))
        self.push(I32)
        if self.random.random() < 0.8:
            self.integer(self.random.choice((1, 3, 3, 7)))
            self.emit(0x71)
        self.stack.pop()
        for depth in sorted(set(targets)):
            counter = self.labels[-1 - depth].counter
            if counter is not None:  # the last time the first target, which is no loop
                self.count_down(counter)
                self.emit(0x6C)
        if len(targets) == 1 or self.random.random() < 0.5:
            targets.append(forward[self.below(len(forward))])
        self.emit(0x0E)
        self.code += unsigned(len(targets) - 1)
        for depth in targets:
            self.code += unsigned(depth)
        self.end_of_life()

    def return_(self) -> None:
        self.need(self.signature.results)
        self.emit(0x0F)
        self.end_of_life()

    def leave(self) -> None:
        if self.random.random() < 0.3:
            self.return_()
        elif self.random.random() < 0.03:
            self.emit(0x00)
            self.end_of_life()

    def end_of_life(self) -> None:
        self.stack.clear()
        self.dead = True


ACTIONS = [
    ("value", 16), ("twice", 3), ("unary", 8), ("convert", 6), ("binary", 8), ("select", 6), ("set", 4),
    ("tee", 5), ("load_any", 2), ("store", 3), ("drop", 1), ("global_set", 1), ("memory", 1), ("call", 2),
    ("table_in_bulk", 1), ("data_in_bulk", 1), ("block", 10), ("br_if", 7), ("br", 2), ("br_table", 4),
    ("leave", 1),
]  # fmt: skip


def make(seed: str) -> bytes:
    """A valid module; the same for the same seed."""
    return Module(seed).bytes
