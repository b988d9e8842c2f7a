"""Talks to a person: wrapped lines, pages, prompts, arguments, the language."""
