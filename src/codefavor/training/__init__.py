"""TrainingExample → checkpoint."""
