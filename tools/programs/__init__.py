"""Builds and starts programs: Meson and Ninja, processes, ports, demo scripts, expected output."""
