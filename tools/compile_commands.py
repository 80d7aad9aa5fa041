#!/usr/bin/env python3
"""compile_commands.json on stdout. Usage: compile_commands.py COMMAND FILE... [-- COMMAND FILE...]"""
import json
import os
import sys


def main():
    entries, groups = [], [[]]
    for word in sys.argv[1:]:
        if word == "--":
            groups.append([])
        else:
            groups[-1].append(word)
    for group in groups:
        for path in group[1:]:
            entries.append({"directory": os.getcwd(), "file": path,
                            "command": f"{group[0]} -c {path}"})
    json.dump(entries, sys.stdout, indent=1)
    print()


main()
