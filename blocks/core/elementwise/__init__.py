"""What is done to every entry by itself, and sums and products of tensors."""
