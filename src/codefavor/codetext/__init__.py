"""Code as text, no models: comments, docstrings, fences, similarity."""
