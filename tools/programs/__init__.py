"""The repository's programs: building them, starting them, and what they should print."""
