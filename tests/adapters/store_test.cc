#include "adapters/link/store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "routerd/base/error.h"

namespace adapters::link {
namespace {

constexpr char kSchema[] = "CREATE TABLE IF NOT EXISTS note (text TEXT)";

class StoreTest : public testing::Test {
 protected:
  StoreTest()
      : folder_(std::filesystem::path(testing::TempDir()) /
                ("store-" + std::to_string(getpid()) + testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~StoreTest() override { std::filesystem::remove_all(folder_); }
  std::string Path() const { return (folder_ / "store.sqlite3").string(); }
  static int Count(Store& store) {
    Statement count(store, "SELECT count(*) FROM note");
    count.Run();
    return count.Next() ? static_cast<int>(count.Integer(0)) : -1;
  }

  std::filesystem::path folder_;
};

TEST_F(StoreTest, KeepsEffectsAndCursorTogether) {
  {
    auto store = Store::Open(Path(), 1, kSchema);
    ASSERT_TRUE(store.ok()) << store.status();
    Statement add(**store, "INSERT INTO note VALUES (?)");
    add.Do("kept");
    (*store)->SetCursor(7);
    ASSERT_TRUE((*store)->Commit().ok());
    add.Do("lost");
    (*store)->SetCursor(8);
  }  // Ends without Commit, as a crash does.
  auto store = Store::Open(Path(), 1, kSchema);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*store)->cursor(), 7);
  EXPECT_EQ(Count(**store), 1);
}

TEST_F(StoreTest, KeepsTextAsItIs) {
  auto store = Store::Open(":memory:", 1, kSchema);
  ASSERT_TRUE(store.ok());
  const std::string text("a\0b'\"\xf0\x9f\x99\x82", 8);
  Statement(**store, "INSERT INTO note VALUES (?)").Do(text);
  Statement find(**store, "SELECT text FROM note");
  ASSERT_TRUE(find.Run().Next());
  EXPECT_EQ(find.Text(0), text);
}

TEST_F(StoreTest, IsHeldByOneProcess) {
  auto first = Store::Open(Path(), 1, kSchema);
  ASSERT_TRUE(first.ok());
  const auto second = Store::Open(Path(), 1, kSchema);
  EXPECT_EQ(routerd::base::ReasonOf(second.status()), "STORE_IN_USE") << second.status();
}

TEST_F(StoreTest, RefusesANewerVersion) {
  ASSERT_TRUE(Store::Open(Path(), 2, kSchema).ok());
  EXPECT_EQ(routerd::base::ReasonOf(Store::Open(Path(), 1, kSchema).status()), "STORE_NEWER");
}

TEST_F(StoreTest, RefusesAFileThatIsNoDatabase) {
  std::ofstream(Path()) << std::string(8'192, 'x');
  EXPECT_EQ(routerd::base::ReasonOf(Store::Open(Path(), 1, kSchema).status()), "STORE_DAMAGED");
}

TEST_F(StoreTest, RemembersItsFirstError) {
  auto store = Store::Open(":memory:", 1, kSchema);
  ASSERT_TRUE(store.ok());
  Statement wrong(**store, "INSERT INTO absent VALUES (1)");
  Statement(**store, "INSERT INTO note VALUES (?)").Do("x");
  EXPECT_EQ(routerd::base::ReasonOf((*store)->Commit()), "STORE_FAILED");
}

}  // namespace
}  // namespace adapters::link
