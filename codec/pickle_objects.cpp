// Objects, and what building a state into one does: exceptions, URIs and proxies become the class dictionaries of the other serializers
// (WIRE §6.1), so that nothing above the codec knows of pickles.
#include <algorithm>
#include <array>

#include <codec/base64.hpp>
#include <codec/pickle_machine.hpp>

namespace engine::detail::pickle {

namespace {

constexpr std::string_view key_error = "builtins.KeyError";

}  // namespace

bool machine::make_instance(const cell& of, cell& out) {
  const bool uuid = id_of(of) == class_id::uuid;
  const std::array members{text("__class__"), text(of.view())};
  const auto made = uuid ? tree_.make(what::string) : tree_.make(what::dict, members);
  tree_.containers[made].class_of = of.note;
  out = indexed(what::object, made);
  return true;
}

bool machine::make_exception(const cell& of, const cell& args, cell& out) {
  const auto attributes = tree_.make(what::dict);
  const std::array members{text("__class__"), text(of.view()), text("__exception__"), boolean(true), text("args"), args, text("attributes"),
                           indexed(what::dict, attributes)};
  const auto made = tree_.make(what::dict, members);
  tree_.containers[made].class_of = of.note;
  out = indexed(what::object, made);
  return true;
}

bool machine::make_wrapper(const cell& callee, const cell& exception, cell& out) {
  const std::array members{text("exception"), exception};
  if (!make_instance(callee, out)) return false;
  tree_.extend(tree_.containers[out.index], members);
  return true;
}

bool machine::load_build() {
  if (stack_.size() < fence_ + 2) return underflow();
  cell state;
  if (!pop(state)) return false;
  const cell& instance = stack_.back();
  if (instance.is(what::object)) return room_for(9) && build_object(instance, state);
  return build_data(instance, state);
}

/// Plain data has no attributes, so the state it may be given is an empty one: None, or a pair of None and an empty dict.
bool machine::build_data(const cell& instance, const cell& state) {
  const bool is_pair = state.is(what::tuple) && tree_.members(state).size() == 2;
  const cell attributes = is_pair ? tree_.members(state)[0] : state;
  const std::string lacks = "'" + std::string(type_name(instance)) + "' object has no attribute ";
  if (!attributes.is(what::none)) {
    if (!attributes.is(what::dict)) return fail(wire_class::unpickling_error, "state is not a dictionary");
    return fail(wire_class::attribute_error, lacks + "'__dict__'");
  }
  if (!is_pair) return true;
  const cell slots = tree_.members(state)[1];
  if (!slots.is(what::dict)) return fail(wire_class::unpickling_error, "slot state is not a dictionary");
  if (tree_.members(slots).empty()) return true;
  const cell& name = tree_.members(slots)[0];
  if (name.is(what::string)) return fail(wire_class::attribute_error, lacks + "'" + std::string(name.view()) + "'");
  return fail(wire_class::type_error, "attribute name must be string, not '" + std::string(type_name(name)) + "'");
}

bool machine::build_object(const cell& instance, const cell& state) {
  if (state.is(what::dict) && !expand(tree_.members(state).size())) return false;  // it is searched, and may be the same one each time
  std::array<cell, 2> member{text("state"), state};
  switch (static_cast<class_id>(tree_.containers[instance.index].class_of)) {
    case class_id::exception:
    case class_id::maybe_exception: return build_exception(instance, state);
    case class_id::uuid: return build_uuid(instance, state);
    case class_id::serializer: return true;
    case class_id::exception_wrapper: {
      const cell* exception = state.is(what::dict) ? find_item(state, "exception") : nullptr;
      if (exception == nullptr) return fail(wire_class::unpickling_error, "state is not a dictionary");
      member = {text("exception"), *exception};
      break;
    }
    case class_id::daemon: member[1] = indexed(what::tuple, 0); break;
    case class_id::proxy:
      if (!build_proxy(state, member[1])) return false;
      break;
    default: {
      if (!state.is(what::tuple) && !state.is(what::list))
        return fail(wire_class::type_error, "cannot unpack non-iterable " + std::string(type_name(state)) + " object");
      const std::size_t size = tree_.members(state).size();
      if (size > 5) return fail(wire_class::value_error, "too many values to unpack (expected 5)");
      if (size < 5) return fail(wire_class::value_error, "not enough values to unpack (expected 5, got " + std::to_string(size) + ")");
    }
  }
  tree_.extend(tree_.containers[instance.index], member);
  return true;
}

bool machine::build_exception(const cell& instance, const cell& state) {
  if (state.is(what::none)) return true;
  if (!state.is(what::dict)) return fail(wire_class::type_error, "state is not a dictionary");
  container& exception = tree_.containers[instance.index];
  if (find_item(state, traceback_key) != nullptr) exception.class_of = static_cast<std::uint8_t>(class_id::exception);
  cell& attributes = tree_.items[exception.first + 7];
  if (tree_.members(attributes).empty()) {
    attributes = indexed(what::dict, tree_.make_alike(what::dict, state));
    return true;
  }
  const auto more = tree_.members(state);
  if (!expand(more.size()) || !room_for(more.size(), tree_.members(attributes).size())) return false;
  const std::vector<cell> copy(more.begin(), more.end());  // extend() may move what it is given
  tree_.extend(tree_.containers[attributes.index], copy);
  return true;
}

const cell* machine::find_item(const cell& dict, std::string_view key) const {
  const auto members = tree_.members(dict);
  for (std::size_t i = 0; i + 1 < members.size(); i += 2)
    if (members[i].is_text(key)) return &members[i + 1];
  return nullptr;
}

bool machine::build_uuid(const cell& instance, const cell& state) {
  const cell* n = state.is(what::dict) ? find_item(state, "int") : nullptr;
  if (n == nullptr) return fail(key_error, "int");
  if (!is_whole(*n)) return fail(wire_class::type_error, "UUID needs an int");
  const integer value = to_integer(*n);
  if (value.negative() || value.magnitude().size() > 4) return fail(wire_class::value_error, "int is out of range (need a 128-bit value)");
  constexpr std::string_view hex = "0123456789abcdef";
  std::array<char, 36> text_form{};
  std::size_t at = 0;
  for (std::size_t digit = 0; digit < 32; ++digit) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20) text_form[at++] = '-';
    const std::size_t word = 3 - digit / 8, shift = 4 * (7 - digit % 8);
    text_form[at++] = hex[word < value.magnitude().size() ? value.magnitude()[word] >> shift & 15 : 0];
  }
  if (!expand(at)) return false;
  const std::array member{text(tree_.keep({text_form.data(), at}))};
  container& object = tree_.containers[instance.index];
  object.size = object.capacity = 0;
  tree_.extend(object, member);
  return true;
}

/// A proxy's own state holds a URI, sets and a key of bytes; its class dictionary has a text, tuples and base64 there.
bool machine::build_proxy(const cell& state, cell& out) {
  const auto given = is_sequence(state) ? tree_.members(state) : std::span<const cell>{};
  if (given.size() < 7 || given.size() > 9)
    return fail(wire_class::value_error, "a proxy's state has 7 to 9 values, not " + std::to_string(given.size()));
  std::array<cell, 9> members{};
  std::ranges::copy(given, members.begin());
  if (given.size() < 8) members[7] = number(0);
  if (members[0].is(what::object) && !uri_text(members[0], members[0])) return false;
  for (const std::size_t i : {1, 2, 3}) {
    if (!is_sequence(members[i])) return fail(wire_class::type_error, "'" + std::string(type_name(members[i])) + "' object is not iterable");
    members[i] = indexed(what::tuple, tree_.make_alike(what::tuple, members[i]));
  }
  if (members[5].is(what::bytes)) {
    const auto key = std::as_bytes(std::span(members[5].view()));
    const std::size_t size = 4 + base64_encoded_size(key.size());
    if (!expand(size)) return false;
    char* const to = tree_.texts.room(size);
    base64_encode(key, std::ranges::copy(std::string_view("b64:"), to).out);
    tree_.texts.keep(size);
    members[5] = text({to, size});
  }
  out = indexed(what::tuple, tree_.make(what::tuple, std::span(members).first(std::max<std::size_t>(given.size(), 8))));
  return true;
}

/// The URI as a text, put together from its state (protocol, object or tags, socket, host, port).
bool machine::uri_text(const cell& uri, cell& out) {
  const auto dict = tree_.members(uri);
  const auto wrong = [&] { return fail(wire_class::type_error, "not a URI with a state"); };
  if (dict.size() < 4 || static_cast<class_id>(tree_.containers[uri.index].class_of) != class_id::uri) return wrong();
  const auto state = tree_.members(dict[3]);
  if (state.size() != 5 || !state[0].is(what::string)) return wrong();
  std::string made = std::string(state[0].view()) + ":";
  if (state[1].is(what::string)) {
    made += state[1].view();
  } else if (is_sequence(state[1])) {
    const std::size_t before = made.size();
    for (const cell& tag : tree_.members(state[1])) {
      if (!tag.is(what::string)) return wrong();
      // Tags may be shared a thousand times; what is put together of them is bounded as it grows.
      if (!expand(tag.size + 1)) return false;
      made.append(made.size() == before ? "" : ",").append(tag.view());
    }
  } else {
    return wrong();
  }
  if (state[2].is(what::string)) made.append("@./u:").append(state[2].view());
  if (state[3].is(what::string) && state[4].is(what::integer)) {
    const bool bracketed = state[3].view().find(':') != std::string_view::npos;
    made.append(bracketed ? "@[" : "@").append(state[3].view()).append(bracketed ? "]:" : ":").append(std::to_string(state[4].integer));
  }
  if (!expand(made.size())) return false;
  out = text(tree_.keep(made));
  return true;
}

}  // namespace engine::detail::pickle
