"""What an instruction asks for: the function, its examples, and whether what codes did meets them."""
