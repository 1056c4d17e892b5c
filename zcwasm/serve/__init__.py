"""A server with OpenAI's interface over language models and embedding models:

    model = zcwasm.llm.Model.open("smollm2-135m")
    with model.batcher(sequences=32) as batcher:
        app = zcwasm.serve.application({"smollm2-135m": batcher})
        zcwasm.serve.run(app, zcwasm.serve.listen("127.0.0.1", 8000), grace=30, ready=lambda: print("ready"))

`application` is an ASGI application, which any such server takes. `zcwasm serve` does all of this. Extra:
pip install 'zcwasm[serve]'. docs/howto/serve.md says what requests may ask.
"""

from zcwasm._extras import needed_for

with needed_for("zcwasm.serve"):
    from zcwasm.serve._app import application
    from zcwasm.serve._limits import ServerLimits
    from zcwasm.serve._server import address_of, listen, run

for _public in (ServerLimits, address_of, application, listen, run):
    _public.__module__ = __name__
del _public

__all__ = ["ServerLimits", "address_of", "application", "listen", "run"]
