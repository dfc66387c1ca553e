// A dispatcher without a network: one request's bytes in, the answer's bytes out.
#pragma once

#include <gtest/gtest.h>

#include <engine/object/daemon_object.hpp>
#include <engine/object/dispatch.hpp>

#include "object_support.hpp"
#include "thing.hpp"

namespace engine::test {

class dispatching : public testing::Test {
 protected:
  dispatching() {
    host.accepted = {"serpent", "json", "marshal"};
    host.objects.add({.id = "Pyro.Daemon", .object = &own, .table = &interface_of<daemon_object>(), .shared = true}, false);
    host.objects.add({.id = "thing", .object = &object, .table = &interface_of<thing>()}, false);
    peer.peer = "tester";
  }

  /// Answers one request; what was decided is in `decided`.
  std::vector<answer> ask(std::string_view bytes) {
    frame_reader reader;
    reader.set_hmac_key(host.hmac_key);
    reader.feed(as_bytes(bytes));
    const auto request = reader.next();
    EXPECT_TRUE(request && *request) << "not a frame";
    output out;
    decided = dispatch.answer(**request, peer, out);
    return frames_in(flat(out), host.hmac_key);
  }
  std::vector<answer> call(std::string_view method, std::string_view arguments = "()", std::string_view keywords = "{}", std::uint16_t flags = 0) {
    return ask(call_frame("thing", method, arguments, 5, keywords, flags));
  }
  /// The result of a call that must succeed.
  value result(std::string_view method, std::string_view arguments = "()", std::string_view keywords = "{}") {
    const auto all = call(method, arguments, keywords);
    EXPECT_EQ(decided, verdict::keep);
    if (all.size() != 1 || all[0].flags != 0) {
      ADD_FAILURE() << method << arguments << ": " << (all.empty() ? "no answer" : all[0].payload);
      return {};
    }
    return all[0].body();
  }
  /// "Class: text" of a call that must fail, by the rules of WIRE §5.
  std::string failure(std::string_view method, std::string_view arguments = "()", std::string_view keywords = "{}") {
    return failure_in(call(method, arguments, keywords));
  }
  static std::string failure_in(const std::vector<answer>& all) {
    if (all.size() != 1 || all[0].flags != flag::exception) return "no exception";
    EXPECT_EQ(all[0].type, message::result);
    EXPECT_FALSE(all[0].has("CORR"));
    const wire_exception e = all[0].exception();
    EXPECT_FALSE(e.traceback.empty());
    return e.type + ": " + e.text();
  }

  thing object;
  hosting host;
  daemon_object own{host, [] { return "about"; }};
  session peer;
  dispatcher dispatch{host, 0};
  verdict decided = verdict::keep;
};

}  // namespace engine::test
