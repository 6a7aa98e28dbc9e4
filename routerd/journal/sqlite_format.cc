#include "routerd/journal/sqlite_format.h"

#include <zlib.h>

#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"

namespace routerd::journal {

using base::Error;

int64_t Checksum(int64_t number, std::string_view bytes) {
  unsigned char prefix[8];
  for (int i = 0; i < 8; ++i) prefix[i] = static_cast<unsigned char>(static_cast<uint64_t>(number) >> (8 * i));
  const uLong start = crc32(0, prefix, sizeof(prefix));
  return static_cast<int64_t>(crc32_z(start, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

int64_t RecordChecksum(std::string_view record) {
  return static_cast<int64_t>(crc32_z(0, reinterpret_cast<const Bytef*>(record.data()), record.size()));
}

absl::StatusOr<bool> CheckFormat(Database& database, const std::string& path) {
  const absl::StatusOr<int64_t> application_id = database.QueryInteger("PRAGMA application_id");
  if (!application_id.ok()) return application_id.status();
  const absl::StatusOr<int64_t> version = database.QueryInteger("PRAGMA user_version");
  if (!version.ok()) return version.status();
  const absl::StatusOr<int64_t> table_count = database.QueryInteger("SELECT count(*) FROM sqlite_schema");
  if (!table_count.ok()) return table_count.status();
  if (*application_id == 0 && *version == 0 && *table_count == 0) return true;
  if (*application_id != kApplicationId) {
    return Error(
        absl::StatusCode::kFailedPrecondition, "JOURNAL_FOREIGN",
        absl::StrCat("journal ", path, " is a database of another program; give the journal a path of its own"));
  }
  if (*version != kFormatVersion) {
    return Error(absl::StatusCode::kFailedPrecondition, "JOURNAL_VERSION",
                 absl::StrCat("journal ", path, " has format version ", *version, " and this program reads version ",
                              kFormatVersion, "; start the program that wrote it, or a newer one"));
  }
  return false;
}

}  // namespace routerd::journal
