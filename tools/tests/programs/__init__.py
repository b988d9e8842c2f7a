"""Tests of tools/programs/."""
