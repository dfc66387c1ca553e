// Streams as arguments (B16): the caller gives a stream<T>, the method's parameter is a stream<T>, and the items travel while the method asks
// for them, in windows, so a method that stops stops the producer. They are served by the caller's daemon, which must exist, as for
// callbacks; one without a listening socket will do (daemon_options::reachable_through). Between our own programs only.
//
//   task<double> Ledger::sum(stream<double> items) {            // … and a method may return a stream as well: both ways at once
//     double all = 0;
//     while (auto item = co_await items.next()) all += *item;   // in a blocking method: for (double item : items)
//     co_return all;
//   }
//   ledger.sum(read_payments("today.csv"));                     // a coroutine that says co_yield, or stream_of(vector)
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <codec/codec_of.hpp>
#include <codec/convert.hpp>
#include <engine/core/stream.hpp>
#include <engine/object/item_stream.hpp>
#include <engine/object/remote_stream.hpp>

namespace engine {

namespace detail {

/// A stream given to a daemon, for whoever knows this.
struct given_stream {
  std::string daemon{};  ///< URI of the daemon's own object
  std::string id{};
};

/// Gives a stream to the daemon of this process made last (on a core: to one of that core), where it waits ITER_STREAM_LINGER seconds for its reader, and writes where it is.
/// No daemon (or AUTOPROXY is off): the writer fails with a TypeError.
void write_given(writer& out, std::unique_ptr<open_stream>);
/// Where a stream is, or nothing if the value is a list. False: it is neither.
bool read_given(reader& in, std::optional<given_stream>& out, value& list);
/// Connects at the first item, by the key and the settings of the daemon that serves the present call.
std::shared_ptr<remote> giver(const given_stream&);

template <class T> inline constexpr bool written_once<stream<T>> = true;

}  // namespace detail

/// Writing takes the stream away from the caller's variable, so such a call is not repeated by MAX_RETRIES. A list is read as a stream of its items. A stream that was read belongs where the
/// method runs: to its core, or to plain threads. Its producer runs on the core where it was given, or on a side thread of the daemon.
template <class T> struct codec_of<stream<T>> {
  static bool decode(reader& in, stream<T>& out) {
    std::optional<detail::given_stream> given;
    value list;
    if (!detail::read_given(in, given, list)) return false;
    try {
      out = given ? open(*given) : stream_of(list.as<std::vector<T>>());
      return true;
    } catch (const std::exception& e) {
      return in.fail(wire_class::type_error, std::string("not a stream: ") + e.what());
    }
  }
  static void encode(writer& out, const stream<T>& items) {
    auto source = items.give_away();
    if (!source) {
      out.fail(wire_class::type_error, "this stream has no items to give: it is empty, or was given away before (a call that gives one cannot be repeated)");
      return;
    }
    detail::write_given(out, std::make_unique<open_stream_of<T>>(stream<T>(std::move(source))));
  }

 private:
  static stream<T> open(const detail::given_stream& given) {
    auto from = detail::giver(given);
    core* const here = core::current();
    detail::conversation& talk = here ? detail::core_remote::of(*here, *from).talk() : from->talk();
    return stream<T>(std::make_unique<detail::remote_items<T>>(std::move(from), talk, given.id));
  }
};

}  // namespace engine
