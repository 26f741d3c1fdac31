// SPDX-License-Identifier: MIT OR Apache-2.0
// What Codex reference nodes compute: the vectors TV-2 to TV-7 of the format's specification, and
// what was recorded between two nodes (tests/vectors/codex).
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace weir::codex::testing {

// Byte i of a file is (i * factor + offset) mod 251.
struct Content {
  std::size_t size = 0;
  std::size_t factor = 1;
  std::size_t offset = 0;
};

inline Buffer make_content(const Content& content) {
  Buffer out(content.size);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::byte>((i * content.factor + content.offset) % 251);
  }
  return out;
}

struct ProofVector {
  std::size_t index;
  std::string_view hex;
};

// Binary values in hexadecimal, CIDs as text.
struct TorrentVector {
  std::string_view name;
  Content content;  // of "hello" when its size is 5
  std::string_view filename;
  std::string_view mimetype;
  std::size_t leaves;
  std::string_view tree_cid;
  std::vector<ProofVector> proofs;
  std::string_view manifest;
  std::string_view manifest_cid;
  std::string_view pieces;  // digests one after another
  std::string_view info;
  std::string_view info_hash;
  std::string_view rest_text;
  std::string_view torrent_cid;
  std::string_view torrent_block;
};

inline Buffer content_of(const TorrentVector& vector) {
  return vector.content.size == 5 ? to_buffer(as_bytes("hello")) : make_content(vector.content);
}

inline TorrentVector tv_5() {
  return {
      .name = "TV-5",
      .content = {40960, 1, 0},
      .filename = "data40k.bin",
      .mimetype = "application/octet-stream",
      .leaves = 3,
      .tree_cid = "zDzSvJTf2gxnDe5CTCAdpC5wkSXUU1kZ3GDsu2SK4W863gA9BueQ",
      .proofs =
          {
              {0,
               "08121000180322220a20f7c9045c2a79a8a2a587efbf5b310652685b292e6fbb0b08c1df857500da2"
               "69922220a200b18042e366900cc12ad1f642bfa234b50dee7d3f3bbfb94a2acb78d2807bdb9"},
              {2,
               "08121002180322220a200000000000000000000000000000000000000000000000000000000000000"
               "00022220a202f140af98606f08c9c65bf40209bf21c5e32338ecc3875a9ef4c10935256dca4"},
          },
      .manifest =
          "0a5f0a2601839a03122021f3fbf91436614f2440400892079992eecaa216de413e7a8cd07c22ead9743910"
          "8080011880c00220829a0328123002420b6461746134306b2e62696e4a186170706c69636174696f6e2f6f"
          "637465742d73747265616d",
      .manifest_cid = "zDvZRwzkw8tni4AAEU16ysXf6QBzYwPjssrh1KsS672nG3BxV7Uj",
      .pieces = "1b1f33aa21f68529efdfd92a78763d3c94515664",
      .info =
          "64363a6c656e67746869343039363065343a6e616d6531313a6461746134306b2e62696e31323a70696563"
          "65206c656e6774686932363231343465363a70696563657332303a1b1f33aa21f68529efdfd92a78763d3c"
          "9451566465",
      .info_hash = "c50b6da572005c2242660a7f328aed496fead200",
      .rest_text = "1114C50B6DA572005C2242660A7F328AED496FEAD200",
      .torrent_cid = "z8q722R8zFuD9NHcXRmtaB9pamyo7U6kw",
      .torrent_block =
          "0a2f0880c002108080101a180a1611141b1f33aa21f68529efdfd92a78763d3c94515664220b6461746134"
          "306b2e62696e122601819a031220067c8bfd0bdf71b7dd5049a6c188bc9307421d30a4fbef201da3fcf7a4"
          "fbf930"};
}

inline TorrentVector tv_6() {
  return {
      .name = "TV-6",
      .content = {300000, 1, 0},
      .filename = "data300k.bin",
      .mimetype = "",
      .leaves = 19,
      .tree_cid = "zDzSvJTfDKEzGUfEcBgNWXX2GSu6THz9vyPgeeKXpwEGHLEyb24L",
      .proofs =
          {
              {0,
               "08121000181322220a20f7c9045c2a79a8a2a587efbf5b310652685b292e6fbb0b08c1df857500da2"
               "69922220a20701ae9e74cb5f6e9f16612636f3081cfbbc1c98fd0217f3262dd66f6be61eef822220a"
               "209fccff41d8fc212938c368012a2efc58389f85e1dc68a3c5fed74e82e4e6a4a022220a20a4ee2ea"
               "384b30c6a9654ffa5c0c2da613d1a80a173c8cab75b03ad9c729dea6222220a20e1c287e37a5338de"
               "ae7db35b9d8f4b1dda2dc11c40169418ab2704a45be8f515"},
              {16,
               "08121010181322220a20121800a9e6de302d9e4083ddd7834b29af11e9df206d2dc59b6946d06ad1e"
               "be622220a20fb001ffba13825c8c39161c87924fce25c4d1b9eb7418ba181a56d59dff35af822220a"
               "20000000000000000000000000000000000000000000000000000000000000000022220a200000000"
               "00000000000000000000000000000000000000000000000000000000022220a203090d3508b970591"
               "7a1bd4804794e87671c6c339d0f11e3c8d584c6dd5c89bff"},
              {18,
               "08121012181322220a200000000000000000000000000000000000000000000000000000000000000"
               "00022220a20824feb2450b38024445f5b8d7bd45d285c58cd2178193ae4ca72b28a72dc881b22220a"
               "20000000000000000000000000000000000000000000000000000000000000000022220a200000000"
               "00000000000000000000000000000000000000000000000000000000022220a203090d3508b970591"
               "7a1bd4804794e87671c6c339d0f11e3c8d584c6dd5c89bff"},
          },
      .manifest =
          "0a460a2601839a031220bfd416bc3ccf5c187f7c529469e818d1a742c990340fa4d946c4971eec1ecb9510"
          "80800118e0a71220829a0328123002420c646174613330306b2e62696e",
      .manifest_cid = "zDvZRwzkzX3B6GeJfFiQadSjd8f224QMdpg9MLJJJ6PPboZjzX1r",
      .pieces = "8e2ba8c6fd3d3fd6c2c073443b18f4f484639dd306ca75a919e24ffa6ccb30b6b34a02f14ea27dd5",
      .info =
          "64363a6c656e6774686933303030303065343a6e616d6531323a646174613330306b2e62696e31323a7069"
          "656365206c656e6774686932363231343465363a70696563657334303a8e2ba8c6fd3d3fd6c2c073443b18"
          "f4f484639dd306ca75a919e24ffa6ccb30b6b34a02f14ea27dd565",
      .info_hash = "8dd224b246614a42f5ecd5f4b532044918f2dba9",
      .rest_text = "11148DD224B246614A42F5ECD5F4B532044918F2DBA9",
      .torrent_cid = "z8q721eWruNZdrV9iz2gDSDkbpMJotFD2",
      .torrent_block =
          "0a4a08e0a712108080101a180a1611148e2ba8c6fd3d3fd6c2c073443b18f4f484639dd31a180a16111406"
          "ca75a919e24ffa6ccb30b6b34a02f14ea27dd5220c646174613330306b2e62696e122601819a03122038bb"
          "de0d6741b08ca7126ec6128520744714c7f2515b1bcd3f85675409fa7871"};
}

inline TorrentVector tv_7() {
  return {
      .name = "TV-7",
      .content = {5, 1, 0},
      .filename = "",
      .mimetype = "",
      .leaves = 1,
      .tree_cid = "zDzSvJTf2sSm53Zj5zsWDJgUEyUUNaCP8tAnCSZ8kDP97P4j6tZH",
      .proofs =
          {
              {0,
               "08121000180122220a200000000000000000000000000000000000000000000000000000000000000"
               "000"},
          },
      .manifest =
          "0a360a2601839a03122024a36dff5424845876451e3261de001745687bc3c9676a27157842270249f24410"
          "808001180520829a0328123002",
      .manifest_cid = "zDvZRwzkwav7ZzxSu77EGBjJBnpjaDPg8cvcikmA3kkhqVw55awY",
      .pieces = "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d",
      .info =
          "64363a6c656e67746869356531323a7069656365206c656e6774686932363231343465363a706965636573"
          "32303aaaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d65",
      .info_hash = "b812e1827359f86b8831b56231789ca82db1503a",
      .rest_text = "1114B812E1827359F86B8831B56231789CA82DB1503A",
      .torrent_cid = "z8q722Ef6J4KHsJUSVTqVPs6xKE7W5Jwj",
      .torrent_block =
          "0a200805108080101a180a161114aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d122601819a0312200d"
          "2725719d9637631c3f9cd90443d6a56df8b8da893701bbcb13b3554e1da39f"};
}

inline TorrentVector recorded_torrent() {
  return {
      .name = "recorded",
      .content = {40960, 7, 3},
      .filename = "v40960.bin",
      .mimetype = "application/octet-stream",
      .leaves = 3,
      .tree_cid = "zDzSvJTfGHtooctp1hbJnr2s4iuBvEA1BSaMP4E5r9mEUr3nJcAz",
      .proofs =
          {
              {0,
               "08121000180322220a206602c191d6cb5362f91f44ec41563915ee19845df7ea2186b288ce2b7591e"
               "50422220a20fe907d0e9a2b1dad2152e744d5388187bc99e1207c4d17fd3f611a7c04099bdc"},
              {1,
               "08121001180322220a2090b834666bd99804aad5f0d312a8862f91872e635fd6063d42fe787c4e1d8"
               "4ee22220a20fe907d0e9a2b1dad2152e744d5388187bc99e1207c4d17fd3f611a7c04099bdc"},
              {2,
               "08121002180322220a200000000000000000000000000000000000000000000000000000000000000"
               "00022220a2055fad0ed8badeefe9d2b7aa1b708bb87017067e61b5a5cf0736887495f3d047d"},
          },
      .manifest =
          "0a5e0a2601839a031220ec0ec02feccb7c0e226e651450029b6f1cf8748567386533a685f2d2e2c49ca710"
          "8080011880c00220829a0328123002420a7634303936302e62696e4a186170706c69636174696f6e2f6f63"
          "7465742d73747265616d",
      .manifest_cid = "zDvZRwzm3VxYjzvbaEmyuDmXnHyNxzqoH574xQUcURH9VhxU3hnR",
      .pieces = "dc16073bb3348944fdd03d9785132992e375badf",
      .info =
          "64363a6c656e67746869343039363065343a6e616d6531303a7634303936302e62696e31323a7069656365"
          "206c656e6774686932363231343465363a70696563657332303adc16073bb3348944fdd03d9785132992e3"
          "75badf65",
      .info_hash = "1ed6e77d25fa820fb917fd4b7f6602e638f66477",
      .rest_text = "11141ED6E77D25FA820FB917FD4B7F6602E638F66477",
      .torrent_cid = "z8q71z6qb2Vf4Y4CdYgR44nCt8uXW5i9t",
      .torrent_block =
          "0a2e0880c002108080101a180a161114dc16073bb3348944fdd03d9785132992e375badf220a7634303936"
          "302e62696e122601819a03122065081dacceaf0292267ec1c9ea71f4c10a33538339970085750c7234f9d8"
          "024a"};
}

inline std::vector<TorrentVector> torrent_vectors() {
  return {tv_5(), tv_6(), tv_7(), recorded_torrent()};
}

// TV-2: the roots of trees over 1 to 10 leaves, where leaf i (from 1) is the number i in 32 digits.
inline constexpr std::string_view kRoots[] = {
    "ab77a68f53293329179389d6f0feabc6e514057d49e8403c2aa913c30706b094",
    "0b642bff731e11e1438845a5c37ef8aa1278384e722862e03f19efb4dd51d737",
    "d3baa021b74562dfc6c1fc0c077581aa408c813824a600590a09e2f6b14a0c98",
    "dbd7d9aab97b062d9b45a6c31796ee3a8f7089aeb7a556c6dacf4f3f8483f50e",
    "2b46ce51321f89928f17d4a6fbc81ab110d7a5bbbaf1cefc10d48f4e85808eed",
    "3d7655fe5c08ad9e36041c762eeb1d1f4ec65effc9448b7e6db3691f2b23289d",
    "802487e6dfcdb9b457fd927bef32c6aacd4f39b52ea5d29e8e5f70f302f5fcaf",
    "b3b9271afbe786de1db89c88448d3a97b785baff85f0584a25d3f2a4f9932d61",
    "e79e4bb0f41a213fc9251ddcde347dc29aab3fe79551d841a1473c3464a96942",
    "15f8cf4ddf6aa3cf33ea1eef8b66522c4db60ff28d3557f9be62d73a215a3c47",
};

inline constexpr std::string_view kProofOf4In10 =
    "08121004180a22220a20303030303030303030303030303030303030303030303030303030303030303622220a205"
    "8f244be19f9536feefa2f955793a2c32e37b381377f842ab3e1ecfc517ba00822220a20dbd7d9aab97b062d9b45a6"
    "c31796ee3a8f7089aeb7a556c6dacf4f3f8483f50e22220a20ed15bc5dc47962e4c059e790afc456e636cad76e67e"
    "10ef898cd3fc0053eb8f4";
inline constexpr std::string_view kProofOf9In10 =
    "08121009180a22220a20303030303030303030303030303030303030303030303030303030303030303922220a200"
    "00000000000000000000000000000000000000000000000000000000000000022220a200000000000000000000000"
    "00000000000000000000000000000000000000000022220a20b3b9271afbe786de1db89c88448d3a97b785baff85f"
    "0584a25d3f2a4f9932d61";
inline constexpr std::string_view kTreeOf3 =
    "081210031a220a2030303030303030303030303030303030303030303030303030303030303030311a220a2030303"
    "030303030303030303030303030303030303030303030303030303030321a220a2030303030303030303030303030"
    "303030303030303030303030303030303030331a220a200b642bff731e11e1438845a5c37ef8aa1278384e722862e"
    "03f19efb4dd51d7371a220a202554ede60d7f92f5c948d3f0ce7571ddb8e46b052c4f4f95072c4d7390e7fb271a22"
    "0a20d3baa021b74562dfc6c1fc0c077581aa408c813824a600590a09e2f6b14a0c98";

// Recorded: the same 40,960 bytes uploaded as data, and what the nodes answered.
inline constexpr std::string_view kDataManifest =
    "0a5e0a2601839a031220132574a9a150cb20fa322b579d7fc07a6c3045f33e45eebf73bb8459a1685e38108080041"
    "880c00220829a0328123002420a7634303936302e62696e4a186170706c69636174696f6e2f6f637465742d737472"
    "65616d";
inline constexpr std::string_view kDataManifestCid =
    "zDvZRwzm4nVcWGneyLaLb2apqcZWfmo9oXqw4tabbfx7gYw8KnSc";
inline constexpr std::string_view kDataTreeCid =
    "zDzSvJTf1hARBcgswiHBfM5ZXfbCkXgCJebBjEJagfCQRtcDRwGT";
inline constexpr std::string_view kDataItemJson =
    R"({"cid":"zDvZRwzm4nVcWGneyLaLb2apqcZWfmo9oXqw4tabbfx7gYw8KnSc","manifest":{"treeCid":")"
    R"(zDzSvJTf1hARBcgswiHBfM5ZXfbCkXgCJebBjEJagfCQRtcDRwGT","datasetSize":40960,"blockSize")"
    R"(:65536,"filename":"v40960.bin","mimetype":"application/octet-stream","protected":fals)"
    R"(e}})";
inline constexpr std::string_view kTorrentItemJson =
    R"({"infoHash":"11141ED6E77D25FA820FB917FD4B7F6602E638F66477","torrentManifest":{"info":)"
    R"({"length":40960,"pieceLength":262144,"pieces":["1114DC16073BB3348944FDD03D9785132992E)"
    R"(375BADF"],"name":"v40960.bin"},"codexManifestCid":"zDvZRwzm3VxYjzvbaEmyuDmXnHyNxzqoH5)"
    R"(74xQUcURH9VhxU3hnR"}})";

}  // namespace weir::codex::testing
