"""The pages of the documentation site that are made from the project itself, when the site is built."""
