// Construction and access of value and its containers.
#include <codec/value.hpp>

#include <codec/key_lookup.hpp>
#include <codec/value_reader.hpp>

namespace engine {

namespace {

constexpr std::string_view key_error = "builtins.KeyError";
constexpr std::string_view index_error = "builtins.IndexError";

constexpr auto item_key = [](const value& item) -> const value& { return item; };
constexpr auto entry_key = [](const value_entry& entry) -> const value& { return entry.key; };

void require_hashable(const value& key) {
  const kind part = unhashable_part(key);
  if (part != kind::none) throw bad_value(wire_class::type_error, "unhashable type: '" + std::string(python_name(part)) + "'");
}

}  // namespace

namespace detail {

key_index::key_index() = default;
key_index::~key_index() = default;
key_index::key_index(const key_index& other) : table_(other.table_ ? std::make_unique<table>(*other.table_) : nullptr) {}
key_index::key_index(key_index&&) noexcept = default;
key_index& key_index::operator=(key_index other) noexcept {
  table_.swap(other.table_);
  return *this;
}

}  // namespace detail

template <kind Kind, class Value> bool value_set<Kind, Value>::contains(const Value& item) const {
  return detail::key_lookup::find(index_, items_, item_key, item) != detail::key_lookup::absent;
}

template <kind Kind, class Value> bool value_set<Kind, Value>::insert(Value item) {
  require_hashable(item);
  if (contains(item)) return false;
  items_.push_back(std::move(item));
  detail::key_lookup::appended(index_, items_, item_key);
  return true;
}

template class value_set<kind::set>;
template class value_set<kind::frozenset>;

value_dict::value_dict() = default;
value_dict::~value_dict() = default;
value_dict::value_dict(const value_dict&) = default;
value_dict::value_dict(value_dict&&) noexcept = default;
value_dict& value_dict::operator=(const value_dict&) = default;
value_dict& value_dict::operator=(value_dict&&) noexcept = default;

value_dict::value_dict(std::initializer_list<value_entry> entries) {
  for (const value_entry& entry : entries) set(entry.key, entry.item);
}

const value* value_dict::find(const value& key) const {
  const std::size_t at = detail::key_lookup::find(index_, entries_, entry_key, key);
  return at == detail::key_lookup::absent ? nullptr : &entries_[at].item;
}

const value* value_dict::find_text(std::string_view key) const {
  const std::size_t at = detail::key_lookup::find_text(index_, entries_, entry_key, key);
  return at == detail::key_lookup::absent ? nullptr : &entries_[at].item;
}

void value_dict::set(value key, value item) {
  require_hashable(key);
  if (value* held = find(key)) {
    *held = std::move(item);
    return;
  }
  entries_.push_back({std::move(key), std::move(item)});
  detail::key_lookup::appended(index_, entries_, entry_key);
}

bool value_dict::erase(const value& key) {
  const std::size_t at = detail::key_lookup::find(index_, entries_, entry_key, key);
  if (at == detail::key_lookup::absent) return false;
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(at));
  detail::key_lookup::rebuild(index_, entries_, entry_key);
  return true;
}

value::value(integer n) {
  if (const auto small = n.to_int64()) data_ = *small;
  else data_ = std::move(n);
}

std::size_t value::size() const {
  switch (kind()) {
    case kind::string: return get<std::string>().size();
    case kind::bytes: return get<engine::bytes>().size();
    case kind::dict: return get<dict>().size();
    case kind::list:
    case kind::tuple:
    case kind::set:
    case kind::frozenset: return elements().size();
    default: break;
  }
  throw bad_value(wire_class::type_error, "object of type '" + std::string(python_name(kind())) + "' has no size");
}

const value& value::operator[](std::string_view key) const {
  const value* item = get<dict>().find(key);
  if (item == nullptr) throw bad_value(key_error, to_repr(key));
  return *item;
}

const value& value::operator[](std::size_t index) const {
  const auto* items = get_if<tuple>() ? &get<tuple>().items() : &get<list>().items();
  if (index >= items->size()) throw bad_value(index_error, std::string(python_name(kind())) + " index out of range");
  return (*items)[index];
}

std::span<const value> value::elements() const {
  switch (kind()) {
    case kind::tuple: return get<tuple>().items();
    case kind::set: return get<set>().items();
    case kind::frozenset: return get<frozenset>().items();
    default: return get<list>().items();
  }
}

std::span<const value_entry> value::entries() const { return get<dict>().entries(); }

void value::read_as(bool (*decode)(reader&, void*), void* to) const {
  value_reader in(*this);
  if (!decode(in, to)) throw bad_value(in.error().type, in.error().text);
}

void value::refuse(engine::kind wanted) const {
  throw bad_value(wire_class::type_error,
                  "expected " + std::string(python_name(wanted)) + ", not " + std::string(python_name(kind())));
}

}  // namespace engine
