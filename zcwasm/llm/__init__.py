"""Language models, driven by a WebAssembly guest:

    model = zcwasm.llm.Model.open("SmolLM2-135M-Instruct.Q4_1.gguf")
    session = model.session(context=2048)
    for token in session.generate("Once upon a time", max_new_tokens=64):
        print(token.text, end="", flush=True)

The weights are the mapped file, shared by every session; a session is a guest (guests/llama.c) whose memory
holds the activations, the key-value cache and the sampler's state. docs/explanation/tokens.md has the whole
picture.
"""

from zcwasm.llm._batcher import Batcher, BatchOptions
from zcwasm.llm._choices import Choices, Logprobs
from zcwasm.llm._config import Config
from zcwasm.llm._constraint import Constraint
from zcwasm.llm._fit import ContextError, ContextPolicy
from zcwasm.llm._generation import Finish, GenerateOptions, Token, Usage
from zcwasm.llm._kept import KvDtype
from zcwasm.llm._model import Model
from zcwasm.llm._prefixes import PrefixCache
from zcwasm.llm._rope import Rope, Yarn
from zcwasm.llm._sampling import Sampling
from zcwasm.llm._session import Session
from zcwasm.llm._stream import Completion, Stream
from zcwasm.llm._tool_calls import ToolCall, parse_tool_calls
from zcwasm.llm._worker import BatcherStats, QueueFullError

# Where users find them is what tracebacks, reprs and pickles say.
_public: type
for _public in (
    *(Batcher, BatcherStats, BatchOptions, Choices, Completion, Config, Constraint, ContextError),
    *(GenerateOptions, Logprobs, Model, PrefixCache, QueueFullError, Rope, Sampling, Session, Stream),
    *(Token, ToolCall, Usage, Yarn),
):
    _public.__module__ = __name__
parse_tool_calls.__module__ = __name__
del _public

__all__ = [
    "BatchOptions",
    "Batcher",
    "BatcherStats",
    "Choices",
    "Completion",
    "Config",
    "Constraint",
    "ContextError",
    "ContextPolicy",
    "Finish",
    "GenerateOptions",
    "KvDtype",
    "Logprobs",
    "Model",
    "PrefixCache",
    "QueueFullError",
    "Rope",
    "Sampling",
    "Session",
    "Stream",
    "Token",
    "ToolCall",
    "Usage",
    "Yarn",
    "parse_tool_calls",
]
