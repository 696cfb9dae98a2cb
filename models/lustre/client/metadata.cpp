#include "models/lustre/client/metadata.hpp"

namespace lustrum::lustre {

using kernel::Task;

MetadataClient::MetadataClient(kernel::World& world, fabric::Fabric& fabric, FileTable& files,
                               std::deque<Mds>& mds, ClientIndex client,
                               const LustreTunables& tunables)
    : files_(files) {
  for (std::uint32_t m = 0; m < mds.size(); ++m)
    mdcs_.emplace_back(world, fabric, mds[m], client, MdtIndex{m}, tunables);
}

Mdc& MetadataClient::mdc_of(FileIndex file) { return mdcs_[files_.mdt_of(file).value()]; }

Task MetadataClient::open(Caller, FileIndex file, OpenMode, Outcome& outcome) {
  return mdc_of(file).call(MetadataOperation::open, outcome.time);
}
Task MetadataClient::close(Caller, FileIndex file, Outcome& outcome) {
  return mdc_of(file).call(MetadataOperation::close, outcome.time);
}
Task MetadataClient::stat(Caller, FileIndex file, Outcome& outcome) {
  return mdc_of(file).call(MetadataOperation::getattr, outcome.time);
}

} // namespace lustrum::lustre
