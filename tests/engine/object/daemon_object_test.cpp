// Pyro.Daemon, asked by bytes and by proxies (WIRE §8).
#include <engine/object/daemon_object.hpp>

#include "dispatch_support.hpp"

namespace engine::test {
namespace {

class daemon_objects : public dispatching {
 protected:
  answer own_call(std::string_view method, std::string_view arguments = "()", std::string_view keywords = "{}") {
    const auto all = ask(call_frame("Pyro.Daemon", method, arguments, 1, keywords));
    EXPECT_EQ(all.size(), 1u);
    return all.at(0);
  }
};

TEST_F(daemon_objects, lists_what_is_registered_in_order) {
  EXPECT_EQ(own_call("registered").body(), value(value::list{"Pyro.Daemon", "thing"}));
}

TEST_F(daemon_objects, answers_ping_with_nothing) { EXPECT_EQ(own_call("ping").body(), value()); }

TEST_F(daemon_objects, tells_about_itself) { EXPECT_EQ(own_call("info").body(), value("about")); }

TEST_F(daemon_objects, gives_metadata_as_sets) {
  const value meta = own_call("get_metadata", "['thing']").body();
  EXPECT_EQ(meta["methods"].kind(), kind::set);
  EXPECT_EQ(meta["oneway"], value(value::set{"fire"}));
  EXPECT_EQ(meta["attrs"].kind(), kind::set);
}

TEST_F(daemon_objects, gives_metadata_as_lists_when_asked) {
  EXPECT_EQ(own_call("get_metadata", "('thing',True)").body()["oneway"], value(value::list{"fire"}));
  EXPECT_EQ(own_call("get_metadata", "()", "{'objectId':'thing','as_lists':True}").body()["oneway"].kind(), kind::list);
  EXPECT_EQ(own_call("get_metadata", "('thing',)", "{'as_lists':False}").body()["oneway"].kind(), kind::set);
}

TEST_F(daemon_objects, an_empty_set_is_serpents_empty_tuple) {
  const answer a = own_call("get_metadata", "('Pyro.Daemon',)");
  EXPECT_NE(a.payload.find("'oneway':()"), std::string::npos) << a.payload;
}

TEST_F(daemon_objects, does_not_know_unknown_objects) {
  EXPECT_EQ(failure_in(ask(call_frame("Pyro.Daemon", "get_metadata", "('nobody',)"))), "Pyro4.errors.DaemonError: unknown object");
}

TEST_F(daemon_objects, describes_itself) {
  const value meta = own_call("get_metadata", "('Pyro.Daemon',)").body();
  for (const char* name : {"registered", "ping", "info", "get_metadata"})
    EXPECT_TRUE(meta["methods"].get<value::set>().contains(name)) << name;
  EXPECT_TRUE(meta["attrs"].elements().empty());
}

}  // namespace
}  // namespace engine::test
