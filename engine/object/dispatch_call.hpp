// One request being answered: what the parts of the dispatcher hand to each other. Not for anybody else.
#pragma once

#include <engine/object/dispatch.hpp>
#include <engine/object/reply.hpp>

namespace engine {

struct dispatcher::call {
  /// As an aggregate all of it would be filled with zeroes first.
  call(const frame& asked, session& s, output& to, reader& r, writer& w, call_context& known, const frame_options& options, const std::string& secret)
      : request(asked), from(s), out(to), in(r), encoder(w), context(known), answer(to, w, options, known), start(to.here()), key(secret) {}
  const frame& request;
  session& from;
  output& out;
  reader& in;
  writer& encoder;
  call_context& context;
  reply answer;
  output::mark start;
  const std::string& key;  // of the answer, whatever happens to the daemon's meanwhile
  const method_entry* method = nullptr;
  std::shared_ptr<void> made_for_it{};  // an instance made for this call, or an object that nobody else may let go meanwhile
  frame_options exception_options() const {
    return {.type = message::result, .flags = flag::exception, .sequence = request.sequence, .serializer = request.serializer, .hmac = !key.empty()};
  }
  bool oneway() const { return request.has(flag::oneway); }
};

/// Whose method is called. The views point into the request, or into `route`.
struct dispatcher::names {
  std::string_view object{}, method{};
  std::unique_ptr<detail::blob_route> route{};  // of a blob, which is not read here
};

}  // namespace engine
