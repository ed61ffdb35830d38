"""What goes wrong in a block, or between two, as errors at their lines."""
