// See requests.hpp.
#include "requests.hpp"

#include <array>
#include <cassert>
#include <cstring>

#include <codec/convert.hpp>
#include <codec/frame_writer.hpp>
#include <engine/object/dispatch.hpp>
#include <engine/object/error.hpp>

#include "clerk.hpp"

namespace engine::simulation {

namespace {

std::span<const std::byte> as_span(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

/// 16 bytes only this call has.
std::string correlation_of(const request& r) {
  std::string id(16, '\0');
  std::memcpy(id.data(), &r.caller, 8);
  std::memcpy(id.data() + 8, &r.number, 8);
  return id;
}

std::string_view name_of(request::method m) {
  constexpr std::array<std::string_view, 5> names{"echo", "absorb", "produce", "refuse", "note"};
  return names[static_cast<std::size_t>(m)];
}

void write_argument(writer& w, const request& r) {
  switch (r.what) {
    case request::method::echo: return w.string(text_of(r.caller, r.number, r.size));
    case request::method::absorb: return w.bytes(as_span(text_of(r.caller, r.number, r.size)));
    case request::method::produce: return w.signed_integer(static_cast<std::int64_t>(r.size));
    default: return;
  }
}

std::string exception_fault(reader& in, const request& asked) {
  wire_exception thrown;
  if (!decode(in, thrown)) return "an exception that cannot be read: " + in.error().text;
  const std::string expected = "not for " + std::to_string(asked.caller) + ":" + std::to_string(asked.number);
  if (asked.what == request::method::refuse && thrown.text() == expected) return {};
  return "an exception: " + thrown.type + ": " + thrown.text();
}

template <class T> std::string value_fault(reader& in, const T& expected) {
  T got{};
  if (!decode(in, got) || !in.finish()) return "an answer that cannot be read: " + in.error().text;
  return got == expected ? std::string() : "the answer to something else";
}

}  // namespace

void write_greeting(output& out, codecs& known, const manner& how) {
  const annotation ours{own_annotation, as_span("1")};
  const bool named = !how.object.empty();
  frame_writer frame(out, {.type = message::connect, .flags = named ? flag::metadata : std::uint16_t{0}, .serializer = how.format->id_48},
                     std::span(&ours, how.own_peer ? 1 : 0));
  writer& w = known.writer_of(*how.format);
  w.start(out);
  w.begin(kind::dict, named ? 2 : 1);
  w.string("handshake");
  w.string("hello");
  if (named) {
    w.string("object");
    w.string(how.object);
  }
  w.end();
  [[maybe_unused]] const auto done = frame.finish();
  assert(w.ok() && done);
}

void write_request(output& out, codecs& known, const manner& how, const request& r) {
  const std::string id = correlation_of(r);
  const annotation correlation{"CORR", as_span(id)};
  frame_writer frame(out, {.type = message::invoke, .flags = r.oneway() ? flag::oneway : std::uint16_t{0}, .sequence = r.sequence(),
                           .serializer = how.format->id_48},
                     std::span(&correlation, r.correlated ? 1 : 0));
  writer& w = known.writer_of(*how.format);
  w.start(out);
  const bool bare = r.what == request::method::refuse || r.what == request::method::note;
  w.begin_call(r.object, name_of(r.what), bare ? 2 : 3);
  w.signed_integer(r.caller);
  w.signed_integer(r.number);
  write_argument(w, r);
  w.begin_keywords(0);
  w.end_call();
  [[maybe_unused]] const auto done = frame.finish();
  assert(w.ok() && done);
}

std::string fault_in(const frame& answer, codecs& known, const manner& how, const request& asked) {
  if (answer.type != message::result) return "not an answer";
  if (answer.sequence != asked.sequence())
    return "an answer out of turn: " + std::to_string(answer.sequence) + " instead of " + std::to_string(asked.sequence());
  if (answer.serializer != how.format->id_48) return "another serializer";
  reader& in = known.reader_of(*how.format);
  in.start(answer.payload);
  if (answer.has(flag::exception)) return exception_fault(in, asked);
  const auto id = answer.annotations.find("CORR");
  const std::string sent = correlation_of(asked);
  if (asked.correlated && (!id || std::string_view(reinterpret_cast<const char*>(id->data()), id->size()) != sent)) return "another correlation id";
  const std::string text = text_of(asked.caller, asked.number, asked.size);
  switch (asked.what) {
    case request::method::echo: return value_fault(in, std::to_string(asked.caller) + ":" + std::to_string(asked.number) + ":" + text);
    case request::method::absorb: return value_fault(in, digest_of(as_span(text)) + asked.number);
    case request::method::produce: return value_fault(in, text);
    default: return "an answer to what has none";
  }
}

std::string bytes_of(const output& out) {
  std::string all;
  out.each_since({}, [&](std::span<const std::byte> run) { all.append(reinterpret_cast<const char*>(run.data()), run.size()); });
  return all;
}

}  // namespace engine::simulation
