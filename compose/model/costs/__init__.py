"""What a model costs before it is trained: weights, memory, floating-point operations, in numbers and in words."""
