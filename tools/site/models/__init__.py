"""A page for each packaged spec: a paper, a baseline, a hybrid."""
