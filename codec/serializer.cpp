// The one table of serializers. A new format is one file pair and one line here.
#include <codec/serializer.hpp>

#include <algorithm>
#include <array>
#include <cassert>
#include <iterator>

#include <codec/json.hpp>
#include <codec/marshal.hpp>
#include <codec/msgpack.hpp>
#include <codec/pickle.hpp>
#include <codec/serpent.hpp>

namespace engine {

namespace {

constexpr serializer serpent_entry{"serpent", 1, 1, make_serpent_reader, make_serpent_writer};
constexpr serializer json_entry{"json", 2, 3, make_json_reader, make_json_writer};
constexpr serializer marshal_entry{"marshal", 3, 2, make_marshal_reader, make_marshal_writer};
constexpr serializer pickle_entry{"pickle", 4, 0, make_pickle_reader, make_pickle_writer};
constexpr serializer dill_entry{"dill", 5, 0, make_pickle_reader, make_pickle_writer};
constexpr serializer msgpack_entry{"msgpack", 6, 4, make_msgpack_reader, make_msgpack_writer};
constexpr serializer cloudpickle_entry{"cloudpickle", 7, 0, make_pickle_reader, make_pickle_writer};

constexpr std::array table{&serpent_entry, &json_entry, &marshal_entry, &pickle_entry, &dill_entry, &msgpack_entry, &cloudpickle_entry};

template <class Matches> const serializer* find_if(Matches matches) {
  const auto found = std::ranges::find_if(table, matches);
  return found == table.end() ? nullptr : *found;
}

}  // namespace

std::span<const serializer* const> serializers() { return table; }

const serializer* find_serializer(std::string_view name) {
  return find_if([&](const serializer* s) { return s->name == name; });
}

const serializer* find_serializer_48(std::uint16_t id) {
  static_assert([] {
    for (std::size_t i = 0; i < table.size(); ++i)
      if (table[i]->id_48 != i + 1) return false;
    return true;
  }(), "the table is in the order of protocol 48's numbers, without a gap");
  return id - 1u < table.size() ? table[id - 1u] : nullptr;
}

std::unique_ptr<writer> make_writer(const serializer& which, serpent_bytes form) {
  return &which == &serpent_entry ? make_serpent_writer(form) : which.make_writer();
}

const serializer& serpent() { return serpent_entry; }
const serializer& json() { return json_entry; }
const serializer& marshal() { return marshal_entry; }
const serializer& pickle() { return pickle_entry; }
const serializer& msgpack() { return msgpack_entry; }

reader& codecs::make_reader(const serializer& which) {
  static_assert(table.size() < std::size(decltype(codecs::pairs_){}));
  auto& in = pairs_[which.id_48].in = which.make_reader();
  in->set_limits(limits_);
  return *in;
}

writer& codecs::make_writer(const serializer& which) { return *(pairs_[which.id_48].out = engine::make_writer(which, form_)); }

}  // namespace engine
