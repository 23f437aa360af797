"""The parts of `./dev`. Standard library only, except the modules that say they run inside `.venv`."""
