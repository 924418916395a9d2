"""Real code → PreferencePair | Rejection."""
