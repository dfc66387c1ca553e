// The lines that LOGWIRE writes, in Pyro's words.
#include <engine/link/wire_log.hpp>

#include <gtest/gtest.h>

#include <codec/frame_writer.hpp>
#include <engine/io/log.hpp>

namespace engine {
namespace {

void write(output& out, std::string_view payload, std::span<const annotation> annotations = {}) {
  frame_writer frame(out, {.type = message::invoke, .flags = flag::oneway, .sequence = 7, .serializer = 1}, annotations);
  out.append(payload);
  ASSERT_TRUE(frame.finish());
}

TEST(wire_log, says_what_stands_in_a_message_as_python_would_print_it) {
  const std::string id("\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16);
  const annotation both[] = {{"CORR", std::as_bytes(std::span(id))}, {"XYZZ", std::as_bytes(std::span("it's", 4))}};
  output out;
  write(out, "a\n\\\x01\xff", both);
  const log_capture log;
  log_wire("daemon wiredata received", out, {}, {});
  ASSERT_EQ(log.lines().size(), 1u);
  EXPECT_NE(log.lines()[0].find("daemon wiredata received: msgtype=4 flags=0x4 ser=1 seq=7 corr=00112233-4455-6677-8899-aabbccddeeff\n"
                                "annotations={'CORR': b'\\x00\\x11\"3DUfw\\x88\\x99\\xaa\\xbb\\xcc\\xdd\\xee\\xff', 'XYZZ': b'it\\'s'}\n"
                                "data=b'a\\n\\\\\\x01\\xff'"),
            std::string::npos)
      << log.lines()[0];
}

TEST(wire_log, writes_a_line_for_each_message_since_the_mark_and_cuts_long_ones) {
  output out;
  write(out, "before");
  const output::mark here = out.here();
  write(out, "first");
  write(out, std::string(10'000, 'x'));
  const log_capture log;
  log_wire("sending", out, here, {});
  ASSERT_EQ(log.lines().size(), 2u);
  EXPECT_NE(log.lines()[0].find("data=b'first'"), std::string::npos);
  EXPECT_NE(log.lines()[0].find("corr=?"), std::string::npos);
  EXPECT_NE(log.lines()[1].find("and 5904 bytes more"), std::string::npos);
}

}  // namespace
}  // namespace engine
