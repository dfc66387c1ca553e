// The places of a batch's results. They lie in blocks, each for results of one type in the order of their calls, so that many are made, read and
// let go together; a later<R> keeps its block.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <codec/convert.hpp>
#include <codec/plain_msgpack.hpp>
#include <codec/reader.hpp>
#include <codec/value.hpp>
#include <engine/core/recycled.hpp>
#include <engine/core/reference_count.hpp>

namespace engine {

template <class R> class later;

namespace detail {

/// Its references are counted here, because counting one for each place would be the dearest part of it: a block is made with one for every place it
/// can hold, and gives them out without counting.
class later_block {
 public:
  later_block(const later_block&) = delete;
  later_block& operator=(const later_block&) = delete;
  bool full() const { return used_ == most_; }
  void add_reference() { references_.add(); }
  void drop_references(std::uint32_t count) {
    if (references_.drop(count)) delete this;
  }
  /// No more places are added: the reference of whoever adds them goes, and those of the places that there are not.
  void close() { drop_references(1 + most_ - used_); }
  virtual bool read(std::size_t at, reader& in) = 0;
  /// The same of so many in a row, of msgpack in a short form. False: it is not so, and nothing but reading has happened.
  virtual bool read_plainly(std::size_t first, std::size_t count, plain_msgpack& in) = 0;
  virtual void take(std::size_t at, const value&) = 0;  ///< throws if it does not fit
  /// An answer is about to be read, perhaps not the first.
  void begin() {
    have_ = have::none_yet;
    why_none_ = nullptr;
    errors_.clear();
  }
  /// One of them has no result.
  void fail(std::size_t at, std::exception_ptr why) {
    errors_.resize(used_);
    errors_[at] = std::move(why);
  }
  /// All others have.
  void settle() { have_ = errors_.empty() ? have::all : have::some; }
  /// None of them has one, for that reason.
  void settle(const std::exception_ptr& why) {
    have_ = have::some;
    why_none_ = why;
  }
  /// Throws unless there is a result: why there is none.
  void check(std::size_t at) const {
    if (have_ != have::all) [[unlikely]] check_one(at);
  }

 protected:
  explicit later_block(std::size_t most) : most_(static_cast<std::uint32_t>(most)), references_(1 + most_) {}
  virtual ~later_block() = default;
  std::uint32_t used_ = 0;

 private:
  void check_one(std::size_t at) const;
  const std::uint32_t most_;
  reference_count references_;
  enum class have : std::uint8_t { none_yet, some, all } have_ = have::none_yet;
  std::exception_ptr why_none_{};
  std::vector<std::exception_ptr> errors_{};  // by place, once one has failed
};

template <class R> class later_block_of final : public later_block {
 public:
  /// As many as make a block, with what else is in it, that the thread keeps for the next (recycled.hpp), one at least.
  static constexpr std::size_t most = std::clamp<std::size_t>((largest_recycled - 128) / sizeof(R), 1, 64);
  later_block_of() : later_block(most) {}
  static void* operator new(std::size_t size) {
    if constexpr (over_aligned()) return ::operator new(size, std::align_val_t(alignof(later_block_of)));
    else return take_recycled(size);
  }
  static void operator delete(void* memory, std::size_t size) noexcept {
    if constexpr (over_aligned()) ::operator delete(memory, size, std::align_val_t(alignof(later_block_of)));
    else give_recycled(memory, size);
  }
  /// Another place; its number. Its reference is given out with it.
  std::uint32_t add() {
    assert(!full());
    std::construct_at(&at(used_));
    return used_++;
  }
  R& at(std::size_t i) { return reinterpret_cast<R*>(room_)[i]; }
  bool read(std::size_t i, reader& in) override { return decode(in, at(i)); }
  bool read_plainly(std::size_t first, std::size_t count, plain_msgpack& in) override {
    if constexpr (!plain_value<R>) return false;
    else {
      for (std::size_t i = first; i < first + count; ++i)
        if (!in.take(at(i))) return false;
      return true;
    }
  }
  void take(std::size_t i, const value& v) override { at(i) = v.as<R>(); }

 private:
  ~later_block_of() override {
    for (std::size_t i = 0; i < used_; ++i) std::destroy_at(&at(i));
  }
  static constexpr bool over_aligned() { return alignof(later_block_of) > __STDCPP_DEFAULT_NEW_ALIGNMENT__; }
  alignas(R) std::byte room_[most * sizeof(R)];  // the first of them are there
};

template <> class later_block_of<void> final : public later_block, public recycled {
 public:
  later_block_of() : later_block(64) {}
  std::uint32_t add() { return used_++; }
  bool read(std::size_t, reader& in) override { return in.skip(); }
  bool read_plainly(std::size_t, std::size_t count, plain_msgpack& in) override {
    for (; count > 0; --count)
      if (!in.none()) return false;
    return true;
  }
  void take(std::size_t, const value&) override {}
};

/// One reference to a block.
template <class R> class later_place {
 public:
  /// Takes over the reference that add() gave out.
  later_place(later_block_of<R>& block, std::uint32_t at) : block_(&block), at_(at) {}
  later_place(const later_place& other) : block_(other.block_), at_(other.at_) {
    if (block_) block_->add_reference();
  }
  later_place(later_place&& other) noexcept : block_(std::exchange(other.block_, nullptr)), at_(other.at_) {}
  later_place& operator=(later_place other) noexcept {
    std::swap(block_, other.block_);
    std::swap(at_, other.at_);
    return *this;
  }
  ~later_place() {
    if (block_) block_->drop_references(1);
  }
  later_block_of<R>& block() const { return *block_; }
  std::uint32_t at() const { return at_; }

 private:
  later_block_of<R>* block_;
  std::uint32_t at_;
};

/// Calls that follow each other and whose places lie so too.
struct later_run {
  later_block* of;
  std::uint32_t first, count;
};

/// A place of a batch.
class later_cursor {
 public:
  explicit later_cursor(std::span<const later_run> all) : runs_(all) {}
  bool at_end() const { return runs_.empty(); }
  std::size_t passed() const { return passed_; }
  bool read(reader& in) const { return runs_.front().of->read(place(), in); }
  void take(const value& v) const { runs_.front().of->take(place(), v); }
  void fail(std::exception_ptr why) const { runs_.front().of->fail(place(), std::move(why)); }
  void next() {
    ++passed_;
    if (++in_run_ < runs_.front().count) return;
    in_run_ = 0;
    runs_ = runs_.subspan(1);
  }

 private:
  std::size_t place() const { return runs_.front().first + in_run_; }
  std::span<const later_run> runs_;
  std::size_t in_run_ = 0, passed_ = 0;
};

/// All places of one batch, in the order of its calls.
class later_places {
 public:
  template <class R> later<R> add() {
    if (open_.type != &type_mark<R> || open_.block->full()) open<R>();
    auto& block = static_cast<later_block_of<R>&>(*open_.block);
    later_place<R> made(block, block.add());
    if (!runs_.empty() && runs_.back().of == &block) ++runs_.back().count;
    else runs_.push_back({&block, made.at(), 1});
    ++size_;
    return later<R>(std::move(made));
  }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear() {
    runs_.clear();
    blocks_.clear();
    open_ = {};
    size_ = 0;
  }

  void begin() {
    for (const auto& each : blocks_) each.block->begin();
  }
  void settle() {
    for (const auto& each : blocks_) each.block->settle();
  }
  void settle(const std::exception_ptr& why) {
    for (const auto& each : blocks_) each.block->settle(why);
  }
  /// Every result, if all are in a short form. False: nothing but reading has happened.
  bool read_plainly(plain_msgpack& in) const {
    return std::ranges::all_of(runs_, [&](const later_run& r) { return r.of->read_plainly(r.first, r.count, in); });
  }

  /// One after the other. Good until another is added.
  later_cursor first() const { return later_cursor(runs_); }

 private:
  struct closing {
    void operator()(later_block* b) const { b->close(); }
  };
  struct typed_block {
    const void* type;
    std::unique_ptr<later_block, closing> block;
  };
  template <class R> static inline char type_mark = 0;  // no constant: those a linker may make one of
  /// Calls of several types in turns do not begin a block each: the last one of a type is looked for among the last few.
  template <class R> void open() {
    constexpr std::size_t few = 32;
    const std::span<const typed_block> last = std::span(blocks_).last(std::min(few, blocks_.size()));
    for (std::size_t i = last.size(); i-- > 0;)
      if (last[i].type == &type_mark<R> && !last[i].block->full()) return open(last[i]);
    blocks_.push_back({&type_mark<R>, std::unique_ptr<later_block, closing>(new later_block_of<R>)});
    open(blocks_.back());
  }
  void open(const typed_block& one) { open_ = {one.type, one.block.get()}; }

  std::vector<typed_block> blocks_{};
  std::vector<later_run> runs_{};
  struct {
    const void* type = nullptr;
    later_block* block = nullptr;
  } open_{};  ///< where the next place most likely is
  std::size_t size_ = 0;
};

}  // namespace detail

/// The result of one call of a batch. A copy refers to the same. It keeps the results beside it as well, up to 64 of its type: move out of it what is to
/// outlive a large batch. Once the batch has been answered it may be read on any thread.
template <class R> class later {
 public:
  explicit later(detail::later_place<R> place) : place_(std::move(place)) {}
  /// The result. Throws what the call threw; engine::error if the batch has not been sent, was sent oneway, or ended before this call;
  /// what kept the batch from being answered. The reference is valid as long as a copy of this lives.
  decltype(auto) get() const {
    place_.block().check(place_.at());
    if constexpr (!std::is_void_v<R>) return (place_.block().at(place_.at()));
  }
  decltype(auto) operator*() const { return get(); }
  auto* operator->() const requires(!std::is_void_v<R>) { return &get(); }

 private:
  detail::later_place<R> place_;
};

}  // namespace engine
