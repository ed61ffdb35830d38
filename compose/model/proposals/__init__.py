"""What would make a value fit that does not: candidates, each tried by the engine that found the mismatch."""
