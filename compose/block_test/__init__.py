"""Try one block by itself: what it declares against what it does."""
