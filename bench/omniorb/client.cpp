// omniORB's client. It has no asynchronous calls, so no window; and one connection for each address, so no `connect` scenario.
#include <bench/common/peer.hpp>

#include "echo.hh"

namespace {

class client {
 public:
  explicit client(const bench::arguments& given) {
    const char* options[][2] = {{"giopMaxMsgSize", "2000000000"}, {nullptr, nullptr}};
    int count = 0;
    CORBA::ORB_var orb = CORBA::ORB_init(count, nullptr, "omniORB4", options);
    CORBA::Object_var found = orb->string_to_object(("corbaloc::127.0.0.1:" + bench::port_of(given) + "/echo").c_str());
    echo_ = Bench::Echo::_unchecked_narrow(found);
  }

  std::uint64_t length(std::string_view text) { return echo_->length(text.data()); }
  std::uint64_t blob(const std::vector<char>& data) {
    const auto size = static_cast<CORBA::ULong>(data.size());
    return echo_->blob(Bench::Data(size, size, reinterpret_cast<CORBA::Octet*>(const_cast<char*>(data.data())), false));
  }
  void note(std::string_view text) { echo_->note(text.data()); }
  std::uint64_t noted() { return echo_->noted(); }

 private:
  Bench::Echo_var echo_;
};

}  // namespace

int main(int argc, char** argv) {
  std::_Exit(bench::peer_main<client>("omniorb_client", argc, argv));  // its threads outlive the ORB; nothing is to be kept
}
