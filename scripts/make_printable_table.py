#!/usr/bin/python3
"""Writes codec/printable.cpp: which code points Python's str.isprintable() accepts, as a bitmap of shared pages.

Run under the Python whose Unicode version is wanted: /usr/bin/python3 scripts/make_printable_table.py > codec/printable.cpp
"""
import unicodedata

PAGE = 256
TOP = 0x110000


def rows(items, per_row, form):
    return "\n".join("    " + " ".join(form % item + "," for item in items[i:i + per_row])
                     for i in range(0, len(items), per_row))


def main():
    pages, index = [], []
    for start in range(0, TOP, PAGE):
        words = tuple(sum(chr(start + word * 64 + bit).isprintable() << bit for bit in range(64)) for word in range(PAGE // 64))
        if words not in pages:
            pages.append(words)
        index.append(pages.index(words))
    assert len(pages) <= 256
    while index[-1] == index[-2]:  # the last page stands for all that follow
        index.pop()
    print("// Made by scripts/make_printable_table.py from Unicode %s: do not edit." % unicodedata.unidata_version)
    print("// The bitmap of printable code points in pages of %d; equal pages are kept once." % PAGE)
    print("#include <codec/printable.hpp>\n\n#include <algorithm>\n#include <cstddef>\n#include <cstdint>\n#include <iterator>\n")
    print("namespace engine {\nnamespace {\n")
    print("constexpr std::uint8_t page_of[%d] = {\n%s\n};\n" % (len(index), rows(index, 32, "%d")))
    print("constexpr std::uint64_t pages[%d][%d] = {" % (len(pages), PAGE // 64))
    for words in pages:
        print("    {%s}," % ", ".join("0x%016x" % word for word in words))
    print("};\n\n}  // namespace\n")
    print("bool is_printable(char32_t point) {")
    print("  const std::size_t page = page_of[std::min<std::size_t>(point >> 8, std::size(page_of) - 1)];")
    print("  return pages[page][point >> 6 & 3] >> (point & 63) & 1;\n}\n\n}  // namespace engine")


main()
