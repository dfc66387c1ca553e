// Settings and where they come from: Pyro's defaults, the environment, refusals that name the variable, and the dump.
#include <engine/object/settings.hpp>

#include <cstdlib>

#include <gtest/gtest.h>

#include <engine/object/error.hpp>

namespace engine {
namespace {

using namespace std::chrono_literals;

/// One variable for the length of a test.
class variable {
 public:
  variable(const char* name, const char* text) : name_(name) { ::setenv(name, text, 1); }
  ~variable() { ::unsetenv(name_); }
  variable(const variable&) = delete;
  variable& operator=(const variable&) = delete;

 private:
  const char* name_;
};

std::string refusal() {
  try {
    settings::from_environment();
    return "accepted";
  } catch (const error& e) {
    return e.what();
  }
}

TEST(settings, defaults_are_pyros) {
  const settings s = settings::defaults();
  EXPECT_EQ(s.host, "localhost");
  EXPECT_EQ(s.comm_timeout, 0);
  EXPECT_FALSE(s.compression);
  EXPECT_EQ(s.max_message_size, 0u);
  EXPECT_EQ(s.serializer, "serpent");
  EXPECT_EQ(s.serializers_accepted, (std::set<std::string>{"json", "marshal", "serpent"}));
  EXPECT_EQ(s.ns_port, 9090);
  EXPECT_TRUE(s.metadata);
}

TEST(settings, every_variable_changes_its_setting) {
  const variable host("PYRO_HOST", "example.org"), timeout("PYRO_COMMTIMEOUT", "2.5"), compression("PYRO_COMPRESSION", "on"),
      size("PYRO_MAX_MESSAGE_SIZE", "1024"), retries("PYRO_MAX_RETRIES", "3"), metadata("PYRO_METADATA", "no"),
      version("PYRO_PREFER_IP_VERSION", "6"), serializer("PYRO_SERIALIZER", "msgpack"),
      accepted("PYRO_SERIALIZERS_ACCEPTED", "msgpack, serpent"), reuse("PYRO_SOCK_REUSE", "0"), ns_host("PYRO_NS_HOST", "names"),
      ns_port("PYRO_NS_PORT", "1"), handshake("ENGINE_HANDSHAKE_TIMEOUT", "0.5"), spin("ENGINE_SPIN_US", "7"), memory("ENGINE_SHARED_MEMORY", "65536"), pin("ENGINE_PIN", "TRUE"),
      stall("ENGINE_STALL_MS", "9"), depth("ENGINE_MAX_DEPTH", "10"), digits("ENGINE_MAX_DIGITS", "20"), elements("ENGINE_MAX_ELEMENTS", "30"),
      repeated("ENGINE_MAX_REPEATED", "40"), repeated_bytes("ENGINE_MAX_REPEATED_BYTES", "50"), inflated("ENGINE_MAX_INFLATED", "60");
  const settings s = settings::from_environment();
  EXPECT_EQ(s.host, "example.org");
  EXPECT_EQ(s.comm_timeout, 2.5);
  EXPECT_TRUE(s.compression);
  EXPECT_EQ(s.max_message_size, 1024u);
  EXPECT_EQ(s.max_retries, 3);
  EXPECT_FALSE(s.metadata);
  EXPECT_EQ(s.prefer_ip_version, 6);
  EXPECT_EQ(s.serializer, "msgpack");
  EXPECT_EQ(s.serializers_accepted, (std::set<std::string>{"msgpack", "serpent"}));
  EXPECT_FALSE(s.sock_reuse);
  EXPECT_EQ(s.ns_host, "names");
  EXPECT_EQ(s.ns_port, 1);
  EXPECT_EQ(s.handshake_timeout, 0.5);
  EXPECT_EQ(s.spin, 7us);
  EXPECT_EQ(s.shared_memory, 65536u);
  EXPECT_TRUE(s.pin);
  EXPECT_EQ(s.stall, 9ms);
  EXPECT_EQ(s.decoding, (decode_limits{.depth = 10, .digits = 20, .elements = 30, .repeated = 40, .repeated_bytes = 50, .inflated = 60}));
}

TEST(settings, booleans_are_spelled_in_pyros_ways) {
  for (const char* yes : {"1", "on", "yes", "true", "True", "ON"}) {
    const variable v("PYRO_COMPRESSION", yes);
    EXPECT_TRUE(settings::from_environment().compression) << yes;
  }
  for (const char* no : {"0", "off", "no", "false", "No"}) {
    const variable v("PYRO_METADATA", no);
    EXPECT_FALSE(settings::from_environment().metadata) << no;
  }
}

TEST(settings, of_the_call_styles_have_pyros_defaults_and_variables) {
  const settings d = settings::defaults();
  EXPECT_TRUE(d.iter_streaming && d.oneway_threaded && d.autoproxy);
  EXPECT_FALSE(d.log_wire || d.detailed_traceback);
  EXPECT_EQ(d.iter_stream_lifetime, 0);
  EXPECT_EQ(d.iter_stream_linger, 30);
  EXPECT_EQ(d.poll_timeout, 2);
  EXPECT_EQ(d.threadpool_size, 40);
  EXPECT_EQ(d.threadpool_size_min, 4);
  EXPECT_EQ(d.server_type, "core");
  const variable streaming("PYRO_ITER_STREAMING", "off"), lifetime("PYRO_ITER_STREAM_LIFETIME", "1.5"), linger("PYRO_ITER_STREAM_LINGER", "0"),
      oneway("PYRO_ONEWAY_THREADED", "false"), poll("PYRO_POLLTIMEOUT", "0.5"), type("PYRO_SERVERTYPE", "thread"),
      size("PYRO_THREADPOOL_SIZE", "9"), least("PYRO_THREADPOOL_SIZE_MIN", "2"), autoproxy("PYRO_AUTOPROXY", "no"), nat("PYRO_NATHOST", "example.org"),
      port("PYRO_NATPORT", "77"), wire("PYRO_LOGWIRE", "1"), detailed("PYRO_DETAILED_TRACEBACK", "yes");
  const settings s = settings::from_environment();
  EXPECT_FALSE(s.iter_streaming || s.oneway_threaded || s.autoproxy);
  EXPECT_TRUE(s.log_wire && s.detailed_traceback);
  EXPECT_EQ(s.iter_stream_lifetime, 1.5);
  EXPECT_EQ(s.iter_stream_linger, 0);
  EXPECT_EQ(s.poll_timeout, 0.5);
  EXPECT_EQ(s.threadpool_size, 9);
  EXPECT_EQ(s.threadpool_size_min, 2);
  EXPECT_EQ(s.server_type, "thread");
  EXPECT_EQ(s.nat_host, "example.org");
  EXPECT_EQ(s.nat_port, 77);
}

TEST(settings, pyros_variables_without_a_meaning_here_and_unknown_ones_are_left_alone) {
  const variable json("PYRO_JSON_MODULE", "simplejson"), flame("PYRO_FLAME_ENABLED", "1"), waitall("PYRO_USE_MSG_WAITALL", "0"),
      nodelay("PYRO_SOCK_NODELAY", "1"), dill("PYRO_DILL_PROTOCOL_VERSION", "4"), pickle("PYRO_PICKLE_PROTOCOL_VERSION", "2"),
      require("PYRO_REQUIRE_EXPOSE", "0"), unknown("PYRO_NO_SUCH_THING", "whatever");
  EXPECT_EQ(settings::from_environment().dump(), settings::defaults().dump());
}

TEST(settings, come_from_the_environment_only_where_that_is_asked_for) {
  const variable host("PYRO_HOST", "example.org");
  EXPECT_EQ(settings::defaults().host, "localhost");
  {
    const variable other("PYRO_COMMTIMEOUT", "3");
    EXPECT_EQ(settings::from_environment().comm_timeout, 3);
  }
  EXPECT_EQ(settings::from_environment().comm_timeout, 0) << "as it is when it is asked";
  EXPECT_EQ(settings::from_environment().host, "example.org");
}

TEST(settings, a_bad_text_is_refused_by_name) {
  const struct { const char *name, *text, *said; } table[] = {
      {"PYRO_COMPRESSION", "maybe", "PYRO_COMPRESSION=maybe is not a boolean: 0 off no false, 1 on yes true"},
      {"PYRO_NS_PORT", "x", "PYRO_NS_PORT=x is not a number in range"},
      {"PYRO_NS_PORT", "1 ", "PYRO_NS_PORT=1  is not a number in range"},
      {"PYRO_NS_PORT", "99999999999", "PYRO_NS_PORT=99999999999 is not a number in range"},
      {"PYRO_COMMTIMEOUT", "", "PYRO_COMMTIMEOUT= is not a number in range"},
      {"PYRO_COMMTIMEOUT", "-1", "PYRO_COMMTIMEOUT=-1 is not a number in range"},
      {"PYRO_COMMTIMEOUT", "nan", "PYRO_COMMTIMEOUT=nan is not a number in range"},
      {"PYRO_MAX_MESSAGE_SIZE", "-1", "PYRO_MAX_MESSAGE_SIZE=-1 is not a number in range"},
      {"ENGINE_SPIN_US", "-5", "ENGINE_SPIN_US=-5 is not a number in range"},
      {"ENGINE_HANDSHAKE_TIMEOUT", "inf", "ENGINE_HANDSHAKE_TIMEOUT=inf is not a number in range"},
  };
  for (const auto& row : table) {
    const variable v(row.name, row.text);
    EXPECT_EQ(refusal(), row.said);
  }
}

TEST(settings, are_listed_under_pyros_names_in_order) {
  const auto list = settings::defaults().as_list();
  ASSERT_EQ(list.size(), 42u);
  EXPECT_EQ(list.front(), (std::pair<std::string, std::string>{"HOST", "localhost"}));
  EXPECT_EQ(list.back(), (std::pair<std::string, std::string>{"ENGINE_MAX_INFLATED", "1073741824"}));
}

TEST(settings, are_dumped_as_lines) {
  settings s = settings::defaults();
  s.comm_timeout = 1.5;
  const std::string text = s.dump();
  for (const char* line : {"HOST = localhost\n", "COMMTIMEOUT = 1.5\n", "COMPRESSION = False\n", "METADATA = True\n",
                           "SERIALIZERS_ACCEPTED = json,marshal,serpent\n", "ENGINE_SPIN_US = 50\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line;
}

}  // namespace
}  // namespace engine
