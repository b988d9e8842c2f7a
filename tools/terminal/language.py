"""The learner's language: English or Chinese."""

import os

LANGUAGES = ("en", "zh")


def language(environment=None):
    """The locale's language. As in POSIX, the first of three variables that is not empty counts."""
    environment = os.environ if environment is None else environment
    values = (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "zh" if next(filter(None, values), "").startswith("zh") else "en"
