"""Pictures: the diagram of a model, the neighbourhood of a label, attention over pictures, the use of modules."""
