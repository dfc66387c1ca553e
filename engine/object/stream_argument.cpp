// See stream_argument.hpp.
#include <engine/object/stream_argument.hpp>

#include <engine/object/autoproxy.hpp>
#include <engine/object/call_context.hpp>
#include <engine/object/dispatch.hpp>
#include <engine/object/uri.hpp>

namespace engine::detail {

namespace {
constexpr std::string_view class_name = "engine.Stream";
}

void write_given(writer& out, std::unique_ptr<open_stream> items) {
  const auto where = give_stream(std::move(items));
  if (!where) {
    out.fail(wire_class::type_error, "a stream as an argument needs a daemon in the caller's program (on a core: of that core), which gives its items: there is none");
    return;
  }
  out.begin(kind::dict, 3);
  out.string("__class__");
  out.string(class_name);
  out.string("daemon");
  out.string(where->daemon);
  out.string("id");
  out.string(where->id);
  out.end();
}

bool read_given(reader& in, std::optional<given_stream>& out, value& list) {
  if (!decode(in, list)) return false;
  const auto* fields = list.get_if<value::dict>();
  if (!fields) return true;  // a list, or what will say that it is none
  const auto text = [&](const char* key) {
    const value* found = fields->find(key);
    return found ? found->get_if<std::string>() : nullptr;
  };
  const std::string *type = text("__class__"), *daemon = text("daemon"), *id = text("id");
  if (!type || *type != class_name || !daemon || !id) return in.fail(wire_class::type_error, "a stream or a list is wanted here, not a dict");
  out = {.daemon = *daemon, .id = *id};
  return true;
}

std::shared_ptr<remote> giver(const given_stream& given) {
  proxy_options options;
  const call_context* const call = current_call();
  options.settings = call ? call->host().settings : settings::from_environment();
  options.settings->metadata = false;
  options.settings->max_retries = 0;
  if (call) options.hmac_key = call->host().hmac_key;
  auto made = std::make_shared<remote>(uri(given.daemon), std::move(options));
  made->let_streams_connect();
  return made;
}

}  // namespace engine::detail
