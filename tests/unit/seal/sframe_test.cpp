// SFrame against RFC 9605's published vectors, both ways, and everything that is not what was sealed.
#include "codec/seal/sframe.h"

#include <array>
#include <optional>

#include <gtest/gtest.h>

#include "tests/unit/seal/test_vectors.h"

namespace hubbub::seal {
namespace {

using Json = nlohmann::json;

Bytes hex_field(const Json& object, const char* name) {
  return from_hex(object.at(name).get<std::string>());
}

Bytes serialized(const SframeHeader& header) {
  Bytes bytes(SframeHeader::kMaxBytes);
  ByteWriter writer(bytes);
  header.serialize(writer);
  EXPECT_TRUE(writer.ok());
  bytes.resize(writer.size());
  return bytes;
}

TEST(SframeHeader, PublishedVectors) {
  const Json vectors = load_vectors("sframe.json").at("header");
  ASSERT_EQ(vectors.size(), 289U);
  for (const Json& vector : vectors) {
    const SframeHeader header{.kid = vector.at("kid"), .ctr = vector.at("ctr")};
    const Bytes encoded = hex_field(vector, "encoded");
    EXPECT_EQ(to_hex(serialized(header)), to_hex(encoded));
    EXPECT_EQ(header.size(), encoded.size());
    ByteReader reader(encoded);
    const auto parsed = SframeHeader::parse(reader);
    ASSERT_TRUE(parsed.ok()) << to_hex(encoded);
    EXPECT_EQ(*parsed, header) << to_hex(encoded);
    EXPECT_TRUE(reader.finish());
  }
}

TEST(SframeHeader, EveryTruncationIsTruncated) {
  const Json vectors = load_vectors("sframe.json").at("header");
  ASSERT_EQ(vectors.size(), 289U);
  for (const Json& vector : vectors) {
    const Bytes encoded = hex_field(vector, "encoded");
    for (std::size_t size = 0; size < encoded.size(); ++size) {
      ByteReader reader{std::span(encoded).first(size)};
      const auto parsed = SframeHeader::parse(reader);
      ASSERT_FALSE(parsed.ok()) << to_hex(encoded);
      EXPECT_EQ(parsed.error(), DropReason::kTruncated);
    }
  }
}

TEST(SframeHeader, OneValueHasOneSpelling) {
  for (const std::string_view hex :
       {"8007", "8807", "0807", "900001", "9000ff", "0900ff", "f00000000000000001"}) {
    const Bytes encoded = from_hex(hex);
    ByteReader reader(encoded);
    const auto parsed = SframeHeader::parse(reader);
    ASSERT_FALSE(parsed.ok()) << hex;
    EXPECT_EQ(parsed.error(), hex == "8807" ? DropReason::kTruncated : DropReason::kBadFrame) << hex;
  }
}

TEST(SframeHeader, LeavesWhatFollowsUnread) {
  const Bytes bytes = from_hex("8808ffee");
  ByteReader reader(bytes);
  const auto parsed = SframeHeader::parse(reader);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(*parsed, (SframeHeader{.kid = 8, .ctr = 0xff}));
  EXPECT_EQ(to_hex(reader.rest()), "ee");
}

TEST(AesCtrHmac, PublishedVector) {
  const Json vectors = load_vectors("sframe.json").at("aes_ctr_hmac");
  int runs = 0;
  for (const Json& vector : vectors) {
    if (vector.at("cipher_suite") != 1) continue;
    ++runs;
    AesCtrHmac aead(array_from_hex<48>(vector.at("key").get<std::string>()));
    const auto nonce = array_from_hex<12>(vector.at("nonce").get<std::string>());
    const Bytes aad = hex_field(vector, "aad");
    const Bytes plaintext = hex_field(vector, "pt");
    const Bytes sealed = hex_field(vector, "ct");
    Bytes out(sealed.size());
    aead.seal(nonce, aad, {}, plaintext, out);
    EXPECT_EQ(to_hex(out), to_hex(sealed));
    Bytes opened(plaintext.size());
    ASSERT_TRUE(aead.open(nonce, std::span(aad).first(3), std::span(aad).subspan(3), sealed, opened));
    EXPECT_EQ(opened, plaintext);

    // In place, both ways.
    Bytes buffer = plaintext;
    buffer.resize(sealed.size());
    aead.seal(nonce, {}, aad, std::span(buffer).first(plaintext.size()), buffer);
    EXPECT_EQ(buffer, sealed);
    ASSERT_TRUE(aead.open(nonce, aad, {}, buffer, buffer));
    EXPECT_TRUE(same(std::span(buffer).first(plaintext.size()), plaintext));
  }
  EXPECT_EQ(runs, 1);
}

TEST(SframeKey, PublishedVector) {
  const Json vectors = load_vectors("sframe.json").at("sframe");
  int runs = 0;
  for (const Json& vector : vectors) {
    if (vector.at("cipher_suite") != 1) continue;
    ++runs;
    const std::uint64_t kid = vector.at("kid");
    const std::uint64_t ctr = vector.at("ctr");
    SframeKey key(hex_field(vector, "base_key"), kid);
    const Bytes metadata = hex_field(vector, "metadata");
    const Bytes plaintext = hex_field(vector, "pt");
    const Bytes sealed = hex_field(vector, "ct");

    Bytes out(key.sealed_size(ctr, plaintext.size()));
    EXPECT_EQ(key.seal(ctr, metadata, plaintext, out), sealed.size());
    EXPECT_EQ(to_hex(out), to_hex(sealed));

    ByteReader reader(sealed);
    const auto header = SframeHeader::parse(reader);
    ASSERT_TRUE(header.ok());
    Bytes opened(plaintext.size());
    const auto size =
        key.open(*header, std::span(sealed).first(header->size()), metadata, reader.rest(), opened);
    ASSERT_TRUE(size.ok());
    EXPECT_EQ(*size, plaintext.size());
    EXPECT_EQ(opened, plaintext);
  }
  EXPECT_EQ(runs, 1);
}

constexpr std::uint64_t kKid = 0x89AB'CDEF;
constexpr std::uint64_t kCtr = 0x0101'0007;

struct Sample {
  Bytes base_key = bytes_of("a base key of thirty-two bytes..");
  SframeKey sender{base_key, kKid};
  SframeKey listener{base_key, kKid};
  Bytes metadata = bytes_of("RTP's header");
  Bytes plaintext = Bytes(80, std::byte{0x3C});

  Bytes sealed(std::uint64_t ctr = kCtr) {
    Bytes out(sender.sealed_size(ctr, plaintext.size()));
    EXPECT_EQ(sender.seal(ctr, metadata, plaintext, out), out.size());
    return out;
  }

  // What a listener makes of a frame from the wire: the reason it is refused for, or `kCount` for none.
  DropReason refusal(const Bytes& frame, const Bytes& frame_metadata, Bytes& out) {
    ByteReader reader(frame);
    const auto header = SframeHeader::parse(reader);
    if (!header.ok()) return header.error();
    const auto size =
        listener.open(*header, std::span(frame).first(header->size()), frame_metadata, reader.rest(), out);
    if (!size.ok()) return size.error();
    out.resize(*size);
    return DropReason::kCount;
  }
};

TEST(SframeKey, OpensWhatItSealedAtEveryLength) {
  Sample sample;
  for (std::size_t size = 0; size < 200; ++size) {
    sample.plaintext = Bytes(size, std::byte{0x77});
    Bytes out(size);
    EXPECT_EQ(sample.refusal(sample.sealed(kCtr + size), sample.metadata, out), DropReason::kCount);
    EXPECT_EQ(out, sample.plaintext);
  }
}

TEST(SframeKey, HasNoStateBetweenFrames) {
  Sample sample;
  const Bytes first = sample.sealed(kCtr);
  const Bytes second = sample.sealed(kCtr + 1);
  EXPECT_NE(std::vector(first.begin() + 9, first.end()), std::vector(second.begin() + 9, second.end()));
  EXPECT_EQ(sample.sealed(kCtr), first);
  Bytes out(80);
  EXPECT_EQ(sample.refusal(second, sample.metadata, out), DropReason::kCount);
  EXPECT_EQ(sample.refusal(first, sample.metadata, out), DropReason::kCount) << "in any order";
}

TEST(SframeKey, RefusesEveryFlippedBitAndWritesNothing) {
  Sample sample;
  const Bytes frame = sample.sealed();
  const std::size_t header_bits = 8 * SframeHeader{.kid = kKid, .ctr = kCtr}.size();
  for_each_flipped_bit(frame, [&](const Bytes& flipped, std::size_t bit) {
    Bytes out(frame.size(), std::byte{0xEE});
    const DropReason reason = sample.refusal(flipped, sample.metadata, out);
    EXPECT_NE(reason, DropReason::kCount) << bit;
    if (bit >= header_bits) {
      EXPECT_EQ(reason, DropReason::kBadTag) << bit;
    }
    EXPECT_EQ(out, Bytes(frame.size(), std::byte{0xEE})) << bit;
  });
  for_each_flipped_bit(sample.metadata, [&](const Bytes& flipped, std::size_t bit) {
    Bytes out(frame.size());
    EXPECT_EQ(sample.refusal(frame, flipped, out), DropReason::kBadTag) << bit;
  });
}

TEST(SframeKey, RefusesEveryTruncationAndExtension) {
  Sample sample;
  const Bytes frame = sample.sealed();
  Bytes out(frame.size());
  const std::size_t header = SframeHeader{.kid = kKid, .ctr = kCtr}.size();
  for (std::size_t size = 0; size < frame.size(); ++size) {
    const Bytes shorter(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(sample.refusal(shorter, sample.metadata, out),
              size < header + kSframeTagBytes ? DropReason::kTruncated : DropReason::kBadTag)
        << size;
  }
  Bytes longer = frame;
  longer.push_back(std::byte{0});
  EXPECT_EQ(sample.refusal(longer, sample.metadata, out), DropReason::kBadTag);
}

TEST(SframeKey, RefusesWhatTheOutputDoesNotHold) {
  Sample sample;
  Bytes out(sample.plaintext.size() - 1, std::byte{0xEE});
  EXPECT_EQ(sample.refusal(sample.sealed(), sample.metadata, out), DropReason::kOversize);
  EXPECT_EQ(out, Bytes(out.size(), std::byte{0xEE}));
}

TEST(SframeKey, EachBaseKeyAndKidIsAnotherKey) {
  Sample sample;
  const Bytes frame = sample.sealed();
  const SframeHeader header{.kid = kKid, .ctr = kCtr};
  const auto opens = [&](SframeKey key, const SframeHeader& claimed) {
    Bytes out(frame.size());
    return key
        .open(claimed, std::span(frame).first(header.size()), sample.metadata,
              std::span(frame).subspan(header.size()), out)
        .ok();
  };
  EXPECT_TRUE(opens(SframeKey(sample.base_key, kKid), header));
  EXPECT_FALSE(opens(SframeKey(bytes_of("another base key"), kKid), header));
  EXPECT_FALSE(opens(SframeKey(sample.base_key, kKid + 1), header));
  EXPECT_FALSE(opens(SframeKey(sample.base_key, kKid + 1), {.kid = kKid + 1, .ctr = kCtr}));
  EXPECT_FALSE(opens(SframeKey(sample.base_key, kKid), {.kid = kKid, .ctr = kCtr + 1}));
  EXPECT_FALSE(opens(SframeKey(sample.base_key, kKid), {.kid = kKid + 1, .ctr = kCtr})) << "not its key";
}

TEST(SframeKey, MetadataAndCiphertextDoNotFlowIntoEachOther) {
  // The same bytes, cut elsewhere: the lengths are authenticated too.
  Sample sample;
  const Bytes frame = sample.sealed();
  const std::size_t header = SframeHeader{.kid = kKid, .ctr = kCtr}.size();
  Bytes metadata = sample.metadata;
  metadata.push_back(frame[header]);
  Bytes shorter = frame;
  shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(header));
  Bytes out(frame.size());
  EXPECT_EQ(sample.refusal(shorter, metadata, out), DropReason::kBadTag);
}

}  // namespace
}  // namespace hubbub::seal
