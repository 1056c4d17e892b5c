"""Compiler settings shared by setup.py, fuzz.py and metal.py."""

COMMON = ["-O3", "-fvisibility=hidden", "-fno-math-errno", "-pthread"]
# What a table calls and nobody wrote, a kernel or an unpacking of weights, must fail here and not at import.
OURS = ["-std=c11", "-Wall", "-Wextra", "-Werror=implicit-function-declaration"]
# Upstream's, and: the interpreter lives on tail calls, which a stack protector prevents; it reads memory
# through differing types; contracting a * b + c would change results of WebAssembly, whose integers wrap.
WASM3 = ["-std=gnu11", "-w", "-fomit-frame-pointer", "-fno-stack-protector", "-fno-strict-aliasing"]
# Operations jump to each other, so where they lie decides some 10% of the speed: aligned, it is stable.
WASM3 += ["-ffp-contract=off", "-fwrapv", "-falign-functions=64"]
OBJECTIVE_C = ["-std=gnu11", "-Wall", "-Wextra", "-fblocks", "-fno-objc-arc"]
# Without CoreGraphics the system gives a program that is no app no default Metal device.
METAL_FRAMEWORKS = ["Foundation", "Metal", "CoreGraphics"]
