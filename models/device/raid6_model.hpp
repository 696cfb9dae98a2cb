// A RAID-6 set as one device: n data disks and two of parity, in chunks that rotate over all disks.
#pragma once

#include "models/device/device_model.hpp"
#include "models/device/hdd_model.hpp"

namespace lustrum::device {

// What a request costs the disks of the set. Its time follows from two bounds: the disks together
// have so much to do, and a request alone goes through so many phases, one after the other, of
// which as many run at once as requests are in the queue:
//   busy = max(work / disks, alone / depth)
//   work = operations * positioning + moved / B       alone = phases * positioning + longest / B
// A large request of one stream thus gets n * B, and many small ones keep all disks busy.
//
// Writes: a whole stripe takes one operation on each disk. Of a part that touches k chunks
// everything is read before it is written: either the old data and both parities, 2 (k + 2)
// operations (6 for one chunk), or what the stripe has besides, n + 2; the cheaper is taken.
//
// Failed disks: of the chunks read, failed/(n + 2) lie on one; it is computed from the rest of the
// stripe, so k operations become n. Writes cost what they cost a whole set. There are fewer disks
// to do the work. A rebuild takes a share of the time of all disks. \source RAID-6 with
// read-modify-write and reconstruct-write as in Linux md (drivers/md/raid5.c);
//   the two bounds: asymptotic bounds of queueing networks (assumed to be met)
// \limits At most two failed disks; their overlap in one stripe is counted as of one. No controller
//   cache: partial stripes are not collected into whole ones.
struct Raid6Model {
  HddModel disk;
  std::uint32_t data_disks = 8;
  Bytes chunk{128 * kKib};
  std::uint32_t failed_disks = 0;
  double rebuild_share = 0; // of the disks' time, below 1 (assumed where it is set)

  Bytes stripe() const { return chunk * data_disks; }
  Seconds busy_time(Operation operation, Bytes offset, Bytes bytes, bool sequential,
                    std::uint32_t depth) const;

  // Of one request, in sums over the disks. `seeks`: operations that pay for positioning even if
  // the request goes on where the last one ended.
  struct Cost {
    double operations = 0;
    double seeks = 0;
    double moved_bytes = 0;
    double phases = 0;
    double longest_bytes = 0; // moved one after the other
  };
  Cost cost(Operation operation, Bytes offset, Bytes bytes) const;

private:
  Cost read_cost(Bytes offset, Bytes bytes) const;
  Cost write_cost(Bytes offset, Bytes bytes) const;
  Cost partial_write_cost(Bytes offset, Bytes bytes) const;
  std::uint64_t chunks_touched(Bytes offset, Bytes bytes) const;
};

} // namespace lustrum::device
