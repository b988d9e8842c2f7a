"""Tests of tools/classroom/."""
