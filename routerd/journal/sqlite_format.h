// What a journal's SQLite file looks like, to who writes it and who only reads it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "routerd/journal/sqlite.h"

namespace routerd::journal {

inline constexpr int64_t kApplicationId = 0x52746a31;  // "Rtj1", in the file's header.
inline constexpr int64_t kFormatVersion = 1;  // user_version. Raised when an older program would misread the file.

// Kept in the file word for word, so `sqlite3 FILE .schema` explains it to its reader.
inline constexpr char kSchema[] = R"sql(
CREATE TABLE event (
  -- Every fact in order. Those that the snapshot covers go after a while.
  sequence       INTEGER PRIMARY KEY,
  append_time_ns INTEGER NOT NULL,  -- by the wall clock
  checksum       INTEGER NOT NULL,  -- CRC-32 of the sequence (8 bytes, little-endian) and the bytes
  bytes          BLOB NOT NULL      -- routerd.v1.Event
);
CREATE TABLE snapshot (
  -- One row or none: the state that recovery starts from.
  sequence      INTEGER PRIMARY KEY,  -- the newest event it holds
  first_id      INTEGER NOT NULL,     -- of its records
  record_count  INTEGER NOT NULL,
  write_time_ns INTEGER NOT NULL
);
CREATE TABLE snapshot_record (
  -- The snapshot's records, in order. Others belong to one half written or just replaced, and go by themselves.
  id       INTEGER PRIMARY KEY,
  checksum INTEGER NOT NULL,  -- CRC-32 of the id (8 bytes, little-endian) and the bytes
  bytes    BLOB NOT NULL
);
CREATE TABLE ended_contact (
  -- One row a contact that has ended, for reports. Times are nanoseconds since 1970 in UTC, or text in UTC; a contact
  -- that nobody accepted has accept_time_ns 0 and accept_time NULL.
  contact        TEXT PRIMARY KEY,
  conversation   TEXT NOT NULL,
  customer       TEXT NOT NULL,
  customer_name  TEXT NOT NULL,
  queue          TEXT NOT NULL,
  channel        TEXT NOT NULL,
  adapter        TEXT NOT NULL,
  source_id      TEXT NOT NULL,     -- the adapter's own id
  vip            TEXT NOT NULL,
  end_reason     TEXT NOT NULL,
  agent          TEXT NOT NULL,     -- the last who handled it, or ''
  disposition    TEXT NOT NULL,
  create_time_ns INTEGER NOT NULL,
  accept_time_ns INTEGER NOT NULL,
  end_time_ns    INTEGER NOT NULL,
  wait_ms        INTEGER NOT NULL,
  talk_ms        INTEGER NOT NULL,
  wrap_ms        INTEGER NOT NULL,
  offer_count    INTEGER NOT NULL,
  transfer_count INTEGER NOT NULL,
  checksum       INTEGER NOT NULL,  -- CRC-32 of the record
  record         BLOB NOT NULL,     -- routerd.v1.Contact
  create_time    TEXT AS (strftime('%Y-%m-%d %H:%M:%S', create_time_ns / 1000000000, 'unixepoch')),
  accept_time    TEXT AS (CASE WHEN accept_time_ns > 0
                          THEN strftime('%Y-%m-%d %H:%M:%S', accept_time_ns / 1000000000, 'unixepoch') END),
  end_time       TEXT AS (strftime('%Y-%m-%d %H:%M:%S', end_time_ns / 1000000000, 'unixepoch'))
);
CREATE INDEX ended_contact_by_time ON ended_contact (end_time_ns, contact, queue, agent);
CREATE INDEX ended_contact_by_customer ON ended_contact (customer, end_time_ns, contact);
)sql";

int64_t Checksum(int64_t number, std::string_view bytes);
int64_t RecordChecksum(std::string_view record);

// Tells a new file (true) from a journal that this program reads (false); anything else is an error.
absl::StatusOr<bool> CheckFormat(Database& database, const std::string& path);

}  // namespace routerd::journal
