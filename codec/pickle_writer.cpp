// See pickle_writer.hpp: scalars, moments and containers.
#include <codec/pickle_writer.hpp>

#include <cmath>
#include <utility>

#include <codec/utf8.hpp>

namespace engine {

namespace detail::pickle {

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
      ahead_is_own_ = std::exchange(own_, false);
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

}  // namespace detail::pickle

std::unique_ptr<writer> make_pickle_writer() { return std::make_unique<detail::pickle::pickle_writer>(); }

}  // namespace engine
