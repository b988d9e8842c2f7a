"""What the pages point at is there: the files of their links, and the names that they say a file of
ours has ("`run` and `turn` in [reactor.cpp](...)", "`call_later` in `common/...`")."""

import re
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from testing import harness  # pylint: disable=wrong-import-position

CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!`)\[[^\]`]+\]\(([^)\s#]+)(?:#[^)]*)?\)")
NAMES = r"((?:`[\w:.()<>, ]+`(?:, | and |, and )?)+)(?: is| are)?(?: also)? in\s+"
IN_A_LINK = re.compile(NAMES + r"\[[^\]]+\]\(([^)\s#]+\.[hc]pp)\)")
IN_A_PATH = re.compile(NAMES + r"`((?:common|part\d\d-[\w-]+)/[\w/.-]+\.[hc]pp)`")
PATH = re.compile(r"`((?:common|tools|part\d\d-[\w-]+)/[\w/.-]+\.(?:[hc]pp|py|md))`")


def pages():
    """The pages and hints, without what they show as code; not CHANGELOG.md, which has old names."""
    for file in sorted(ROOT.glob("**/*.md")):
        parts = file.relative_to(ROOT).parts
        if parts[0] not in ("my", "CHANGELOG.md") and not parts[0].startswith("build"):
            yield file, CODE.sub("", file.read_text(encoding="utf-8"))


def identifiers(names):
    """The last word of each name: "turn" of `Reactor::turn`, "check" of `check<E>()`."""
    for name in re.findall(r"`([^`]+)`", names):
        words = re.findall(r"\w+", re.sub(r"[<(].*", "", name))
        if words:
            yield words[-1]


class Links(unittest.TestCase):
    """Nothing points into the void."""

    def assert_has(self, page, names, file):
        text = file.read_text(encoding="utf-8")
        for name in identifiers(names):
            with self.subTest(f"{page.relative_to(ROOT)}: {name} in {file.name}"):
                self.assertRegex(text, rf"\b{name}\b")

    def test_every_file_is_there(self):
        for page, text in pages():
            links = [page.parent / link for link in LINK.findall(text)
                     if ":" not in link and "…" not in link]
            for file in [*links, *(ROOT / path for path in PATH.findall(text))]:
                with self.subTest(f"{page.relative_to(ROOT)}: {file}"):
                    self.assertTrue(file.exists())

    def test_every_name_is_there(self):
        found = 0
        for page, text in pages():
            places = [(names, page.parent / link) for names, link in IN_A_LINK.findall(text)]
            places += [(names, ROOT / path) for names, path in IN_A_PATH.findall(text)]
            for names, file in places:
                if file.exists():
                    self.assert_has(page, names, file)
                    found += 1
        self.assertGreater(found, 30)


if __name__ == "__main__":
    harness.main()
