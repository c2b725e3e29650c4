"""What the notebook imports and a learner need not read, and the commands of the lesson."""
