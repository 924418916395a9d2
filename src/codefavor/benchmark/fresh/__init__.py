"""Benchmarks made anew: problems with pools of solutions, oracles that grade them, and tasks that blind judges fail."""
