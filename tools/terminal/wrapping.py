"""Wraps text: English breaks between words, Chinese between any two characters."""

import re
import unicodedata

NOT_FIRST = set("，。、；：？！）」』】》〉”’…—～·") | set(",.;:?!)]}")  # never begin a line
NOT_LAST = set("（「『【《〈“‘([{")                                     # never end one
# What comes before a line's text, such as a list mark; continuation lines align with the text.
LEAD = re.compile(r" *(?:(?:[-*>✗✓#$]|\d+\.) +)?")
COLUMN = re.compile(r" *\S.*? {2,}(?=\S)")  # in a table: everything before the second column
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
UNBROKEN = r"\./tour [a-z]+(?: \d+/[\w-]+)?(?: --[\w-]+)?\S*"  # stays on one line, to be copied
WORD_OF_A_COMMAND = re.compile(r"""(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\])+""")


def width(text):
    """How many columns of a terminal a text takes."""
    return sum(map(columns, text))


def columns(character):
    """How many columns a character takes: two for a Chinese one, none for a combining accent."""
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if is_wide(character) else 1


def is_wide(character):
    """Whether a character takes two columns."""
    return unicodedata.east_asian_width(character) in "WF"


def rows(line, across):
    """How many rows a line takes in a terminal of `across` columns, escapes and tabs included."""
    return max(1, -(-width(ESCAPES.sub("", line).expandtabs()) // across))


def wrapped(line, across):
    """A line, wrapped to at most `across` columns. A longer word stays whole."""
    if width(line) <= across:
        return [line]
    indent = " " * hanging(line, across)
    lines, text, used = [], "", 0
    for gap, piece in pieces(line):
        size = width(piece)
        if text.strip() and used + len(gap) + size > across:
            lines.append(text)
            text, used, gap = indent, len(indent), ""
        text += gap + piece
        used += len(gap) + size
    return [*lines, text]


def hanging(line, across):
    """The indent of continuation lines."""
    lead, column = len(LEAD.match(line).group()), COLUMN.match(line)
    found = width(column.group()) if column else lead
    return next((size for size in (found, lead) if size <= across // 2), 0)


def pieces(line):
    """The unbreakable pieces of a line, each with the blanks before it."""
    for match in re.finditer(rf"( *)({UNBROKEN}|\S+)", line):
        gap, word = match.groups()
        start = 0
        for at in range(1, len(word)):
            if may_break(word[at - 1], word[at]):
                yield gap, word[start:at]
                gap, start = "", at
        yield gap, word[start:]


def may_break(before, after):
    """Whether a line may break between two characters of a word."""
    return ((is_wide(before) or is_wide(after))
            and before not in NOT_LAST and after not in NOT_FIRST)


def wrapped_command(line, across):
    """A shell command, wrapped so that it can be pasted: every line but the last ends in \\."""
    if width(line) <= across:
        return [line]
    lead = len(LEAD.match(line).group())
    first, *words = WORD_OF_A_COMMAND.findall(line[lead:])
    if " ".join([first, *words]) != line[lead:]:
        return [line]  # its blanks may be significant
    lines, text = [], line[:lead] + first
    for word in words:
        if width(text) + width(word) + 3 > across and len(text) > lead + 2:
            lines.append(text + " \\")
            text = " " * (lead + 2) + word
        else:
            text += " " + word
    return [*lines, text]
