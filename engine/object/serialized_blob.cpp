// See serialized_blob.hpp.
#include <engine/object/serialized_blob.hpp>

#include <string_view>

#include <codec/output.hpp>
#include <engine/object/call_context.hpp>
#include <engine/object/error.hpp>

namespace engine {

namespace {

std::vector<std::byte> flat(const output& from) {
  std::vector<std::byte> whole;
  from.each_since({}, [&](std::span<const std::byte> run) { whole.insert(whole.end(), run.begin(), run.end()); });
  return whole;
}

}  // namespace

bool serialized_blob::take(reader& in, serialized_blob& out) {
  const call_context* const call = current_call();
  const auto route = call ? call->annotations().find("BLBI") : std::nullopt;
  if (!route || !(call->flags() & flag::keep_serialized)) return in.fail(wire_class::type_error, "this method takes a SerializedBlob and nothing else");
  const auto by = marshal().make_reader();
  detail::blob_route said;
  if (!detail::read_route(*by, *route, said)) return in.fail(by->error().type, by->error().text);
  out.info_ = std::move(said.info);
  out.format_ = find_serializer(call->serializer());
  const auto payload = call->payload();
  out.message_ = std::make_shared<const std::vector<std::byte>>(payload.begin(), payload.end());
  return true;
}

void serialized_blob::encode_data(writer& out) const {
  if (encode_) encode_(out);
  else out.none();
}

void serialized_blob::read(bool (*decode)(reader&, void*), void* to) const {
  const serializer& format = passes_through() ? *format_ : pickle();
  const auto in = format.make_reader();
  std::vector<std::byte> here;
  if (!passes_through()) {
    output made;
    const auto out = format.make_writer();
    out->start(made);
    detail::write_call_of(*out, format, "", "", *this);
    if (!out->ok()) rethrow(wire_exception::from(out->error()));
    here = flat(made);
  }
  in->start(passes_through() ? message() : std::span<const std::byte>(here));
  std::string_view object, method;
  if (!in->begin_call(object, method)) throw serialize_error(in->error().text);
  if (!decode(*in, to)) throw bad_value(in->error().type, in->error().text);
}

namespace detail {

bool read_route(reader& by, std::span<const std::byte> annotation, blob_route& out) {
  by.start(annotation);
  std::size_t hint = 0;
  std::string_view object, method;
  if (!by.enter_sequence(hint) || !by.more() || !decode(by, out.info) || !by.more() || !by.read_string(object)) return by.ok() && by.fail(wire_class::value_error, "not enough values to unpack (expected 3)");
  out.object = object;
  if (!by.more() || !by.read_string(method)) return by.ok() && by.fail(wire_class::value_error, "not enough values to unpack (expected 3)");
  out.method = method;
  return !by.more() && by.ok();
}

std::vector<std::byte> write_route(writer& by, const value& info, std::string_view object, std::string_view method) {
  output made;
  by.start(made);
  by.begin(kind::tuple, 3);
  encode(by, info);
  by.string(object);
  by.string(method);
  by.end();
  if (!by.ok()) rethrow(wire_exception::from(by.error()));
  return flat(made);
}

void write_call_of(writer& out, const serializer& format, std::string_view object, std::string_view method, const serialized_blob& blob) {
  const bool named = &format == &json();  // the only one whose calls are no tuples
  const auto word = [&](std::string_view name) {
    if (named) out.string(name);
  };
  out.begin(named ? kind::dict : kind::tuple, 4);
  word("object");
  out.string(object);
  word("method");
  out.string(method);
  word("params");
  blob.encode_data(out);
  word("kwargs");
  out.begin(kind::dict, 0);
  out.end();
  out.end();
}

}  // namespace detail
}  // namespace engine
