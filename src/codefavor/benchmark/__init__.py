"""BenchmarkTask + Judge → Judgement."""
