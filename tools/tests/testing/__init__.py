"""Tests of tools/testing/."""
