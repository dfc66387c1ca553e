// Reads what a pickle means: start() runs all of it, as a plain one if it is (pickle_tape.hpp), else on the machine
// (pickle_machine.hpp), and the words walk the tape or the tree that was left. A value that the pickle refers to twice is walked
// twice, so what counts against the bounds is what is walked, not what is there.
#include <array>
#include <cassert>
#include <cmath>
#include <ranges>
#include <vector>

#include <codec/pickle_machine.hpp>
#include <codec/pickle_tape.hpp>
#include <codec/reader_words.hpp>

namespace engine {

namespace {

using namespace detail::pickle;

class pickle_reader final : public reader {
 public:
  void start(std::span<const std::byte> payload, const decode_limits& limits) override {
    clear_error();
    outer_.clear();
    keys_of_ = nullptr;
    limits_ = limits;
    limits_.elements = std::min<std::size_t>(limits.elements_of(payload.size()), UINT32_MAX);
    values_left_ = static_cast<std::uint32_t>(limits_.elements - std::min<std::size_t>(limits_.elements, 1));
    text_units_ = 0;
    // What is not shared fits the payload twice over (Latin-1 as UTF-8).
    most_text_units_ = std::min<std::size_t>(2 * payload.size() / text_unit + limits.repeated_bytes / text_unit, UINT32_MAX);
    plain_ = tape_.run(payload, limits_.elements);
    if (plain_) {
      at_ = tape_.value();
      end_ = tape::after(at_);
    } else {
      const bool good = machine_.run(payload, limits_);
      end_ = tree().items.data() + tree().items.size();
      at_ = good ? end_ - 1 : end_;
      if (!good) fail(machine_.error());
    }
  }

  kind peek() override {
    if (!ready()) return kind::error;
    if (at_->type <= what::date) return static_cast<kind>(at_->type);
    return peek_object();
  }

  bool read_none() override { return ready() && at_->is(what::none) ? took() : refuse("NoneType"); }
  bool read_boolean(bool& out) override {
    if (!ready() || !at_->is(what::boolean)) return refuse("bool");
    out = at_->integer != 0;
    return took();
  }
  bool read_integer(std::int64_t& out) override {
    if (!ready() || !at_->is(what::integer)) return refuse_integer();
    out = at_->integer;
    return took();
  }
  bool read_real(double& out) override {
    if (!ready() || !at_->is(what::real)) return read_real_of_integer(out);
    out = at_->real;
    return took();
  }
  bool read_string(std::string_view& out) override {
    const cell* c = ready() && at_->is(what::object) ? finished_text() : at_;
    if (!ready() || c == nullptr || !c->is(what::string)) return refuse("str");
    out = c->view();
    return count_text(out.size()) && took();
  }
  bool read_bytes(std::span<const std::byte>& out) override {
    if (!ready() || !at_->is(what::bytes)) return refuse("bytes");
    out = std::as_bytes(std::span(at_->view()));
    return count_text(out.size()) && took();
  }

  bool read_big_integer(integer& out) override;
  bool read_complex(std::complex<double>& out) override;
  bool read_datetime(datetime& out) override;
  bool read_date(date& out) override;

  bool enter_sequence(std::size_t& hint) override {
    const bool is_one = ready() && at_->type >= what::list && at_->type <= what::frozenset;
    return is_one ? open<1>(hint) : refuse("list");
  }
  bool enter_dict(std::size_t& hint) override {
    const bool is_one = ready() && (at_->is(what::dict) || peek() == kind::dict);
    return is_one ? open<2>(hint) : refuse("dict");
  }

  bool more() override {
    if (!ok()) return false;
    if (at_ != end_) return true;
    if (!outer_.empty()) close();
    return false;
  }

  bool skip() override;
  bool next_member(std::string_view& name) override {
    if (!ready() || !at_->is(what::string)) return detail::next_member(*this, name);
    name = at_->view();
    return count_text(name.size()) && took();
  }
  bool read_members(const detail::member_table& table, void* const* members) override;
  bool read_integers(std::vector<std::int64_t>& out) override {
    return read_plain_list(out, what::integer, &cell::integer) || detail::read_integers(*this, out);
  }
  bool read_reals(std::vector<double>& out) override {
    return read_plain_list(out, what::real, &cell::real) || detail::read_reals(*this, out);
  }
  bool read_strings(std::vector<std::string>& out) override { return detail::read_strings(*this, out); }

  mark here() const override {
    return {static_cast<std::size_t>(at_ - items()), static_cast<std::uint32_t>(outer_.size()), std::uint64_t{values_left_} << 32 | text_units_};
  }
  void rewind(const mark& m) override {
    assert(m.depth <= outer_.size());
    if (m.depth < outer_.size()) end_ = outer_[m.depth].end;
    outer_.resize(m.depth);
    at_ = items() + m.offset;
    values_left_ = static_cast<std::uint32_t>(m.state >> 32);
    text_units_ = static_cast<std::uint32_t>(m.state);
  }

  bool begin_call(std::string_view& object, std::string_view& method) override;
  bool begin_keywords() override {
    return ready() && behind() == end_ ? true : fail(wire_class::value_error, "arguments left over");
  }
  bool end_call() override {
    if (more()) return fail(wire_class::value_error, "values left over after the call");
    return finish();
  }
  /// As Python, does not mind bytes after the end of the pickle.
  bool finish() override {
    if (!ok()) return false;
    return outer_.empty() && at_ == end_ ? true : fail(wire_class::value_error, "values left over");
  }

  std::size_t offset() const override { return plain_ ? tape_.offset() : machine_.offset(); }

 private:
  struct place { const cell* at; const cell* end; };
  struct extent { const cell* first; const cell* last; const cell* behind; std::uint32_t members; };

  const detail::pickle::tree& tree() const { return machine_.tree(); }
  const cell* items() const { return plain_ ? tape_.value() : tree().items.data(); }
  /// The container here. On a tape its cells are its members and what they hold.
  extent inside(const cell* c) const {
    if (plain_) return {c + 1, c + 1 + c->index, c + 2 + c->index, c->size};
    const auto cells = tree().members(*c);
    return {cells.data(), cells.data() + cells.size(), c + 1, static_cast<std::uint32_t>(cells.size())};
  }
  const cell* behind() const { return plain_ ? tape::after(at_) : at_ + 1; }
  bool ready() const { return at_ != end_ && ok(); }
  bool took() {
    ++at_;
    return true;
  }

  bool count_text(std::size_t size) {
    text_units_ += static_cast<std::uint32_t>(size / text_unit);
    return text_units_ <= most_text_units_ || fail(wire_class::value_error, "too much text in one message");
  }

  /// Whether a container may not be opened here, or inside so many more.
  bool too_deep(std::size_t inside = 0) const { return outer_.size() + inside >= limits_.depth; }
  bool too_many(std::size_t more) const { return more > values_left_; }

  template <std::size_t ValuesEach> [[gnu::always_inline]] bool open(std::size_t& hint) {
    const extent here = inside(at_);
    // A cycle has no end, so it ends here too.
    if (too_deep()) return fail(wire_class::value_error, "containers nested too deeply, or in themselves");
    if (too_many(here.members)) return fail(wire_class::value_error, "too many values in one message");
    values_left_ -= here.members;
    hint = here.members / ValuesEach;
    outer_.push_back({here.behind, end_});
    at_ = here.first;
    end_ = here.last;
    return true;
  }
  /// The whole list here at once if all its elements are of that type; else nothing is consumed.
  template <class Element> bool read_plain_list(std::vector<Element>& out, what type, Element cell::*content) {
    const cell* const behind = ready() ? take_plain_list(at_, out, type, content) : nullptr;
    if (behind != nullptr) at_ = behind;
    return behind != nullptr;
  }
  template <class Element> const cell* take_plain_list(const cell* list, std::vector<Element>& out, what type, Element cell::*content) {
    if (list->type < what::list || list->type > what::frozenset) return nullptr;
    const extent here = inside(list);
    const std::span cells(here.first, here.last);
    if (cells.size() != here.members || too_deep() || too_many(here.members)) return nullptr;
    for (const cell& one : cells)
      if (!one.is(type)) return nullptr;
    const auto contents = std::views::transform(cells, content);
    out.assign(contents.begin(), contents.end());
    values_left_ -= here.members;
    return here.behind;
  }
  bool is_key_of(const cell& key, const detail::member_entry& member, const char*& known) const;
  const cell* take_plain(const cell* c, detail::plain_member type, void* to);
  bool take_in_order(const cell*& at, const cell* end, const detail::member_table& table, void* const* members, std::size_t& next);
  bool read_members_on(bool at_value, const detail::member_table& table, void* const* members, std::size_t next);

  void close() {
    at_ = outer_.back().at;
    end_ = outer_.back().end;
    outer_.pop_back();
  }

  /// The text an object has become, nullptr if it is none.
  const cell* finished_text() const {
    const container& object = tree().containers[at_->index];
    return object.type == what::string && object.size == 1 ? tree().members(object).data() : nullptr;
  }
  kind peek_object();
  [[gnu::cold]] bool not_allowed(std::string_view name) {
    return fail(wire_class::serialize_error, "pickle: class '" + std::string(name) + "' is not allowed");
  }

  /// Names what was expected and what is there, unless something else is wrong already.
  [[gnu::cold]] bool refuse(std::string_view expected) {
    const kind k = peek();
    if (!ok()) return false;
    return fail(wire_class::type_error, "expected " + std::string(expected) + ", not " + std::string(python_name(k)));
  }
  [[gnu::cold]] bool refuse_integer() {
    if (peek() != kind::big_integer) return refuse("int");
    return fail(wire_class::overflow_error, "int " + machine_.to_integer(*at_).to_string() + " does not fit int64");
  }
  bool read_real_of_integer(double& out);

  static constexpr std::size_t text_unit = 64;

  tape tape_{};
  machine machine_{};
  bool plain_ = false;  ///< the tape has it
  decode_limits limits_{};
  const cell* at_ = nullptr;   ///< the next value of the innermost open container
  const cell* end_ = nullptr;
  std::vector<place> outer_{};
  std::uint32_t values_left_ = 0;  ///< what may be in further containers
  std::uint32_t text_units_ = 0;   ///< text and bytes handed out
  std::size_t most_text_units_ = 0;
  const detail::member_entry* keys_of_ = nullptr;  ///< the members of the struct read last, and where the first of their keys lay
  std::array<const char*, 8> keys_{};
};

/// Whether this key is the member's. One that Python has written once lies in the same place each time.
[[gnu::always_inline]] inline bool pickle_reader::is_key_of(const cell& key, const detail::member_entry& member, const char*& known) const {
  if (!key.is(what::string) || key.size != member.name.size() || key.size >= text_unit) return false;
  if (key.text == known) return true;
  if (!detail::same_text(member.name, key.view())) return false;
  known = key.text;
  return true;
}

/// The value at c of a member of that type is taken; behind it. nullptr: nothing is, as it is something else.
[[gnu::always_inline]] inline const cell* pickle_reader::take_plain(const cell* c, detail::plain_member type, void* to) {
  using detail::plain_member;
  switch (type) {
    case plain_member::string:
      if (!c->is(what::string) || c->size >= text_unit) return nullptr;
      detail::assign(*static_cast<std::string*>(to), c->view());
      return c + 1;
    case plain_member::integer:
      if (!c->is(what::integer)) return nullptr;
      *static_cast<std::int64_t*>(to) = c->integer;
      return c + 1;
    case plain_member::real:
      if (!c->is(what::real)) return nullptr;
      *static_cast<double*>(to) = c->real;
      return c + 1;
    case plain_member::integers: return take_plain_list(c, *static_cast<std::vector<std::int64_t>*>(to), what::integer, &cell::integer);
    case plain_member::reals: return take_plain_list(c, *static_cast<std::vector<double>*>(to), what::real, &cell::real);
    default: return nullptr;
  }
}

/// The members from `next` on, whose keys begin at `at`, as long as they come in order and are plain. True when what comes then is the value of
/// member `next`.
[[gnu::always_inline]] inline bool pickle_reader::take_in_order(const cell*& at, const cell* end, const detail::member_table& table, void* const* members,
                                                                std::size_t& next) {
  if (keys_of_ != table.members.data()) {
    keys_of_ = table.members.data();
    keys_.fill(nullptr);
  }
  const std::size_t most = std::min(table.members.size(), keys_.size());
  const cell* c = at;
  std::size_t i = next;
  bool at_value = false;
  for (; i < most && c != end && is_key_of(*c, table.members[i], keys_[i]); ++i) {
    const cell* const behind = take_plain(c + 1, table.members[i].plain, members[i]);  // a dict never ends behind a key
    at_value = behind == nullptr;
    c = at_value ? c + 1 : behind;
    if (at_value) break;
  }
  at = c;
  next = i;
  return at_value;
}

/// As detail::read_members(), with short ways for the key that is expected and for what is at hand. A dict that ends by them is never opened.
bool pickle_reader::read_members(const detail::member_table& table, void* const* members) {
  std::size_t hint = 0, next = 0;
  if (!ready() || !at_->is(what::dict)) return enter_dict(hint) && read_members_on(false, table, members, next);
  const extent here = inside(at_);
  if (too_deep(1) || too_many(here.members)) return open<2>(hint) && read_members_on(false, table, members, next);
  values_left_ -= here.members;
  const cell* at = here.first;
  const bool at_value = take_in_order(at, here.last, table, members, next);
  if (at == here.last) {
    at_ = here.behind;
    return true;
  }
  outer_.push_back({here.behind, end_});
  at_ = at;
  end_ = here.last;
  return read_members_on(at_value, table, members, next);
}

/// In the dict, at one of its keys, at its end, or at the value of the next member.
bool pickle_reader::read_members_on(bool at_value, const detail::member_table& table, void* const* members, std::size_t next) {
  while (at_value || at_ != end_) {
    if (!at_value) {
      std::string_view key;
      if (!next_member(key)) return ok();
      const bool in_order = next < table.members.size() && detail::same_text(table.members[next].name, key);
      const std::size_t index = in_order ? next : detail::find_member(table, key);
      if (index == table.members.size()) {
        if (!detail::pass_member(*this, table, key)) return false;
        continue;
      }
      next = index;
    }
    if (!detail::read_member(*this, table.members[next], members[next])) return false;
    ++next;
    at_value = take_in_order(at_, end_, table, members, next);
  }
  close();
  return true;
}

kind pickle_reader::peek_object() {
  if (at_->is(what::object)) {
    if (finished_text() != nullptr) return kind::string;
    const container& object = tree().containers[at_->index];
    if (object.type == what::dict && static_cast<class_id>(object.class_of) != class_id::maybe_exception) return kind::dict;
    not_allowed(object.type == what::dict ? tree().members(object)[1].view() : "uuid.UUID");
  } else {
    not_allowed(at_->is(what::class_) ? at_->view() : "datetime.timezone");
  }
  return kind::error;
}

bool pickle_reader::read_big_integer(integer& out) {
  if (!ready() || (!at_->is(what::integer) && !at_->is(what::big_integer))) return refuse("int");
  out = machine_.to_integer(*at_);
  return took();
}

bool pickle_reader::read_real_of_integer(double& out) {
  if (!ready() || (!at_->is(what::integer) && !at_->is(what::big_integer))) return refuse("float");
  out = at_->is(what::integer) ? static_cast<double>(at_->integer) : machine_.to_integer(*at_).to_double();
  if (!std::isfinite(out)) return fail(wire_class::overflow_error, "int too large to convert to float");
  return took();
}

bool pickle_reader::read_complex(std::complex<double>& out) {
  if (!ready() || !at_->is(what::complex)) return refuse("complex");
  out = tree().complexes[at_->index];
  return took();
}

bool pickle_reader::read_datetime(datetime& out) {
  if (!ready() || !at_->is(what::datetime)) return refuse("datetime");
  out = tree().moments[at_->index];
  return took();
}

bool pickle_reader::read_date(date& out) {
  if (!ready() || !at_->is(what::date)) return refuse("date");
  out = *from_ordinal(at_->integer);
  return took();
}

bool pickle_reader::skip() {
  const std::size_t depth = outer_.size();
  do {
    std::size_t hint = 0;
    switch (peek()) {
      case kind::error: return refuse("a value");
      case kind::list:
      case kind::tuple:
      case kind::set:
      case kind::frozenset:
      case kind::dict:
        if (!open<1>(hint)) return false;
        break;
      case kind::string:
      case kind::bytes:
        if (!count_text(at_->is(what::object) ? 0 : at_->size)) return false;
        took();
        break;
      default: took();
    }
    while (outer_.size() > depth && at_ == end_) close();
  } while (outer_.size() > depth);
  return true;
}

bool pickle_reader::begin_call(std::string_view& object, std::string_view& method) {
  const kind k = peek();
  if (!ok()) return false;
  std::size_t size = 0;
  if (k != kind::tuple && k != kind::list)
    return fail(wire_class::type_error, "cannot unpack non-iterable " + std::string(python_name(k)) + " object");
  if (!enter_sequence(size)) return false;
  if (size > 4) return fail(wire_class::value_error, "too many values to unpack (expected 4)");
  if (size < 4) return fail(wire_class::value_error, "not enough values to unpack (expected 4, got " + std::to_string(size) + ")");
  return read_string(object) && read_string(method);
}

}  // namespace

std::unique_ptr<reader> make_pickle_reader() { return std::make_unique<pickle_reader>(); }

}  // namespace engine
