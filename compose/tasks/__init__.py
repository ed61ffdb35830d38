"""What a step sees: episodes of classes and tasks of labels, their pools and samplers."""
