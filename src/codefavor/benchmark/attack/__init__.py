"""Owns attacking a judge: changes to a code that change nothing that matters, and how often the verdict turns."""
