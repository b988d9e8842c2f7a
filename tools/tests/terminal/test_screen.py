"""Long output is cut."""

import io
import unittest

from terminal.screen import HEAD, TAIL, Cut, Screen


def cut(*chunks):
    """What a person sees of output that arrives in these chunks."""
    stream = io.BytesIO()
    shown = Cut(Screen(stream), indent=b"")
    for chunk in chunks:
        shown.feed(chunk)
    shown.end()
    return stream.getvalue()


def lines(count):
    """Output of this number of lines."""
    return b"".join(b"%d\n" % number for number in range(count))


class Cutting(unittest.TestCase):
    """Cut shows all of a short output, and both ends of a long one."""

    def test_short(self):
        for count in range(HEAD + TAIL + 1):
            self.assertEqual(cut(lines(count)), lines(count))

    def test_long(self):
        shown = cut(lines(100)).splitlines()
        self.assertEqual(shown, [*lines(HEAD).splitlines(), b"... (85 more lines)",
                                 b"97", b"98", b"99"])

    def test_chunks_and_a_last_line_without_an_end(self):
        self.assertEqual(cut(b"a", b"b\nc", b"\n\nd"), b"ab\nc\n\nd\n")

    def test_it_does_not_wait_for_the_end(self):
        stream = io.BytesIO()
        Cut(Screen(stream), indent=b"  ").feed(b"at once\nlater")
        self.assertEqual(stream.getvalue(), b"  at once\n")

    def test_bytes_stay_what_they_are(self):
        self.assertEqual(cut(b"\xff\xc3\xa8\n"), b"\xff\xc3\xa8\n")


if __name__ == "__main__":
    unittest.main()
