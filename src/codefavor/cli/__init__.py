"""The commands: words become objects, one library function is called, its result is printed."""
