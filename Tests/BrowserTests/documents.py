"""The examples in the project's documents, as something to be executed: what a page says a command prints, it prints."""

import re

from conftest import ROOT


class Document:
    def __init__(self, path):
        self.text = (ROOT / path).read_text()

    def blocks(self, language):
        return re.findall(rf"^```{language}\n(.*?)^```", self.text, re.MULTILINE | re.DOTALL)

    def commands(self):
        """What stands after each prompt, and what is shown as printed."""
        for block in self.blocks("console"):
            for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, _, expected = step.partition("\n")
                # A hash begins with a dollar sign too, but not with a dollar sign and a space.
                yield command, expected


def pattern(expected):
    """The text, in which `…` stands for anything."""
    return ".*".join(re.escape(part) for part in expected.split("…"))
