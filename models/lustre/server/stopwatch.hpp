// The stopwatch of all storages, under the name by which this folder's files include it.
#pragma once

#include "models/storage/stopwatch.hpp"
