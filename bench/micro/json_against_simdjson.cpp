// Our json reader beside bare simdjson On-Demand: a megabyte of orders, typed into the same C++ structs by both, and the results
// compared before anything is timed. On-Demand takes the members in the order they come in, which is its fastest way, needs padding
// behind the text and takes much that Python's json refuses; it is the yardstick because nothing faster is known.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <simdjson.h>

#include <codec/convert.hpp>
#include <codec/serializer.hpp>
#include <codec/shape.hpp>

namespace bench_json {

struct line {
  std::string item{};
  std::int64_t count = 0;
  double price = 0;
  bool gift = false;
  bool operator==(const line&) const = default;
};
ENGINE_SHAPE(line, item, count, price, gift)

struct order {
  std::int64_t id = 0;
  std::string customer{}, note{};
  std::optional<std::string> coupon{};
  std::vector<double> position{};
  std::vector<std::string> tags{};
  std::vector<line> lines{};
  bool operator==(const order&) const = default;
};
ENGINE_SHAPE(order, id, customer, note, coupon, position, tags, lines)

}  // namespace bench_json

namespace {

using bench_json::line;
using bench_json::order;
namespace ondemand = simdjson::ondemand;

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "json_against_simdjson: %s\n", what);
  std::exit(1);
}

/// Names, sentences (some with escapes, some not in ASCII), whole numbers, prices of two digits and positions of seventeen.
std::vector<order> orders() {
  std::vector<order> all(2100);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto n = static_cast<std::int64_t>(i);
    const auto x = static_cast<double>(i);
    order& o = all[i];
    o.id = 10'000'000 + n;
    o.customer = i % 3 == 0 ? "J\xc3\xbcrgen M\xc3\xbcller" : "Customer number " + std::to_string(i);
    o.note = i % 4 == 0 ? "Ring the bell.\nThen \"wait\"." : "Leave it at the door of the house behind the blue one, please";
    if (i % 2 == 0) o.coupon = "SPRING" + std::to_string(i);
    o.position = {52 + x / 7000, 13 - x / 9000};
    o.tags = {"new", "paid", i % 5 == 0 ? "express" : "standard"};
    for (std::size_t k = 0; k < 3; ++k)
      o.lines.push_back({"Article " + std::to_string(i * k % 1000), n % 7 + 1, static_cast<double>(100 + i * 13 % 9000) / 100, k == 1});
  }
  return all;
}

std::string as_json(const std::vector<order>& all) {
  engine::output out;
  const auto to = engine::json().make_writer();
  to->start(out);
  engine::encode(*to, all);
  if (!to->ok()) die("cannot be written");
  return {out.at(0), out.size()};
}

void read(engine::reader& in, const std::string& text, std::vector<order>& out) {
  in.start(std::as_bytes(std::span(text)));
  if (!engine::decode(in, out) || !in.finish()) die(in.error().text.c_str());
}

std::string text_of(ondemand::value v) { return std::string(std::string_view(v.get_string())); }

void read(ondemand::object fields, line& out) {
  out.item = text_of(fields.find_field("item"));
  out.count = fields.find_field("count").get_int64();
  out.price = fields.find_field("price").get_double();
  out.gift = fields.find_field("gift").get_bool();
}

void read(ondemand::object fields, order& out) {
  out.id = fields.find_field("id").get_int64();
  out.customer = text_of(fields.find_field("customer"));
  out.note = text_of(fields.find_field("note"));
  ondemand::value coupon = fields.find_field("coupon");
  if (!coupon.is_null()) out.coupon = text_of(coupon);
  for (auto element : fields.find_field("position").get_array()) out.position.push_back(element.get_double());
  for (auto element : fields.find_field("tags").get_array()) out.tags.push_back(text_of(element.value()));
  for (auto element : fields.find_field("lines").get_array()) read(element.get_object(), out.lines.emplace_back());
}

void read(ondemand::parser& parser, const simdjson::padded_string& text, std::vector<order>& out) {
  ondemand::document document = parser.iterate(text);
  out.clear();
  for (auto element : document.get_array()) read(element.get_object(), out.emplace_back());
}

void ours(benchmark::State& state) {
  const auto expected = orders();
  const std::string text = as_json(expected);
  const auto in = engine::json().make_reader();
  std::vector<order> got;
  read(*in, text, got);
  if (got != expected) die("ours came back changed");
  for (auto _ : state) read(*in, text, got);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(ours);

void simdjson_on_demand(benchmark::State& state) {
  const auto expected = orders();
  const simdjson::padded_string text(as_json(expected));
  ondemand::parser parser;
  std::vector<order> got;
  read(parser, text, got);
  if (got != expected) die("simdjson's came back changed");
  for (auto _ : state) read(parser, text, got);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(simdjson_on_demand);

}  // namespace

BENCHMARK_MAIN();
