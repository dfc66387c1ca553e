// How sets and dicts of value find their keys. Up to a few simple keys are just compared; beyond that, or with keys that are
// containers themselves, a hash table of positions is kept. Its seed is secret, so a peer cannot choose keys that collide.
#pragma once

#include <algorithm>
#include <bit>
#include <cassert>

#include <codec/value.hpp>

namespace engine::detail {

struct key_index::table {
  std::vector<std::uint64_t> hashes;    ///< by position
  std::vector<std::uint32_t> slots;     ///< position + 1, 0 is free; a power of two, at most half full
};

std::uint64_t hash_text(std::string_view text);

/// Looks into `Items`, whose element i has the key KeyAt(items[i]).
class key_lookup {
 public:
  static constexpr std::size_t absent = static_cast<std::size_t>(-1);
  static constexpr std::size_t compared_most = 16;

  template <class Items, class KeyAt> static std::size_t find(const key_index& index, const Items& items, KeyAt key_at, const value& key) {
    if (!index.table_) return compared(items, key_at, key);
    if (unhashable_part(key) != kind::none) return absent;
    return probed(index, hash_of(key), [&](std::size_t i) { return key_at(items[i]) == key; });
  }

  template <class Items, class KeyAt>
  static std::size_t find_text(const key_index& index, const Items& items, KeyAt key_at, std::string_view key) {
    const auto equal = [&](std::size_t i) {
      const std::string* text = key_at(items[i]).template get_if<std::string>();
      return text != nullptr && *text == key;
    };
    if (index.table_) return probed(index, hash_text(key), equal);
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (equal(i)) return i;
    }
    return absent;
  }

  /// Call after an item was appended whose key find() did not know.
  template <class Items, class KeyAt> static void appended(key_index& index, const Items& items, KeyAt key_at) {
    const value& key = key_at(items.back());
    if (index.table_) return add(*index.table_, hash_of(key));
    const bool simple = key.kind() != kind::tuple && key.kind() != kind::frozenset;
    if (items.size() > compared_most || !simple) rebuild(index, items, key_at);
  }

  template <class Items, class KeyAt> static void rebuild(key_index& index, const Items& items, KeyAt key_at) {
    index.table_.reset();
    if (items.empty()) return;  // a table has at least one slot
    index.table_ = std::make_unique<key_index::table>();
    for (const auto& item : items) add(*index.table_, hash_of(key_at(item)));
  }

  /// The most slots that any find() looks at, for tests: the longest row of taken ones, and the free one behind it.
  static std::size_t longest_way(const key_index& index) {
    if (!index.table_) return 0;
    const auto& slots = index.table_->slots;
    std::size_t longest = 0, row = 0;
    for (std::size_t at = 0; at < 2 * slots.size(); ++at) {  // twice, as a row goes on at the beginning
      row = slots[at & (slots.size() - 1)] == 0 ? 0 : row + 1;
      longest = std::max(longest, row);
    }
    return longest + 1;
  }

 private:
  template <class Items, class KeyAt> static std::size_t compared(const Items& items, KeyAt key_at, const value& key) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (key_at(items[i]) == key) return i;
    }
    return absent;
  }

  template <class Equal> static std::size_t probed(const key_index& index, std::uint64_t hash, Equal equal) {
    const auto& [hashes, slots] = *index.table_;
    for (std::size_t at = hash;; ++at) {
      const std::uint32_t entry = slots[at & (slots.size() - 1)];
      if (entry == 0) return absent;
      if (hashes[entry - 1] == hash && equal(entry - 1)) return entry - 1;
    }
  }

  static void add(key_index::table& table, std::uint64_t hash) {
    table.hashes.push_back(hash);
    assert(table.hashes.size() < 0xffffffff);
    if (table.hashes.size() * 2 > table.slots.size()) {
      table.slots.assign(std::bit_ceil(table.hashes.size() * 4), 0);
      for (std::size_t i = 0; i < table.hashes.size(); ++i) place(table, i);
    } else {
      place(table, table.hashes.size() - 1);
    }
  }

  static void place(key_index::table& table, std::size_t position) {
    std::size_t at = table.hashes[position];
    while (table.slots[at & (table.slots.size() - 1)] != 0) ++at;
    table.slots[at & (table.slots.size() - 1)] = static_cast<std::uint32_t>(position + 1);
  }
};

}  // namespace engine::detail
