"""What a judge can show without a model: run the codes, time them, scan them."""
