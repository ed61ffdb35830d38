"""What a model gets wrong: the labels, the examples and the pairs of labels on which it fails most."""
