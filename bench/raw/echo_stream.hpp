// The server's half of the raw protocol, one per connection: bytes in as they come, answers appended to a buffer that the
// caller sends at once. That one send per burst is what makes the pipelined floor as low as it is.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

#include <bench/raw/frame.hpp>

namespace bench {

class echo_stream {
 public:
  /// Throws std::runtime_error when the bytes are no frames.
  void feed(std::span<const char> bytes, std::string& answers) {
    while (!bytes.empty()) bytes = bytes.subspan(take(bytes, answers));
  }

  /// Bytes that are to follow the answers: what was fetched. The caller sends them and takes them off.
  std::uint64_t& owed() { return owed_; }

 private:
  std::size_t take(std::span<const char> bytes, std::string& answers) {
    if (blob_left_ > 0) return take_blob(bytes.size(), answers);
    const std::size_t whole = entries_left_ > 0 ? sizeof(batch_entry) : sizeof(frame);
    if (partial_size_ == 0 && bytes.size() >= whole) return entries_left_ > 0 ? take_entries(bytes, answers) : serve(bytes.data(), answers);
    const std::size_t n = std::min(whole - partial_size_, bytes.size());
    std::memcpy(partial_ + partial_size_, bytes.data(), n);
    partial_size_ += n;
    if (partial_size_ < whole) return n;
    partial_size_ = 0;
    if (entries_left_ > 0) take_entries({partial_, whole}, answers);
    else serve(partial_, answers);
    return n;
  }

  /// All whole entries that are there.
  std::size_t take_entries(std::span<const char> bytes, std::string& answers) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size() / sizeof(batch_entry), entries_left_));
    const std::size_t before = answers.size();
    answers.resize(before + count * sizeof(batch_answer));
    for (std::size_t i = 0; i < count; ++i) {
      batch_entry asked;
      std::memcpy(&asked, bytes.data() + i * sizeof asked, sizeof asked);
      if (asked.length != batch_entry{}.length) throw std::runtime_error("not an entry");
      const batch_answer answer{.number = asked.number};
      std::memcpy(answers.data() + before + i * sizeof answer, &answer, sizeof answer);
    }
    entries_left_ -= count;
    return count * sizeof(batch_entry);
  }

  std::size_t take_blob(std::size_t available, std::string& answers) {
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(available, blob_left_));
    blob_left_ -= n;
    if (blob_left_ == 0) answers.append(blob_answer_.bytes().data(), sizeof(frame));
    return n;
  }

  std::size_t serve(const char* request, std::string& answers) {
    frame header;
    std::memcpy(header.bytes().data(), request, sizeof header);
    if (header.length != frame{}.length) throw std::runtime_error("not a frame");
    if (header.what == operation::blob) {
      blob_left_ = header.argument;
      blob_answer_.what = operation::blob;
      blob_answer_.argument = header.argument;
      return sizeof(frame);
    }
    answers.append(request, sizeof(frame));
    if (header.what == operation::fetch) owed_ += header.argument;
    if (header.what == operation::batch) entries_left_ = header.argument;
    return sizeof(frame);
  }

  char partial_[sizeof(frame)];
  std::size_t partial_size_ = 0;
  std::uint64_t blob_left_ = 0, owed_ = 0, entries_left_ = 0;
  frame blob_answer_{};
};

}  // namespace bench
