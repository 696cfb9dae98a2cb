// The MDTs' dealings with OSTs (OSP): objects created ahead of need, and objects destroyed after
// their files are gone.
#pragma once

#include "models/lustre/policy/file_table.hpp"
#include "models/lustre/policy/precreate.hpp"
#include "models/lustre/server/lock_service.hpp"
#include "models/lustre/server/oss.hpp"

#include <deque>
#include <memory>
#include <vector>

namespace lustrum::lustre {

struct ObjectSupplySettings {
  PrecreateSettings precreate;
  // obdfilter.*.precreate_batch: an OST makes objects in transactions of so many.
  std::uint32_t transaction_objects = 128;
  // What such a transaction takes of the OST (assumed; 0: nothing), and what a destroy takes.
  Seconds transaction{};
  Seconds destroy{};
  std::uint32_t destroys_in_flight = 8; // per MDT and OST. Source: osp.*.max_rpcs_in_flight
};

class ObjectSupply {
public:
  ObjectSupply(kernel::World& world, fabric::Fabric& fabric, FileTable& files,
               std::deque<Ost>& osts, LockService& lock_service, std::uint32_t mdts,
               const ObjectSupplySettings& settings);

  // Takes these objects, just allotted to a file, from the pools of an MDT. Waits where a pool is
  // empty: creates run no faster than OSTs make objects.
  kernel::Task take(MdtIndex mdt, FileTable::Objects objects, TimeAccount& account);
  // The same without waiting: false, with nothing taken, when take() would have to wait. For the
  // usual case, a task less.
  bool try_take(MdtIndex mdt, FileTable::Objects objects);

  // OST_DESTROY, some time after the unlink; the space is free then.
  void destroy(MdtIndex mdt, std::uint32_t object);

  std::uint64_t create_rpcs() const { return create_rpcs_; }
  std::uint64_t destroy_rpcs() const { return destroy_rpcs_; }
  std::uint64_t waits_for_objects() const { return waits_; }
  const PrecreatePool& pool(MdtIndex mdt, OstIndex ost) const { return at(mdt, ost).pool; }

private:
  struct Link { // of one MDT to one OST
    PrecreatePool pool;
    std::unique_ptr<kernel::Signal> created; // made at the first wait
    kernel::Ring<std::uint32_t> doomed;
    std::uint32_t destroying = 0;
  };
  std::size_t index(MdtIndex mdt, OstIndex ost) const {
    return mdt.value() * osts_.size() + ost.value();
  }
  Link& at(MdtIndex mdt, OstIndex ost) { return links_[index(mdt, ost)]; }
  const Link& at(MdtIndex mdt, OstIndex ost) const { return links_[index(mdt, ost)]; }
  void refill(Link& link, OstIndex ost);
  kernel::Task precreate(Link& link, OstIndex ost, std::uint32_t count);
  kernel::Task destroy_doomed(Link& link, OstIndex ost);

  kernel::World& world_;
  fabric::Fabric& fabric_;
  FileTable& files_;
  std::deque<Ost>& osts_;
  LockService& lock_service_;
  ObjectSupplySettings settings_;
  std::vector<kernel::FifoStation*> makers_; // [OST]: creates and destroys, one after the other
  std::vector<Link> links_;                  // [MDT][OST]
  std::uint64_t create_rpcs_ = 0;
  std::uint64_t destroy_rpcs_ = 0;
  std::uint64_t waits_ = 0;
};

} // namespace lustrum::lustre
