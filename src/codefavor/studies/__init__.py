"""Controlled experiments: the same training and evaluation again and again, one thing varied at a time."""
