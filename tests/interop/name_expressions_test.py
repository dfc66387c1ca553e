"""Regular expressions for names, by pyro4-ns (Python's re) and by engine-ns (RE2): usual ones find the same names, broken ones are refused by both, each in
its library's words, and what only one of them takes stands in docs/deviations.md."""
import unittest

import Pyro4
import Pyro4.errors

import support

SERVERS = {"pyro4-ns": [support.sys.executable, "-u", "-m", "Pyro4.naming"], "engine-ns": [support.built("tools/engine-ns")]}
NAMES = ("a", "ab", "abc", "aab", "A", "B.c", "a.b", "a.b.c", "a-1", "a-22", "a_b", "proc.1.worker", "proc.10.worker", "proc.x", "x y", "x\ty", "[a]", "(a)",
         "a+b", "a\\b", "^a$", "n\u00e9", "\u00e9t\u00e9", "\U0001f40d", "1", "007", "printer@host", "a/b/c")
SOUND = ("a", "a$", "^a", "^a$", ".*", ".+b", "a.b", r"a\.b", "[ab]+$", "[^a]", "[a-c]{2}$", "a{1,2}b", "(?i)a", "(?i:A)b", "(a|b)", "(?:a|x)", "ab|B", "a?b",
         "a*?b", r"\d+$", r"a\w+$", r"x\W", r"a\b", r"\S+$", r"x\s", r"proc\.\d+\.", r"proc\.[^.]*$", r"\[a\]", r"\(", r"a\\b", r"\^a\$", ".\u00e9", "\u00e9",
         "[\u00e0-\u00ff]", ".", r"\x61", "(?s).*y", "(?m)^a$", "()", "a|", "|a", "[]]", "[-a]", r"[\]\[]", "(?P<n>a)b", ".*@", ".*/", r"\Aa", r"a\+", "$")
BROKEN = {  # what engine-ns says of it
    "(": "missing ): (", "((": "missing ): ((", "a)": "unexpected ): a)", "[a": "missing ]: [a", "[]": "missing ]: []", "[^": "missing ]: [^",
    "*": "no argument for repetition operator: *", "*a": "no argument for repetition operator: *", "+": "no argument for repetition operator: +",
    "?": "no argument for repetition operator: ?", "a**": "bad repetition operator: **", "a{2,1}": "invalid repetition size: {2,1}", "\\": "trailing \\",
    "[b-a]": "invalid character class range: b-a", "(?": "invalid perl operator: (?", "(?z)": "invalid perl operator: (?z",
    "(?P<": "invalid perl operator: (?P", "(?P<a": "invalid named capture group: (?P<a", "(?P<a-b>x)": "invalid named capture group: (?P<a-b>",
    r"\q": r"invalid escape sequence: \q", r"\1": r"invalid escape sequence: \1", r"\x1": r"invalid escape sequence: \x1", "(?i": "invalid perl operator: (?i",
    "(?#a": "invalid perl operator: (?#", "(?P=x)": "invalid perl operator: (?P",
}
ONLY_PYTHONS = ("(?=a)", "(?!a)", "(?<=a)b", "(?<!a)b", r"(a)\1", "(?P<n>a)(?P=n)", "(?>a)", "a++", "a*+", r"\Z", "a(?#b)", "a{1001}", "(a)?(?(1)b)", r"\u0061")
ONLY_RE2S = (r"\z", r"\Qa\E", r"\p{L}", r"\pL", r"\C", "a(?i)b", "(?P<1>a)", r"[\w-a]", "(?U)a")


class ExpressionsForNames(support.InteropTest):
    def setUp(self):
        super().setUp()
        self.names = {}
        for which, command in SERVERS.items():
            server = self.start(support.Program([*command, "-n", "127.0.0.1", "-p", "0", "-x"]))
            self.names[which] = self.proxy(server.wait_for(r"URI = (PYRO:Pyro.NameServer@\S+)\n").group(1))
            for name in NAMES:
                self.names[which].register(name, "PYRO:obj@host:1")

    def found(self, which, expression):
        """The names, or what was said instead."""
        try:
            return sorted(self.names[which].list(regex=expression))
        except Pyro4.errors.NamingError as error:
            return str(error)

    def test_usual_expressions_find_the_same_names(self):
        for expression in SOUND:
            theirs, ours = (self.found(which, expression) for which in SERVERS)
            self.assertEqual((expression, theirs), (expression, ours))

    def test_broken_expressions_are_refused_by_both(self):
        for expression, complaint in BROKEN.items():
            theirs, ours = (self.found(which, expression) for which in SERVERS)
            self.assertRegex(str(theirs), r"\Ainvalid regex: ", expression)
            self.assertEqual((expression, "invalid regex: " + complaint), (expression, ours))

    def test_what_only_one_of_them_takes(self):
        for expressions, takes, refuses in ((ONLY_PYTHONS, "pyro4-ns", "engine-ns"), (ONLY_RE2S, "engine-ns", "pyro4-ns")):
            for expression in expressions:
                self.assertIsInstance(self.found(takes, expression), list, expression)
                self.assertRegex(str(self.found(refuses, expression)), r"\Ainvalid regex: ", expression)


if __name__ == "__main__":
    unittest.main(verbosity=2)
