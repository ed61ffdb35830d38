"""Tables of papers: their rows trained, and put beside what is printed."""
