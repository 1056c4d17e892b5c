"""The guests that ship with the package. layouts.py: what Python knows of them. README.md: what each is."""
