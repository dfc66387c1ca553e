// The two storages of the message bus (messagebus.hpp). The file's tables are those of Pyro4's example, and so is what is in them: a message's
// data is a pickle. Either program goes on where the other stopped.
#include <sqlite3.h>

#include <algorithm>
#include <stdexcept>

#include "messagebus.hpp"

namespace {

class MemoryStorage final : public Storage {
  std::set<std::string> topics() override {
    std::set<std::string> names;
    for (const auto& [name, messages] : messages_) names.insert(name);
    return names;
  }
  void create_topic(const std::string& topic) override { messages_.try_emplace(topic); }
  void remove_topic(const std::string& topic) override {
    messages_.erase(topic);
    subscribers_.erase(topic);
  }
  void add_message(const std::string& topic, const Message& m) override { messages_.at(topic).push_back(m); }
  void remove_messages(const messages_of_topics& gone) override {
    for (const auto& [topic, messages] : gone) {
      const auto at = messages_.find(topic);
      if (at == messages_.end()) continue;
      std::erase_if(at->second, [&](const Message& m) { return std::ranges::find(messages, m.msgid, &Message::msgid) != messages.end(); });
    }
  }
  messages_of_topics pending() override { return messages_; }
  void add_subscriber(const std::string& topic, const std::string& uri) override { subscribers_[topic].insert(uri); }
  void remove_subscriber(const std::string& topic, const std::string& uri) override {
    if (const auto at = subscribers_.find(topic); at != subscribers_.end()) at->second.erase(uri);
  }
  std::map<std::string, std::set<std::string>> subscribers() override { return subscribers_; }

  messages_of_topics messages_;
  std::map<std::string, std::set<std::string>> subscribers_;
};

class FileStorage final : public Storage {
 public:
  explicit FileStorage(const std::string& file) {
    sqlite3* opened = nullptr;
    const int code = sqlite3_open(file.c_str(), &opened);
    db_.reset(opened);
    if (code != SQLITE_OK) throw std::runtime_error("cannot open " + file + ": " + sqlite3_errstr(code));
    ask("CREATE TABLE IF NOT EXISTS Topic(id INTEGER PRIMARY KEY, topic NVARCHAR(500) UNIQUE NOT NULL)");
    ask("CREATE TABLE IF NOT EXISTS Message(id CHAR(36) PRIMARY KEY, created DATETIME NOT NULL, topic INTEGER NOT NULL, msgdata BLOB NOT NULL, "
        "FOREIGN KEY(topic) REFERENCES Topic(id))");
    ask("CREATE TABLE IF NOT EXISTS Subscription(id INTEGER PRIMARY KEY, topic INTEGER NOT NULL, subscriber NVARCHAR(500) NOT NULL, "
        "FOREIGN KEY(topic) REFERENCES Topic(id))");
  }

 private:
  using row = std::vector<std::string>;
  /// Values are bound as texts, but for number `blob`.
  std::vector<row> ask(const char* sql, const row& values = {}, std::size_t blob = 0) {
    sqlite3_stmt* raw = nullptr;
    check(sqlite3_prepare_v2(db_.get(), sql, -1, &raw, nullptr));
    const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(raw, sqlite3_finalize);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto at = static_cast<int>(i + 1), size = static_cast<int>(values[i].size());
      if (i + 1 == blob) check(sqlite3_bind_blob(raw, at, values[i].data(), size, SQLITE_STATIC));
      else check(sqlite3_bind_text(raw, at, values[i].data(), size, SQLITE_STATIC));
    }
    std::vector<row> rows;
    int code = 0;
    while ((code = sqlite3_step(raw)) == SQLITE_ROW) {
      row& made = rows.emplace_back();
      for (int i = 0; i < sqlite3_column_count(raw); ++i) {
        const auto* data = static_cast<const char*>(sqlite3_column_blob(raw, i));
        made.emplace_back(data ? data : "", static_cast<std::size_t>(sqlite3_column_bytes(raw, i)));
      }
    }
    if (code != SQLITE_DONE) check(code);
    return rows;
  }
  void check(int code) const {
    if (code != SQLITE_OK) throw std::runtime_error(std::string("messages are not kept: ") + sqlite3_errmsg(db_.get()));
  }

  std::set<std::string> topics() override {
    std::set<std::string> names;
    for (const row& each : ask("SELECT topic FROM Topic")) names.insert(each[0]);
    return names;
  }
  void create_topic(const std::string& topic) override { ask("INSERT OR IGNORE INTO Topic(topic) VALUES(?)", {topic}); }
  void remove_topic(const std::string& topic) override {
    for (const char* sql : {"DELETE FROM Subscription WHERE topic=(SELECT id FROM Topic WHERE topic=?)",
                            "DELETE FROM Message WHERE topic=(SELECT id FROM Topic WHERE topic=?)", "DELETE FROM Topic WHERE topic=?"})
      ask(sql, {topic});
  }
  void add_message(const std::string& topic, const Message& m) override {
    if (ask("SELECT 1 FROM Topic WHERE topic=?", {topic}).empty()) throw std::out_of_range(topic);
    std::string created = m.created;
    created[created.find('T')] = ' ';
    const auto pickled = engine::serialized_result(m.data).in(engine::pickle());
    ask("INSERT INTO Message(topic, id, created, msgdata) SELECT id, ?2, ?3, ?4 FROM Topic "
        "WHERE topic=?1 AND EXISTS(SELECT 1 FROM Subscription AS s WHERE s.topic=Topic.id)",
        {topic, m.msgid, created, std::string(reinterpret_cast<const char*>(pickled->data()), pickled->size())}, 4);
  }
  void remove_messages(const messages_of_topics& gone) override {
    for (const auto& [topic, messages] : gone)
      for (const Message& m : messages) ask("DELETE FROM Message WHERE id=?", {m.msgid});
  }
  messages_of_topics pending() override {
    messages_of_topics all;
    for (row& each : ask("SELECT t.topic, m.id, m.created, m.msgdata FROM Message AS m, Topic AS t WHERE m.topic=t.id ORDER BY m.created")) {
      if (const auto blank = each[2].find(' '); blank != std::string::npos) each[2][blank] = 'T';
      const auto data = engine::serialized_result::received(engine::pickle(), std::as_bytes(std::span(each[3])));
      all[each[0]].push_back({each[1], each[2], data.deserialized()});
    }
    return all;
  }
  void add_subscriber(const std::string& topic, const std::string& uri) override {
    remove_subscriber(topic, uri);
    ask("INSERT INTO Subscription(topic, subscriber) SELECT id, ?2 FROM Topic WHERE topic=?1", {topic, uri});
  }
  void remove_subscriber(const std::string& topic, const std::string& uri) override {
    ask("DELETE FROM Subscription WHERE topic=(SELECT id FROM Topic WHERE topic=?) AND subscriber=?", {topic, uri});
  }
  std::map<std::string, std::set<std::string>> subscribers() override {
    std::map<std::string, std::set<std::string>> all;
    for (const row& each : ask("SELECT t.topic, s.subscriber FROM Subscription AS s, Topic AS t WHERE t.id=s.topic")) all[each[0]].insert(each[1]);
    return all;
  }

  std::unique_ptr<sqlite3, int (*)(sqlite3*)> db_{nullptr, sqlite3_close};
};

}  // namespace

std::unique_ptr<Storage> keep_in_memory() { return std::make_unique<MemoryStorage>(); }
std::unique_ptr<Storage> keep_in_file(const std::string& file) { return std::make_unique<FileStorage>(file); }
