"""Where real code comes from."""
