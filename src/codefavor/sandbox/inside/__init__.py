"""What runs inside the sandbox, on the standard library alone: the clean parent, one run, and what it gives up."""
