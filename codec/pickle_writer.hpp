// Writes pickles that any Python reads: the opcodes of protocol 2 without its memo, and protocol 3's for bytes.
// Pyro4 raises what it unpickles, so the class dictionaries of exceptions, URIs and proxies must become the objects themselves.
// A dict is known for one by its first keys; until they have come, nothing of it is written.
#pragma once

#include <algorithm>
#include <bit>
#include <string>
#include <utility>
#include <vector>

#include <codec/endian.hpp>
#include <codec/pickle.hpp>
#include <codec/writer_words.hpp>

namespace engine::detail::pickle {

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
    own_ = false;
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
  void own_exception() override { own_ = true; }

  void start_part(output& out) override {
    clear_error();
    out_ = &out;
    ahead_ = ahead::nothing;
    own_ = false;
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
  bool may_be_called() const;
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
  bool own_ = false;             ///< the next dict is an exception of this program
  bool ahead_is_own_ = false;    ///< that dict is one
};

}  // namespace engine::detail::pickle
