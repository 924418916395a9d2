"""PreferencePair → TrainingExample."""
