"""The diagram of a model, and the neighbourhood of a label."""
