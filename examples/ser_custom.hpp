// Classes of our own over the wire. Python registers hooks that make dictionaries of its objects and objects of dictionaries; here
// one line says which dictionary a struct is. What is no identifier in C++ is read and written by hand. Both sides include this.
#pragma once

#include <engine/engine.hpp>

struct Thingy {
  int number = 0;
};

/// Travels as {'__class__': 'waheeee-custom-thingy', 'number-attribute': 42}.
template <> struct engine::codec_of<Thingy> {
  static bool decode(reader& in, Thingy& out) {
    value fields;
    if (!engine::decode(in, fields)) return false;
    out.number = fields["number-attribute"].as<int>();
    return true;
  }
  static void encode(writer& out, const Thingy& thingy) {
    engine::encode(out, value(value::dict{{"__class__", "waheeee-custom-thingy"}, {"number-attribute", thingy.number}}));
  }
};

struct OtherThingy {
  int number = 0;
};
ENGINE_SHAPE_AS(OtherThingy, "mycustomclasses.OtherThingy", number)
