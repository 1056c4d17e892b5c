"""Files that hold models, and what is known of their formats; llm/ and embed.py say what a model computes.

- fetch: models by name, downloaded once into a cache of the user
- weights: zcwasm.Weights, a mapped file, and which of the two readers takes it
- gguf, safetensors: readers of headers: metadata, and which tensors lie where
- model_file: what a reader gives, and how it fails
- opened: what an open model is, whoever computes with it
- bert_files: the folder of a sentence model beside its weights
"""
