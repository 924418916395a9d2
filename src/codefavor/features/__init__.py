"""Comparison → numbers for the feature model, and blind probes of a data set."""
