# The object of the benchmarks in Cap'n Proto's words. It has no calls without answers.
@0xc0f3a1d27be64c19;

interface Echo {
  length @0 (text :Text) -> (length :UInt64);
  blob @1 (data :Data) -> (length :UInt64);
}
