#!/usr/bin/python3
"""Writes serpent_cases.txt: what serpent.loads() of this Python makes of texts good and bad.

/usr/bin/python3 tests/codec/make_serpent_cases.py > tests/codec/serpent_cases.txt

One case per line, three fields between tabs: the text (with \\xNN for what is not plain ASCII, and {N*…} for repetition),
then `=` and the value, or the name of the exception and its text. Values are written so that C++ can write the same:
N T F iINT fREPR jREAL,IMAG s"…" b"…" [..] (..) {k:v;..} <..> with sets sorted.
"""
import re
import sys
import warnings

import serpent

HEADER = "# serpent utf-8 python3.2\\n"


def canon(value):
    kind = type(value)
    if value is None:
        return "N"
    if kind is bool:
        return "T" if value else "F"
    if kind is int:
        return "i%x" % value
    if kind is float:
        return "f%r" % value
    if kind is complex:
        return "j%r,%r" % (value.real, value.imag)
    if kind is str:
        return 's"%s"' % escape(value.encode("utf-8", "surrogatepass"))
    if kind is bytes:
        return 'b"%s"' % escape(value)
    if kind is list:
        return "[" + ",".join(map(canon, value)) + "]"
    if kind is tuple:
        return "(" + ",".join(map(canon, value)) + ")"
    if kind is dict:
        return "{" + ";".join(canon(k) + ":" + canon(v) for k, v in value.items()) + "}"
    if kind is set:
        return "<" + ",".join(sorted(map(canon, value))) + ">"
    return "unsupported " + kind.__name__


def escape(data):
    return "".join(chr(b) if 32 <= b < 127 and chr(b) not in '\\"' else "\\x%02x" % b for b in data)


def expand(text):
    """The bytes of a case: {N*text} repeats, \\n \\r \\t \\f \\xNN and \\\\ as in Python."""
    text = re.sub(r"\{(\d+)\*(.*?)\*\}", lambda m: m.group(2) * int(m.group(1)), text)
    return re.sub(rb"\\(x[0-9a-f]{2}|[nrtf\\])",
                  lambda m: m.group(0).decode().encode().decode("unicode_escape").encode("latin-1"), text.encode("ascii"))


def outcome(data):
    try:
        value = serpent.loads(data)
    except Exception as error:
        text = re.sub(r" at 0x[0-9a-f]+", "", str(error)).encode("utf-8")
        return type(error).__name__ + "\t" + "".join(chr(b) if 32 <= b < 127 else "\\x%02x" % b for b in text)
    return "=\t" + canon(value)


def main():
    warnings.simplefilter("ignore")
    seen = set()
    for line in CASES.splitlines():
        if not line or line in seen:
            continue
        seen.add(line)
        print(line + "\t" + outcome(expand(line)))


# A backslash of the text itself is doubled.
CASES = r"""
None
True
False
0
1
-1
+1
- 1
-\t1
123456789012345678
1234567890123456789
9223372036854775807
9223372036854775808
-9223372036854775808
-9223372036854775809
18446744073709551616
00
0_0
000_000
1_000
0x_1F
0XfF
0xffffffffffffffffff
0o17
0O_7
0b1_01
0B1
-0x10
1.0
-0.0
.5
5.
1.e5
1e5
1E+5
1e-5
1_0.0_1e1_0
0777.5
0777e1
00.5
09.5
1e400
-1e400
1e-400
1e99999999999999999999999
0.{400*0*}1e401
1e30000
-1e30000
5e-324
2.2250738585072014e-308
1.7976931348623157e308
1j
-1j
+1j
1.5J
0777j
1e400j
10_0j
(1.0+2.0j)
(-1.5-0.5j)
(0.0+2.0j)
1+2j
1 -2j
1 - 2j
+1+2j
-1-2j
-0.0+2j
-0.0-2j
-2j
1-0j
(1)+2j
1+(2j)
-(1)
-((1))
(-(1))
(1\n+2j)
{400*9*}+1j
0x{400*f*}+1j
[1e5,1,-1]
''
""
'a'
"a"
'it\\'s'
"it's"
'say "hi"'
''''''
'''a'''
''''a'''
'''a\nb'''
'''a\r\nb\rc'''
'''a'b''c'''
'''a\\'''b'''
'a' 'b'
'a''b'
'a'"b"'''c'''
('a'\n'b')
('a' # c\n 'b')
'a'u'b'
u'a'
U'a'
r'a\\n'
R'\\'
r'\\'a'
r'a\\\nb'
r'''a\\\r\nb'''
'\\a\\b\\f\\n\\r\\t\\v\\\\\\'\\"'
'\\0'
'\\08'
'\\101\\7\\377\\400\\777'
'\\8'
'\\x41\\xe9'
'\\u00e9\\u20ac'
'\\U0001f600'
'\\ud800'
'\\ud83d\\ude00'
'\\q'
'\\ '
'a\\\nb'
'a\\\r\nb'
'a\\\rb'
'\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80'
'\xe2\x80\xa8'
'\\\xc3\xa9'
b'a'
B"a"
b'\\xff\\0\\777\\n'
b'\\u1234\\N{DASH}\\U12'
b'a' b'b'
b''
rb'a\\n'
bR'a'
Rb'a'
br'''a'''
[]
[ ]
[1]
[1,]
[1,2]
[[],[[]],[1,[2]]]
()
( )
(1)
((1))
(1,)
(1,2,)
( ( 1 , ) , )
((1,2),(3,4))
(((1,),),)
(((((1,2)))))
([1])
([1],)
(([1,2]))
(([]),())
('a')
('a',)
("a" 'b',)
({'a':1})
({1},)
(((),))
{}
{ }
{1}
{1,}
{1,2,2}
{1:2}
{1:2,}
{'a':1,2.5:'b',(1,2):3}
{'a':1,'a':2}
{(1,2),(3,)}
{((1,2),3):4}
{(1):2}
{('a'):(2)}
{(1,2):[3],(4,):{5:(6,)}}
{None:1}
{b'a':1}
{1.5:1j}
set()
set ( )
set( # c\n)
[set(),set()]
(set())
(set(),)
set(),1
1,
1,2
1,2,
'a','b'
[1],
[1],[2]
(1,),(2,)
(1),(2)
{1:2},
(1),
None,
[1,2],\n
1 ,2 # c
{'__class__':'float','value':'nanny'}
 1
\t1
\f1
 \f1
\n1
\n\n# c\n1
# c\n\f1
# c\n \f1
# coding: latin-1\n'\xc3\xa9'
# serpent utf-8 python3.2\n[1]
# serpent utf-8 python3.2\r\n[1]
1\n
1\n\n
1\n  \n
1\n # c
1\n # c\n
1 # c
1  
1\\\n\n
\\\n1
[1\\\n,2]
[1 \\\r\n , 2]
[1\n\n #c\n,\n2]
[1\r,2]
[1\r\n,2\r\n]\r\n
[1,\f2]
[\t1 ,\t2 ]
  (1,\n   2)  
{200*[*}{200*]*}
{200*(*}1{200*)*}
{200*(*}1{200*,)*}
{199*{1:*}1{199*}*}
{4300*9*}
0x{5000*f*}
0x{3571*f*}

 
\n
# c
# serpent utf-8 python3.2\n
{
[
(
# serpent utf-8 python3.2\n{
[1,2
(1
[1,\n2
{1:
{1
{1:2
{1:2,
[(1,
([1]
(([1])
[1)
[(1]
[1}
{(1}
{1:2]
\n\n[1\n}
)
]
1)
[1])
1 2
[1 2]
['a' 1]
[1 'a']
[a b]
{1 2}
(1 2)
([1] 2)
{1:2 3:4}
1\n2
[1]\n[2]
1;
\xff
ab\xc3
\xe2(\xa1
\xe2\x82
\xed\xa0\x80
\xf0\x80\x80\x80
\xf0\x90(\x80
\xf0\x9f\x98
\xf5
\xc0\x80
'\xff'\x00
1\x00
'\x00'
\xef\xbb\xbf1
true
[true]
[null]
nan
Ellipsis
Nones
frozenset()
dict()
set([1])
set
set()()
...
[...]
--1
+-1
~1
-True
-None
-'a'
-(-1)
-(1+2j)
-[1]
-()
1+-2j
1j+1
1+1
1+2j+3j
(1+2j)+3j
True+1j
'a'+1j
[]+[]
1.5+0x1j
007
09
0_7
1L
0x
0xg
0x1g
0x_
0b2
0b12
0b
0b1_
0b_
0o8
0o18
0o
1__0
1_
1_e5
1._5
1.5e_5
1e
1.e
1e+
1.5abc
1abc
1jj
1jx
.
..
1.5.5
0b1.5
{4301*9*}
[{4301*9*}]
-{4301*9*}
'a' b'b'
b'a' 'b'
ur'a'
ru'a'
bu'a'
f'a'
'a' f'b'
x'a'
'a'1
1'a'
None'a'
'a
"a
[1,'a]
{'a':1,'b:2}
'a\nb'
'a\rb'
'''a
'''a\nb
''''
'\\
'a\\
r'\\'
'\\x4'
'\\x4g'
'\xc3\xa9\\x4'
'\\u12'
'\\u123g'
'\\U12'
'\\U00110000'
'\\N{DASH}'
'\\N'
'a' '\\x'
b'\\x4'
b'a\\xg'
b'\xc3\xa9'
\xc2\xa01
[\xe2\x82\xac]
\xf0\x9f\x98\x80
\xe2\x80\x9ca\xe2\x80\x9d
1\xe2\x80\x8b
$
?
`
!
1!
[1,\x0b2]
\x1a
[1,\x7f]
(,)
(1,,2)
[,]
[1,,]
{,}
{1:2,3}
{1:2,3,4:5}
{1,2:3}
{1:}
{1:,2:3}
{:1}
{1::2}
,
1,,2
,1
{[1]}
{[1]:2}
{{}}
{{1}}
{{1:2}}
{{{1}}}
{{[1]}}
{([1],)}
{([1],):2}
{(1,{}):2}
{set()}
{set():1}
{1:[2],(3,[4]):5}
{([1])}
{1,[2]}
{1,{2:3}}
{**{}}
[*[1]]
*1
{1:2}[1]
[1][0]
([1][0],)
1()
[1]()
[x for x in 1]
[1 for x in 1]
1<2
1==2
1@2
1 and 2
1if 1 else 2
not 1
lambda:1
a.b
1 .x
[1 .5]
x=1
(x:=1)
1:=2
yield
if
[if]
{1:if}
def
import x
->
=
\f 1
# c\n 1
# serpent utf-8 python3.2\n 1
\n 1
\\\n 1
1\n  
1\n 2
1\n # c\n 2
1\\\n
1\\
\\1
[1\\ \n,2]
[1\\
[1,\\\n
{201*[*}{201*]*}
{201*(*}1{201*)*}
{250*[*}
{200*{*}
{100*{(*}
(x,'a
(x,1))
[x,1)
(x,1e
(x,1$
[x\n,{'a':1
[1 2,\n'a
[[1 2]
(1,\n2 3
(1 2\n,(3
{[1]:2,'x
{[1]:2,3
{[1]:2}}
[x,"a\\\n
x\n 1
x\n1
x\n1)
x\n 1)
1 2\n)
x\n# c\n
x\n\n\n 'a
# c\n \n
# c\n 
[x,\\1
[1 2,\\1
[x{}]
[x.5]
[-9\n8]
[1.5\n-2]
1e5\x01
[x,\x7f]
# serpent\n \\ud800'
# serpent\n\\ud800'
1\n \\x
1\n\\x
1\n \\\n
1\n  \\\n 2
[.2\n-'c']
['c'\n-.2]
[1j\n-2]
[1\n+[2]]
[[1]\n+2]
n1,\n 
n1,\n #
n1\n \n
(1,07
[x,0x]
"""

main()
