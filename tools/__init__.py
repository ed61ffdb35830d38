"""Scripts that make shipped files, and checks of the project itself."""
