// Writes pickles that any Python reads: the opcodes of protocol 2 without its memo, and protocol 3's for bytes.
// Pyro4 raises what it unpickles, so the class dictionaries of exceptions, URIs and proxies must become the objects themselves.
// A dict is known for one by its first keys; until they have come, nothing of it is written.
#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <vector>

#include <codec/base64.hpp>
#include <codec/convert.hpp>
#include <codec/endian.hpp>
#include <codec/pickle.hpp>
#include <codec/utf8.hpp>
#include <codec/writer_words.hpp>

namespace engine {

namespace {

using namespace detail::pickle;

constexpr std::string_view uri_global = "cPyro4.core\nURI\n", proxy_global = "cPyro4.core\nProxy\n",
                           wrapper_global = "cPyro4.futures\n_ExceptionWrapper\n";

/// What has come of a dict that may be an object: its first key, the name of its class, …
enum class ahead : std::uint8_t { nothing, class_key, class_name, second_key, flag, args_key, args, state };

/// How an open container ends.
enum class ending : std::uint8_t {
  call, list, list_of_one, set, dict, none,
  empty_tuple, tuple1, tuple2, tuple3, tuple,  // in the order of their lengths
  args,         ///< a tuple, and the call with it
  exception,    ///< a dict: its args are written, its attributes may follow
  built,        ///< a dict that has become an object and its state
  wrapper,      ///< a dict that has become a call with one argument
  proxy_state   ///< a tuple of which some members change their type
};

class pickle_writer final : public writer {
 public:
  std::string_view format() const override { return "pickle"; }
  void start(output& out) override {
    clear_error();
    out_ = &out;
    open_.clear();
    ahead_ = ahead::nothing;
    put("\x80\x02");
  }

  void none() override {
    if (ready()) put(op::none), done();
  }
  void boolean(bool b) override {
    if (ahead_ == ahead::flag && b) {
      ahead_ = ahead::args_key;
      return;
    }
    if (ready()) put(b ? op::newtrue : op::newfalse), done();
  }
  void signed_integer(std::int64_t n) override {
    if (!ready()) return;
    put_integer(n);
    done();
  }
  void unsigned_integer(std::uint64_t n) override {
    if (std::in_range<std::int64_t>(n)) signed_integer(static_cast<std::int64_t>(n));
    else big_integer(integer::from_unsigned(n));
  }
  void real(double x) override {
    if (!ready()) return;
    put_real(x);
    done();
  }

  void big_integer(const integer&) override;
  void complex(std::complex<double>) override;
  void at(const datetime&) override;
  void at(const date&) override;
  void at(const time_of_day&) override;
  void duration(double seconds) override;

  void string(std::string_view utf8) override {
    if (ahead_ != ahead::nothing && look_at(utf8)) return;
    if (!open_.empty() && open_.back().how >= ending::exception && string_of_object(utf8)) return;
    if (!ready()) return;
    put_text(utf8);
    done();
  }

  ENGINE_WRITER_LISTS

  void bytes(std::span<const std::byte> data, bool borrow) override {
    if (!ready() || !bytes_head(data.size())) return;
    if (borrow && data.size() >= borrow_threshold) out_->borrow(data);
    else out_->append(data.data(), data.size());
    done();
  }
  void owned_bytes(std::span<const std::byte> data, const std::shared_ptr<const void>& owner) override {
    if (data.size() < borrow_threshold) return bytes(data, false);
    if (!ready() || !bytes_head(data.size())) return;
    out_->borrow(data, owner);
    done();
  }

  void begin(kind container, std::size_t count) override;
  void end() override;

  void start_part(output& out) override {
    clear_error();
    out_ = &out;
    ahead_ = ahead::nothing;
    open_ = {{ending::none}};  // what it will be part of: nothing stops behind it
  }
  void parts(std::string_view encoded, std::size_t) override {
    if (ready()) put(encoded);
  }

  void begin_call(std::string_view object, std::string_view method, std::size_t arguments) override {
    put(op::mark);
    open_.push_back({ending::call});
    string(object);
    string(method);
    begin(kind::tuple, arguments);
  }
  void begin_keywords(std::size_t count) override {
    end();
    begin_dict(count);  // an argument called __class__ makes no object
  }
  void no_keywords() override {
    end();
    none();
    open_.push_back({ending::none});
  }
  void end_call() override {
    end();
    put(op::tuple);
    put(op::stop);
  }

 private:
  struct level {
    ending how = ending::none;
    std::uint8_t written = 0;  ///< members of a proxy_state
  };

  void put(unsigned char c) { out_->append(static_cast<char>(c)); }
  void put(std::string_view s) { out_->append(s); }
  template <std::unsigned_integral Word> void put_little(unsigned char opcode, Word n) {
    char* to = out_->room(1 + sizeof n);
    *to = static_cast<char>(opcode);
    for (std::size_t i = 0; i < sizeof n; ++i) to[1 + i] = static_cast<char>(n >> 8 * i);
    out_->advance(1 + sizeof n);
  }
  void put_integer(std::int64_t n);
  void put_long(std::span<const unsigned char> little);
  void put_real(double x) {
    char* to = out_->room(9);
    *to = op::binfloat;
    store_big(to + 1, std::bit_cast<std::uint64_t>(x));
    out_->advance(9);
  }
  void put_text(std::string_view utf8);
  void put_global(std::string_view type, std::size_t args);
  void put_time(const time_of_day&);
  bool bytes_head(std::size_t size);

  /// Before a value that is what it seems.
  bool ready() {
    if (ahead_ != ahead::nothing) settle();
    return ok();
  }
  /// After a value.
  void done() {
    if (open_.empty()) put(op::stop);
    else if (open_.back().how == ending::proxy_state) ++open_.back().written;
  }

  bool look_at(std::string_view text);
  bool string_of_object(std::string_view text);
  bool begin_object(kind container, std::size_t count);
  void settle();
  void begin_dict(std::size_t count) {
    put(op::empty_dict);
    if (count > 0) put(op::mark);
    open_.push_back({count > 0 ? ending::dict : ending::none});
  }
  void begin_tuple(std::size_t count) {
    if (count > 3) put(op::mark);
    open_.push_back({static_cast<ending>(static_cast<std::size_t>(ending::empty_tuple) + std::min<std::size_t>(count, 4))});
  }
  void close(ending how);

  output* out_ = nullptr;
  std::vector<level> open_{};
  ahead ahead_ = ahead::nothing;
  std::size_t ahead_count_ = 0;  ///< pairs of that dict
  std::string class_{};          ///< its class
};

// ---- scalars

void pickle_writer::put_integer(std::int64_t n) {
  if (n >= 0 && n <= UINT8_MAX) return put_little<std::uint8_t>(op::binint1, static_cast<std::uint8_t>(n));
  if (n >= 0 && n <= UINT16_MAX) return put_little<std::uint16_t>(op::binint2, static_cast<std::uint16_t>(n));
  if (n >= INT32_MIN && n <= INT32_MAX) return put_little<std::uint32_t>(op::binint, static_cast<std::uint32_t>(n));
  unsigned char bytes[8];
  for (unsigned i = 0; i < 8; ++i) bytes[i] = static_cast<unsigned char>(static_cast<std::uint64_t>(n) >> 8 * i);
  put_long(bytes);
}

/// Two's complement, least byte first; bytes that only repeat the sign are left out.
void pickle_writer::put_long(std::span<const unsigned char> little) {
  const auto repeats = [&](std::size_t i) { return little[i] == (little[i - 1] >= 0x80 ? 0xff : 0); };
  while (little.size() > 1 && repeats(little.size() - 1)) little = little.first(little.size() - 1);
  if (little.size() <= UINT8_MAX) put_little<std::uint8_t>(op::long1, static_cast<std::uint8_t>(little.size()));
  else put_little<std::uint32_t>(op::long4, static_cast<std::uint32_t>(little.size()));
  out_->append(little.data(), little.size());
}

void pickle_writer::big_integer(const integer& n) {
  if (!ready()) return;
  std::vector<unsigned char> bytes;
  bytes.reserve(4 * n.magnitude().size() + 1);
  for (const std::uint32_t word : n.magnitude())
    for (unsigned i = 0; i < 4; ++i) bytes.push_back(static_cast<unsigned char>(word >> 8 * i));
  bytes.push_back(0);
  unsigned carry = 1;
  if (n.negative()) {
    for (unsigned char& byte : bytes) {
      carry += static_cast<unsigned char>(~byte);
      byte = static_cast<unsigned char>(carry);
      carry >>= 8;
    }
  }
  put_long(bytes);
  done();
}

void pickle_writer::put_text(std::string_view utf8) {
  if (const auto fault = find_utf8_fault(utf8, true)) {
    fail(wire_class::unicode_encode_error, "text is not UTF-8: " + std::string(fault->reason) + " at byte " + std::to_string(fault->offset));
    return;
  }
  if (utf8.size() > UINT32_MAX) {
    fail(wire_class::value_error, "str is too large");
    return;
  }
  put_little(op::binunicode, static_cast<std::uint32_t>(utf8.size()));
  put(utf8);
}

bool pickle_writer::bytes_head(std::size_t size) {
  if (size > UINT32_MAX) return fail(wire_class::value_error, "bytes is too large");
  if (size <= UINT8_MAX) put_little(op::short_binbytes, static_cast<std::uint8_t>(size));
  else put_little(op::binbytes, static_cast<std::uint32_t>(size));
  return true;
}

void pickle_writer::complex(std::complex<double> z) {
  if (!ready()) return;
  put("c__builtin__\ncomplex\n");
  put_real(z.real());
  put_real(z.imag());
  put("\x86R");
  done();
}

// Moments are calls with numbers: their packed states would have to be bytes for Python 3 and str for Python 2.

void pickle_writer::at(const date& day) {
  if (!ready()) return;
  put("cdatetime\ndate\n");
  for (const int n : {day.year, int(day.month), int(day.day)}) put_integer(n);
  put("\x87R");
  done();
}

/// The numbers of a time of day and its zone, as arguments.
void pickle_writer::put_time(const time_of_day& time) {
  for (const int n : {int(time.hour), int(time.minute), int(time.second), int(time.microsecond)}) put_integer(n);
  if (!time.offset_seconds) return;
  put("cdatetime\ntimezone\ncdatetime\ntimedelta\nK");
  put(std::string_view("\0", 1));
  put_integer(*time.offset_seconds);
  put("\x86R\x85R");
}

void pickle_writer::at(const datetime& when) {
  if (!ready()) return;
  put("cdatetime\ndatetime\n(");
  for (const int n : {when.day.year, int(when.day.month), int(when.day.day)}) put_integer(n);
  put_time(when.time);
  put("tR");
  done();
}

void pickle_writer::at(const time_of_day& time) {
  if (!ready()) return;
  put("cdatetime\ntime\n(");
  put_time(time);
  put("tR");
  done();
}

void pickle_writer::duration(double seconds) {
  if (!ready()) return;
  constexpr double day = 86400, most_days = 999'999'999;
  const double days = std::floor(seconds / day);
  if (!(std::abs(days) <= most_days)) {
    fail(wire_class::overflow_error, "duration of more than 999999999 days, or no number");
    return;
  }
  const double rest = seconds - days * day, whole = std::floor(rest);
  put("cdatetime\ntimedelta\n");
  put_integer(static_cast<std::int64_t>(days));
  put_integer(static_cast<std::int64_t>(whole));
  put_integer(static_cast<std::int64_t>(std::nearbyint((rest - whole) * 1e6)));
  put("\x87R");
  done();
}

// ---- containers

void pickle_writer::begin(kind container, std::size_t count) {
  if (ahead_ != ahead::nothing && begin_object(container, count)) return;
  if (!ready()) return;
  if (!open_.empty() && open_.back().how == ending::exception) {
    fail(wire_class::value_error, "pickle: the attributes of an exception are missing");
    return;
  }
  const bool to_set = !open_.empty() && open_.back().how == ending::proxy_state && open_.back().written >= 1 && open_.back().written <= 3;
  if (to_set && container != kind::dict) container = kind::set;
  switch (container) {
    case kind::dict:
      if (count == 0) return begin_dict(0);
      ahead_ = ahead::class_key;
      ahead_count_ = count;
      return;
    case kind::tuple: return begin_tuple(count);
    case kind::set: put("c__builtin__\nset\n"); break;
    case kind::frozenset: put("c__builtin__\nfrozenset\n"); break;
    default: break;
  }
  put(op::empty_list);
  if (count != 1) put(op::mark);
  const bool set = container != kind::list;
  if (set && count == 1) put(op::mark);
  open_.push_back({set ? ending::set : count == 1 ? ending::list_of_one : ending::list});
}

void pickle_writer::end() {
  if (ahead_ != ahead::nothing) settle();
  if (open_.empty()) return;  // only after a failure
  const ending how = open_.back().how;
  open_.pop_back();
  close(how);
  if (how != ending::call) done();
}

void pickle_writer::close(ending how) {
  switch (how) {
    case ending::list: return put(op::appends);
    case ending::list_of_one: return put(op::append);
    case ending::set: return put("e\x85R");
    case ending::dict: return put(op::setitems);
    case ending::empty_tuple: return put(op::empty_tuple);
    case ending::tuple1: return put(op::tuple1);
    case ending::tuple2: return put(op::tuple2);
    case ending::tuple3: return put(op::tuple3);
    case ending::proxy_state:
    case ending::tuple: return put(op::tuple);
    case ending::args: return put("tR");
    case ending::built: return put(op::build);
    case ending::wrapper: return put("\x85R");
    case ending::call:
    case ending::exception:
    case ending::none: return;
  }
}

// ---- objects

/// A text while it is open what the dict around it is. True: it says more about that, and is not written.
bool pickle_writer::look_at(std::string_view text) {
  const auto goes_on = [this](ahead next) { return ahead_ = next, true; };
  switch (ahead_) {
    case ahead::class_key: return text == "__class__" && goes_on(ahead::class_name);
    case ahead::class_name:
      class_ = text;
      return text.find('\n') == std::string_view::npos && goes_on(ahead::second_key);
    case ahead::second_key:
      if (text == "__exception__" && (ahead_count_ == 3 || ahead_count_ == 4)) return goes_on(ahead::flag);
      if (text == "state" && ahead_count_ == 2) return goes_on(ahead::state);
      if (text != "exception" || ahead_count_ != 2 || class_ != "Pyro4.futures._ExceptionWrapper") return false;
      put(wrapper_global);
      open_.push_back({ending::wrapper});
      return goes_on(ahead::nothing);
    case ahead::args_key: return text == "args" && goes_on(ahead::args);
    default: return false;
  }
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

}  // namespace

std::unique_ptr<writer> make_pickle_writer() { return std::make_unique<pickle_writer>(); }

}  // namespace engine
