"""Which functions of a linked kernel keep an array on their stack, and which of them check a canary.

Part of lint.py. The compiler guards functions with arrays of characters of its own accord
(-fstack-protector); those with arrays of anything else, or with structures that hold one, say
__stack_guarded. (-fstack-protector-strong would also guard the three times as many functions that
only take a variable's address.)
"""
import collections
import re
import subprocess

ENTRY = re.compile(r"\s*<([0-9a-f]+)><([0-9a-f]+)>: Abbrev Number: (\d+)(?: \(DW_TAG_(\w+)\))?")
ATTRIBUTE = re.compile(r"\s*<[0-9a-f]+>\s+DW_AT_(name|type|location|abstract_origin)\s*: (.*)")
WRAPPERS = {"typedef", "const_type", "volatile_type"}
AGGREGATES = {"structure_type", "union_type"}
FRAME = re.compile(r"\(DW_OP_fbreg: -?\d+\)$")


class Entry:
    def __init__(self, tag, parent):
        self.tag, self.parent = tag, parent
        self.name = self.type = self.abstract_origin = self.location = None
        self.members = []


def read_entries(elf):
    """{offset: Entry} of the debug information."""
    entries, stack, entry = {}, [], None
    out = subprocess.run(["readelf", "--debug-dump=info", "-W", elf], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, text=True, errors="replace").stdout
    for line in out.splitlines():
        if m := ENTRY.match(line):
            del stack[int(m.group(1), 16):]
            entry = Entry(m.group(4), stack[-1] if stack else None)
            if m.group(4):
                if stack:
                    stack[-1].members.append(entry)
                stack.append(entry)
                entries[int(m.group(2), 16)] = entry
        elif entry and (m := ATTRIBUTE.match(line)):
            key, value = m.group(1), m.group(2).strip()
            if key in ("type", "abstract_origin"):
                value = re.search(r"<0x([0-9a-f]+)>", value)
                value = value and int(value.group(1), 16)
            elif key == "name":
                value = re.split(r": |\) ", value)[-1]
            setattr(entry, key, value)
    return entries


def arrays_on_stacks(entries):
    """{function: names of its variables that are or hold an array}."""
    holds = {}

    def resolve(entry, key):
        while entry and getattr(entry, key) is None:
            entry = entries.get(entry.abstract_origin)
        return entry and getattr(entry, key)

    def has_array(offset):
        if offset not in holds:
            holds[offset] = False
            entry = entries.get(offset)
            if entry and entry.tag == "array_type":
                element = entries.get(entry.type)
                holds[offset] = not (element and element.name == "__va_list_tag")
            elif entry and entry.tag in WRAPPERS:
                holds[offset] = has_array(entry.type)
            elif entry and entry.tag in AGGREGATES:
                holds[offset] = any(m.tag == "member" and has_array(m.type) for m in entry.members)
        return holds[offset]

    found = collections.defaultdict(set)
    for entry in entries.values():
        if entry.tag == "variable" and entry.location and FRAME.search(entry.location) and \
                has_array(resolve(entry, "type")):
            function = entry.parent
            while function and function.tag != "subprogram":
                function = function.parent
            found[resolve(function, "name")].add(resolve(entry, "name"))
    return found


def guarded_functions(elf):
    """Names, without the compiler's suffixes, of the functions that check a canary; and of all that
    return."""
    out = subprocess.run(["objdump", "-d", "--no-show-raw-insn", elf], stdout=subprocess.PIPE,
                         text=True).stdout
    guarded, returning, name = set(), set(), None
    for line in out.splitlines():
        if m := re.match(r"[0-9a-f]+ <(\w+)\S*>:", line):
            name = m.group(1)
        elif "__stack_chk_fail" in line:
            guarded.add(name)
        elif "\tret" in line:
            returning.add(name)
    return guarded, returning


def unguarded_arrays(elf):
    """[(function, variables)] of functions with an array on the stack and no canary."""
    guarded, returning = guarded_functions(elf)
    arrays = arrays_on_stacks(read_entries(elf))
    return sorted((f, sorted(v)) for f, v in arrays.items() if f in returning - guarded)
