// Operation codes of Lustre's RPCs, as a RequestTag carries them.
// \source Lustre 2.15 lustre/include/uapi/linux/lustre/lustre_idl.h
#pragma once

#include <cstdint>

namespace lustrum::lustre {

enum class RpcOpcode : std::uint16_t {
  ost_getattr = 1,
  ost_setattr = 2,
  ost_read = 3,
  ost_write = 4,
  ost_create = 5,
  ost_destroy = 6,
  ost_punch = 10,
  ost_sync = 16,
  mds_getattr = 33,
  mds_close = 35,
  mds_reint = 36,
  mds_readpage = 37,
  mds_sync = 44,
  ldlm_enqueue = 101,
};

constexpr std::uint16_t number(RpcOpcode opcode) { return static_cast<std::uint16_t>(opcode); }

} // namespace lustrum::lustre
