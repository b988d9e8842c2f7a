"""What a person reads and types: lines that fit, pages, prompts, the words after ./tour."""
