"""CodeFavor decides which of two pieces of code is better."""
