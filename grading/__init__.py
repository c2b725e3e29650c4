"""What the checks of `test_utils` are made of: build what a function makes, read it as a graph, decide on it."""
