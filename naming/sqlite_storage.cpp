// Registrations in SQLite, in Pyro4's tables. See storage.hpp.
#include <sqlite3.h>

#include <algorithm>
#include <string>

#include <engine/object/error.hpp>
#include <naming/file_lock.hpp>
#include <naming/storage.hpp>

namespace engine {

namespace {

[[noreturn]] void refuse(const std::string& doing, sqlite3* db, int code) {
  throw naming_error("sqlite error in " + doing + ": " + (db ? sqlite3_errmsg(db) : sqlite3_errstr(code)));
}

struct close_database {
  void operator()(sqlite3* db) const { sqlite3_close(db); }
};
using database = std::unique_ptr<sqlite3, close_database>;

/// One prepared statement, reused.
class statement {
 public:
  statement(sqlite3* db, const char* sql) : db_(db) {
    if (const int code = sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &it_, nullptr); code != SQLITE_OK) refuse(sql, db, code);
  }
  ~statement() { sqlite3_finalize(it_); }
  statement(const statement&) = delete;
  statement& operator=(const statement&) = delete;

  statement& bind(int at, std::string_view text) {
    check(sqlite3_bind_text64(it_, at, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8));
    return *this;
  }
  statement& bind(int at, sqlite3_int64 number) {
    check(sqlite3_bind_int64(it_, at, number));
    return *this;
  }
  statement& bind(int at, double number) {
    check(sqlite3_bind_double(it_, at, number));
    return *this;
  }
  /// Another row is there.
  bool step() {
    const int code = sqlite3_step(it_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) {
      const std::string sql = sqlite3_sql(it_);
      sqlite3_reset(it_);
      refuse(sql, db_, code);
    }
    sqlite3_reset(it_);
    return false;
  }
  sqlite3_int64 number(int column) const { return sqlite3_column_int64(it_, column); }
  double real(int column) const { return sqlite3_column_double(it_, column); }
  std::string text(int column) const {
    const auto* chars = reinterpret_cast<const char*>(sqlite3_column_text(it_, column));
    return chars ? std::string(chars, static_cast<std::size_t>(sqlite3_column_bytes(it_, column))) : std::string();
  }
  void reset() { sqlite3_reset(it_); }

 private:
  void check(int code) {
    if (code != SQLITE_OK) refuse("bind", db_, code);
  }
  sqlite3* db_;
  sqlite3_stmt* it_ = nullptr;
};

database open_file(const std::string& file) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  database db(raw);
  if (code != SQLITE_OK) refuse("open " + file, db.get(), code);
  sqlite3_busy_timeout(db.get(), 5000);
  return db;
}

class sqlite_storage final : public storage {
 public:
  explicit sqlite_storage(const std::string& file) : db_(open_file(file)) {
    lock();
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=FULL");
    run("PRAGMA foreign_keys=ON");
    run("CREATE TABLE IF NOT EXISTS pyro_names(id integer PRIMARY KEY, name nvarchar NOT NULL UNIQUE, uri nvarchar NOT NULL)");
    run("CREATE TABLE IF NOT EXISTS pyro_metadata(object integer NOT NULL, metadata nvarchar NOT NULL, FOREIGN KEY(object) REFERENCES pyro_names(id))");
    // Pyro4 makes none, and looks through the whole table for every name that goes.
    run("CREATE INDEX IF NOT EXISTS engine_metadata_object ON pyro_metadata(object)");
    // Pyro4 knows nothing of it: what it removes or replaces, this table loses by itself.
    run("CREATE TABLE IF NOT EXISTS engine_leases(object integer PRIMARY KEY, seconds real NOT NULL, "
        "FOREIGN KEY(object) REFERENCES pyro_names(id) ON DELETE CASCADE)");
    run("DELETE FROM engine_leases WHERE object NOT IN (SELECT id FROM pyro_names)");  // other programs may not heed that
    prepare();
  }

  /// All tables in the order of ids, beside each other: nothing is sorted or looked up.
  std::vector<named_registration> load() override {
    std::vector<named_registration> all;
    statement count(db_.get(), "SELECT count(*) FROM pyro_names");
    if (count.step()) all.reserve(static_cast<std::size_t>(count.number(0)));
    count.reset();
    statement names(db_.get(), "SELECT id, name, uri FROM pyro_names ORDER BY id");
    statement tags(db_.get(), "SELECT object, metadata FROM pyro_metadata ORDER BY object");
    statement leases(db_.get(), "SELECT object, seconds FROM engine_leases ORDER BY object");
    bool more_tags = tags.step(), more_leases = leases.step();
    while (names.step()) {
      const sqlite3_int64 id = names.number(0);
      registration& found = all.emplace_back(named_registration{.name = names.text(1), .at = {.uri = names.text(2)}}).at;
      for (; more_tags && tags.number(0) <= id; more_tags = tags.step())
        if (tags.number(0) == id) found.tags.push_back(tags.text(1));
      for (; more_leases && leases.number(0) <= id; more_leases = leases.step())
        if (leases.number(0) == id) found.lease = leases.real(1);
      std::ranges::sort(found.tags);
      const auto twice = std::ranges::unique(found.tags);
      found.tags.erase(twice.begin(), twice.end());
    }
    return all;
  }

  void write(std::span<const registration_change> changes) override {
    run("BEGIN IMMEDIATE");
    try {
      for (const registration_change& c : changes) write_one(c);
      run("COMMIT");
    } catch (...) {
      for (auto* each : {&*id_of_, &*forget_tags_, &*forget_, &*keep_, &*keep_tag_, &*forget_lease_, &*keep_lease_}) each->reset();
      sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
      throw;
    }
  }

 private:
  void run(const char* sql) {
    if (const int code = sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr); code != SQLITE_OK) refuse(sql, db_.get(), code);
  }
  /// It is read once: what another name server wrote later would not be known here. SQLite knows the path without its links.
  void lock() {
    const std::string path = sqlite3_db_filename(db_.get(), "main");
    if (!path.empty()) locked_.emplace(path);  // one in memory (":memory:") has no path
  }
  void prepare() {
    id_of_.emplace(db_.get(), "SELECT id FROM pyro_names WHERE name=?");
    forget_tags_.emplace(db_.get(), "DELETE FROM pyro_metadata WHERE object=?");
    forget_.emplace(db_.get(), "DELETE FROM pyro_names WHERE id=?");
    keep_.emplace(db_.get(), "INSERT INTO pyro_names(name, uri) VALUES(?,?)");
    keep_tag_.emplace(db_.get(), "INSERT INTO pyro_metadata(object, metadata) VALUES(?,?)");
    forget_lease_.emplace(db_.get(), "DELETE FROM engine_leases WHERE object=?");
    keep_lease_.emplace(db_.get(), "INSERT OR REPLACE INTO engine_leases(object, seconds) VALUES(?,?)");
  }
  void write_one(const registration_change& c) {
    sqlite3_int64 id = 0;
    const bool known = id_of_->bind(1, c.name).step();
    if (known) {
      id = id_of_->number(0);
      id_of_->reset();
    }
    if (!c.lease_only) write_name(c, known, id);
    else if (known) write_lease(id, c.now->lease);
  }
  void write_name(const registration_change& c, bool known, sqlite3_int64 id) {
    if (known) {
      forget_tags_->bind(1, id).step();
      if (!c.tags_only) forget_->bind(1, id).step();  // and its lease by that
    }
    if (!c.now || (c.tags_only && !known)) return;
    if (!c.tags_only) {
      keep_->bind(1, c.name).bind(2, c.now->uri).step();
      id = sqlite3_last_insert_rowid(db_.get());
      if (c.now->lease > 0) write_lease(id, c.now->lease);
    }
    for (const std::string& tag : c.now->tags) keep_tag_->bind(1, id).bind(2, tag).step();
  }
  void write_lease(sqlite3_int64 id, double seconds) {
    if (seconds > 0) keep_lease_->bind(1, id).bind(2, seconds).step();
    else forget_lease_->bind(1, id).step();
  }

  std::optional<file_lock> locked_{};  // until the database is closed
  database db_;
  std::optional<statement> id_of_, forget_tags_, forget_, keep_, keep_tag_, forget_lease_, keep_lease_;
};

}  // namespace

std::unique_ptr<storage> open_sqlite_storage(const std::string& file) { return std::make_unique<sqlite_storage>(file); }

}  // namespace engine
