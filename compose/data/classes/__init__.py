"""Sources of pictures that show one class each."""
