"""`python -m zpix` is `zpix`; launchers such as torchrun start it this way."""

from zpix.cli import main

if __name__ == "__main__":
    main()
