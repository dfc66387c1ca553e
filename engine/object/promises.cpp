// See promises.hpp.
#include <engine/object/promises.hpp>

#include <algorithm>

#include <codec/convert.hpp>
#include <codec/endian.hpp>
#include <codec/frame_reader.hpp>
#include <codec/frame_writer.hpp>
#include <codec/serializer.hpp>
#include <engine/io/log.hpp>
#include <engine/object/client_context.hpp>
#include <engine/object/dispatch.hpp>
#include <engine/object/error.hpp>
#include <engine/object/proxy_codec.hpp>

namespace engine {

namespace {

constexpr const char* not_kept = "the result of the earlier call is not kept (any more): call the proxy that it returned";
constexpr const char* no_object = "the result of the earlier call is no object of this daemon: if it is a proxy, call that";

/// The bytes in one piece; nothing if there are too many.
std::vector<std::byte> bytes_since(const output& answer, const output::mark& since) {
  std::vector<std::byte> all;
  if (answer.size_since(since) > kept_results::longest_answer) return all;
  answer.each_since(since, [&](std::span<const std::byte> run) { all.insert(all.end(), run.begin(), run.end()); });
  return all;
}

/// The object of this daemon that a result stands for.
std::optional<std::string> object_in(const frame& answer, const hosting& host) {
  const serializer* format = find_serializer_48(answer.serializer);
  if (!format || answer.has(flag::item_stream)) return std::nullopt;
  codecs own(host.settings.bytes_in_serpent(), host.settings.decoding);
  reader& in = own.reader_of(*format);
  in.start(answer.payload);
  value v;
  if (!decode(in, v)) return std::nullopt;
  const auto where = detail::uri_in(v);
  if (!where || where->protocol() != uri_protocol::pyro || !host.is_here(where->location())) return std::nullopt;
  return where->object();
}

void read_answer(kept_result& into, const output& answer, const output::mark& since, const hosting& host) {
  into.why_not = no_object;
  const auto bytes = bytes_since(answer, since);
  frame_reader one({.message_size = kept_results::longest_answer});
  one.set_hmac_key(host.hmac_key);
  one.feed(bytes);
  const auto read = one.next();
  if (!read || !*read) return;
  const frame& f = **read;
  into.failed = f.has(flag::exception) && !f.has(flag::item_stream);
  if (into.failed) {
    into.error_serializer = f.serializer;
    into.error.assign(f.payload.begin(), f.payload.end());
  } else if (auto id = object_in(f, host)) {
    into.object = std::move(*id);
    into.why_not.clear();
  }
}

}  // namespace

promise_words promise_words::in(const frame& request) {
  promise_words said;
  for (const annotation a : request.annotations) {
    if (a.key == keep_annotation) said.keep = true;
    if (a.key == upon_annotation && a.value.size() == 2) said.upon = load_big<std::uint16_t>(reinterpret_cast<const char*>(a.value.data()));
  }
  return said;
}

const std::string& kept_result::id() const {
  if (!why_not.empty()) throw daemon_error(why_not);
  return object;
}

void kept_result::answer_with_error(const frame& request, const hosting& host, output& out) const {
  if (request.has(flag::oneway)) return;
  const std::string& key = host.hmac_key;
  frame_writer again(out, {.type = message::result, .flags = flag::exception, .sequence = request.sequence, .serializer = error_serializer,
                           .hmac = !key.empty()});
  out.append(error.data(), error.size());
  if (!again.finish({.hmac_key = key})) log_error("the error of an earlier call could not be repeated");
}

void kept_results::begin(std::uint16_t sequence) {
  std::erase_if(kept_, [&](const auto& each) { return each->sequence == sequence && each->settled; });
  if (kept_.size() == most) {
    const auto oldest = std::ranges::find_if(kept_, [](const auto& each) { return each->settled; });
    if (oldest == kept_.end()) return;
    kept_.erase(oldest);
  }
  kept_.push_back(std::make_shared<kept_result>(kept_result{.sequence = sequence}));
}

void kept_results::settle(std::uint16_t sequence, const output& answer, const output::mark& since, const hosting& host) {
  const auto at = std::ranges::find_if(kept_, [&](const auto& each) { return each->sequence == sequence && !each->settled; });
  if (at == kept_.end()) return;
  const std::shared_ptr<kept_result> settled = *at;
  read_answer(*settled, answer, since, host);
  settled->settled = true;
  if (settled->failed) drop_old_errors();
  for (const auto waiting : std::exchange(settled->waiting, {})) waiting.resume();
}

/// The newest stays, since none alone is too long.
void kept_results::drop_old_errors() {
  std::size_t left = longest_answer;
  for (auto at = kept_.rbegin(); at != kept_.rend(); ++at) {
    kept_result& each = **at;
    if (!each.settled || !each.failed) continue;
    if (each.error.size() <= left) {
      left -= each.error.size();
    } else {
      *at = std::make_shared<kept_result>(kept_result{.sequence = each.sequence, .settled = true, .why_not = not_kept});
    }
  }
}

std::shared_ptr<kept_result> kept_results::find(std::uint16_t sequence) const {
  const auto at = std::ranges::find_if(kept_, [&](const auto& each) { return each->sequence == sequence; });
  if (at != kept_.end()) return *at;
  return std::make_shared<kept_result>(kept_result{.sequence = sequence, .settled = true, .why_not = not_kept});
}

}  // namespace engine
