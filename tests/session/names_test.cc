#include "routerd/session/names.h"

#include "gtest/gtest.h"
#include "routerd/base/error.h"

namespace routerd::session {
namespace {

TEST(NamesTest, ContactsAreNamedWithOrWithoutTheirCollection) {
  EXPECT_EQ(*ParseContactName("contact", "contacts/81"), core::ContactId{81});
  EXPECT_EQ(*ParseContactName("contact", "81"), core::ContactId{81});
}

struct BadName {
  std::string_view name;
  std::string_view text;
  std::string_view reason;
};
const BadName kBadContacts[] = {
    {"Empty", "", "FIELD_MISSING"},
    {"Zero", "contacts/0", "FIELD_MALFORMED"},
    {"LeadingZero", "contacts/081", "FIELD_MALFORMED"},
    {"Negative", "contacts/-1", "FIELD_MALFORMED"},
    {"Word", "contacts/x", "FIELD_MALFORMED"},
    {"NothingAfterTheCollection", "contacts/", "FIELD_MALFORMED"},
    {"MoreAfterTheNumber", "contacts/81/offers/1", "FIELD_MALFORMED"},
    {"AnotherCollection", "agents/81", "FIELD_MALFORMED"},
    {"TooLargeForANumber", "contacts/18446744073709551616", "FIELD_MALFORMED"},
};
class BadContactNameTest : public testing::TestWithParam<BadName> {};
TEST_P(BadContactNameTest, IsRefused) {
  EXPECT_EQ(base::ReasonOf(ParseContactName("contact", GetParam().text).status()), GetParam().reason);
}
INSTANTIATE_TEST_SUITE_P(Names, BadContactNameTest, testing::ValuesIn(kBadContacts),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(NamesTest, OffersAreNamedInFull) {
  const auto offer = ParseOfferName("offer", "contacts/81/offers/12");
  ASSERT_TRUE(offer.ok());
  EXPECT_EQ(offer->contact, core::ContactId{81});
  EXPECT_EQ(offer->offer, core::OfferId{12});
  for (const char* bad : {"", "12", "offers/12", "contacts/81/offers/", "contacts//offers/12",
                          "contacts/81/offers/12/x", "81/offers/12", "contacts/81"}) {
    EXPECT_FALSE(ParseOfferName("offer", bad).ok()) << bad;
  }
}

TEST(NamesTest, IdentifiersAreShortAndPlain) {
  EXPECT_TRUE(IsIdentifier("webchat-1"));
  EXPECT_TRUE(IsIdentifier("A_b.9"));
  EXPECT_TRUE(IsIdentifier(std::string(64, 'x')));
  EXPECT_FALSE(IsIdentifier(std::string(65, 'x')));
  for (const char* bad : {"", "a b", "a/b", "\xc3\xa4", "a\n"}) EXPECT_FALSE(IsIdentifier(bad)) << bad;
}

}  // namespace
}  // namespace routerd::session
