// URIs as Pyro reads and prints them (WIRE §7): the grammar with its oddities, every error word for word, and how they travel.
#include <engine/object/uri.hpp>

#include <sstream>
#include <unordered_set>

#include <gtest/gtest.h>

#include <engine/object/error.hpp>
#include <tests/support/encoded.hpp>

namespace engine {
namespace {

std::string refusal(const std::string& text) {
  try {
    return "accepted as " + uri(text).to_string();
  } catch (const error& e) {
    EXPECT_EQ(e.type(), "Pyro4.errors.PyroError");
    return e.what();
  }
}

TEST(uri, has_object_host_and_port) {
  const uri u = "pyro:obj@host:1234";
  EXPECT_EQ(u.protocol(), uri_protocol::pyro);
  EXPECT_EQ(u.object(), "obj");
  EXPECT_EQ(u.host(), "host");
  EXPECT_EQ(u.port(), 1234);
  EXPECT_EQ(u.sockname(), "");
  EXPECT_EQ(u.location(), "host:1234");
  EXPECT_EQ(u.to_string(), "PYRO:obj@host:1234");
}

TEST(uri, the_object_ends_at_the_first_at_sign) {
  const uri u = "PYRO:a@b@h:1";
  EXPECT_EQ(u.object(), "a");
  EXPECT_EQ(u.host(), "b@h");
  EXPECT_EQ(u.port(), 1);
}

TEST(uri, an_object_may_begin_with_an_at_sign) {
  EXPECT_EQ(uri("PYRO:@@h:1").object(), "@");
  EXPECT_EQ(refusal("PYRO:@h:1"), "invalid uri");
}

TEST(uri, unix_sockets_may_have_blanks_and_slashes) {
  const uri u = "PYRO:obj@./u:/tmp/a b.sock";
  EXPECT_EQ(u.sockname(), "/tmp/a b.sock");
  EXPECT_EQ(u.host(), "");
  EXPECT_EQ(u.port(), 0);
  EXPECT_EQ(u.location(), "./u:/tmp/a b.sock");
  EXPECT_EQ(u.to_string(), "PYRO:obj@./u:/tmp/a b.sock");
}

TEST(uri, an_abstract_unix_socket_keeps_its_nul) {
  const std::string text("PYRO:obj@./u:\0name", 18);
  EXPECT_EQ(uri(text).sockname(), std::string("\0name", 5));
  EXPECT_EQ(uri(text).to_string(), text);
}

TEST(uri, names_have_an_optional_location_with_the_name_servers_port) {
  EXPECT_EQ(uri("PYRONAME:name").location(), "");
  EXPECT_EQ(uri("PYRONAME:name").to_string(), "PYRONAME:name");
  EXPECT_EQ(uri("PYRONAME:name@host").to_string(), "PYRONAME:name@host:9090");
  EXPECT_EQ(uri("PYRONAME:name@host:1").port(), 1);
  EXPECT_EQ(uri("pyroname:name@[::1]").to_string(), "PYRONAME:name@[::1]:9090");
  EXPECT_EQ(uri("PYRONAME:name@./u:sock").sockname(), "sock");
}

TEST(uri, tags_are_a_set) {
  const uri u = "PYROMETA:b,a,b@host:1";
  EXPECT_EQ(u.protocol(), uri_protocol::pyrometa);
  EXPECT_EQ(u.tags(), (std::set<std::string>{"a", "b"}));
  EXPECT_EQ(u.port(), 1);
}

TEST(uri, ipv6_hosts_stand_in_brackets) {
  const uri u = "PYRO:obj@[::1]:55";
  EXPECT_EQ(u.host(), "::1");
  EXPECT_EQ(u.port(), 55);
  EXPECT_EQ(u.to_string(), "PYRO:obj@[::1]:55");
  EXPECT_EQ(uri("PYRO:obj@[::1]:5junk").port(), 5);
  EXPECT_EQ(uri("PYRO:obj@[fe80::1%3]:5").host(), "fe80::1%3");
}

TEST(uri, a_host_may_have_blanks_and_a_port_blanks_behind_it) {
  EXPECT_EQ(uri("PYRO:obj@host name:12").host(), "host name");
  EXPECT_EQ(uri("PYRO:a@b:1 ").port(), 1);
  EXPECT_EQ(uri("PYRO:a@b: +1_0").port(), 10);
  EXPECT_EQ(uri("PYRO:a@b:-1").port(), -1);
  EXPECT_EQ(uri("PYRO:a@b:70000").port(), 70000);
}

TEST(uri, an_empty_port_of_a_name_servers_location_is_its_default) {
  EXPECT_EQ(uri("PYRONAME:name@host:").port(), 9090);
}

TEST(uri, refusals_are_pyros_word_for_word) {
  const std::string ipv6 = "invalid ipv6 address: the part between brackets must be a numeric ipv6 address";
  const std::pair<const char*, std::string> table[] = {
      {"", "invalid uri"},
      {"PYRO", "invalid uri"},
      {"PYRO:", "invalid uri"},
      {" PYRO:a@b:1", "invalid uri"},
      {"XPYRO:a@b:1", "invalid uri"},
      {"http://x", "invalid uri"},
      {"PYRO5:a@b:1", "invalid uri"},
      {"PYRO:a b@c:1", "invalid uri"},
      {"PYROMETA:a,b , c", "invalid uri"},
      {"PYRO:a@", "invalid uri"},
      {"PYROX:a@b:1", "invalid uri (protocol)"},
      {"PYRO:obj", "invalid uri"},
      {"PYRO:obj@./u:", "invalid uri (location)"},
      {"PYRO:obj@./u:a:b", "invalid uri (location)"},
      {"PYRO:obj@host", "invalid port in uri, port=None"},
      {"PYRO:obj@[::1]", "invalid port in uri, port=None"},
      {"PYRO:obj@host:", "invalid port in uri, port=None"},
      {"PYRO:obj@host:xyz", "invalid port in uri, port=xyz"},
      {"PYRO:obj@host:1:2", "invalid port in uri, port=1:2"},
      {"PYRO:obj@host:1__0", "invalid port in uri, port=1__0"},
      {"PYRO:obj@[[::1]]:1", "invalid ipv6 address: enclosed in too many brackets"},
      {"PYRO:obj@[fe80::1%eth0]:1", ipv6},
      {"PYRO:obj@[host]:1", ipv6},
      {"PYRO:obj@[::1:1", ipv6},
  };
  for (const auto& [text, said] : table) EXPECT_EQ(refusal(text), said) << text;
}

TEST(uri, equal_ones_have_equal_hashes) {
  EXPECT_EQ(uri("pyro:a@b:1"), uri("PYRO:a@b:1"));
  EXPECT_NE(uri("PYRO:a@b:1"), uri("PYRO:a@b:2"));
  EXPECT_NE(uri("PYRO:a@b:1"), uri("PYRONAME:a@b:1"));
  EXPECT_EQ(uri("PYROMETA:a,b"), uri("PYROMETA:b,a"));
  const std::unordered_set<uri> set{uri("pyro:a@b:1"), uri("PYRO:a@b:1"), uri("PYROMETA:a,b"), uri("PYROMETA:b,a")};
  EXPECT_EQ(set.size(), 2u);
}

TEST(uri, is_printed_by_streams) {
  std::ostringstream out;
  out << uri("PYRO:a@b:1");
  EXPECT_EQ(out.str(), "PYRO:a@b:1");
}

TEST(uri, travels_as_pyros_class_dictionary) {
  const std::string text = test::encoded(serpent(), uri("PYRO:obj2@host:1234")).value();
  EXPECT_NE(text.find("{'__class__':'Pyro4.core.URI','state':('PYRO','obj2',None,'host',1234)}"), std::string::npos) << text;
  for (const serializer* format : {&serpent(), &marshal(), &msgpack()}) {
    for (const char* u : {"PYRO:o@h:1", "PYRO:x@./u:/tmp/s", "PYRO:x@[::1]:5", "PYRONAME:n", "PYRONAME:n@h:2", "PYROMETA:a,b@h:1"}) {
      const std::string sent = test::encoded(*format, uri(u)).value();
      uri back = "PYRO:none@none:1";
      const auto in = format->make_reader();
      in->start(test::as_bytes(sent));
      ASSERT_TRUE(decode(*in, back)) << in->error().text;
      EXPECT_EQ(back, uri(u));
    }
  }
}

TEST(uri, plain_text_and_pyro5s_class_are_taken_too) {
  const auto read = [](std::string_view text) {
    uri u = "PYRO:none@none:1";
    const auto in = serpent().make_reader();
    in->start(test::as_bytes(text));
    return decode(*in, u) ? u.to_string() : in->error().text;
  };
  EXPECT_EQ(read("'PYRO:a@b:1'"), "PYRO:a@b:1");
  EXPECT_EQ(read("{'__class__':'Pyro5.core.URI','state':('PYRO','a',None,'b',1)}"), "PYRO:a@b:1");
  EXPECT_EQ(read("{'__class__':'Pyro4.core.URI','state':('PYROMETA',{'a','b'},None,'h',1)}"), "PYROMETA:a,b@h:1");
  EXPECT_EQ(read("{'state':('PYRONAME','a',None,None,None),'more':[1],'__class__':'Pyro4.core.URI'}"), "PYRONAME:a");
  EXPECT_EQ(read("{'__class__':'Pyro4.core.URI','state':('PYRO','a',None,'::1',7,'later')}"), "PYRO:a@[::1]:7");
  EXPECT_EQ(read("{'__class__':'Pyro4.core.URI','state':('PYRO','a','/s',None,None)}"), "PYRO:a@./u:/s");
  EXPECT_EQ(read("{'__class__':'Pyro4.core.URI','state':('PYRO','a',None,'b',None)}"), "not a URI: invalid port in uri, port=None");
  EXPECT_EQ(read("{'__class__':'Pyro4.core.URI','state':('PYRO',)}"), "not a URI: invalid uri");
  EXPECT_EQ(read("{'__class__':'Pyro4.core.URI'}"), "not a URI: invalid uri");
  EXPECT_EQ(read("{'state':()}"), "not a URI: a ");
  EXPECT_EQ(read("'junk'"), "not a URI: invalid uri");
  EXPECT_EQ(read("{'__class__':'x.Y','state':()}"), "not a URI: a x.Y");
  EXPECT_TRUE(read("17").starts_with("not a URI: "));
}

}  // namespace
}  // namespace engine
