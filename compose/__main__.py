"""``python -m compose``: the command line."""

from compose.cli import main

if __name__ == "__main__":
    main()
