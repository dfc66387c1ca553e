// See pickle_writer.hpp: how a dict turns out to be an object, and what is written of one.
#include <codec/pickle_writer.hpp>

#include <codec/base64.hpp>
#include <codec/convert.hpp>
#include <codec/pickle.hpp>

namespace engine::detail::pickle {

namespace {

constexpr std::string_view uri_global = "cPyro4.core\nURI\n", proxy_global = "cPyro4.core\nProxy\n",
                           wrapper_global = "cPyro4.futures\n_ExceptionWrapper\n";

}  // namespace

/// A text while it is open what the dict around it is. True: it says more about that, and is not written.
bool pickle_writer::look_at(std::string_view text) {
  const auto goes_on = [this](ahead next) { return ahead_ = next, true; };
  switch (ahead_) {
    case ahead::class_key: return text == "__class__" && goes_on(ahead::class_name);
    case ahead::class_name:
      class_ = text;
      return text.find('\n') == std::string_view::npos && goes_on(ahead::second_key);
    case ahead::second_key:
      if (text == "__exception__" && (ahead_count_ == 3 || ahead_count_ == 4) && may_be_called()) return goes_on(ahead::flag);
      if (text == "state" && ahead_count_ == 2) return goes_on(ahead::state);
      if (text != "exception" || ahead_count_ != 2 || class_ != "Pyro4.futures._ExceptionWrapper") return false;
      put(wrapper_global);
      open_.push_back({ending::wrapper});
      return goes_on(ahead::nothing);
    case ahead::args_key: return text == "args" && goes_on(ahead::args);
    default: return false;
  }
}

/// Whoever reads a pickle calls the class with these arguments. A name that somebody sent us by another format, for whom it is only a
/// text, must not become a call of os.system for the next one who reads.
bool pickle_writer::may_be_called() const {
  const std::size_t dot = class_.rfind('.');
  const bool whole = dot != 0 && dot + 1 != class_.size();
  const bool builtin = dot == std::string::npos || class_.starts_with("builtins.");
  return whole && (is_called_as_exceptions(class_) || (ahead_is_own_ && !builtin));
}

/// Inside an exception or the state of a proxy: what its texts become there. False: what they are.
bool pickle_writer::string_of_object(std::string_view text) {
  level& around = open_.back();
  if (around.how == ending::exception) {
    if (text != "attributes") fail(wire_class::value_error, "pickle: an exception has args and attributes, and no '" + std::string(text) + "'");
    around.how = ending::built;
    return true;
  }
  if (around.how != ending::proxy_state) return false;
  if (around.written == 0) {
    put(uri_global);
    put_text(text);
    put("\x85R");
    ++around.written;
    return true;
  }
  constexpr std::string_view encoded = "b64:";
  if (around.written != 5 || !text.starts_with(encoded)) return false;
  engine::bytes key(base64_decoded_room(text.size()));
  const auto size = base64_decode(text.substr(encoded.size()), key.data());
  if (!size) return fail(wire_class::value_error, size.error()), true;
  bytes(std::span(key).first(*size), false);
  return true;
}

/// A container that decides what the dict around it is. True: it is an object, and the container has begun.
bool pickle_writer::begin_object(kind container, std::size_t count) {
  if (container != kind::tuple && container != kind::list) return false;
  if (ahead_ == ahead::args) {
    put_global(class_, count);
    put(op::mark);
    open_.push_back({ending::exception});
    open_.push_back({ending::args});
  } else if (ahead_ == ahead::state) {
    const bool uri = (class_ == "Pyro4.core.URI" || class_ == "Pyro5.core.URI") && count == 5;
    const bool proxy = (class_ == "Pyro4.core.Proxy" || class_ == "Pyro5.client.Proxy") && count >= 7 && count <= 9;
    if (!uri && !proxy) return false;
    put(uri ? uri_global : proxy_global);
    put(op::empty_tuple);
    put(op::newobj);
    put(op::mark);
    open_.push_back({ending::built});
    open_.push_back({uri ? ending::tuple : ending::proxy_state});
  } else {
    return false;
  }
  ahead_ = ahead::nothing;
  return true;
}

void pickle_writer::put_global(std::string_view type, std::size_t args) {
  const auto dot = type.rfind('.');
  const std::string_view module = dot == std::string_view::npos ? "builtins" : type.substr(0, dot);
  std::string_view name = type.substr(dot + 1);
  const bool builtin = module == "builtins";
  // Our own have one text where Python's constructors want to know codec, object and place.
  if (builtin && args != 5 && (name == "UnicodeDecodeError" || name == "UnicodeEncodeError")) name = "UnicodeError";
  put(op::global);
  put(builtin ? "exceptions" : module);  // Python 2's name, which protocol 2 means for both
  put('\n');
  put(name);
  put('\n');
}

/// It is a dict after all: writes what was held back.
void pickle_writer::settle() {
  const ahead seen = ahead_;
  ahead_ = ahead::nothing;
  begin_dict(ahead_count_);
  if (seen < ahead::class_name) return;
  put_text("__class__");
  if (seen < ahead::second_key) return;
  put_text(class_);
  if (seen == ahead::state) return put_text("state");
  if (seen < ahead::flag) return;
  put_text("__exception__");
  if (seen < ahead::args_key) return;
  put(op::newtrue);
  if (seen == ahead::args) put_text("args");
}

}  // namespace engine::detail::pickle
