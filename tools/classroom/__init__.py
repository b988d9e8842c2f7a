"""Exercises: the words for them, the checks, the wrong answers, handouts, grading."""
