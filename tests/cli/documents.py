#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""documents.py SOURCE: what the documents name is there: files, commands and their options;
and so is every document that the code names.

The options are those of docs/erg.bash, which cli/manual holds against the program."""
import pathlib
import re
import shlex
import sys

SOURCE = pathlib.Path(sys.argv[1])
TEXTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md",
         *sorted(f"docs/{path.name}" for path in (SOURCE / "docs").glob("*.md"))]
ROOMS = "src cli daemon tests tools docs examples plugins bench fuzz data python include"
PLACE = re.compile(r"`((?:%s)/[\w./-]+)`" % ROOMS.replace(" ", "|"))
LINK = re.compile(r"\]\(([\w./-]+)\)")
BUILT = re.compile(r"\bbuild/(?!(?:release|checked|threads|bare|fuzzed)\b)[\w./-]+")
TYPED = re.compile(r"(?:^|[;(`]|(?<!#)\s)erg ([a-z][^;|`]*)")
DOCUMENT = re.compile(r"[\w./-]+\.md\b")
OTHERS_DOCUMENTS = ["Operators.md", "ContribOperators.md"]     # of ONNX and its runtime
# Whoever reads "NAME" or a date in a path knows that another stands there.
STANDS_FOR = re.compile(r"[A-Z]{3,}|\d{8}")


def options_of_commands():
    """erg's commands, each with the options that it takes, the common ones among them."""
    text = (SOURCE / "docs/erg.bash").read_text(encoding="utf-8")
    rows = re.findall(r'^ +([a-z]+)\) words="([^"]*)"', text, re.M)
    common = set(re.findall(r"--[a-z][a-z-]*", text[text.index("esac"):]))
    return {name: set(words.split()) | common | {"--help", "--version"} for name, words in rows}


def lines_as_typed(text):
    """Indented lines, their continuations joined, and what stands in backticks."""
    joined = re.sub(r"\\\n\s+", " ", text)
    yield from re.findall(r"^    (.*)$", joined, re.M)
    yield from re.findall(r"`([^`]*)`", joined)


def faults_of_command(words, options):
    """What a line that was typed names and erg does not have."""
    if words[0] not in options:
        yield f"there is no erg {words[0]}"
        return
    for word in words[1:]:
        if word == "--" or word.startswith("#"):
            return
        name = re.match(r"--[a-z][a-z-]*", word)
        if name and name.group() not in options[words[0]]:
            yield f"erg {words[0]} has no {name.group()}"


def faults_of(name, options):
    text = (SOURCE / name).read_text(encoding="utf-8")
    for path in PLACE.findall(text):
        if not STANDS_FOR.search(path) and not (SOURCE / path).exists():
            yield f"{path} is not there"
    for path in BUILT.findall(text):
        yield f"{path} is in none of the folders that make builds in"
    for path in LINK.findall(text):
        if not (SOURCE / name).parent.joinpath(path).exists():
            yield f"the link to {path} leads nowhere"
    for line in lines_as_typed(text):
        for typed in TYPED.findall(line):
            try:
                words = shlex.split(typed, comments=True)
            except ValueError:      # a quotation that the sentence around it closes
                words = typed.split()
            yield from faults_of_command(words, options)


def lost_documents():
    """Documents that the code names and that are not there."""
    folders = [SOURCE / room for room in ROOMS.split() if room != "docs"]
    codes = (path for folder in folders for path in folder.rglob("*.[ch]"))
    for path in codes:
        for name in DOCUMENT.findall(path.read_text(encoding="utf-8")):
            if name not in OTHERS_DOCUMENTS and not (SOURCE / name).exists():
                yield f"{path.relative_to(SOURCE)}: {name} is not there"


def main():
    options = options_of_commands()
    for number, name in enumerate(TEXTS, 1):
        faults = sorted(set(faults_of(name, options)))
        for fault in faults:
            print(f"# {name}: {fault}")
        print(f"{'not ok' if faults else 'ok'} {number} - {name} names what is there")
    lost = sorted(lost_documents())
    for fault in lost:
        print(f"# {fault}")
    print(f"{'not ok' if lost else 'ok'} {len(TEXTS) + 1} - the code names documents that are there")
    print(f"1..{len(TEXTS) + 1}")


main()
