"""The border around strangers' code: a process of its own for each submission, from which only data comes back."""
