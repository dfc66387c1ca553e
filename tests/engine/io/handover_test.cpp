// Descriptors that are put into a box by ticket: what arrives, what does not, and who may try in vain.
#include <engine/io/handover.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
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
    for (int& each : file) each = ::memfd_create("handed over", MFD_CLOEXEC);
  }
  ~Handover() override {
    for (const int each : file) ::close(each);
    EXPECT_EQ(open_here(), before) << "nothing is left open";
  }
  const std::size_t before = open_here();
  int file[2]{};
};

TEST_F(Handover, gives_a_descriptor_to_whoever_opened_the_box) {
  auto box = handover::open();
  ASSERT_TRUE(box.has_value());
  EXPECT_EQ(box->take(), -1);
  EXPECT_TRUE(hand_over(file[0], box->ticket()));
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
  auto box = handover::open();
  ASSERT_TRUE(box.has_value());
  handover mine(std::move(*box));
  EXPECT_TRUE(hand_over(file[0], mine.ticket()));
  const descriptor come = mine.take();
  EXPECT_GE(come, 0);
  ::close(come);
}

TEST_F(Handover, leaves_nothing_open_of_what_nobody_took) {
  auto box = handover::open();
  ASSERT_TRUE(box.has_value());
  EXPECT_TRUE(hand_over(file[0], box->ticket()));
}

TEST_F(Handover, finds_no_box_that_is_not_there) {
  std::vector<std::byte> ticket;
  {
    auto box = handover::open();
    ASSERT_TRUE(box.has_value());
    ticket.assign(box->ticket().begin(), box->ticket().end());
  }
  EXPECT_FALSE(hand_over(file[0], ticket));
  EXPECT_FALSE(hand_over(file[0], std::vector<std::byte>(handover::ticket_size)));
}

TEST_F(Handover, refuses_tickets_of_another_size) {
  auto box = handover::open();
  ASSERT_TRUE(box.has_value());
  std::vector<std::byte> longer(box->ticket().begin(), box->ticket().end());
  longer.push_back({});
  EXPECT_FALSE(hand_over(file[0], longer));
  EXPECT_FALSE(hand_over(file[0], box->ticket().first(handover::ticket_size / 2)));
  EXPECT_FALSE(hand_over(file[0], {}));
  EXPECT_EQ(box->take(), -1);
}

TEST_F(Handover, does_not_believe_who_knows_the_name_but_not_the_word) {
  auto box = handover::open();
  ASSERT_TRUE(box.has_value());
  std::vector<std::byte> guessed(box->ticket().begin(), box->ticket().end());
  guessed.back() ^= std::byte{1};
  EXPECT_TRUE(hand_over(file[1], guessed)) << "the name is right";
  EXPECT_TRUE(hand_over(file[0], box->ticket()));
  const descriptor come = box->take();
  ASSERT_GE(come, 0);
  EXPECT_TRUE(same_file(come, file[0])) << "the other one is passed over";
  ::close(come);
}

TEST_F(Handover, keeps_who_floods_a_box_from_nothing_but_what_was_to_come) {
  auto box = handover::open();
  ASSERT_TRUE(box.has_value());
  std::vector<std::byte> guessed(box->ticket().begin(), box->ticket().end());
  guessed.back() ^= std::byte{1};
  int gone = 0;
  while (hand_over(file[1], guessed)) ++gone;
  EXPECT_GT(gone, 0);
  EXPECT_FALSE(hand_over(file[0], box->ticket())) << "it is full, and that is not waited for";
  for (int i = 0; i < gone; ++i) EXPECT_EQ(box->take(), -1);
  EXPECT_TRUE(hand_over(file[0], box->ticket()));
}

/// What anybody may send to the box whose name they have seen.
class Stranger {
 public:
  explicit Stranger(std::span<const std::byte> ticket) {
    std::string name("\0engine handover ", 17);
    for (const std::byte each : ticket.first(ticket.size() / 2)) {
      char digits[3];
      std::snprintf(digits, sizeof digits, "%02x", std::to_integer<unsigned>(each));
      name += digits;
    }
    where_.sun_family = AF_UNIX;
    std::memcpy(where_.sun_path, name.data(), name.size());
    size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  }
  ~Stranger() { ::close(socket_); }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;
  bool send(std::span<const std::byte> bytes, std::span<const int> files) {
    alignas(cmsghdr) char control[CMSG_SPACE(8 * sizeof(int))]{};
    iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_name = &where_;
    message.msg_namelen = size_;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!files.empty()) {
      message.msg_control = control;
      message.msg_controllen = CMSG_SPACE(files.size_bytes());
      cmsghdr* const along = CMSG_FIRSTHDR(&message);
      along->cmsg_level = SOL_SOCKET;
      along->cmsg_type = SCM_RIGHTS;
      along->cmsg_len = CMSG_LEN(files.size_bytes());
      std::memcpy(CMSG_DATA(along), files.data(), files.size_bytes());
    }
    return ::sendmsg(socket_, &message, MSG_DONTWAIT) >= 0;
  }

 private:
  int socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un where_{};
  socklen_t size_ = 0;
};

TEST_F(Handover, passes_over_what_is_no_parcel) {
  auto box = handover::open();
  ASSERT_TRUE(box.has_value());
  const auto word = box->ticket().subspan(handover::ticket_size / 2);
  std::vector<std::byte> longer(word.begin(), word.end());
  longer.push_back({});
  Stranger stranger(box->ticket());
  EXPECT_TRUE(stranger.send({}, {}));
  EXPECT_TRUE(stranger.send(word.first(word.size() - 1), std::span(file, 1)));
  EXPECT_TRUE(stranger.send(longer, std::span(file, 1)));
  EXPECT_TRUE(stranger.send(word, {})) << "the word, but nothing with it";
  EXPECT_EQ(box->take(), -1);
  EXPECT_TRUE(hand_over(file[0], box->ticket()));
  const descriptor come = box->take();
  EXPECT_TRUE(same_file(come, file[0]));
  ::close(come);
}

TEST_F(Handover, keeps_one_descriptor_where_several_come) {
  auto box = handover::open();
  ASSERT_TRUE(box.has_value());
  Stranger stranger(box->ticket());
  EXPECT_TRUE(stranger.send(box->ticket().subspan(handover::ticket_size / 2), file));
  const descriptor come = box->take();
  EXPECT_GE(come, 0);
  ::close(come);
}

}  // namespace
}  // namespace engine
