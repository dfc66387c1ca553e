// Descriptors that a giver puts into boxes: what arrives, what does not, and who tries in vain.
#include <engine/io/handover.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace engine {
namespace {

std::size_t open_here() { return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {})); }

bool same_file(int a, int b) {
  struct stat of_a{}, of_b{};
  return ::fstat(a, &of_a) == 0 && ::fstat(b, &of_b) == 0 && of_a.st_ino == of_b.st_ino && of_a.st_dev == of_b.st_dev;
}

class Handover : public ::testing::Test {
 protected:
  Handover() {
    before = open_here();
    giver.emplace(handover_giver::open().value());
    for (int& each : file) each = ::memfd_create("handed over", MFD_CLOEXEC);
  }
  ~Handover() override {
    for (const int each : file) ::close(each);
    giver.reset();
    EXPECT_EQ(open_here(), before) << "nothing is left open";
  }
  auto open_box() { return handover_box::open(giver->name()); }
  std::size_t before = 0;
  std::optional<handover_giver> giver{};
  int file[2]{};
};

TEST_F(Handover, gives_a_descriptor_to_whoever_opened_the_box) {
  auto box = open_box();
  ASSERT_TRUE(box.has_value());
  EXPECT_EQ(box->take(), -1);
  EXPECT_TRUE(giver->give(file[0], box->ticket()));
  const descriptor come = box->take();
  ASSERT_GE(come, 0);
  EXPECT_TRUE(same_file(come, file[0]));
  EXPECT_FALSE(same_file(come, file[1]));
  EXPECT_NE(::fcntl(come, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_GE(::fcntl(file[0], F_GETFD), 0) << "the giver's stays open";
  EXPECT_EQ(box->take(), -1) << "once";
  ::close(come);
}

TEST_F(Handover, goes_with_its_box) {
  auto box = open_box();
  ASSERT_TRUE(box.has_value());
  handover_box mine(std::move(*box));
  EXPECT_TRUE(giver->give(file[0], mine.ticket()));
  const descriptor come = mine.take();
  EXPECT_GE(come, 0);
  ::close(come);
}

TEST_F(Handover, leaves_nothing_open_of_what_nobody_took) {
  auto box = open_box();
  ASSERT_TRUE(box.has_value());
  EXPECT_TRUE(giver->give(file[0], box->ticket()));
}

TEST_F(Handover, finds_no_box_that_is_not_there) {
  std::vector<std::byte> ticket;
  {
    auto box = open_box();
    ASSERT_TRUE(box.has_value());
    ticket.assign(box->ticket().begin(), box->ticket().end());
  }
  EXPECT_FALSE(giver->give(file[0], ticket));
  EXPECT_FALSE(giver->give(file[0], std::vector<std::byte>(handover_box::ticket_size)));
}

TEST_F(Handover, refuses_tickets_of_another_size) {
  auto box = open_box();
  ASSERT_TRUE(box.has_value());
  std::vector<std::byte> longer(box->ticket().begin(), box->ticket().end());
  longer.push_back({});
  EXPECT_FALSE(giver->give(file[0], longer));
  EXPECT_FALSE(giver->give(file[0], box->ticket().first(handover_box::ticket_size / 2)));
  EXPECT_FALSE(giver->give(file[0], {}));
  EXPECT_EQ(box->take(), -1);
}

TEST_F(Handover, does_not_believe_who_knows_the_name_but_not_the_word) {
  auto box = open_box();
  ASSERT_TRUE(box.has_value());
  std::vector<std::byte> guessed(box->ticket().begin(), box->ticket().end());
  guessed.back() ^= std::byte{1};
  EXPECT_TRUE(giver->give(file[1], guessed)) << "the name is right";
  EXPECT_TRUE(giver->give(file[0], box->ticket()));
  const descriptor come = box->take();
  ASSERT_GE(come, 0);
  EXPECT_TRUE(same_file(come, file[0])) << "the other one is passed over";
  ::close(come);
}

TEST_F(Handover, is_kept_from_a_box_that_others_have_filled_and_from_nothing_else) {
  auto box = open_box();
  ASSERT_TRUE(box.has_value());
  std::vector<std::byte> guessed(box->ticket().begin(), box->ticket().end());
  guessed.back() ^= std::byte{1};
  int gone = 0;
  while (giver->give(file[1], guessed)) ++gone;
  EXPECT_GT(gone, 0);
  EXPECT_FALSE(giver->give(file[0], box->ticket())) << "it is full, and that is not waited for";
  for (int i = 0; i < gone; ++i) EXPECT_EQ(box->take(), -1);
  EXPECT_TRUE(giver->give(file[0], box->ticket()));
}

TEST_F(Handover, is_between_two_only) {
  auto box = open_box();
  auto stranger = handover_giver::open();
  ASSERT_TRUE(box.has_value() && stranger.has_value());
  EXPECT_FALSE(stranger->give(file[0], box->ticket())) << "though it has the whole ticket";
  EXPECT_EQ(box->take(), -1);
  EXPECT_TRUE(giver->give(file[0], box->ticket()));
  auto another = open_box();
  EXPECT_TRUE(giver->give(file[1], another->ticket()));
  const descriptor first = box->take(), second = another->take();
  EXPECT_TRUE(same_file(first, file[0]) && same_file(second, file[1]));
  ::close(first);
  ::close(second);
}

TEST_F(Handover, needs_a_giver_that_is_there) {
  std::vector<std::byte> name;
  {
    auto gone = handover_giver::open();
    ASSERT_TRUE(gone.has_value());
    name.assign(gone->name().begin(), gone->name().end());
  }
  EXPECT_EQ(handover_box::open(name).error().code, ECONNREFUSED);
  EXPECT_EQ(handover_box::open(std::span(name).first(15)).error().code, EINVAL);
  EXPECT_EQ(handover_box::open({}).error().code, EINVAL);
}

TEST_F(Handover, ends_with_the_giver) {
  auto box = open_box();
  ASSERT_TRUE(box.has_value());
  EXPECT_TRUE(giver->give(file[0], box->ticket()));
  giver.reset();
  const descriptor come = box->take();
  EXPECT_TRUE(same_file(come, file[0])) << "what was put there before is there";
  ::close(come);
  EXPECT_EQ(box->take(), -1);
}

/// Anybody on this machine, who has seen the names.
class Stranger {
 public:
  bool send_to(std::span<const std::byte> name, std::span<const std::byte> bytes, int file) {
    std::string text("\0engine handover ", 17);
    for (const std::byte each : name.first(named_datagrams::name_size)) {
      char digits[3];
      std::snprintf(digits, sizeof digits, "%02x", std::to_integer<unsigned>(each));
      text += digits;
    }
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    std::memcpy(where.sun_path, text.data(), text.size());
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof file)]{};
    iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_name = &where;
    message.msg_namelen = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size());
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const along = CMSG_FIRSTHDR(&message);
    along->cmsg_level = SOL_SOCKET;
    along->cmsg_type = SCM_RIGHTS;
    along->cmsg_len = CMSG_LEN(sizeof file);
    std::memcpy(CMSG_DATA(along), &file, sizeof file);
    return ::sendmsg(socket_.get, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
  }

 private:
  struct closing {
    int get = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ~closing() { ::close(get); }
  } socket_{};
};

TEST_F(Handover, takes_nothing_from_strangers) {
  auto box = open_box();
  ASSERT_TRUE(box.has_value());
  Stranger stranger;
  const auto word = box->ticket().subspan(named_datagrams::name_size);
  EXPECT_FALSE(stranger.send_to(box->ticket(), word, file[0])) << "closing what they send may take as long as they like";
  EXPECT_EQ(errno, EPERM);
  EXPECT_FALSE(stranger.send_to(giver->name(), word, file[0]));
  EXPECT_EQ(errno, EPIPE);
  EXPECT_EQ(box->take(), -1);
  EXPECT_TRUE(giver->give(file[0], box->ticket()));
}

}  // namespace
}  // namespace engine
