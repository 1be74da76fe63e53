#include <clip/io/bytes.hpp>
#include <clip/io/sha256.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace clip;

TEST_CASE("the digests of FIPS 180's examples") {
  CHECK(sha256({}) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256(as_byte_span("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256(as_byte_span("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  const std::string million(1'000'000, 'a');
  CHECK(sha256(as_byte_span(million)) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("every length around the end of a block has its own digest") {
  std::string before;
  for (std::size_t n = 54; n < 66; ++n) {
    const std::string text(n, 'x');
    const std::string digest = sha256(as_byte_span(text));
    CHECK(digest.size() == 64);
    CHECK(digest != before);
    before = digest;
  }
}
