"""The process in which _glsl.py has Slang compile: where that crashes, or never ends, the program goes on.

    python -I -S _slang.py LIBRARY FILE < TEXT

LIBRARY is Slang's, FILE what it calls the text in its messages. Prints a JSON object: "spirv" (hexadecimal),
or "said", why there is none. Standard library only, and nothing of this package.
"""

from __future__ import annotations

import ctypes
import json
import sys

# Of slang.h, where numbers of an enumeration are never used again for something else. Functions whose names
# begin with sp are the library's C interface.
GLSL, COMPUTE, SPIRV = 3, 6, 6
MINIMUM_LANGUAGE = 2025
PROFILE = b"spirv_1_3"  # what every Vulkan 1.1 takes

RESULTS: dict[str, type | None] = {
    "slang_createGlobalSession2": ctypes.c_int32,
    "spCreateCompileRequest": ctypes.c_void_p,
    "spFindProfile": ctypes.c_uint32,
    "spSetCodeGenTarget": None,
    "spSetTargetProfile": None,
    "spAddTranslationUnit": ctypes.c_int,
    "spAddTranslationUnitSourceString": None,
    "spAddEntryPoint": ctypes.c_int,
    "spCompile": ctypes.c_int32,
    "spGetDiagnosticOutput": ctypes.c_char_p,
    "spGetEntryPointCode": ctypes.c_void_p,
}


class GlobalSessionDesc(ctypes.Structure):
    _fields_ = [
        ("structure_size", ctypes.c_uint32),
        ("api_version", ctypes.c_uint32),
        ("minimum_language", ctypes.c_uint32),
        ("enable_glsl", ctypes.c_bool),
        ("reserved", ctypes.c_uint32 * 16),
    ]


class Refused(Exception):
    """The compiler says why."""


def load(path: str) -> ctypes.CDLL:
    library = ctypes.CDLL(path)
    for name, result in RESULTS.items():
        getattr(library, name).restype = result
    return library


def begin(library: ctypes.CDLL) -> ctypes.c_void_p:
    wanted = GlobalSessionDesc(ctypes.sizeof(GlobalSessionDesc), 0, MINIMUM_LANGUAGE, True)
    session = ctypes.c_void_p()
    code = library.slang_createGlobalSession2(ctypes.byref(wanted), ctypes.byref(session))
    if code < 0 or not session:
        raise Refused(f"Slang does not start: code {code & 0xFFFFFFFF:#x}")
    return session


def compiled(library: ctypes.CDLL, session: ctypes.c_void_p, text: bytes, file: bytes) -> bytes:
    request = ctypes.c_void_p(library.spCreateCompileRequest(session))
    library.spSetCodeGenTarget(request, SPIRV)
    library.spSetTargetProfile(request, 0, library.spFindProfile(session, PROFILE))
    unit = library.spAddTranslationUnit(request, GLSL, b"kernel")
    library.spAddTranslationUnitSourceString(request, unit, file, text)
    entry = library.spAddEntryPoint(request, unit, b"main", COMPUTE)
    if library.spCompile(request) >= 0:
        size = ctypes.c_size_t()
        found = library.spGetEntryPointCode(request, entry, ctypes.byref(size))
        if found:
            return ctypes.string_at(found, size.value)
    raise Refused((library.spGetDiagnosticOutput(request) or b"").decode("utf-8", "replace"))


def main(path: str, file: str) -> None:
    text = sys.stdin.buffer.read()
    try:
        library = load(path)
        answer = {"spirv": compiled(library, begin(library), text, file.encode()).hex()}
    except Refused as error:
        answer = {"said": str(error)}
    except (OSError, AttributeError) as error:
        answer = {"said": f"this version of slangpy is not understood: {error}"}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
