"""Exercises: checks, hints, wrong answers, proofs, handouts, grading."""
